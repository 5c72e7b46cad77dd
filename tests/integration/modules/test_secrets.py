"""A secret that is planted in every option that may hold one comes out nowhere, at the highest verbosity."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from plugins.module_utils._masking import looks_secret
from tests.integration.modules.playbook import play, step
from tests.integration.modules.test_refusals import REFUSED
from tests.local_cloud import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.local_cloud import LocalCloud

PLANTED = "Pl4nted-s3cr3t-0f-the-test"

MODULES = sorted(yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]["google"])

ARGUMENTS = {module: arguments for module, arguments, _ in reversed(REFUSED)} | {
    "project_info": {},
    "services_info": {"project": "digs-crm-dev"},
    "bucket_info": {"project": "digs-crm-dev"},
    "cloud_run_service": {"project": "digs-crm-dev", "location": "us-central1", "name": "a-service", "state": "absent"},
    "cloud_run_service_info": {"project": "digs-crm-dev", "location": "us-central1"},
    "conversation_check": {
        "url": "https://app.example.org",
        "words": {"a-word-0": "lamp", "a-word-1": "river"},
        "text_bucket": "digs-text",
        "audio_bucket": "digs-audio",
    },
    "image": {"repository": "us-central1-docker.pkg.dev/digs-crm-dev/images/a-service", "context": "."},
    "image_info": {"reference": "us-central1-docker.pkg.dev/digs-crm-dev/images/a-service:one"},
    "kms_key": {"project": "digs-crm-dev", "location": "us-central1", "key_ring": "a-ring", "name": "a-key"},
    "service_account_info": {"project": "digs-crm-dev"},
    "quota_preference_info": {"project": "digs-crm-dev"},
    "secret_version_info": {"project": "digs-crm-dev", "secrets": ["a-secret"]},
    "project": {"project_id": "digs-crm-dev", "parent": "organizations/123456789012"},
    "credential": {"mint_token": True},
}


def secret_options(module: str) -> list[str]:
    """The options of a module whose name looks like a secret's, or that Ansible is told to hide."""
    document = import_module(f"plugins.modules.{module}")
    own = yaml.safe_load(document.DOCUMENTATION)["options"]
    shared = yaml.safe_load(import_module("plugins.doc_fragments.auth").ModuleDocFragment.DOCUMENTATION)["options"]
    return sorted(name for name, option in {**own, **shared}.items() if looks_secret(name) and option["type"] == "str")


@pytest.mark.parametrize("way", [{}, {"environment": {"SOME": "thing"}}], ids=["in worker", "AnsiballZ"])
def test_a_planted_token_is_never_printed(cloud: LocalCloud, tmp_path: Path, way: dict[str, Any]) -> None:
    chosen = MODULES if not way else ["credential", "project", "services_info"]
    steps = [
        step(module, module, {**ARGUMENTS[module], **dict.fromkeys(secret_options(module), PLANTED)}, **way)
        for module in chosen
    ]
    progress = tmp_path / "progress.jsonl"

    played = play(
        cloud,
        tmp_path,
        steps,
        options=["-vvv", "--diff"],
        environment={"PRESIDENTIAL_DIGS_PROGRESS": str(progress)},
        play_keywords={"module_defaults": {"group/presidential_digs.platform.google": {"retry_timeout": 2}}},
    )

    assert set(played.results) == set(chosen)
    assert PLANTED not in played.output
    assert PLANTED not in json.dumps({name: value for name, value in played.results.items() if name != "credential"})
    assert not progress.exists() or PLANTED not in progress.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("kind", "option", "content_type"),
    [
        ("service_account_file", "service_account_file", "service_account"),
        ("workload_identity_federation", "workload_identity_file", "external_account"),
    ],
)
def test_a_planted_credential_file_is_never_printed(
    cloud: LocalCloud, tmp_path: Path, kind: str, option: str, content_type: str
) -> None:
    content = {
        "type": content_type,
        "client_email": "a@b.iam.gserviceaccount.com",
        "private_key": f"-----BEGIN PRIVATE KEY-----\n{PLANTED}\n-----END PRIVATE KEY-----\n",
        "token_uri": "https://oauth2.googleapis.com/token",
        "token_url": "https://sts.googleapis.com/v1/token",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "credential_source": {"file": str(tmp_path / "subject")},
    }
    (tmp_path / "subject").write_text(PLANTED, encoding="utf-8")
    (tmp_path / "credential.json").write_text(json.dumps(content), encoding="utf-8")
    arguments = {"auth_kind": kind, option: str(tmp_path / "credential.json"), "retry_timeout": 2}

    played = play(cloud, tmp_path, [step("probe", "credential", arguments)], options=["-vvv"])

    assert played.results["probe"]["failure"]["reason"] == "CREDENTIALS_REFUSED"
    assert PLANTED not in played.output
