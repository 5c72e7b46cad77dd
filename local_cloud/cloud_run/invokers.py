"""Who may call a service: everybody, or who has `run.routes.invoke` by the service's IAM policy.

https://cloud.google.com/run/docs/authenticating/overview
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import aiohttp

from local_cloud.data_plane.google import GoogleRefusal

if TYPE_CHECKING:
    from local_cloud.data_plane.google import Google
    from local_cloud.data_plane.reverse_proxy.messages import Request

_LOG = logging.getLogger(__name__)

# A policy counts for this many seconds before it is read again.
POLICY_SECONDS = 1.0
EVERYBODY = frozenset({"allUsers"})
# Roles of a service's policy that carry run.routes.invoke.
_ROLES = frozenset({"roles/run.invoker", "roles/run.servicesInvoker", "roles/run.admin", "roles/owner", "roles/editor"})
_SERVERLESS = b"x-serverless-authorization"


class Invokers:
    """Asks for policies, and for who a token belongs to."""

    def __init__(self, google: Google) -> None:
        """Ask `google`."""
        self._google = google
        self._policies: dict[str, tuple[frozenset[str], float]] = {}

    def known(self, service: str) -> bool | None:
        """Whether everybody may call `service`; None when that has to be asked."""
        members, until = self._policies.get(service, (frozenset[str](), 0.0))
        if time.monotonic() > until:
            return None
        return bool(members & EVERYBODY)

    async def allowed(self, service: str, request: Request) -> int:
        """200 when the caller of `request` may, else 401 (a token that is none) or 403."""
        try:
            members = await self._members(service)
            if members & EVERYBODY:
                return 200
            token = _token(request)
            if not token:
                return 403
            member = await self._member(token)
        except (GoogleRefusal, aiohttp.ClientError, OSError, TimeoutError) as error:
            _LOG.warning("%s: who may call it cannot be asked: %s", service, error)
            return 403
        if member is None:
            return 401
        if "allAuthenticatedUsers" in members or member in members:
            return 200
        return 200 if await self._granted_above(service, token) else 403

    async def _members(self, service: str) -> frozenset[str]:
        """Everybody whom the service's own policy lets in."""
        members, until = self._policies.get(service, (frozenset[str](), 0.0))
        if time.monotonic() <= until:
            return members
        policy = await self._google.request("GET", f"run.googleapis.com/v2/{service}:getIamPolicy")
        found = frozenset(
            str(member)
            for binding in policy.get("bindings") or []
            if binding.get("role") in _ROLES
            for member in binding.get("members") or []
        )
        self._policies[service] = (found, time.monotonic() + POLICY_SECONDS)
        return found

    async def _member(self, token: str) -> str | None:
        """The IAM member that an ID token or an access token belongs to; None when it is neither."""
        kind = "id_token" if token.count(".") == 2 and not token.startswith("ya29.") else "access_token"
        try:
            said = await self._google.request("GET", f"oauth2.googleapis.com/tokeninfo?{kind}={token}")
        except GoogleRefusal:
            return None
        email = str(said.get("email", ""))
        if not email:
            return None
        return f"{'serviceAccount' if email.endswith('.gserviceaccount.com') else 'user'}:{email}"

    async def _granted_above(self, service: str, token: str) -> bool:
        """Whether a grant on the project or above it carries the permission; access tokens only."""
        if not token.startswith("ya29."):
            return False
        body: Mapping[str, Any] = {"permissions": ["run.routes.invoke"]}
        url = f"run.googleapis.com/v2/{service}:testIamPermissions"
        try:
            answer = await self._google.request("POST", url, body, token=token)
        except GoogleRefusal:
            return False
        return bool(answer.get("permissions"))


def _token(request: Request) -> str:
    """The bearer token; the serverless header wins, so that `Authorization` may be the service's own business."""
    for name in (_SERVERLESS, b"authorization"):
        scheme, _, token = request.header(name).decode("latin-1").partition(" ")
        if scheme.lower() == "bearer" and token:
            return token.strip()
    return ""
