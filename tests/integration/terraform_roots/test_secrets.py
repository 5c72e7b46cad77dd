"""What a secret holds reaches Secret Manager and nothing else: no state, no plan, no file, no request log."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.terraform_roots.workspace import PROJECT, STATE_BUCKET, Workspace

API = f"secretmanager.googleapis.com/v1/projects/{PROJECT}/secrets/jwt-secret/versions"
STATE = f"storage.googleapis.com/storage/v1/b/{STATE_BUCKET}/o/roots%2Fsecrets%2Fdefault.tfstate?alt=media"
FIRST, SECOND = "the-first-value-of-this-test", "the-second-value-of-this-test"


def told(root: Workspace, monkeypatch: pytest.MonkeyPatch, version: int, value: str) -> None:
    """Ask for a version, and hand over the value as Ansible does: in the environment."""
    root.told({"secrets": {"jwt-secret": {"version": version}}})
    monkeypatch.setenv("TF_VAR_secret_values", json.dumps({"jwt-secret": value}))


def payload(root: Workspace) -> str:
    """What the newest version holds."""
    answer: dict[str, Any] = root.cloud.get(f"{API}/latest:access").json()
    return base64.b64decode(answer["payload"]["data"]).decode()


def test_a_value_is_kept_nowhere_else(workspace: Callable[[str], Workspace], monkeypatch: pytest.MonkeyPatch) -> None:
    root = workspace("secrets")
    root.cloud.settings(journal_bodies=True)
    told(root, monkeypatch, 1, FIRST)
    root.plan()
    root.terraform("apply", "-input=false", "planned.tfplan")
    assert payload(root) == FIRST
    assert FIRST not in json.dumps(root.plan())

    kept = [
        path.read_bytes() for path in root.directory.rglob("*") if path.is_file() and ".terraform" not in path.parts
    ]
    kept += [root.cloud.get(STATE).content, json.dumps(root.cloud.journal()).encode()]
    encoded = base64.b64encode(FIRST.encode())
    assert not any(FIRST.encode() in content or encoded in content for content in kept)
    assert b"jwt-secret" in kept[-2]
    assert b"addVersion" in kept[-1]


def test_a_higher_number_makes_a_new_value(
    workspace: Callable[[str], Workspace], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = workspace("secrets")
    told(root, monkeypatch, 1, FIRST)
    root.apply()
    told(root, monkeypatch, 1, SECOND)
    assert root.is_empty_plan()
    told(root, monkeypatch, 2, SECOND)
    root.apply()
    assert payload(root) == SECOND
    versions = root.cloud.get(API).json()["versions"]
    assert {each["name"][-1]: each["state"] for each in versions} == {"1": "DISABLED", "2": "ENABLED"}
