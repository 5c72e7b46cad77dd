"""The plugin protocol over gRPC: which message goes to which method, and failures as diagnostics."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

import grpc
from tf.gen import tfplugin_pb2 as pb

from local_cloud.terraform_provider.failures import ApiError, ProviderError, diagnostic
from local_cloud.terraform_provider.provider import Provider

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger(__name__)
SERVICE: Final = "tfplugin6.Provider"
Method = Callable[[Provider, Any, Any], Awaitable[None]]

METHODS: Final[Mapping[str, tuple[Any, Method]]] = {
    "GetMetadata": (pb.GetMetadata, Provider.metadata),
    "GetProviderSchema": (pb.GetProviderSchema, Provider.schema),
    "ValidateProviderConfig": (pb.ValidateProviderConfig, Provider.validate_settings),
    "ValidateResourceConfig": (pb.ValidateResourceConfig, Provider.validate),
    "ValidateDataResourceConfig": (pb.ValidateDataResourceConfig, Provider.data_source),
    "UpgradeResourceState": (pb.UpgradeResourceState, Provider.upgrade),
    "ConfigureProvider": (pb.ConfigureProvider, Provider.configure),
    "ReadResource": (pb.ReadResource, Provider.read),
    "PlanResourceChange": (pb.PlanResourceChange, Provider.plan),
    "ApplyResourceChange": (pb.ApplyResourceChange, Provider.apply),
    "ImportResourceState": (pb.ImportResourceState, Provider.import_state),
    "MoveResourceState": (pb.MoveResourceState, Provider.move),
    "ReadDataSource": (pb.ReadDataSource, Provider.data_source),
    "GetFunctions": (pb.GetFunctions, Provider.functions),
    "StopProvider": (pb.StopProvider, Provider.stop),
}


def handlers(provider: Provider) -> grpc.GenericRpcHandler:
    """The gRPC service of one provider."""
    methods = {name: _handler(message, method, provider) for name, (message, method) in METHODS.items()}
    return grpc.method_handlers_generic_handler(SERVICE, methods)


def _handler(message: Any, method: Method, provider: Provider) -> grpc.RpcMethodHandler:
    async def answer(request: Any, _context: grpc.aio.ServicerContext) -> Any:
        response = message.Response()
        error = await _failure(method, provider, request, response)
        if error is None:
            return response
        if hasattr(response, "diagnostics"):
            response.diagnostics.append(diagnostic(error))
        elif hasattr(response, "Error"):
            response.Error = str(error)
        return response

    return grpc.unary_unary_rpc_method_handler(
        answer, request_deserializer=message.Request.FromString, response_serializer=message.Response.SerializeToString
    )


async def _failure(method: Method, provider: Provider, request: Any, response: Any) -> Exception | None:
    """Run the method; what it raises is returned, what nobody foresaw is logged with its trace as well."""
    try:
        await method(provider, request, response)
    except (ProviderError, ApiError) as error:
        return error
    except Exception as error:  # noqa: BLE001 - the caller is a program: it gets a diagnostic, the log the trace
        _log.exception("%s failed", method.__name__)
        return ProviderError(
            f"The provider stand-in failed with {type(error).__name__}: {error}",
            detail="This is a mistake of the stand-in; its log in the state directory has the trace.",
        )
    return None
