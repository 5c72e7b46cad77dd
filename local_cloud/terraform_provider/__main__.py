"""`python -m local_cloud.terraform_provider --state DIR`: serve the provider stand-in until told to end."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from typing import TYPE_CHECKING

from local_cloud.state import StateDirectory
from local_cloud.terraform_provider.loading import SpecificationError
from local_cloud.terraform_provider.mongodbatlas.provider import AtlasProvider
from local_cloud.terraform_provider.provider import Provider
from local_cloud.terraform_provider.server import AlreadyServedError, Front
from local_cloud.terraform_provider.version import (
    ATLAS_PROVIDER,
    ATLAS_VERSION,
    KIND,
    MIRRORED_PROVIDER,
    MIRRORED_VERSION,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

_log = logging.getLogger("local_cloud.terraform_provider")


async def serve(state: StateDirectory) -> None:
    """Serve until SIGTERM or SIGINT."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with Front(state.provider_socket, Provider), Front(state.atlas_provider_socket, AtlasProvider):
        for name, version, count in (
            (MIRRORED_PROVIDER, MIRRORED_VERSION, len(Provider.known())),
            (ATLAS_PROVIDER, ATLAS_VERSION, len(AtlasProvider.known())),
        ):
            _log.info("%s for %s %s with %d resource types", KIND, name, version, count)
        await ended.wait()


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 after a signal, 1 when it cannot serve."""
    parser = argparse.ArgumentParser(prog="python -m local_cloud.terraform_provider", description=__doc__)
    parser.add_argument("--state", help="state directory of the local cloud")
    state = StateDirectory.resolve(parser.parse_args(arguments).state)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr)
    try:
        Provider.known()
        AtlasProvider.known()
        asyncio.run(serve(state))
    except (AlreadyServedError, SpecificationError, OSError) as error:
        _log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
