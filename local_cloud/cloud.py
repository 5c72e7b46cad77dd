"""The cloud behind the proxy: identity endpoints and emulator over one state directory."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from local_cloud.atlas.api import HOST as ATLAS_HOST
from local_cloud.atlas.api import SERVICE as ATLAS
from local_cloud.atlas.api import Atlas
from local_cloud.clock import AdjustableClock
from local_cloud.destination import DEFAULT_STYLE, Destination
from local_cloud.emulator.engine import Emulator
from local_cloud.emulator.errors import unauthenticated
from local_cloud.emulator.http import Request, Response
from local_cloud.emulator.settings import Settings
from local_cloud.faults import FaultRules
from local_cloud.identity.accounts import OWNER, user
from local_cloud.identity.answers import bearer
from local_cloud.identity.endpoints import IdentityEndpoints
from local_cloud.identity.id_tokens import IdTokenSigner
from local_cloud.identity.metadata_server import MetadataServer
from local_cloud.identity.principal import NEVER, Principal
from local_cloud.identity.tokens import TokenStore
from local_cloud.identity.who import Authenticator
from local_cloud.kubernetes.workload_identity import ClusterProviders, principal_of
from local_cloud.registry.protocol import Registry, with_bearer

if TYPE_CHECKING:
    from collections.abc import Callable

    from local_cloud.state import StateDirectory


class Cloud:
    """Everything that answers for Google's hosts."""

    def __init__(self, state: StateDirectory) -> None:
        """Open the cloud kept in `state`; ValueError names a file there that makes no sense."""
        self._state = state
        self.clock = AdjustableClock(state.clock)
        self.settings = Settings.load(state.settings)
        self.faults = FaultRules(state.faults)
        self.signer = IdTokenSigner.open(state)
        self.tokens = TokenStore(state.tokens, self.clock, self.signer)
        # Who is told of a commit, with the services whose resources it changed, and the services that runtimes settle.
        self.listener: Callable[[frozenset[str]], None] | None = None
        self.attended: frozenset[str] = frozenset()
        self.registry = Registry(state.registry, lambda: self.emulator, self.tokens)
        self.atlas = Atlas(state.atlas_key, lambda: self.emulator)
        self.metadata = MetadataServer(self.tokens, self._machine_account, self._machine_project)
        self.open()

    def open(self) -> None:
        """Open the emulator's database (after `close_database`)."""
        self.emulator = Emulator(self._state.database, clock=self.clock, settings=self.settings)
        self.emulator.tokens = self.tokens
        self.attend(self.attended, self.listener)
        keys = self.emulator.service_account_keys
        self._authenticator = Authenticator(self.tokens, keys)
        providers = ClusterProviders(self.emulator.federation_providers, self._state.root, self.emulator.project_number)
        self._identity = IdentityEndpoints(self.tokens, self.signer, self.clock, keys, providers)

    def attend(self, services: frozenset[str], listener: Callable[[frozenset[str]], None] | None) -> None:
        """Runtimes settle resources of `services`; `listener` is told of every commit."""
        self.attended, self.listener = services, listener
        self.emulator.attended = services
        self.emulator.store.listener = listener

    def close_database(self) -> None:
        """Close the emulator's database, so that its file is whole and may be replaced."""
        self.emulator.close()

    def close(self) -> None:
        """Close everything."""
        self.emulator.close()
        self.tokens.close()

    def reset(self) -> None:
        """Back to the empty cloud: no resource, no fault rule, real time, no token but the owner's."""
        self.clock.reset()
        self.faults.clear()
        self.emulator.reset()
        self.registry.files.clear()
        self.tokens.forget_others(OWNER.member)

    def reopen(self) -> None:
        """Take everything from its files again, after `close_database` and a restore."""
        self.clock.reload()
        self.faults = FaultRules(self._state.faults)
        self.settings = Settings.load(self._state.settings)
        self.open()

    def principal(self, request: Request) -> Principal | None:
        """The caller of a request."""
        return self._authenticator.principal(request)

    def registry_request(self, request: Request) -> Request:
        """A request to a registry host with its caller; logins with a token as the password count too."""
        request = with_bearer(request)
        return replace(request, principal=self.principal(request))

    def destination(self, request: Request) -> Destination:
        """Where `request` goes."""
        if request.host == ATLAS_HOST:
            return Destination(ATLAS, *self.atlas.addressed(request), DEFAULT_STYLE, self.atlas.handle)
        endpoint = self._identity.find(request)
        if endpoint is not None:
            return Destination(endpoint.service, endpoint.method_id, "", DEFAULT_STYLE, endpoint.handle)
        route = self.emulator.route(request)
        if route is None:
            # No method of a discovery document, and yet perhaps an answer: Cloud Storage has paths outside its own.
            service = request.host.partition(".")[0]
            profile = self.emulator.profiles.get(service)
            if profile is None:
                return Destination("", "", "", DEFAULT_STYLE, self._emulated)
            return Destination(service, "", unquote(request.path).strip("/"), profile.style, self._emulated)
        style = self.emulator.profiles[route.service].style
        return Destination(route.service, route.method_id, route.resource, style, self._emulated)

    def _emulated(self, request: Request) -> Response:
        """The emulator's answer; a token that was shown and is not valid is refused before it."""
        if request.principal is None and bearer(request) is not None:
            return unauthenticated().response(DEFAULT_STYLE)
        return self.emulator.handle(request)

    def named(self, member: str) -> Principal:
        """The principal of an IAM member (`user:`, `serviceAccount:`, also of a cluster); ValueError when there is none
        such."""
        of_cluster = principal_of(member, self.emulator.project_number)
        if of_cluster is not None:
            return of_cluster
        kind, _, email = member.partition(":")
        if kind == "user" and "@" in email:
            return user(email)
        if kind != "serviceAccount" or "@" not in email:
            raise ValueError(f"member: {member!r} is neither user:ADDRESS nor serviceAccount:ADDRESS")
        account = self._as_owner("iam.googleapis.com", f"/v1/projects/-/serviceAccounts/{email}")
        if account is None:
            raise ValueError(f"member: there is no service account {email}")
        return Principal(member, email, account["uniqueId"], NEVER)

    def _machine_account(self) -> Principal:
        return self.named(self.settings.metadata_account) if self.settings.metadata_account else OWNER

    def _machine_project(self) -> tuple[str, str] | None:
        identifier = self.settings.metadata_project
        if not identifier:
            return None
        project = self._as_owner("cloudresourcemanager.googleapis.com", f"/v1/projects/{identifier}")
        return None if project is None else (identifier, str(project["projectNumber"]))

    def _as_owner(self, host: str, path: str) -> Any:
        """What the organisation's owner reads at `path`; None when it is not there."""
        response = self.emulator.handle(Request("GET", host, path, principal=OWNER))
        return response.parsed() if response.status == 200 else None
