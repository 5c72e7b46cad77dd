"""The plugin protocol: one method a message, values in and out, failures as diagnostics."""

from __future__ import annotations

import asyncio
import json
import logging
from functools import cache
from typing import TYPE_CHECKING, Any

from tf.gen import tfplugin_pb2 as pb
from tf.gen import tfplugin_pb2_grpc as rpc

from local_cloud.terraform_provider.client import Client
from local_cloud.terraform_provider.conformance import conform
from local_cloud.terraform_provider.credentials import token_source
from local_cloud.terraform_provider.failures import ApiError, ProviderError, attribute_path, diagnostic
from local_cloud.terraform_provider.lifecycle import Engine, PartialFailure
from local_cloud.terraform_provider.loading import specifications
from local_cloud.terraform_provider.paths import parse_import
from local_cloud.terraform_provider.resource_planning import plan_resource
from local_cloud.terraform_provider.schema_messages import resource_schema
from local_cloud.terraform_provider.settings import SettingsError, provider_schema, settings
from local_cloud.terraform_provider.validation import problems
from local_cloud.terraform_provider.values import decode, encode

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

    import grpc

    from local_cloud.terraform_provider.planning import Values
    from local_cloud.terraform_provider.specification import Specification

_log = logging.getLogger(__name__)
_EXPECTED = (ProviderError, ApiError, SettingsError)


@cache
def _schema_response() -> pb.GetProviderSchema.Response:
    schemas = {name: resource_schema(each) for name, each in specifications().items()}
    return pb.GetProviderSchema.Response(
        provider=provider_schema(), resource_schemas=schemas, provider_meta=pb.Schema(block=pb.Schema.Block())
    )


