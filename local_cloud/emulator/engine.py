"""The emulator: from a request to the profile, the type and the verb that answer it."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from local_cloud.clock import Clock
from local_cloud.emulator import labels, operations, policies, quotas
from local_cloud.emulator.access import Access
from local_cloud.emulator.call import Call, query_of
from local_cloud.emulator.discovery import Document, Method, RouteTable
from local_cloud.emulator.enablement import require_enabled
from local_cloud.emulator.errors import ApiError, invalid, unauthenticated, unimplemented
from local_cloud.emulator.http import Request, Response
from local_cloud.emulator.profile import Body, Handler, Profile, ResourceType, load_profiles
from local_cloud.emulator.profiles.identities import federation, keys
from local_cloud.emulator.schema import coerce, enums_as_numbers
from local_cloud.emulator.settings import Settings
from local_cloud.emulator.store import Store
from local_cloud.emulator.tokens import NoTokens
from local_cloud.emulator.verbs import STANDARD
from local_cloud.identity.doors import FederationProviders, ServiceAccountKeys, TokenIssuer

_LOG = logging.getLogger(__name__)
_POLICY_VERBS = frozenset({"getIamPolicy", "setIamPolicy", "testIamPermissions"})
# What any resource type answers without a line of its own.
VERBS = frozenset({*STANDARD, *_POLICY_VERBS, "setLabels"})


@dataclass(frozen=True)
class Route:
    """Where a request goes: `compute`, `compute.networks.insert`, `projects/p/global/networks`."""

    service: str
    method_id: str
    resource: str
    profile: str


class Emulator:
    """Google's APIs over one store; synchronous, one request at a time."""

    def __init__(
        self, database: Path | str, *, clock: Clock, settings: Settings, profiles: Mapping[str, Profile] | None = None
    ) -> None:
        """Open `database` (created and seeded when empty); `profiles` replaces the packaged ones."""
        self.clock = clock
        self.settings = settings
        self.profiles = dict(load_profiles() if profiles is None else profiles)
        self.routes = RouteTable({api: profile.versions for api, profile in self.profiles.items()})
        self.store = Store(Path(database))
        self.access = Access(self)
        self.tokens: TokenIssuer = NoTokens()
        # Services whose resources a runtime makes run; the daemon sets it.
        self.attended: frozenset[str] = frozenset()
        self._schemas: dict[tuple[str, str, str], str] = {}
        with self.store.transaction():
            self._seed()

    def close(self) -> None:
        """Close the store."""
        self.store.close()

    def reset(self) -> None:
        """Back to the empty cloud."""
        with self.store.transaction():
            self.store.clear()
            self._seed()

    def _seed(self) -> None:
        if self.store.fact("seeded"):
            return
        for profile in self.profiles.values():
            if profile.seed:
                profile.seed(self)
        self.store.put_fact("seeded", True)

    @property
    def service_account_keys(self) -> ServiceAccountKeys:
        """Public keys of service accounts."""
        return keys.Lookup(self)

    @property
    def federation_providers(self) -> FederationProviders:
        """Workload identity pool providers."""
        return federation.Lookup(self)

    # Routing

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Host names that this emulator answers for."""
        return self.routes.hosts()

    def route(self, request: Request) -> Route | None:
        """Where `request` would go, or None when no API has such a path."""
        method = self.routes.match(request.host, request.method, request.path)
        if method is None:
            return None
        api = method.document.api
        resource = self.canonical(self.profiles[api], method.relative(request.path.lstrip("/")))
        return Route(api, method.id, resource, f"local_cloud/emulator/profiles/{api}.py")

    def handle(self, request: Request) -> Response:
        """The answer to `request`; a refusal leaves no trace in the store."""
        style = "aip"
        try:
            with self.store.transaction():
                for profile in self.profiles.values():
                    answered = profile.raw(self, request) if profile.raw else None
                    if answered is not None:
                        return answered
                method = self.routes.match(request.host, request.method, request.path)
                if method is None:
                    return self._no_such_path(request)
                style = self.profiles[method.document.api].style
                return self._answer(self._call(method, request))
        except ApiError as error:
            return error.response(style)
        except Exception:  # noqa: BLE001 - the last boundary: whatever fails inside must answer like a server
            _LOG.exception("%s https://%s%s failed inside the emulator", request.method, request.host, request.path)
            message = (
                "The local cloud failed on this request: a defect of the emulator; `python -m local_cloud logs`"
                " shows it."
            )
            return ApiError(500, message).response(style)

    def forward(self, request: Request, path: str, query: str) -> Response:
        """Answer `request` as if it had asked for `path` on the same host, inside the same transaction."""
        method = self.routes.match(request.host, request.method, path)
        if method is None:
            raise LookupError(f"no API has the path {path}")
        try:
            return self._answer(self._call(method, replace(request, path=path, query=query)))
        except ApiError as error:
            return error.response(self.profiles[method.document.api].style)

    @staticmethod
    def _no_such_path(request: Request) -> Response:
        text = (
            f"<!DOCTYPE html><title>Error 404 (Not Found)</title><p>The requested URL {request.path} was not found on"
            f" {request.host}."
        )
        return Response.text(404, text, "text/html; charset=UTF-8")

    def _call(self, method: Method, request: Request) -> Call:
        profile = self.profiles[method.document.api]
        path = request.path.lstrip("/")
        resource_type = profile.type_of(method.collection)
        return Call(
            emulator=self,
            profile=profile,
            method=method,
            request=request,
            name=self.canonical(profile, method.relative(path)),
            parameters=method.parse(path),
            query=query_of(request.query),
            body={},
            type=resource_type,
        )

    def _answer(self, call: Call) -> Response:
        if call.request.principal is None:
            raise unauthenticated()
        verb = self._verb(call)
        require_enabled(call)
        call.body = self._body(call)
        self.access.require(call)
        quotas.require(call)
        result = verb(call)
        if isinstance(result, Response):
            return _noted(call, result)
        if "enum-encoding=int" in call.query.get("$alt", "") and call.method.response:
            result = enums_as_numbers(call.document, {"$ref": call.method.response}, result)
        return _noted(call, Response.json(200, result, pretty=call.query.get("prettyPrint") != "false"))

    def _verb(self, call: Call) -> Handler:
        """What answers the method: the profile's own handler, a generic verb, or 501."""
        name = f"{call.method.collection}.{call.method.verb}"
        own = call.profile.methods.get(f"{call.document.version}:{name}") or call.profile.methods.get(name)
        if own:
            return own
        if call.method.collection.lower().endswith("operations"):
            return operations.answer
        if call.type is not None:
            if call.method.verb in _POLICY_VERBS:
                return policies.answer
            if call.method.verb == "setLabels":
                return labels.set_labels
            if call.method.verb in STANDARD:
                return STANDARD[call.method.verb]
        raise unimplemented(call.method.id, call.service)

    def _body(self, call: Call) -> Body:
        if call.method.upload or not call.request.body:
            return {}
        try:
            body = json.loads(call.request.body)
        except ValueError as error:
            raise invalid(f"Invalid JSON payload received. {error}") from None
        if not isinstance(body, dict):
            raise invalid("Invalid JSON payload received. The body must be an object.")
        return coerce(call.document, call.method.request, body, call.profile.style) if call.method.request else body

    # Names

    def canonical(self, profile: Profile | None, name: str) -> str:
        """The one spelling a name is kept under: project id instead of number, the profile's own aliases resolved."""
        parts = name.split("/")
        if len(parts) > 1 and parts[0] == "projects" and parts[1].isdigit():
            parts[1] = self.project_id(parts[1]) or parts[1]
            name = "/".join(parts)
        return profile.canonical_name(self, name) if profile and profile.canonical_name else name

    def shown_name(self, profile: Profile, name: str) -> str:
        """A kept name as its API prints it."""
        parts = name.split("/")
        if profile.project_names == "number" and len(parts) > 1 and parts[0] == "projects":
            parts[1] = self.project_number(parts[1]) or parts[1]
        return "/".join(parts)

    def project_number(self, project: str) -> str | None:
        """The number of a project id."""
        number: str | None = self.store.fact(f"project-number/{project}")
        return number

    def project_id(self, number: str) -> str | None:
        """The id of a project number."""
        project: str | None = self.store.fact(f"project-id/{number}")
        return project

    def uuid(self, call: Call) -> str:
        """A new unique id in UUID form, the same at every replay."""
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{call.service}/{call.number()}"))

    # What the documents say of a type

    def storage_document(self, profile: Profile, collection: str, called: Document) -> Document:
        """The document whose spelling a type is kept in: the profile's first version that has the collection."""
        for version in profile.versions:
            document = self.routes.document(profile.api, version)
            if collection in document.collections:
                return document
        return called

    def schema_of(self, profile: Profile, document: Document, resource_type: ResourceType) -> str:
        """The schema name of a type: its own word, else what `get` (or `create`) answers with."""
        key = (profile.api, document.version, resource_type.collection)
        if key not in self._schemas:
            self._schemas[key] = resource_type.schema or self._derived_schema(document, resource_type.collection)
        return self._schemas[key]

    @staticmethod
    def _derived_schema(document: Document, collection: str) -> str:
        for verb in ("get", "insert", "create", "patch"):
            method = document.methods.get(f"{document.api}.{collection}.{verb}")
            if method and method.response and method.response != "Operation":
                return method.response
        raise LookupError(f"{document.api}.{collection}: no method shows its schema; name it in the profile")

    def name_template(self, service: str, collection: str) -> str:
        """The relative path of a collection's resources with `{parameter}` placeholders."""
        document = self.routes.document(service, self.profiles[service].versions[0])
        method = document.methods[f"{service}.{collection}.get"]
        return unquote(method.relative(method.path))


def _noted(call: Call, response: Response) -> Response:
    """In `audit` mode the answer says which permission was missing."""
    lacking = call.memory.get("would_deny")
    return response.with_headers({"X-Local-Cloud-Would-Deny": lacking}) if lacking else response
