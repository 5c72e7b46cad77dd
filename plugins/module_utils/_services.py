"""PRIVATE to the collection: a project's APIs, enabled many at a time (Service Usage v1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ._client import Client, segment
from ._failure import Failure, invalid
from ._progress import report
from ._resource import prospect
from ._retry import FRESH_ENABLEMENT
from ._wait import Wait, watch

HOST = "serviceusage.googleapis.com"

SERVICE_NAME = re.compile(r"[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)*\.(?:googleapis\.com|goog)")

BATCH = 20
"""The most services that one batchEnable takes (Service Usage v1, BatchEnableServicesRequest.serviceIds)."""

PARALLEL = 4
"""Calls at once: enough to hide their latency, far below the API's per-minute quota."""

PROBES: Mapping[str, tuple[str, str]] = {
    "artifactregistry.googleapis.com": ("artifactregistry.googleapis.com", "/v1/projects/{project}/locations"),
    "cloudbilling.googleapis.com": ("cloudbilling.googleapis.com", "/v1/projects/{project}/billingInfo"),
    "cloudkms.googleapis.com": ("cloudkms.googleapis.com", "/v1/projects/{project}/locations"),
    "cloudquotas.googleapis.com": (
        "cloudquotas.googleapis.com",
        "/v1/projects/{project}/locations/global/quotaPreferences",
    ),
    "cloudresourcemanager.googleapis.com": ("cloudresourcemanager.googleapis.com", "/v3/projects/{project}"),
    "compute.googleapis.com": ("compute.googleapis.com", "/compute/v1/projects/{project}"),
    "container.googleapis.com": ("container.googleapis.com", "/v1/projects/{project}/locations/-/clusters"),
    "dns.googleapis.com": ("dns.googleapis.com", "/dns/v1/projects/{project}/managedZones"),
    "essentialcontacts.googleapis.com": ("essentialcontacts.googleapis.com", "/v1/projects/{project}/contacts"),
    "iam.googleapis.com": ("iam.googleapis.com", "/v1/projects/{project}/serviceAccounts"),
    "monitoring.googleapis.com": ("monitoring.googleapis.com", "/v3/projects/{project}/notificationChannels"),
    "pubsub.googleapis.com": ("pubsub.googleapis.com", "/v1/projects/{project}/topics"),
    "secretmanager.googleapis.com": ("secretmanager.googleapis.com", "/v1/projects/{project}/secrets"),
    "storage.googleapis.com": ("storage.googleapis.com", "/storage/v1/b?project={project}&maxResults=1"),
}
"""Service → a read that costs nothing: while it answers SERVICE_DISABLED the service is enabled but not yet usable.
Any other answer, a refusal too, comes from the service itself."""


def refuse_bad_services(services: Iterable[str]) -> None:
    for name in services:
        if not SERVICE_NAME.fullmatch(name):
            raise invalid("services", name, "full service names such as compute.googleapis.com")


def enabled_services(client: Client, project: str) -> list[str]:
    """Names of the enabled services, sorted."""
    path = f"/v1/projects/{segment(project)}/services"
    query = {"filter": "state:ENABLED", "pageSize": 200, "fields": "services(config/name,state),nextPageToken"}
    return sorted(item["config"]["name"] for item in client.items(HOST, path, "services", query=query))


def keep_services(module: AnsibleModule) -> dict[str, Any]:
    """The result of the `services` module."""
    params = module.params
    wanted = sorted(set(params["services"]))
    refuse_bad_services(wanted)
    agents = sorted(set(params.get("service_agents") or ()))
    if strangers := [name for name in agents if name not in wanted]:
        raise invalid("service_agents", strangers[0], "services that are listed in services")
    client = Client.from_params(params)
    assumed = ""
    try:
        enabled = enabled_services(client, params["project"])
    except Failure as failure:
        assumed = prospect(client, params["project"], failure) if module.check_mode else ""
        if not assumed:
            raise
        enabled = []
    present = params["state"] == "present"
    todo = [name for name in wanted if (name in enabled) != present]
    if todo and not module.check_mode:
        if present:
            _enable(client, params, todo)
        else:
            _disable(client, params, todo)
    if present and not module.check_mode:
        _have_agents(client, params, agents)
    before = [name for name in wanted if name in enabled]
    after = wanted if present else []
    result = {
        "changed": bool(todo),
        "services": after,
        "enabled" if present else "disabled": todo,
        "diff": {"before": {"services": before}, "after": {"services": after}},
    }
    return result | ({"assumed": assumed} if assumed else {})


def _enable(client: Client, params: Mapping[str, Any], names: Sequence[str]) -> None:
    project = str(params["project"])
    batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]

    def enable(batch: Sequence[str]) -> None:
        path = f"/v1/projects/{segment(project)}/services:batchEnable"
        answer = client.post(HOST, path, body={"serviceIds": list(batch)}, settling=FRESH_ENABLEMENT)
        subject = f"{len(batch)} services of project {project}"
        client.wait(HOST, "v1", answer, _wait(params, subject, "enabled"))

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(enable, batches))
    _until_listed(client, params, names)
    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(lambda name: _until_usable(client, params, name), names))


def _have_agents(client: Client, params: Mapping[str, Any], services: Sequence[str]) -> None:
    """Each service's own account in the project; asking again for one that is there answers the same one."""
    for service in services:
        path = f"/v1beta1/projects/{segment(params['project'])}/services/{segment(service)}:generateServiceIdentity"
        answer = client.post(HOST, path, body={}, settling=FRESH_ENABLEMENT)
        client.wait(HOST, "v1", answer, _wait(params, f"the service agent of {service}", "made"))


def _until_listed(client: Client, params: Mapping[str, Any], names: Sequence[str]) -> None:
    project = str(params["project"])

    def missing() -> list[str]:
        present = set(enabled_services(client, project))
        left = [name for name in names if name not in present]
        report(f"project {project}", "services to be listed as enabled", len(names) - len(left), len(names))
        return left

    wait = _wait(params, f"{len(names)} services of project {project}", "listed as enabled")
    watch(wait, missing, client.clock)


def _until_usable(client: Client, params: Mapping[str, Any], name: str) -> None:
    if name not in PROBES:
        return
    host, path = PROBES[name]

    def refusal() -> list[str]:
        try:
            client.get(host, path.format(project=segment(params["project"])))
        except Failure as failure:
            if any(rule.reasons & {failure.reason} for rule in FRESH_ENABLEMENT):
                return [failure.message]
        return []

    watch(_wait(params, f"service {name}", "usable"), refusal, client.clock)


def _disable(client: Client, params: Mapping[str, Any], names: Sequence[str]) -> None:
    project = str(params["project"])
    body = {
        "disableDependentServices": bool(params["disable_dependent_services"]),
        "checkIfServiceHasUsage": "CHECK" if params["check_usage"] else "SKIP",
    }
    for done, name in enumerate(names):
        report(f"project {project}", f"{name} to be disabled", done, len(names))
        path = f"/v1/projects/{segment(project)}/services/{segment(name)}:disable"
        client.wait(HOST, "v1", client.post(HOST, path, body=body), _wait(params, f"service {name}", "disabled"))


def _wait(params: Mapping[str, Any], subject: str, waiting_for: str) -> Wait:
    """A wait until nothing is left of what is observed (an operation is told by `done`)."""
    return Wait(
        subject,
        lambda seen: bool(seen.get("done")) if isinstance(seen, dict) else not seen,
        waiting_for,
        timeout=float(params["wait_timeout"]),
        interval=float(params["wait_interval"]),
    )
