"""What a recording took for granted: its project with every API enabled, a billing account, a folder, the default network."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.conformance.bindings import Bindings

if TYPE_CHECKING:
    from tests.conformance.replay import Replay

CALLER = "user@example.com"
_PROJECTS = ("example-project-01",)


def prepare(replay: Replay, bindings: Bindings, case: Mapping[str, Any]) -> None:
    """Fill the fresh cloud of `replay` with what `case` needs."""
    text = json.dumps(case)
    replay.settings.operation_seconds = 0.0
    parent = {"type": "organization", "id": "123456789012"}
    for project in ("recorded-project", *[name for name in _PROJECTS if name in text]):
        replay.send("POST", "cloudresourcemanager.googleapis.com", "/v1/projects", "", {"projectId": project, "name": project, "parent": parent})
        for api in replay.emulator.profiles:
            path = f"/v1/projects/{project}/services/{api}.googleapis.com:enable"
            if _may_enable(text, project, api):
                replay.send("POST", "serviceusage.googleapis.com", path, "", {})
    bindings.values["projectNumber"] = [replay.emulator.project_number("recorded-project") or ""]
    if "folderID" in text:
        created = replay.send("POST", "cloudresourcemanager.googleapis.com", "/v3/folders", "", {"parent": "organizations/123456789012", "displayName": "recorded"})
        bindings.values["folderID"] = [created.parsed().get("response", {}).get("name", "folders/0").partition("/")[2]]
    if _takes_network_for_granted(case):
        _default_network(replay)
        bindings.values["networkID"] = ["default"]
    elif "networks/default" in text:
        _default_network(replay)
    replay.settings.operation_seconds = 1.0


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
