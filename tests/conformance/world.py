"""What a recording took for granted: its project with every API enabled, a billing account, a folder, the default
network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.conformance.bindings import Bindings, fill

if TYPE_CHECKING:
    from tests.conformance.replay import Replay

CALLER = "user@example.com"
_PROJECTS = ("example-project-01",)


def prepare(replay: Replay, bindings: Bindings, case: Mapping[str, Any]) -> None:
    """Fill the fresh cloud of `replay` with what `case` needs."""
    text = json.dumps(case)
    replay.settings.operation_seconds = 0.0
    owner = [{"role": role, "members": [f"user:{CALLER}"]} for role in ("roles/owner", "roles/billing.admin")]
    for service, name in (
        ("cloudresourcemanager", "organizations/123456789012"),
        ("cloudbilling", "billingAccounts/01D165-CA11AB-1E0001"),
    ):
        replay.emulator.store.put_policy(service, name, {"version": 1, "bindings": owner, "etag": "BwXrecorded="})
    parent = {"type": "organization", "id": "123456789012"}
    made = [name for name in _PROJECTS if name in text and not _creates(case, name)]
    for project in ("recorded-project", *made):
        replay.send(
            "POST",
            "cloudresourcemanager.googleapis.com",
            "/v1/projects",
            "",
            {"projectId": project, "name": project, "parent": parent},
        )
        replay.send(
            "POST",
            "cloudresourcemanager.googleapis.com",
            f"/v1/projects/{project}:setIamPolicy",
            "",
            {"policy": {"bindings": []}},
        )
        for api in replay.emulator.profiles:
            path = f"/v1/projects/{project}/services/{api}.googleapis.com:enable"
            if _may_enable(text, project, api):
                replay.send("POST", "serviceusage.googleapis.com", path, "", {})
    bindings.values["projectNumber"] = [replay.emulator.project_number("recorded-project") or ""]
    if "folderID" in text:
        created = replay.send(
            "POST",
            "cloudresourcemanager.googleapis.com",
            "/v3/folders",
            "",
            {"parent": "organizations/123456789012", "displayName": "recorded"},
        )
        bindings.values["folderID"] = [created.parsed().get("response", {}).get("name", "folders/0").partition("/")[2]]
    if _takes_network_for_granted(case):
        _default_network(replay)
        bindings.values["networkID"] = ["default"]
    elif "networks/default" in text:
        _default_network(replay)
    replay.settings.operation_seconds = 1.0


def _creates(case: Mapping[str, Any], project: str) -> bool:
    """Whether the case itself creates the project."""
    return any(
        (exchange.get("request") or {}).get("projectId") == project
        for exchange in case["exchanges"]
        if isinstance(exchange.get("request"), dict)
    )


def _may_enable(text: str, project: str, api: str) -> bool:
    """False for an API that the case itself finds disabled."""
    return not re.search(rf'services/{api}\.googleapis\.com", "state": "DISABLED"', text)


def _takes_network_for_granted(case: Mapping[str, Any]) -> bool:
    """Whether a network is read or referred to before the case creates one."""
    for exchange in case["exchanges"]:
        if exchange["method"] == "POST" and exchange["path"].endswith("/global/networks"):
            return False
        mentions = "networks/${networkID}" in json.dumps([exchange["path"], exchange.get("request")])
        if mentions and exchange["status"] < 300:
            return True
    return False


def _default_network(replay: Replay) -> None:
    body = {"name": "default", "autoCreateSubnetworks": True, "description": "Default network for the project"}
    for project in ("recorded-project", "example-project-01"):
        replay.send("POST", "compute.googleapis.com", f"/compute/v1/projects/{project}/global/networks", "", body)


def place_foreign_users(
    replay: Replay, bindings: Bindings, case: Mapping[str, Any], exchange: Mapping[str, Any]
) -> None:
    """Put the firewalls on a network, just before it is deleted, that the recording's organisation had put there by
    itself."""
    if exchange["method"] != "DELETE" or "/global/networks/" not in exchange["path"]:
        return
    for name in set(_FOREIGN.findall(json.dumps(case))):
        for assignment in bindings.alternatives(json.dumps([exchange["path"], name])):
            network, _, firewall = (
                fill(exchange["path"], assignment).partition("/compute/v1/")[2],
                "",
                fill(name, assignment),
            )
            path = f"/compute/v1/{network.partition('/global/')[0]}/global/firewalls"
            body = {
                "name": firewall[:63],
                "network": network,
                "direction": "INGRESS",
                "allowed": [{"IPProtocol": "tcp"}],
            }
            replay.send("POST", exchange["host"], path, "", body)


# "…is already being used by 'projects/P/global/firewalls/NAME-<24 random characters>'": no client chose such a name.
_FOREIGN = re.compile(r"already being used by 'projects/[^/]+/global/firewalls/([^']*-[a-z0-9]{24})'")
