"""Who comes to a cluster with a Google token, and what the roles of IAM let them do there."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.call import Call
from local_cloud.emulator.http import Request
from local_cloud.emulator.profiles.clusters.names import CLUSTERS
from local_cloud.emulator.profiles.clusters.objects import permission
from local_cloud.emulator.settings import IamMode
from local_cloud.identity.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.cloud import Cloud

# The group of everybody who came with a Google token; configuration.py has the webhook asked about its members only.
GROUP = "system:google"
# Where the principal is kept with the user, so that the authorisation knows it without a memory.
PRINCIPAL = "local-cloud.presidential-digs.example/principal"
SERVICE = "container"


def review_token(cloud: Cloud, review: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a TokenReview (authentication.k8s.io/v1): the user is the account's address, as on GKE."""
    grant = cloud.tokens.find(str(review.get("spec", {}).get("token", "")))
    if grant is None:
        return _answer("authentication.k8s.io/v1", "TokenReview", {"authenticated": False})
    principal = grant.principal
    kept = json.dumps([principal.member, principal.email, principal.subject, dict(principal.attributes)])
    user = {
        "username": principal.email or principal.member,
        "uid": principal.subject,
        "groups": [GROUP],
        "extra": {PRINCIPAL: [kept]},
    }
    return _answer("authentication.k8s.io/v1", "TokenReview", {"authenticated": True, "user": user})


def review_access(cloud: Cloud, cluster: str, review: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a SubjectAccessReview (authorization.k8s.io/v1): allowed, or no opinion with a reason."""
    spec = review.get("spec", {})
    asked = spec.get("resourceAttributes")
    extra = {key.lower(): values for key, values in (spec.get("extra") or {}).items()}
    kept = extra.get(PRINCIPAL)
    if not asked or not kept:
        return _answer("authorization.k8s.io/v1", "SubjectAccessReview", {"allowed": False})
    needed = permission(
        asked.get("verb", ""), asked.get("group", ""), asked.get("resource", ""), asked.get("subresource", "")
    )
    if needed and holds(cloud, _principal(kept[0]), cluster, needed):
        return _answer("authorization.k8s.io/v1", "SubjectAccessReview", {"allowed": True})
    reason = f'requires one of ["{needed}"] permission(s).' if needed else ""
    return _answer("authorization.k8s.io/v1", "SubjectAccessReview", {"allowed": False, "reason": reason})


def holds(cloud: Cloud, principal: Principal, cluster: str, needed: str) -> bool:
    """Whether `principal` has a permission on `cluster` by the policies of its project and what is above it; always
    where IAM is not enforced."""
    emulator = cloud.emulator
    if emulator.settings.iam != IamMode.ENFORCE:
        return True
    profile = emulator.profiles[SERVICE]
    method = emulator.routes.document(SERVICE, profile.versions[0]).methods[f"{SERVICE}.{CLUSTERS}.get"]
    request = Request("GET", "container.googleapis.com", f"/v1/{cluster}", principal=principal)
    call = Call(emulator, profile, method, request, cluster, {}, {}, {}, profile.type_of(CLUSTERS))
    return bool(emulator.access.held(call, [needed]))


def _principal(kept: str) -> Principal:
    member, email, subject, attributes = json.loads(kept)
    # The token was good when it was shown; the API server asks about it again after seconds.
    return Principal(member, email, subject, datetime.now(UTC) + timedelta(minutes=1), attributes)


def _answer(version: str, kind: str, status: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "status": status}
