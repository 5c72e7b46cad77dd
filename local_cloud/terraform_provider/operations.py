"""Waiting for long-running operations, in the dialect of the API that runs them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from local_cloud.terraform_provider.failures import ProviderError
from local_cloud.terraform_provider.normalisations import last_segment

if TYPE_CHECKING:
    from local_cloud.terraform_provider.client import Client

_NOT_FOUND: Final = 404
Operation = Mapping[str, Any]


def _compute_path(operation: Operation, project: str) -> str:
    for place in ("zone", "region"):
        if operation.get(place):
            return f"projects/{project}/{place}s/{last_segment(operation[place])}/operations/{operation['name']}"
    return f"projects/{project}/global/operations/{operation['name']}"


def _container_path(operation: Operation, project: str) -> str:
    place = operation.get("location") or operation.get("zone")
    return f"projects/{project}/locations/{place}/operations/{operation['name']}"


def _is_done(operation: Operation) -> bool:
    return operation.get("status") == "DONE"


def _compute_error(operation: Operation) -> str:
    errors = (operation.get("error") or {}).get("errors") or ()
    return "".join(f"{each.get('message', each.get('code', 'unknown error'))}\n" for each in errors).strip()


def _standard_error(operation: Operation) -> str:
    error = operation.get("error")
    if not error:
        return ""
    details = f", details: {json.dumps(error['details'])}" if error.get("details") else ""
    return f"Error code {error.get('code')}, message: {error.get('message')}{details}"


Path = Callable[[Operation, str], str]


@dataclass(frozen=True)
class Dialect:
    """Where one kind of operation is asked for (below the service's base URL), when it is done, what went wrong."""

    path: Path
    is_done: Callable[[Operation], bool]
    failure: Callable[[Operation], str]


DIALECTS: Final[Mapping[str, Dialect]] = {
    "compute": Dialect(_compute_path, _is_done, _compute_error),
    "container": Dialect(
        _container_path, _is_done, lambda operation: str((operation.get("error") or {}).get("message", ""))
    ),
    "standard": Dialect(
        lambda operation, _: str(operation["name"]), lambda operation: bool(operation.get("done")), _standard_error
    ),
}


async def wait(
    client: Client, dialect: str, operation: Operation, *, base: str, project: str, doing: str, deadline: float
) -> Operation:
    """Poll `operation` until it is done and return it; ProviderError when it failed or `deadline` seconds have passed.

    `doing` is what is going on, e.g. `create Network`. An operation that cannot be found yet is asked for again.
    """
    if not operation:
        # The answer was lost and the work is done all the same (see Client.send); the resource is read next.
        return operation
    spoken = DIALECTS[dialect]
    loop = asyncio.get_running_loop()
    end = loop.time() + deadline
    while not spoken.is_done(operation):
        if loop.time() > end:
            raise ProviderError(
                f"Error waiting to {doing}: {operation['name']} was not done after {deadline / 60:g} minutes",
                detail="A longer time can be given in the resource's timeouts block.",
            )
        await client.pause(client.settings.poll_interval)
        operation = await client.send(
            "GET",
            base + spoken.path(operation, project),
            project=project,
            retried=lambda error: error.status == _NOT_FOUND,
        )
    message = spoken.failure(operation)
    if message:
        raise ProviderError(f"Error waiting to {doing}: {message}")
    return operation
