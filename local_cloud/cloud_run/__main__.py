"""`python -m local_cloud.cloud_run --state DIR`: Cloud Run of one local cloud, started by its daemon."""

from __future__ import annotations

import argparse
import logging

import uvloop

from local_cloud.cloud_run.process import CloudRun
from local_cloud.state import StateDirectory


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", required=True, help="state directory of the local cloud")
    state = StateDirectory.resolve(parser.parse_args().state)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")

    async def life() -> None:
        await CloudRun(state).run()

    uvloop.run(life())


if __name__ == "__main__":
    main()
