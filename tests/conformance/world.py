"""What a recording took for granted: its project with every API enabled, a billing account, a folder, the default
network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.profiles.clusters import versions
from tests.conformance.bindings import Bindings, fill

if TYPE_CHECKING:
    from tests.conformance.replay import Replay

CALLER = "user@example.com"
_ORGANIZATION = "organizations/123456789012"
_RESOURCE_MANAGER = "cloudresourcemanager.googleapis.com"
_MINOR = re.compile(r'"initialClusterVersion": "(\d+\.\d+)"')
_PROJECTS = ("example-project-01",)


def prepare(replay: Replay, bindings: Bindings, case: Mapping[str, Any]) -> None:
    """Fill the fresh cloud of `replay` with what `case` needs."""
    text = json.dumps(case)
    replay.settings.operation_seconds = 0.0
    # GKE offers several Kubernetes versions at a time, the local cloud the one whose programs it has.
    versions.OFFERED[:] = [versions.VERSION, *(f"{minor}.0-gke.1" for minor in _MINOR.findall(text))]
    _owner_taken_for_granted(replay)
    made = [name for name in _PROJECTS if name in text and not _creates(case, name)]
    for project in ("recorded-project", *made):
        _project_taken_for_granted(replay, project, text)
    bindings.values["projectNumber"] = [replay.emulator.project_number("recorded-project") or ""]
    if "folderID" in text:
        body = {"parent": _ORGANIZATION, "displayName": "recorded"}
        created = replay.send("POST", _RESOURCE_MANAGER, "/v3/folders", "", body)
        bindings.values["folderID"] = [created.parsed().get("response", {}).get("name", "folders/0").partition("/")[2]]
    _buckets_taken_for_granted(replay, case)
    _subscriptions_taken_for_granted(replay, case)
    named = _networks_taken_for_granted(case)
    if named or "networks/default" in text:
        _default_network(replay)
    for placeholder in named:
        bindings.values[placeholder] = ["default"]
    replay.settings.operation_seconds = 1.0


def _owner_taken_for_granted(replay: Replay) -> None:
    """The caller owns the organisation and administers the billing account."""
    owner = [{"role": role, "members": [f"user:{CALLER}"]} for role in ("roles/owner", "roles/billing.admin")]
    for service, name in (
        ("cloudresourcemanager", _ORGANIZATION),
        ("cloudbilling", "billingAccounts/01D165-CA11AB-1E0001"),
    ):
        replay.emulator.store.put_policy(service, name, {"version": 1, "bindings": owner, "etag": "BwXrecorded="})


def _project_taken_for_granted(replay: Replay, project: str, text: str) -> None:
    """A project without a policy of its own, with every API enabled that the case of `text` does not find disabled."""
    parent = {"type": "organization", "id": _ORGANIZATION.partition("/")[2]}
    body = {"projectId": project, "name": project, "parent": parent}
    replay.send("POST", _RESOURCE_MANAGER, "/v1/projects", "", body)
    nobody: Mapping[str, Any] = {"policy": {"bindings": []}}
    replay.send("POST", _RESOURCE_MANAGER, f"/v1/projects/{project}:setIamPolicy", "", nobody)
    for api in replay.emulator.profiles:
        path = f"/v1/projects/{project}/services/{api}.googleapis.com:enable"
        if _may_enable(text, project, api):
            replay.send("POST", "serviceusage.googleapis.com", path, "", {})


def _creates(case: Mapping[str, Any], project: str) -> bool:
    """Whether the case itself creates the project."""
    return any(
        (exchange.get("request") or {}).get("projectId") == project
        for exchange in case["exchanges"]
        if isinstance(exchange.get("request"), dict)
    )


def _may_enable(text: str, project: str, api: str) -> bool:
    """False for an API that the case itself finds disabled; True when it uses it nevertheless and never enables it."""
    if f'"host": "{api}.googleapis.com"' in text and ":enable" not in text and ":batchEnable" not in text:
        return True
    return not re.search(rf'services/{api}\.googleapis\.com", "state": "DISABLED"', text)


def _buckets_taken_for_granted(replay: Replay, case: Mapping[str, Any]) -> None:
    """Buckets that are changed or read before the case creates them, as the recording shows them."""
    made: set[str] = set()
    for exchange in case["exchanges"]:
        path, body = exchange["path"], exchange.get("response")
        if exchange["method"] == "POST" and path.endswith("/storage/v1/b"):
            made.add(exchange["request"]["name"])
        elif re.fullmatch(r".*/storage/v1/b/[^/$]+", path) and isinstance(body, dict) and body.get("name") not in made:
            made.add(body["name"])
            wanted = {
                key: body[key]
                for key in ("name", "location", "hierarchicalNamespace", "iamConfiguration")
                if key in body
            }
            replay.send("POST", exchange["host"], "/storage/v1/b", "project=recorded-project", wanted)


def _subscriptions_taken_for_granted(replay: Replay, case: Mapping[str, Any]) -> None:
    """A subscription that a snapshot is taken of and that the case does not create, with its topic."""
    paths = {exchange["path"] for exchange in case["exchanges"] if exchange["method"] == "PUT"}
    for exchange in case["exchanges"]:
        request = exchange.get("request")
        if not isinstance(request, dict) or "/snapshots/" not in exchange["path"] or "subscription" not in request:
            continue
        topic = (exchange.get("response") or {}).get("topic", "")
        if f"/v1/{request['subscription']}" not in paths:
            known = {"uniqueId": "abc123xyz", "projectId": "recorded-project"}
            for name, body in ((topic, {}), (request["subscription"], {"topic": fill(topic, known)})):
                replay.send("PUT", exchange["host"], fill(f"/v1/{name}", known), "", body)


def _networks_taken_for_granted(case: Mapping[str, Any]) -> set[str]:
    """Placeholders of networks that are read or referred to before the case creates any."""
    named: set[str] = set()
    for exchange in case["exchanges"]:
        if exchange["method"] == "POST" and exchange["path"].endswith("/global/networks"):
            break
        if exchange["status"] < 300:
            named.update(re.findall(r"networks/\$\{(\w+)\}", json.dumps([exchange["path"], exchange.get("request")])))
    return named


def _default_network(replay: Replay) -> None:
    body = {"name": "default", "autoCreateSubnetworks": True, "description": "Default network for the project"}
    for project in ("recorded-project", "example-project-01"):
        replay.send("POST", "compute.googleapis.com", f"/compute/v1/projects/{project}/global/networks", "", body)


def place_foreign_users(replay: Replay, bindings: Bindings, case: Mapping[str, Any], index: int) -> None:
    """Just before a network is deleted, put the firewall on it that the recording's organisation had put there
    itself."""
    exchange = case["exchanges"][index]
    if exchange["method"] != "DELETE" or not re.search("compute/v1/.*/global/networks/", exchange["path"]):
        return
    names = _FOREIGN.findall(json.dumps(case["exchanges"][index:]))
    for assignment in list(bindings.alternatives(json.dumps([exchange["path"], names[:1]]))):
        network = fill(exchange["path"], assignment).partition("compute/v1/")[2]
        firewalls = f"/compute/v1/{network.partition('/global/')[0]}/global/firewalls"
        listed = replay.send("GET", exchange["host"], firewalls).parsed()
        for firewall in listed.get("items", []):
            if _FOREIGN_NAME.fullmatch(firewall["name"]):
                replay.send("DELETE", exchange["host"], f"{firewalls}/{firewall['name']}")
        if names:
            name = fill(names[0], assignment)[:63]
            body = {"name": name, "network": network, "direction": "INGRESS", "allowed": [{"IPProtocol": "tcp"}]}
            replay.send("POST", exchange["host"], firewalls, "", body)


# "…is already being used by 'projects/P/global/firewalls/NAME-<24 random characters>'": no client chose such a name.
_FOREIGN_NAME = re.compile(r"[^']*-[a-z0-9]{24}")
_FOREIGN = re.compile(rf"already being used by 'projects/[^/]+/global/firewalls/({_FOREIGN_NAME.pattern})'")
