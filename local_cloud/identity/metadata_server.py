"""The metadata server of a Google machine: who runs here, tokens for it, and its project."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from local_cloud.destination import DEFAULT_STYLE, Destination
from local_cloud.emulator.http import Request, Response

if TYPE_CHECKING:
    from local_cloud.identity.principal import Principal
    from local_cloud.identity.tokens import TokenStore

FLAVOR = {"Metadata-Flavor": "Google", "Server": "Metadata Server for VM"}
ROOT = "/computeMetadata/v1"
SCOPES = ("https://www.googleapis.com/auth/cloud-platform", "https://www.googleapis.com/auth/userinfo.email")
LIFETIME = timedelta(hours=1)

# A directory of entries, or what makes an entry's text from the query. Entries in CONSUMING need a query of their own
# and are left out of recursive answers, as on a real machine.
Entry = Mapping[str, Any] | Callable[[Mapping[str, str]], str]
CONSUMING = frozenset({"token", "identity"})


class MetadataError(Exception):
    """A refusal: `status` and a line of text."""

    def __init__(self, status: int, text: str) -> None:
        """Refuse with `status`."""
        super().__init__(text)
        self.status = status


class MetadataServer:
    """`account` says who runs here; `project` is (id, number) or None when no project is attached."""

    def __init__(
        self,
        tokens: TokenStore,
        account: Callable[[], Principal],
        project: Callable[[], tuple[str, str] | None],
    ) -> None:
        """Both are asked anew for each request, as settings change."""
        self._tokens = tokens
        self._account = account
        self._project = project

    def destination(self, request: Request) -> Destination:
        """Where a request to the metadata server goes."""
        return Destination("metadata", "metadata.get", unquote(request.path).strip("/"), DEFAULT_STYLE, self.handle)

    def handle(self, request: Request) -> Response:
        """The answer, with the header by which clients know a metadata server."""
        try:
            return self._answer(request).with_headers(FLAVOR)
        except MetadataError as refusal:
            return Response.text(refusal.status, f"{refusal}\n").with_headers(FLAVOR)

    def _answer(self, request: Request) -> Response:
        if request.method != "GET":
            raise MetadataError(405, "The metadata server only answers GET.")
        path = unquote(request.path).rstrip("/")
        if path in ("", "/computeMetadata"):
            return Response.text(200, "computeMetadata/\n" if not path else "v1/\n", "application/text")
        if "x-forwarded-for" in request.headers:
            raise MetadataError(403, "A request with X-Forwarded-For is refused.")
        if request.headers.get("metadata-flavor") != "Google":
            raise MetadataError(403, "Missing Metadata-Flavor:Google header.")
        if path != ROOT and not path.startswith(f"{ROOT}/"):
            raise MetadataError(404, f"There is no {path}.")
        query = {name: values[-1] for name, values in parse_qs(request.query).items()}
        entry = self._entry(path.removeprefix(ROOT).strip("/"))
        return shown(entry, query)

    def _entry(self, path: str) -> Entry:
        entry: Any = self._tree()
        for part in path.split("/") if path else []:
            if not isinstance(entry, Mapping) or part not in entry:
                raise MetadataError(404, f"There is no {path}.")
            entry = entry[part]
        found: Entry = entry
        return found

    def _tree(self) -> Mapping[str, Any]:
        principal = self._account()
        account = self._account_entries(principal)
        tree: dict[str, Any] = {
            "instance": {"service-accounts": {"default": account, principal.email or principal.subject: account}},
            "universe": {"universe-domain": lambda _: "googleapis.com"},
        }
        project = self._project()
        if project is not None:
            identifier, number = project
            tree["project"] = {"project-id": lambda _: identifier, "numeric-project-id": lambda _: number}
        return tree

    def _account_entries(self, principal: Principal) -> Mapping[str, Entry]:
        def token(query: Mapping[str, str]) -> str:
            scopes = tuple(query["scopes"].split(",")) if query.get("scopes") else SCOPES
            issued = self._tokens.issue(principal, LIFETIME, scopes)
            seconds = int(LIFETIME.total_seconds()) - 1
            return json.dumps({"access_token": issued.token, "expires_in": seconds, "token_type": "Bearer"})

        def identity(query: Mapping[str, str]) -> str:
            if not query.get("audience"):
                raise MetadataError(400, "non-empty audience parameter required")
            full = query.get("format") == "full"
            return self._tokens.issue_id_token(principal, query["audience"], include_email=full)

        return {
            "aliases": lambda _: "default",
            "email": lambda _: principal.email or principal.subject,
            "identity": identity,
            "scopes": lambda _: "\n".join(SCOPES),
            "token": token,
        }


def shown(entry: Entry, query: Mapping[str, str]) -> Response:
    """An entry's text, a directory's listing, or the whole directory as JSON (`recursive=true`)."""
    if isinstance(entry, Mapping):
        if query.get("recursive", "").lower() == "true":
            return Response.json(200, _recursive(entry))
        names = [f"{name}/" if isinstance(value, Mapping) else name for name, value in entry.items()]
        return Response.text(200, "".join(f"{name}\n" for name in names), "application/text")
    text = entry(query)
    return Response.text(200, text, "application/json" if text.startswith("{") else "application/text")


def _recursive(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A directory as JSON: names in camelCase, lists where the text has lines."""
    result: dict[str, Any] = {}
    for name, value in entry.items():
        if isinstance(value, Mapping):
            result[_camel(name)] = _recursive(value)
        elif name not in CONSUMING:
            text = value({})
            result[_camel(name)] = text.split("\n") if name in {"aliases", "scopes"} else text
    return result


def _camel(name: str) -> str:
    """`service-accounts` → `serviceAccounts`; addresses stay as they are."""
    if "@" in name:
        return name
    first, *rest = name.split("-")
    return first + "".join(part.capitalize() for part in rest)
