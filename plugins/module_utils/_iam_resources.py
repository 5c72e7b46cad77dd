"""PRIVATE to the collection: where each kind of resource keeps its IAM policy, as a table."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ._client import segment
from ._failure import invalid


@dataclass(frozen=True)
class PolicyHome:
    """How one kind of resource is asked for its policy.

    `path` has `{name}` for the resource's full name, whose form is `pattern` (`form` says it in words). `reads_with` is
    GET or POST: the older APIs take the policy version as a query, the others in the body. `gcloud` is the command
    group whose add-iam-policy-binding takes the last part of the name, with `{short}` and `{project}` filled in.
    """

    host: str
    path: str
    pattern: str
    form: str
    gcloud: str
    reads_with: str = "POST"
    version_in: str = "body"

    def url_path(self, name: str) -> str:
        return self.path.format(name="/".join(segment(part) for part in name.split("/")))


_CRM = "cloudresourcemanager.googleapis.com"
_PROJECT = r"projects/(?P<project>[a-z][a-z0-9-]+)"

HOMES: dict[str, PolicyHome] = {
    "project": PolicyHome(
        _CRM, "/v3/projects/{name}", r"(?P<project>[a-z][a-z0-9-]{4,28}[a-z0-9]|[0-9]+)", "PROJECT_ID", "projects"
    ),
    "folder": PolicyHome(_CRM, "/v3/folders/{name}", r"[0-9]+", "NUMBER", "resource-manager folders"),
    "organization": PolicyHome(_CRM, "/v3/organizations/{name}", r"[0-9]+", "NUMBER", "organizations"),
    "billing_account": PolicyHome(
        "cloudbilling.googleapis.com",
        "/v1/billingAccounts/{name}",
        r"[0-9A-F]{6}-[0-9A-F]{6}-[0-9A-F]{6}",
        "012345-6789AB-CDEF01",
        "billing accounts",
        reads_with="GET",
        version_in="options.requestedPolicyVersion",
    ),
    "bucket": PolicyHome(
        "storage.googleapis.com",
        "/storage/v1/b/{name}/iam",
        r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]",
        "BUCKET_NAME",
        "storage buckets",
        reads_with="GET",
        version_in="optionsRequestedPolicyVersion",
    ),
    "service_account": PolicyHome(
        "iam.googleapis.com",
        "/v1/projects/-/serviceAccounts/{name}",
        r"[^@/\s]+@[^@/\s]+|[0-9]+",
        "NAME@PROJECT.iam.gserviceaccount.com",
        "iam service-accounts",
    ),
    "topic": PolicyHome(
        "pubsub.googleapis.com",
        "/v1/{name}",
        _PROJECT + r"/topics/(?P<short>[^/]+)",
        "projects/PROJECT/topics/TOPIC",
        "pubsub topics",
        reads_with="GET",
        version_in="options.requestedPolicyVersion",
    ),
    "subscription": PolicyHome(
        "pubsub.googleapis.com",
        "/v1/{name}",
        _PROJECT + r"/subscriptions/(?P<short>[^/]+)",
        "projects/PROJECT/subscriptions/SUBSCRIPTION",
        "pubsub subscriptions",
        reads_with="GET",
        version_in="options.requestedPolicyVersion",
    ),
    "secret": PolicyHome(
        "secretmanager.googleapis.com",
        "/v1/{name}",
        _PROJECT + r"/secrets/(?P<short>[^/]+)",
        "projects/PROJECT/secrets/SECRET",
        "secrets",
        reads_with="GET",
        version_in="options.requestedPolicyVersion",
    ),
    "artifact_repository": PolicyHome(
        "artifactregistry.googleapis.com",
        "/v1/{name}",
        _PROJECT + r"/locations/(?P<location>[^/]+)/repositories/(?P<short>[^/]+)",
        "projects/PROJECT/locations/LOCATION/repositories/REPOSITORY",
        "artifacts repositories",
        reads_with="GET",
        version_in="options.requestedPolicyVersion",
    ),
    "crypto_key": PolicyHome(
        "cloudkms.googleapis.com",
        "/v1/{name}",
        _PROJECT + r"/locations/(?P<location>[^/]+)/keyRings/(?P<keyring>[^/]+)/cryptoKeys/(?P<short>[^/]+)",
        "projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY",
        "kms keys",
        reads_with="GET",
        version_in="options.requestedPolicyVersion",
    ),
}
"""Resource type → its policy's home, from the discovery documents' getIamPolicy methods."""

_PREFIXES = {
    "project": "projects/",
    "folder": "folders/",
    "organization": "organizations/",
    "billing_account": "billingAccounts/",
    "bucket": "gs://",
}


def named(kind: str, name: str) -> str:
    """The name in the form that `HOMES[kind].path` takes; `projects/x` and `x` are both a project's name."""
    short = name.removeprefix(_PREFIXES.get(kind, ""))
    if not re.fullmatch(HOMES[kind].pattern, short):
        raise invalid(f"resource.name (type {kind})", name, HOMES[kind].form)
    return short


def project_of(kind: str, name: str) -> str | None:
    """The id of the project that holds a resource, where its name tells."""
    if kind == "service_account":
        match = re.fullmatch(r"[^@]+@(?P<project>[a-z][a-z0-9-]+)\.iam\.gserviceaccount\.com", name)
    else:
        match = re.fullmatch(HOMES[kind].pattern, name)
    return match.groupdict().get("project") if match else None


def grant_command(kind: str, name: str, member: str, role: str) -> str:
    """The gcloud command that gives `member` the `role` on a resource."""
    match = re.fullmatch(HOMES[kind].pattern, name)
    parts = match.groupdict() if match else {}
    target = f"gs://{name}" if kind == "bucket" else parts.get("short", name)
    options = [f"--{option}={parts[option]}" for option in ("location", "keyring") if option in parts]
    if "short" in parts:
        options.append(f"--project={parts['project']}")
    words = ["gcloud", HOMES[kind].gcloud, "add-iam-policy-binding", target, *options]
    return " ".join([*words, f"--member='{member}'", f"--role={role}"])
