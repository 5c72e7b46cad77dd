"""A project of the local cloud in which the conversation-backend can do its work, as its own account."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.local_cloud import LocalCloud

PROJECT = "conversation-project"
ACCOUNT = f"conversation-backend@{PROJECT}.iam.gserviceaccount.com"
TEXTS, SOUNDS = f"{PROJECT}-text-cache", f"{PROJECT}-audio-cache"
STORAGE = "storage.googleapis.com/storage/v1"
_APIS = ("generativelanguage", "iam", "iamcredentials", "storage", "texttospeech")


def _made(cloud: LocalCloud, url: str, body: dict[str, Any]) -> None:
    answer = cloud.post(url, body)
    assert answer.status_code == 200, answer.text


def furnish(cloud: LocalCloud) -> None:
    """Make project, buckets and account with no more rights than it needs, and require permissions from now on."""
    _made(cloud, "cloudresourcemanager.googleapis.com/v1/projects", {"projectId": PROJECT, "name": "x"})
    names = [f"{api}.googleapis.com" for api in _APIS]
    _made(cloud, f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services:batchEnable", {"serviceIds": names})
    _made(cloud, f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts", {"accountId": "conversation-backend"})
    member = f"serviceAccount:{ACCOUNT}"
    policy = {"bindings": [{"role": "roles/iam.serviceAccountTokenCreator", "members": [member]}]}
    account = f"iam.googleapis.com/v1/projects/{PROJECT}/serviceAccounts/{ACCOUNT}"
    _made(cloud, f"{account}:setIamPolicy", {"policy": policy})
    access = {"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": {"enabled": True}}
    for bucket in (TEXTS, SOUNDS):
        _made(cloud, f"{STORAGE}/b?project={PROJECT}", {"name": bucket, "iamConfiguration": access})
        bindings = [{"role": "roles/storage.objectUser", "members": [member]}]
        assert cloud.put(f"{STORAGE}/b/{bucket}/iam", {"bindings": bindings}).status_code == 200
    cloud.settings(metadata_account=member, metadata_project=PROJECT, iam="enforce")


def variables(cloud: LocalCloud, **more: str) -> dict[str, str]:
    """The environment of a conversation-backend in real mode, which finds its identity at the metadata server."""
    names = ("HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "GCE_METADATA_HOST")
    reached = {name: cloud.env[name] for name in names} | {"GCE_METADATA_IP": cloud.env["GCE_METADATA_HOST"]}
    buckets = {"GCS_BUCKET_NAME": TEXTS, "GCS_AUDIO_BUCKET_NAME": SOUNDS}
    return {"CONVERSATION_MODE": "real", **buckets, **reached, "HOME": os.environ["HOME"], **more}