class ProviderServicer(rpc.ProviderServicer):
    """One provider, with the environment of the terraform process that talks to it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """`environment` is the terraform process's own."""
        self._environment = environment
        self._client: Client | None = None

    async def close(self) -> None:
        """End the connections to Google."""
        if self._client is not None:
            self._client.stop()
            await self._client.close()

    async def GetMetadata(self, request: Any, context: grpc.aio.ServicerContext) -> pb.GetMetadata.Response:
        """The names of the resource types."""
        return pb.GetMetadata.Response(
            resources=[pb.GetMetadata.ResourceMetadata(type_name=name) for name in specifications()]
        )

    async def GetProviderSchema(self, request: Any, context: grpc.aio.ServicerContext) -> pb.GetProviderSchema.Response:
        """Every schema."""
        return _schema_response()

    async def ValidateProviderConfig(self, request: Any, context: Any) -> pb.ValidateProviderConfig.Response:
        """The provider block's own rules."""
        response = pb.ValidateProviderConfig.Response()
        await _guarded(response, self._check_settings(decode(request.config.msgpack)))
        return response

    async def _check_settings(self, config: Values) -> None:
        settings(config, self._environment, "")

    async def ConfigureProvider(self, request: Any, context: Any) -> pb.ConfigureProvider.Response:
        """Settle credentials and defaults for what follows."""
        response = pb.ConfigureProvider.Response()
        await _guarded(response, self._configure(decode(request.config.msgpack), request.terraform_version))
        return response

    async def _configure(self, config: Values, terraform_version: str) -> None:
        chosen = settings(config, self._environment, terraform_version)
        self._client = Client(chosen, token_source(chosen))

    async def ValidateResourceConfig(self, request: Any, context: Any) -> pb.ValidateResourceConfig.Response:
        """The rules of a resource type that its schema cannot say."""
        specification = _specification(request.type_name)
        found = problems(specification.attributes, decode(request.config.msgpack))
        return pb.ValidateResourceConfig.Response(diagnostics=[diagnostic(each) for each in found])

    async def UpgradeResourceState(self, request: Any, context: Any) -> pb.UpgradeResourceState.Response:
        """A state of this or an older schema: what the schema no longer has is dropped, what it lacks is null."""
        specification = _specification(request.type_name)
        state = conform(specification, json.loads(request.raw_state.json))
        return pb.UpgradeResourceState.Response(upgraded_state=_dynamic(state))

    async def ReadResource(self, request: Any, context: Any) -> pb.ReadResource.Response:
        """The current state, null when the resource has gone."""
        response = pb.ReadResource.Response(private=request.private)
        await _guarded(response, self._read(request, response))
        return response

    async def _read(self, request: Any, response: pb.ReadResource.Response) -> None:
        engine = self._engine(request.type_name)
        state = await engine.read(decode(request.current_state.msgpack))
        response.new_state.CopyFrom(_dynamic(conform(engine.specification, state)))

    async def PlanResourceChange(self, request: Any, context: Any) -> pb.PlanResourceChange.Response:
        """What apply will do."""
        response = pb.PlanResourceChange.Response(planned_private=request.prior_private, legacy_type_system=True)
        await _guarded(response, self._plan(request, response))
        return response

    async def _plan(self, request: Any, response: pb.PlanResourceChange.Response) -> None:
        engine = self._engine(request.type_name)
        proposed, config = decode(request.proposed_new_state.msgpack), decode(request.config.msgpack)
        if proposed is None:
            response.planned_state.CopyFrom(request.proposed_new_state)
            return
        planned = plan_resource(engine.specification, decode(request.prior_state.msgpack), config, engine.settings)
        planned.state["timeouts"] = config.get("timeouts")
        response.planned_state.CopyFrom(_dynamic(conform(engine.specification, planned.state)))
        response.requires_replace.extend(attribute_path(path) for path in planned.replaces)

    async def ApplyResourceChange(self, request: Any, context: Any) -> pb.ApplyResourceChange.Response:
        """Create, update or delete."""
        response = pb.ApplyResourceChange.Response(private=request.planned_private, legacy_type_system=True)
        response.new_state.CopyFrom(request.prior_state)
        await _guarded(response, self._apply(request, response))
        return response

    async def _apply(self, request: Any, response: pb.ApplyResourceChange.Response) -> None:
        engine = self._engine(request.type_name)
        prior, planned = decode(request.prior_state.msgpack), decode(request.planned_state.msgpack)
        try:
            state = await _change(engine, prior, planned, decode(request.config.msgpack))
        except PartialFailure as failure:
            response.new_state.CopyFrom(_dynamic(conform(engine.specification, failure.state)))
            raise failure.cause from failure
        response.new_state.CopyFrom(_dynamic(conform(engine.specification, state)))

    async def ImportResourceState(self, request: Any, context: Any) -> pb.ImportResourceState.Response:
        """The parts of an import id as a state that ReadResource completes."""
        response = pb.ImportResourceState.Response()
        await _guarded(response, self._import(request, response))
        return response

    async def _import(self, request: Any, response: pb.ImportResourceState.Response) -> None:
        engine = self._engine(request.type_name)
        specification = engine.specification
        parts = parse_import(request.id, specification.imports)
        if parts is None:
            raise ProviderError(
                f"{request.id!r} is no import id of {specification.type}, allowed: {', '.join(specification.imports)}"
            )
        state = conform(specification, dict(parts))
        state["id"] = engine.identity(state)
        response.imported_resources.append(
            pb.ImportResourceState.ImportedResource(type_name=request.type_name, state=_dynamic(state))
        )

    async def MoveResourceState(self, request: Any, context: Any) -> pb.MoveResourceState.Response:
        """No type of ours takes over the state of another."""
        error = ProviderError(f"{request.source_type_name} cannot be moved to {request.target_type_name}")
        return pb.MoveResourceState.Response(diagnostics=[diagnostic(error)])

    async def ValidateDataResourceConfig(self, request: Any, context: Any) -> pb.ValidateDataResourceConfig.Response:
        """There are no data sources."""
        return pb.ValidateDataResourceConfig.Response(diagnostics=[diagnostic(_no_data_source(request.type_name))])

    async def ReadDataSource(self, request: Any, context: Any) -> pb.ReadDataSource.Response:
        """There are no data sources."""
        return pb.ReadDataSource.Response(diagnostics=[diagnostic(_no_data_source(request.type_name))])

    async def GetFunctions(self, request: Any, context: Any) -> pb.GetFunctions.Response:
        """There are no functions."""
        return pb.GetFunctions.Response()

    async def StopProvider(self, request: Any, context: Any) -> pb.StopProvider.Response:
        """End every wait."""
        if self._client is not None:
            self._client.stop()
        return pb.StopProvider.Response()

    def _engine(self, type_name: str) -> Engine:
        if self._client is None:
            raise ProviderError("The provider has not been configured")
        return Engine(_specification(type_name), self._client)


async def _change(engine: Engine, prior: Values | None, planned: Values | None, config: Values | None) -> Values | None:
    if planned is None:
        if prior is not None:
            await engine.delete(prior)
        return None
    if prior is None:
        return await engine.create(planned, config or {})
    return await engine.update(prior, planned, config or {})


def _specification(type_name: str) -> Specification:
    known = specifications()
    if type_name not in known:
        raise ProviderError(f"{type_name} is not among the resource types of the stand-in: {', '.join(known)}")
    return known[type_name]


def _no_data_source(type_name: str) -> ProviderError:
    return ProviderError(f"{type_name} is no data source of the stand-in for hashicorp/google")


def _dynamic(value: Any) -> pb.DynamicValue:
    return pb.DynamicValue(msgpack=encode(value))


async def _guarded(response: Any, work: Awaitable[None]) -> None:
    """Run `work`; what it raises becomes a diagnostic of `response`."""
    try:
        await work
    except asyncio.CancelledError:
        raise
    except _EXPECTED as error:
        response.diagnostics.append(diagnostic(error))
    except Exception as error:
        _log.exception("unexpected failure")
        named = ProviderError(
            f"The stand-in failed with {type(error).__name__}: {error}", detail="Its log has the trace."
        )
        response.diagnostics.append(diagnostic(named))
