"""PRIVATE to the collection: Cloud Run services (Run Admin API v2), and what is done when a revision is not ready."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._client import Client, segment
from ._compare import declared, overlay
from ._failure import Failure, invalid
from ._masking import masked
from ._progress import report
from ._project import refuse_bad_labels
from ._resource import Resource, ensure
from ._wait import watch

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

HOST = "run.googleapis.com"
LOGGING = "logging.googleapis.com"

SERVICE_ID = re.compile(r"[a-z](?:[a-z0-9-]{0,47}[a-z0-9])?")
LATEST = "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST"
REVISION = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
LOG_LINES = 20

STATUS = frozenset(
    {
        "conditions",
        "latestCreatedRevision",
        "latestReadyRevision",
        "observedGeneration",
        "reconciling",
        "terminalCondition",
        "trafficStatuses",
    }
)
"""What Cloud Run says of a service: known once a change is complete."""

INGRESS = {
    "all": "INGRESS_TRAFFIC_ALL",
    "internal": "INGRESS_TRAFFIC_INTERNAL_ONLY",
    "internal_and_load_balancers": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER",
}
VPC_EGRESS = {"private_ranges": "PRIVATE_RANGES_ONLY", "all": "ALL_TRAFFIC"}

_PROBE_SPEC: dict[str, Any] = {
    "type": "dict",
    "options": {
        "http": {"type": "str"},
        "tcp": {"type": "bool", "default": False},
        "initial_delay_seconds": {"type": "int"},
        "period_seconds": {"type": "int"},
        "timeout_seconds": {"type": "int"},
        "failure_threshold": {"type": "int"},
    },
    "required_one_of": [["http", "tcp"]],
}

CLOUD_RUN_SPEC: Mapping[str, dict[str, Any]] = {
    "project": {"type": "str", "required": True},
    "location": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "image": {"type": "str"},
    "command": {"type": "list", "elements": "str"},
    "port": {"type": "int"},
    "environment": {"type": "dict"},
    "secrets": {"type": "dict", "no_log": False},
    "cpu": {"type": "str"},
    "memory": {"type": "str"},
    "min_instances": {"type": "int"},
    "max_instances": {"type": "int"},
    "service_account": {"type": "str"},
    "ingress": {"type": "str", "choices": list(INGRESS)},
    "public": {"type": "bool"},
    "startup_probe": _PROBE_SPEC,
    "liveness_probe": _PROBE_SPEC,
    "network": {"type": "str"},
    "subnetwork": {"type": "str"},
    "vpc_egress": {"type": "str", "choices": list(VPC_EGRESS)},
    "labels": {"type": "dict"},
    "revision": {"type": "str"},
    "undo": {"type": "bool", "default": True},
}


class CloudRunService(Resource):
    """In normal form the one container stands under `template.container`, its variables in `env` by name."""

    noun = "service"
    whole = frozenset({"labels", "template.container.env"})

    @property
    def subject(self) -> str:
        return f"Cloud Run service {self.params['name']}"

    @property
    def collection(self) -> str:
        return f"/v2/projects/{segment(self.project)}/locations/{segment(self.params['location'])}/services"

    @property
    def path(self) -> str:
        return f"{self.collection}/{segment(self.params['name'])}"

    def validate(self) -> None:
        name = str(self.params["name"])
        if not SERVICE_ID.fullmatch(name):
            raise invalid("name", name, "up to 49 of a-z, 0-9 and -, a letter first, no - last")
        image = self.params.get("image")
        if image and "@sha256:" not in image and not self.is_predicted:
            raise invalid("image", image, "HOST/PATH@sha256:DIGEST, since a tag can be moved")
        if self.params["state"] == "present" and not (image or self.params.get("revision")):
            raise Failure("INVALID_OPTION", "image: missing; a service needs one (or revision, for the traffic alone).")
        twice = sorted(set(self.params.get("environment") or {}) & set(self.params.get("secrets") or {}))
        if twice:
            raise Failure("INVALID_OPTION", f"environment and secrets both set {', '.join(twice)}.")
        refuse_bad_labels(self.params.get("labels"))

    is_predicted = False
    """Whether the image may be one that is still to be built, and so known by its tag only."""

    previous_revision = ""
    """The revision that was ready when this run first looked, empty when there was none."""

    def fetch(self) -> dict[str, Any] | None:
        found = self.client.find(HOST, self.path)
        ready = str((found or {}).get("latestReadyRevision", "")).rpartition("/")[2]
        self.previous_revision = self.previous_revision or ready
        return normal(found) if found else None

    def is_ready(self, found: Mapping[str, Any]) -> bool:
        return not found.get("reconciling") and found.get("observedGeneration") == found.get("generation")

    def desired(self) -> dict[str, Any]:
        if self.params.get("revision"):
            return {"traffic": [{"type": REVISION, "revision": self.params["revision"], "percent": 100}]}
        params = self.params
        network = declared(network=params.get("network"), subnetwork=params.get("subnetwork"))
        template = declared(
            serviceAccount=params.get("service_account"),
            scaling=declared(
                minInstanceCount=params.get("min_instances"), maxInstanceCount=params.get("max_instances")
            ),
            vpcAccess=declared(
                networkInterfaces=[network] if network else None, egress=VPC_EGRESS.get(params.get("vpc_egress") or "")
            ),
            container=self._container(),
        )
        return declared(
            labels=params.get("labels"),
            ingress=INGRESS.get(params.get("ingress") or ""),
            invokerIamDisabled=params.get("public"),
            template={key: value for key, value in template.items() if value != {}},
            traffic=[{"type": LATEST, "percent": 100}],
        )

    def _container(self) -> dict[str, Any]:
        params = self.params
        texts = {name: {"value": str(value)} for name, value in (params.get("environment") or {}).items()}
        secrets = {name: _secret(str(value)) for name, value in (params.get("secrets") or {}).items()}
        given = params.get("environment") is not None or params.get("secrets") is not None
        return declared(
            image=params.get("image"),
            command=params.get("command"),
            ports=[{"name": "http1", "containerPort": params["port"]}] if params.get("port") else None,
            env={**texts, **secrets} if given else None,
            resources={"limits": declared(cpu=params.get("cpu"), memory=params.get("memory"))},
            startupProbe=_probe(params.get("startup_probe"), params.get("port")),
            livenessProbe=_probe(params.get("liveness_probe"), params.get("port")),
        )

    def fresh(self, desired: dict[str, Any]) -> dict[str, Any]:
        return overlay({"name": self.path.removeprefix("/v2/")}, desired, self.whole)

    def foreseen(self, after: Mapping[str, Any]) -> dict[str, Any]:
        return {key: value for key, value in super().foreseen(after).items() if key not in STATUS}

    def create(self, desired: dict[str, Any]) -> None:
        query = {"serviceId": self.params["name"]}
        self._carry_out(
            lambda: self.client.create(HOST, self.collection, body=raw(desired), find=self.fetch, query=query), None
        )

    def update(self, before: dict[str, Any], desired: dict[str, Any], changed: list[str]) -> None:
        after = raw(overlay(before, desired, self.whole))
        # Names a new revision; the old name would be refused for another content.
        after.get("template", {}).pop("revision", None)
        body = {key: after[key] for key in changed if key in after} | {"etag": before.get("etag", "")}
        query = {"updateMask": ",".join(changed)}
        self._carry_out(lambda: self.client.patch(HOST, self.path, body=body, query=query), before)

    def remove(self, _before: dict[str, Any]) -> None:
        answer = self.client.delete(HOST, self.path)
        if answer:
            self.finish(HOST, "v2", answer)

    def _carry_out(self, send: Any, before: dict[str, Any] | None) -> None:
        """Send a change and see its revision become ready; what does not is told with its logs, and taken back."""
        try:
            self.finish(HOST, "v2", send())
        except Failure as failure:
            found = self.fetch()
            terminal = (found or {}).get("terminalCondition") or {}
            if found is None or terminal.get("state") != "CONDITION_FAILED":
                raise
            raise self._explained(failure, found, before) from failure

    def _explained(self, failure: Failure, found: dict[str, Any], before: dict[str, Any] | None) -> Failure:
        terminal = found["terminalCondition"]
        broken = str(found.get("latestCreatedRevision", "")).rpartition("/")[2]
        message = f"{self.subject}: revision {broken} is not ready: {terminal.get('message') or failure.message}"
        logs = self._log(broken)
        facts: dict[str, Any] = {"logs": masked(logs), "cause": masked(dict(terminal))}
        if logs:
            message += f" Last line of its log: {masked(logs[-1])}"
        previous = str((before or {}).get("latestReadyRevision", "")).rpartition("/")[2]
        if self.params["undo"] and previous and previous != broken:
            facts["undone"] = self._take_back(previous)
            message += f" {facts['undone']['evidence']}."
        reason = str(terminal.get("reason") or terminal.get("revisionReason") or "REVISION_NOT_READY")
        hint = "Does the container listen on PORT within its startup probe's time, and may its identity read the image?"
        return Failure(reason, message, failure.status, hint, failure.request, facts)

    def _take_back(self, revision: str) -> dict[str, Any]:
        """Send all traffic to the revision that served before, and look whether it does."""
        report(self.subject, f"revision {revision} to serve again")
        traffic = [{"type": REVISION, "revision": revision, "percent": 100}]
        self.client.patch(HOST, self.path, body={"traffic": traffic}, query={"updateMask": "traffic"})
        wait = self.waiting(f"served by {revision}", lambda seen: bool(seen) and _serves(seen, revision))
        try:
            watch(wait, self.fetch, self.client.clock)
        except Failure as failure:
            return {
                "serving": False,
                "revision": revision,
                "evidence": f"Revision {revision} does NOT serve: {failure.message}",
            }
        return {"serving": True, "revision": revision, "evidence": f"Revision {revision} serves all requests again"}

    def _log(self, revision: str) -> list[str]:
        """The last lines that a revision wrote; none when this identity may not read them."""
        chosen = f'resource.type="cloud_run_revision" resource.labels.revision_name="{revision}"'
        body = {
            "resourceNames": [f"projects/{self.project}"],
            "filter": chosen,
            "orderBy": "timestamp desc",
            "pageSize": LOG_LINES,
        }
        try:
            entries = self.client.post(LOGGING, "/v2/entries:list", body=body).get("entries") or ()
        except Failure:
            return []
        return [str(one.get("textPayload") or one.get("jsonPayload") or "") for one in reversed(list(entries))]


def keep_service(module: AnsibleModule) -> dict[str, Any]:
    """The function of the module `cloud_run_service`."""
    service = CloudRunService(Client.from_params(module.params), module.params)
    service.is_predicted = module.check_mode
    result = ensure(service, module.params["state"], module.check_mode)
    return result | {"previous_revision": service.previous_revision}


def normal(found: Mapping[str, Any]) -> dict[str, Any]:
    """A service with its first container under `template.container` and variables by name."""
    service = dict(found)
    template = dict(service.get("template") or {})
    containers = [dict(one) for one in template.pop("containers", None) or ()]
    if containers:
        container = containers[0]
        variables = {
            one["name"]: {key: value for key, value in one.items() if key != "name"} for one in container.get("env", ())
        }
        template["container"] = {**container, "env": variables} if variables else container
        # Such as a collector beside it, which is nobody's matter here.
        if containers[1:]:
            template["sidecars"] = containers[1:]
    return {**service, "template": template}


def raw(service: Mapping[str, Any]) -> dict[str, Any]:
    """The other way round, for writing."""
    if "template" not in service:
        return dict(service)
    template = dict(service["template"])
    container = dict(template.pop("container", {}))
    if "env" in container:
        container["env"] = [{"name": name, **value} for name, value in sorted(container["env"].items())]
    return {**service, "template": {**template, "containers": [container, *template.pop("sidecars", ())]}}


def _serves(service: Mapping[str, Any], revision: str) -> bool:
    statuses = service.get("trafficStatuses") or ()
    return any(one.get("revision") == revision and one.get("percent") == 100 for one in statuses)


def _secret(value: str) -> dict[str, Any]:
    """`NAME` or `NAME:VERSION` as a reference; without a version the newest at the start of each instance."""
    name, _colon, version = value.partition(":")
    return {"valueSource": {"secretKeyRef": {"secret": name, "version": version or "latest"}}}


def _probe(probe: Mapping[str, Any] | None, port: int | None) -> dict[str, Any] | None:
    if probe is None:
        return None
    action = (
        {"httpGet": declared(path=probe["http"], port=port)}
        if probe.get("http")
        else {"tcpSocket": declared(port=port)}
    )
    return action | declared(
        initialDelaySeconds=probe.get("initial_delay_seconds"),
        periodSeconds=probe.get("period_seconds"),
        timeoutSeconds=probe.get("timeout_seconds"),
        failureThreshold=probe.get("failure_threshold"),
    )
