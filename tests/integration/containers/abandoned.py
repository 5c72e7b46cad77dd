"""`python -m … DIRECTORY IMAGES`: start a container with a child, say its process id, and wait to be killed."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from local_cloud.containers.containers import Containers
from local_cloud.containers.images import Images
from local_cloud.containers.specification import ContainerSpecification, Place


async def main() -> None:
    """Run until killed."""
    directory, reference = Path(sys.argv[1]), sys.argv[2]
    image = await Images(directory / "images").pull(reference)
    async with Containers(directory / "run") as containers:
        place = Place("10.99.88.2", "abandoned")
        command = ("sh", "-c", "trap '' TERM HUP; setsid sleep 600 & sleep 600")
        asked = ContainerSpecification("abandoned", image, place, directory / "log", command=command)
        container = await containers.start(asked)
        print(container.pid, flush=True)
        await container.ended()


asyncio.run(main())
