"""Cloud Billing: billing accounts and the link from a project to one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator.errors import ApiError, failed_precondition
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Profile, ResourceType
from local_cloud.emulator.profiles.cloudresourcemanager import ORGANIZATION, OWNER

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator

BILLING_ACCOUNT = "billingAccounts/01D165-CA11AB-1E0001"
_LINKS = "links"


def _seed(emulator: Emulator) -> None:
    account = {
        "name": BILLING_ACCOUNT,
        "displayName": "Presidential Digs",
        "open": True,
        "currencyCode": "USD",
        "parent": ORGANIZATION,
    }
    emulator.store.put("cloudbilling", BILLING_ACCOUNT, "billingAccounts", account)
    policy = {"version": 1, "bindings": [{"role": "roles/billing.admin", "members": [OWNER]}], "etag": "BwXbilling=="}
    emulator.store.put_policy("cloudbilling", BILLING_ACCOUNT, policy)


def _info(call: Call) -> Body:
    """The link of the project in the path; an unlinked one has an empty account."""
    stored = call.store.get("cloudbilling", f"projects/{call.project}/billingInfo")
    empty = {
        "name": f"projects/{call.project}/billingInfo",
        "projectId": call.project,
        "billingAccountName": "",
        "billingEnabled": False,
    }
    return stored.body if stored else empty


def _require_project(call: Call) -> None:
    stored = call.store.get("cloudresourcemanager", f"projects/{call.project}")
    if stored is None:
        raise ApiError(403, "The caller does not have permission")


def _get(call: Call) -> Body:
    _require_project(call)
    return _info(call)


def _update(call: Call) -> Body:
    _require_project(call)
    account = call.body.get("billingAccountName", "")
    stored = call.store.get("cloudbilling", account) if account else None
    if account and stored is None:
        raise ApiError(403, "The caller does not have permission")
    if stored and not stored.body.get("open"):
        raise failed_precondition(f"Billing account {account} is closed: projects cannot be linked to it.")
    body = {**_info(call), "billingAccountName": account, "billingEnabled": bool(account)}
    call.store.put("cloudbilling", f"projects/{call.project}/billingInfo", _LINKS, body)
    return body


def _projects_of(call: Call) -> Body:
    account = call.name.removesuffix("/projects")
    links = [
        item.body for item in call.store.children("cloudbilling", _LINKS) if item.body["billingAccountName"] == account
    ]
    return page(call, links, "projectBillingInfo")


def _policy_names(call: Call) -> list[tuple[str, str]]:
    """Linking is asked of the account and of the project; the account's own policy counts for the former."""
    if call.name.startswith("billingAccounts/"):
        return [("cloudbilling", "/".join(call.name.split("/")[:2]))]
    account = str(call.body.get("billingAccountName") or _info(call)["billingAccountName"])
    names = [("cloudbilling", account)] if account and call.method.verb == "updateBillingInfo" else []
    return [*names, ("cloudresourcemanager", f"projects/{call.project}")]


PROFILE = Profile(
    permission_prefix="billing",
    permission_nouns={"billingAccounts": "accounts"},
    permissions={
        "projects.getBillingInfo": ("resourcemanager.projects.get",),
        "projects.updateBillingInfo": (
            "billing.resourceAssociations.create",
            "resourcemanager.projects.createBillingAssignment",
        ),
        "billingAccounts.projects.list": ("billing.resourceAssociations.list",),
        "billingAccounts.list": (),
    },
    policy_names=_policy_names,
    api="cloudbilling",
    enablement="consumer",
    types=(ResourceType("billingAccounts", id_source="numeric", computed={"open": True}),),
    methods={
        "projects.getBillingInfo": _get,
        "projects.updateBillingInfo": _update,
        "billingAccounts.projects.list": _projects_of,
    },
    seed=_seed,
)
