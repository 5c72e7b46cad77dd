"""The metadata server of a container: who asks comes in headers that only its door sets (containers/metadata.py)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.http import Request, Response
from local_cloud.identity.accounts import OWNER
from local_cloud.identity.doors import AccessToken
from local_cloud.identity.metadata_server import MetadataError, MetadataServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from local_cloud.cloud import Cloud
    from local_cloud.identity.principal import Principal

CREDENTIALS = "iamcredentials.googleapis.com"
CLOUD_PLATFORM = "https://www.googleapis.com/auth/cloud-platform"
PREFIX = "x-local-cloud-"


class ImpersonatedTokens:
    """Tokens of a service account for whoever may impersonate it, issued by the IAM Credentials API as on GKE."""

    def __init__(self, cloud: Cloud, caller: Principal, email: str) -> None:
        """For `caller`, of the account `email`."""
        self._cloud = cloud
        self._caller = caller
        self._email = email

    def issue(
        self, principal: Principal, lifetime: timedelta, scopes: tuple[str, ...] = (), client: str = ""
    ) -> AccessToken:
        """An access token; MetadataError with Google's words when that is refused."""
        wanted = {"scope": list(scopes) or [CLOUD_PLATFORM], "lifetime": f"{int(lifetime.total_seconds())}s"}
        answer = self._ask("generateAccessToken", wanted)
        return AccessToken(answer["accessToken"], self._cloud.clock.now() + lifetime)

    def issue_id_token(self, principal: Principal, audience: str, *, include_email: bool = True) -> str:
        """An ID token for `audience`."""
        return str(self._ask("generateIdToken", {"audience": audience, "includeEmail": include_email})["token"])

    def _ask(self, verb: str, body: Mapping[str, Any]) -> Any:
        path = f"/v1/projects/-/serviceAccounts/{self._email}:{verb}"
        request = Request("POST", CREDENTIALS, path, body=json.dumps(body).encode(), principal=self._caller)
        response = self._cloud.emulator.handle(request)
        found = response.parsed()
        if response.status != 200:
            raise MetadataError(response.status, f"Unable to generate a token: {found['error']['message']}")
        return found


def answer(cloud: Cloud, request: Request) -> Response:
    """The answer to a request whose path begins after `/metadata`; 403 with the reason for an identity there is not."""
    named = {name.removeprefix(PREFIX): value for name, value in request.headers.items() if name.startswith(PREFIX)}
    try:
        caller = cloud.named(named["member"])
        email = named.get("impersonates", "")
        account = cloud.named(f"serviceAccount:{email}") if email else caller
    except (KeyError, ValueError) as error:
        return Response.text(403, f"{error}\n")
    tokens: Any = ImpersonatedTokens(cloud, caller, email) if email else cloud.tokens
    project = named.get("project", "")
    server = MetadataServer(tokens, lambda: account, lambda: _project(cloud, project))
    return server.handle(request)


def _project(cloud: Cloud, identifier: str) -> tuple[str, str] | None:
    """(id, number) of a project; None when it is not there."""
    path = f"/v1/projects/{identifier}"
    response = cloud.emulator.handle(Request("GET", "cloudresourcemanager.googleapis.com", path, principal=OWNER))
    return (identifier, str(response.parsed()["projectNumber"])) if response.status == 200 else None
