"""A Cloud Run service: what the server fills in, the revision that every new template makes, and its status.

The runtime (`local_cloud/cloud_run/`) makes revisions run and writes back what it finds: of a revision `conditions` and
`reconciling`; of a service `reconciling`, `observedGeneration`, `terminalCondition`, `conditions`,
`latestReadyRevision` and `trafficStatuses`.
"""

from __future__ import annotations

import copy
import hashlib
import uuid
from typing import TYPE_CHECKING

from local_cloud.emulator import operations
from local_cloud.emulator.errors import ApiError, invalid
from local_cloud.emulator.profile import Body

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

SERVICES = "projects.locations.services"
REVISIONS = f"{SERVICES}.revisions"
SUCCEEDED, RECONCILING, FAILED = "CONDITION_SUCCEEDED", "CONDITION_RECONCILING", "CONDITION_FAILED"
_LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
_PORT = 8080
# What is not part of the wanted state: its change makes no new generation.
STATUS = (
    *("conditions", "terminalCondition", "reconciling", "observedGeneration", "latestReadyRevision", "trafficStatuses"),
    *("latestCreatedRevision", "generation", "uri", "urls", "etag", "updateTime", "createTime", "uid", "lastModifier"),
    *("creator", "name", "deleteTime", "expireTime"),
)
# What a revision takes over from the service's template.
_OF_TEMPLATE = (
    *("labels", "annotations", "scaling", "vpcAccess", "timeout", "serviceAccount", "containers", "volumes"),
    *("executionEnvironment", "encryptionKey", "maxInstanceRequestConcurrency", "sessionAffinity", "nodeSelector"),
    *("serviceMesh", "gpuZonalRedundancyDisabled"),
)
_UNSERVED = ("validateOnly", "allowMissing", "forceNewRevision")


def check(call: Call, before: Body | None, wanted: Body) -> None:
    """A template with one serving container, traffic that adds up, and nothing that this emulator would ignore."""
    for key in _UNSERVED:
        if call.query.get(key) == "true":
            message = f"The local cloud does not implement {call.method.id} with {key}: profiles/run.py has no entry."
            raise ApiError(501, message, status="UNIMPLEMENTED")
    containers = (wanted.get("template") or {}).get("containers") or []
    if not containers:
        raise invalid("Violation in CreateServiceRequest.service.template.containers: at least one is required.")
    for index, container in enumerate(containers):
        if not container.get("image"):
            raise invalid(f"Violation in service.template.containers[{index}].image: it is required.")
    if sum(bool(container.get("ports")) for container in containers) > 1 or (
        len(containers) > 1 and not any(container.get("ports") for container in containers)
    ):
        raise invalid("Violation in service.template.containers: exactly one container must have a port.")
    _check_traffic(wanted.get("traffic") or [])


def _check_traffic(traffic: list[Body]) -> None:
    total = sum(int(target.get("percent") or 0) for target in traffic)
    if traffic and total != 100:
        raise invalid(f"Violation in service.traffic: the percentages add up to {total}, not to 100.")


def finish(call: Call, body: Body) -> Body:
    """Defaults, generation, revision, addresses and the status that follows from them."""
    name = call.memory["name"]
    stored = call.store.get("run", name)
    before = stored.body if stored else {}
    body["template"] = _template(call, body["template"])
    body["launchStage"] = body.get("launchStage") or "GA"
    body["ingress"] = body.get("ingress") or "INGRESS_TRAFFIC_ALL"
    if not body.get("traffic"):
        body["traffic"] = [{"type": _LATEST, "percent": 100}]
    body["creator"] = before.get("creator") or call.caller
    body["lastModifier"] = call.caller
    changed = _wanted(before) != _wanted(body)
    body["generation"] = str(int(before.get("generation", "0")) + changed)
    body["urls"] = addresses(call, name)
    body["uri"] = body["urls"][0]
    if before.get("template") != body["template"]:
        _new_revision(call, name, body)
    return _with_status(call, body)


def _wanted(body: Body) -> Body:
    return {key: value for key, value in body.items() if key not in STATUS}


