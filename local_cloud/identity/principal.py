"""The identity behind an access token, in the spelling IAM policies use."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

FEDERATION_HOST = "iam.googleapis.com"
# How the workload identity pools of GKE end: `PROJECT.svc.id.goog`.
GKE_POOL = ".svc.id.goog"

# The end of what does not end.
NEVER = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True)
class Principal:
    """One caller.

    `member` is the IAM member string: `user:a@b`, `serviceAccount:x@p.iam.gserviceaccount.com` or
    `principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/subject/s`.
    `email` is None for a federated identity. `subject` is the unique id of an account (a string of digits) or the
    mapped `google.subject` of a federated identity. `attributes` holds the mapped attributes of a federated identity
    (`google.subject`, `google.groups`, `attribute.repository`, ...); it is empty for users and service accounts.
    `expires` is when the token ends (aware, UTC).
    """

    member: str
    email: str | None
    subject: str
    expires: datetime
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @property
    def pool(self) -> str | None:
        """`projects/N/locations/global/workloadIdentityPools/POOL` of a federated identity, else None."""
        prefix = f"principal://{FEDERATION_HOST}/"
        if not self.member.startswith(prefix):
            return None
        return self.member.removeprefix(prefix).rsplit("/subject/", 1)[0]

    def memberships(self) -> frozenset[str]:
        """Every IAM member string that covers this caller, e.g. `allAuthenticatedUsers` or a `principalSet://`."""
        own = {self.member, "allUsers", "allAuthenticatedUsers"}
        if self.member.startswith("user:") and self.email is not None:
            own.add(f"domain:{self.email.rpartition('@')[2]}")
        if self.pool is not None:
            own |= self._principal_sets(self.pool)
            own |= self._of_kubernetes(self.pool)
        return frozenset(own)

    def _of_kubernetes(self, pool: str) -> set[str]:
        """A service account of a GKE cluster is also `serviceAccount:PROJECT.svc.id.goog[NAMESPACE/NAME]`, and one of
        its namespace (https://cloud.google.com/iam/docs/principal-identifiers)."""
        words, name = self.subject.split("/"), pool.rpartition("/")[2]
        if not name.endswith(GKE_POOL) or len(words) != 4:
            return set()
        _, namespace, _, account = words
        base = f"principalSet://{FEDERATION_HOST}/{pool}"
        return {f"serviceAccount:{name}[{namespace}/{account}]", f"{base}/namespace/{namespace}"}

    def _principal_sets(self, pool: str) -> set[str]:
        base = f"principalSet://{FEDERATION_HOST}/{pool}"
        sets = {f"{base}/*"}
        for name, value in self.attributes.items():
            if name == "google.groups":
                sets |= {f"{base}/group/{group}" for group in value}
            elif name.startswith("attribute."):
                sets.add(f"{base}/{name}/{value}")
        return sets
