"""Whether Terraform gets hashicorp/google from its registry or from our stand-in."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_LOG = logging.getLogger(__name__)

# The registry's own service discovery (https://developer.hashicorp.com/terraform/internals/remote-service-discovery).
REGISTRY_DISCOVERY = "https://registry.terraform.io/.well-known/terraform.json"
PROBE_SECONDS = 3.0

# Both tools look a provider up under their own registry's name.
REGISTRIES = ("registry.terraform.io", "registry.opentofu.org")
# Version of the plugin protocol that the stand-in speaks.
PROTOCOL_VERSION = 6
START_SECONDS = 20.0
WATCH_SECONDS = 0.05


async def registry_answers() -> bool:
    """Whether the provider registry can be reached from this machine."""
    timeout = aiohttp.ClientTimeout(total=PROBE_SECONDS)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.get(REGISTRY_DISCOVERY) as response,
        ):
            return response.status == 200 and "providers.v1" in json.loads(await response.read())
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        _LOG.info("the provider registry does not answer (%s): Terraform gets the stand-in", error)
        return False


async def accepts(socket: Path, hopeless: Callable[[], bool]) -> bool:
    """Whether somebody listens on `socket` within `START_SECONDS`; given up early when it is `hopeless`."""
    deadline = asyncio.get_running_loop().time() + START_SECONDS
    while asyncio.get_running_loop().time() < deadline and not hopeless():
        try:
            _, writer = await asyncio.open_unix_connection(str(socket))
        except OSError:
            # A unix socket cannot be waited for before it is there.
            await asyncio.sleep(WATCH_SECONDS)
        else:
            writer.close()
            return True
    return False


def reattach(pid: int, sockets: Mapping[str, Path]) -> str:
    """The value of `TF_REATTACH_PROVIDERS` for stand-ins by provider (`hashicorp/google`), each on its socket."""
    found: dict[str, Any] = {}
    for provider, socket in sockets.items():
        entry = {
            "Protocol": "grpc",
            "ProtocolVersion": PROTOCOL_VERSION,
            "Pid": pid,
            "Test": True,
            "Addr": {"Network": "unix", "String": str(socket)},
        }
        found |= {f"{registry}/{provider}": entry for registry in REGISTRIES}
    return json.dumps(found)