def _template(call: Call, template: Body) -> Body:
    """A template as the server completes it (https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services)."""
    result = copy.deepcopy(template)
    result.setdefault("timeout", "300s")
    result.setdefault("maxInstanceRequestConcurrency", 80)
    if not result.get("serviceAccount"):
        number = call.emulator.project_number(call.project)
        result["serviceAccount"] = f"{number}-compute@developer.gserviceaccount.com"
    result.setdefault("executionEnvironment", "EXECUTION_ENVIRONMENT_GEN2")
    several = len(result["containers"]) > 1
    for container in result["containers"]:
        limits = container.setdefault("resources", {}).setdefault("limits", {})
        limits.setdefault("cpu", "1000m")
        limits.setdefault("memory", "512Mi")
        if not several and not container.get("ports"):
            container["ports"] = [{"name": "http1", "containerPort": _PORT}]
        if container.get("ports"):
            _complete_serving(container)
    return result


def _complete_serving(container: Body) -> None:
    port = container["ports"][0].setdefault("containerPort", _PORT)
    container["ports"][0].setdefault("name", "http1")
    container["resources"].setdefault("cpuIdle", True)
    container.setdefault(
        "startupProbe",
        {"timeoutSeconds": 240, "periodSeconds": 240, "failureThreshold": 1, "tcpSocket": {"port": port}},
    )
    for key in ("startupProbe", "livenessProbe", "readinessProbe"):
        probe = container.get(key)
        if probe is None:
            continue
        probe.setdefault("timeoutSeconds", 1)
        probe.setdefault("periodSeconds", 10)
        probe.setdefault("failureThreshold", 3)
        for action in ("httpGet", "tcpSocket", "grpc"):
            if action in probe:
                probe[action].setdefault("port", port)
        if "httpGet" in probe:
            probe["httpGet"].setdefault("path", "/")


def addresses(call: Call, name: str) -> list[str]:
    """The two addresses of a service: by project number and by a hash
    (https://cloud.google.com/run/docs/triggering/https-request#urls)."""
    _, project, _, location, _, service = name.split("/")
    number = call.emulator.project_number(project) or "0"
    code = "".join(part[0] for part in location.rstrip("0123456789").split("-"))
    salt = hashlib.sha256(number.encode()).hexdigest()[:10]
    return [
        f"https://{service}-{number}.{location}.run.app",
        f"https://{service}-{salt}-{code}.a.run.app",
    ]


def _new_revision(call: Call, name: str, body: Body) -> None:
    """The revision that the service's present template makes."""
    service = name.rpartition("/")[2]
    suffix = hashlib.sha256(call.number().encode()).hexdigest()[:3]
    named = body["template"].get("revision")
    number = int(body["generation"])
    revision = f"{name}/revisions/{named or f'{service}-{number:05d}-{suffix}'}"
    if call.store.get("run", revision):
        raise ApiError(409, f"Revision named '{named}' with different configuration already exists.")
    template = body["template"]
    content: Body = {
        "name": revision,
        "uid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{revision}/{call.number()}")),
        "generation": "1",
        "createTime": call.stamp(),
        "updateTime": call.stamp(),
        "launchStage": body["launchStage"],
        "service": service,
        "creator": call.caller,
        **{key: template[key] for key in _OF_TEMPLATE if template.get(key)},
    }
    content["etag"] = f'"{hashlib.sha256(revision.encode()).hexdigest()[:16]}"'
    if operations.runs(call):
        content |= {"reconciling": True, "conditions": [condition(call, "Ready", RECONCILING)]}
    else:
        content |= {"observedGeneration": "1", "conditions": [condition(call, "Ready", SUCCEEDED)]}
    call.store.put("run", revision, REVISIONS, content)
    body["latestCreatedRevision"] = revision


def condition(call: Call, kind: str, state: str) -> Body:
    """One condition of a resource."""
    return {"type": kind, "state": state, "lastTransitionTime": call.stamp()}


def _with_status(call: Call, body: Body) -> Body:
    if operations.runs(call):
        return {**body, "reconciling": True, "terminalCondition": condition(call, "Ready", RECONCILING)}
    return {
        **{key: value for key, value in body.items() if key != "reconciling"},
        "observedGeneration": body["generation"],
        "latestReadyRevision": body["latestCreatedRevision"],
        "terminalCondition": condition(call, "Ready", SUCCEEDED),
        "conditions": [condition(call, kind, SUCCEEDED) for kind in ("RoutesReady", "ConfigurationsReady")],
        "trafficStatuses": [dict(target) for target in body["traffic"]],
    }


def settled(body: Body) -> bool | str:
    """Whether the runtime has brought the service to its present generation, or why it could not."""
    if body.get("reconciling") or body.get("observedGeneration") != body.get("generation"):
        return False
    terminal = body.get("terminalCondition") or {}
    if terminal.get("state") == FAILED:
        return str(terminal.get("message") or "The service could not be made ready.")
    return True
