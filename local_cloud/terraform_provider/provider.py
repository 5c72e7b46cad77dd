"""The provider itself: what each message of the plugin protocol asks for."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tf.gen import tfplugin_pb2 as pb

from local_cloud.terraform_provider.client import Client
from local_cloud.terraform_provider.conformance import conform
from local_cloud.terraform_provider.credentials import token_source
from local_cloud.terraform_provider.engines import engine_for
from local_cloud.terraform_provider.failures import PartialFailure, ProviderError, attribute_path, diagnostic
from local_cloud.terraform_provider.hooks import VALIDATIONS
from local_cloud.terraform_provider.loading import specifications
from local_cloud.terraform_provider.nesting import given, taken
from local_cloud.terraform_provider.paths import parse_import
from local_cloud.terraform_provider.resource_planning import plan_resource
from local_cloud.terraform_provider.schema_messages import resource_schema
from local_cloud.terraform_provider.settings import SettingsError, provider_schema, settings
from local_cloud.terraform_provider.validation import problems
from local_cloud.terraform_provider.values import decode, encode
from local_cloud.terraform_provider.version import MIRRORED_PROVIDER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from local_cloud.terraform_provider.lifecycle import Engine
    from local_cloud.terraform_provider.planning import Values
    from local_cloud.terraform_provider.specification import Specification


_SCHEMAS: dict[str, pb.GetProviderSchema.Response] = {}


def _schemas(kind: type[Provider]) -> pb.GetProviderSchema.Response:
    """Every schema of a provider, made once."""
    if kind.title not in _SCHEMAS:
        resources = {name: resource_schema(each) for name, each in kind.known().items()}
        meta = pb.Schema(block=pb.Schema.Block())
        _SCHEMAS[kind.title] = pb.GetProviderSchema.Response(
            provider=kind.block_schema(), resource_schemas=resources, provider_meta=meta
        )
    return _SCHEMAS[kind.title]


class Provider:
    """One provider, with the environment of the terraform process that talks to it.

    A method gets a request and fills the response it is given; what it raises becomes a diagnostic. This one stands in
    for hashicorp/google; another provider overrides `title`, `known`, `block_schema`, `client` and `engine`.
    """

    title = MIRRORED_PROVIDER

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment` is the terraform process's own."""
        self._environment = environment
        self._client: Client | None = None

    @staticmethod
    def known() -> Mapping[str, Specification]:
        """Every resource type by name."""
        return specifications()

    @staticmethod
    def block_schema() -> pb.Schema:
        """The schema of the provider block."""
        return provider_schema()

    def client(self, config: Values, terraform_version: str) -> Client:
        """What calls the API with the provider block's settings; SettingsError for what is not allowed."""
        chosen = settings(config, self._environment, terraform_version)
        return Client(chosen, token_source(chosen))

    def check(self, config: Values) -> None:
        """The provider block's own rules, without a call; SettingsError for what is not allowed."""
        settings(config, self._environment, "")

    @staticmethod
    def engine(specification: Specification, client: Client) -> Engine:
        """What creates, reads, changes and deletes resources of a type."""
        return engine_for(specification, client)

    async def close(self) -> None:
        """End every wait and the connections to Google."""
        if self._client is not None:
            self._client.stop()
            await self._client.close()

    async def metadata(self, _request: Any, response: Any) -> None:
        """The names of the resource types."""
        response.resources.extend(pb.GetMetadata.ResourceMetadata(type_name=name) for name in self.known())

    async def schema(self, _request: Any, response: Any) -> None:
        """Every schema."""
        response.CopyFrom(_schemas(type(self)))

    async def validate_settings(self, request: Any, _response: Any) -> None:
        """The provider block's own rules."""
        with _settings_told():
            self.check(decode(request.config.msgpack))

    async def configure(self, request: Any, _response: Any) -> None:
        """Settle credentials and defaults for what follows."""
        with _settings_told():
            self._client = self.client(decode(request.config.msgpack), request.terraform_version)

    async def validate(self, request: Any, response: Any) -> None:
        """The rules of a resource type that its schema cannot say."""
        specification = self._specification(request.type_name)
        config = _taken(specification, request.config)
        found = [*problems(specification.attributes, config)]
        hook = specification.hooks.get("validate")
        if hook:
            found += VALIDATIONS[hook](config)
        response.diagnostics.extend(diagnostic(each) for each in found)

    async def upgrade(self, request: Any, response: Any) -> None:
        """A state of this or an older schema: what the schema no longer has is dropped, what it lacks is null."""
        specification = self._specification(request.type_name)
        raw = taken(specification.attributes, json.loads(request.raw_state.json))
        _put(response.upgraded_state, specification, raw)

    async def read(self, request: Any, response: Any) -> None:
        """The current state, null when the resource has gone."""
        response.private = request.private
        engine = self._engine(request.type_name)
        current = _taken(engine.specification, request.current_state)
        _put(response.new_state, engine.specification, await engine.read(current))

    async def plan(self, request: Any, response: Any) -> None:
        """What apply will do."""
        response.planned_private = request.prior_private
        response.legacy_type_system = True
        engine = self._engine(request.type_name)
        if decode(request.proposed_new_state.msgpack) is None:
            response.planned_state.CopyFrom(request.proposed_new_state)
            return
        prior = _taken(engine.specification, request.prior_state)
        config = _taken(engine.specification, request.config)
        planned = plan_resource(engine.specification, prior, config, engine.settings)
        _put(response.planned_state, engine.specification, planned.state)
        response.requires_replace.extend(attribute_path(path) for path in planned.replaces)

    async def apply(self, request: Any, response: Any) -> None:
        """Create, update or delete; the prior state stays when nothing was done."""
        response.private = request.planned_private
        response.legacy_type_system = True
        response.new_state.CopyFrom(request.prior_state)
        engine = self._engine(request.type_name)
        prior = _taken(engine.specification, request.prior_state)
        planned = _taken(engine.specification, request.planned_state)
        try:
            state = await _change(engine, prior, planned, _taken(engine.specification, request.config))
        except PartialFailure as failure:
            _put(response.new_state, engine.specification, failure.state)
            raise failure.cause from failure
        _put(response.new_state, engine.specification, state)

    async def import_state(self, request: Any, response: Any) -> None:
        """The parts of an import id as a state that `read` completes."""
        engine = self._engine(request.type_name)
        specification = engine.specification
        parts = parse_import(request.id, specification.imports)
        if parts is None:
            allowed = ", ".join(specification.imports)
            raise ProviderError(f"{request.id!r} is no import id of {specification.type}, allowed: {allowed}")
        imported = response.imported_resources.add(type_name=request.type_name)
        _put(imported.state, specification, await engine.imported(parts, conform(specification, {})))

    async def move(self, request: Any, _response: Any) -> None:
        """No type of ours takes over the state of another."""
        raise ProviderError(f"{request.source_type_name} cannot be moved to {request.target_type_name}")

    async def data_source(self, request: Any, _response: Any) -> None:
        """There are no data sources."""
        raise ProviderError(f"{request.type_name} is no data source of the stand-in for {self.title}")

    async def functions(self, _request: Any, _response: Any) -> None:
        """There are no functions."""

    async def stop(self, _request: Any, _response: Any) -> None:
        """End every wait."""
        if self._client is not None:
            self._client.stop()

    def _engine(self, type_name: str) -> Engine:
        if self._client is None:
            raise ProviderError("The provider has not been configured")
        return self.engine(self._specification(type_name), self._client)

    def _specification(self, type_name: str) -> Specification:
        known = self.known()
        if type_name not in known:
            raise ProviderError(f"{type_name} is not among the resource types of the stand-in: {', '.join(known)}")
        return known[type_name]


async def _change(engine: Engine, prior: Values | None, planned: Values | None, config: Values | None) -> Values | None:
    if planned is None:
        if prior is not None:
            await engine.delete(prior)
        return None
    if prior is None:
        return await engine.create(planned, config or {})
    return await engine.update(prior, planned, config or {})


@contextmanager
def _settings_told() -> Iterator[None]:
    """A mistake in the provider block as a diagnostic with its argument."""
    try:
        yield
    except SettingsError as error:
        raise ProviderError(str(error), path=(error.argument,)) from error


def _taken(specification: Specification, message: Any) -> Any:
    return taken(specification.attributes, decode(message.msgpack))


def _put(target: Any, specification: Specification, state: Values | None) -> None:
    target.msgpack = encode(given(specification.attributes, conform(specification, state)))
