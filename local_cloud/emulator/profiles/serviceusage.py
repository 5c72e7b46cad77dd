"""Service Usage: which APIs a project has enabled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import operations
from local_cloud.emulator.call import queries_of
from local_cloud.emulator.errors import ApiError, failed_precondition, invalid
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Profile, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator

_COLLECTION = "services"
# Service agents whose name is not the API's own (https://cloud.google.com/iam/docs/service-agents).
_AGENTS = {"artifactregistry": "artifactregistry", "container": "gkenode", "monitoring": "monitoring-notification"}
# https://cloud.google.com/service-usage/docs/reference/rest/v1/services/batchEnable
_MOST_IN_A_BATCH = 20


def enabled(emulator: Emulator, project: str) -> list[str]:
    """The names of a project's enabled services (`compute.googleapis.com`)."""
    parent = f"projects/{project}/services"
    return [
        item.name.rpartition("/")[2]
        for item in emulator.store.children("serviceusage", _COLLECTION, parent)
        if item.body["state"] == "ENABLED"
    ]


def set_state(emulator: Emulator, project: str, service: str, state: str) -> Body:
    """Keep the state of one service and return the resource."""
    name = f"projects/{project}/services/{service}"
    parent = f"projects/{emulator.project_number(project) or project}"
    body = {"name": f"{parent}/services/{service}", "config": {"name": service}, "state": state, "parent": parent}
    emulator.store.put("serviceusage", name, _COLLECTION, body)
    return body


def _state(call: Call, service: str) -> Body:
    stored = call.store.get("serviceusage", f"projects/{call.project}/services/{service}")
    if stored:
        return stored.body
    parent = f"projects/{call.emulator.project_number(call.project) or call.project}"
    return {"name": f"{parent}/services/{service}", "config": {"name": service}, "state": "DISABLED", "parent": parent}


def _require_known(call: Call, service: str) -> None:
    """Only services that Google has: what the emulator serves, and anything shaped like a Google service name."""
    if not service.endswith((".googleapis.com", ".cloud.goog", ".appspot.com")):
        message = f"Not found or permission denied for service(s): {service}."
        detail = {
            "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
            "violations": [{"type": "googleapis.com", "subject": "220002"}],
        }
        raise ApiError(403, message, details=(detail,))
    project = call.store.get("cloudresourcemanager", f"projects/{call.project}")
    if project is None or project.body.get("state") != "ACTIVE":
        raise ApiError(403, f"Permission denied to get service [{service}]")


def _get(call: Call) -> Body:
    service = call.name.rpartition("/")[2]
    _require_known(call, service)
    return _state(call, service)


def _enable(call: Call) -> Body:
    service = call.name.rpartition("/")[2]
    _require_known(call, service)
    body = set_state(call.emulator, call.project, service, "ENABLED")
    call.memory["response_type"] = "EnableServiceResponse"
    return operations.start(call, call.name, "enable", {"service": body})


def _disable(call: Call) -> Body:
    service = call.name.rpartition("/")[2]
    _require_known(call, service)
    if call.body.get("checkIfServiceHasUsage") == "CHECK" and call.store.below(
        service.partition(".")[0], f"projects/{call.project}"
    ):
        raise failed_precondition(f"The service {service} is in use in project {call.project}.")
    body = set_state(call.emulator, call.project, service, "DISABLED")
    call.memory["response_type"] = "DisableServiceResponse"
    return operations.start(call, call.name, "disable", {"service": body})


def _batch_enable(call: Call) -> Body:
    services = call.body.get("serviceIds") or []
    if not services or len(services) > _MOST_IN_A_BATCH:
        raise invalid(f"A batch enables 1 to {_MOST_IN_A_BATCH} services, not {len(services)}.")
    for service in services:
        _require_known(call, service)
    states = [set_state(call.emulator, call.project, service, "ENABLED") for service in services]
    call.memory["response_type"] = "BatchEnableServicesResponse"
    return operations.start(call, call.name, "batchEnable", {"services": states})


def _batch_get(call: Call) -> Body:
    names = [call.emulator.canonical(call.profile, name) for name in queries_of(call.request.query, "names")]
    return {"services": [_state(call, name.rpartition("/")[2]) for name in names]}


def _list(call: Call) -> Body:
    known = {item.name: item.body for item in call.store.children("serviceusage", _COLLECTION, call.name)}
    for api in call.emulator.profiles:
        known.setdefault(f"{call.name}/{api}.googleapis.com", _state(call, f"{api}.googleapis.com"))
    return page(call, [known[name] for name in sorted(known)], "services")


def _identity(call: Call) -> Body:
    """`generateServiceIdentity`: the service agent of an API in a project."""
    service = call.name.rpartition("/")[2]
    _require_known(call, service)
    short = service.partition(".")[0]
    number = call.emulator.project_number(call.project)
    email = f"service-{number}@gcp-sa-{_AGENTS.get(short, short)}.iam.gserviceaccount.com"
    call.memory |= {"response_type": "ServiceIdentity", "type_url": "google.api.serviceusage.v1beta1"}
    return operations.start(call, call.name, "generateServiceIdentity", {"email": email, "uniqueId": call.number()})


def _metadata(call: Call, target: str, verb: str, result: Body | None) -> Body:
    return {"@type": "type.googleapis.com/google.api.serviceusage.v1.OperationMetadata", "resourceNames": [target]}


PROFILE = Profile(
    permissions={
        "services.batchEnable": ("serviceusage.services.enable",),
        "services.batchGet": ("serviceusage.services.get",),
        "services.generateServiceIdentity": ("serviceusage.services.enable",),
    },
    extra_permissions=("serviceusage.services.use",),
    api="serviceusage",
    versions=("v1", "v1beta1"),
    enablement="consumer",
    project_names="number",
    type_url="google.api.serviceusage.v1",
    operation_metadata=_metadata,
    done_at_once=("services.generateServiceIdentity",),
    types=(ResourceType(_COLLECTION),),
    methods={
        "services.get": _get,
        "services.list": _list,
        "services.enable": _enable,
        "services.disable": _disable,
        "services.batchEnable": _batch_enable,
        "services.batchGet": _batch_get,
        "services.generateServiceIdentity": _identity,
    },
)
