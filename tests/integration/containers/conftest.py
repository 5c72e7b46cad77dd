"""Containers for tests: one supervisor at a time, a server image in each language."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from local_cloud.containers.containers import Containers
from local_cloud.containers.images import Image, Images
from tests import images
from tests.integration.containers.workbench import PATIENCE, Run, Workbench


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Image]:
    """Images by language, unpacked; `shell` is this machine's programs and nothing else."""
    directory = tmp_path_factory.mktemp("images")
    references = {name: make(directory / name) for name, make in images.languages().items()}
    references["shell"] = images.image(directory / "shell", {}, Entrypoint=["sh", "-c"])

    async def pulled() -> dict[str, Image]:
        store = Images(directory / "store")
        return {name: await store.pull(reference) for name, reference in references.items()}

    return asyncio.run(pulled())


@pytest.fixture
def run(tmp_path: Path, made: dict[str, Image]) -> Run:
    """Runs a coroutine with a workbench; every container ends with it."""

    def running(work: Callable[[Workbench], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with asyncio.timeout(2 * PATIENCE), Containers(tmp_path / "run") as containers:
                await work(Workbench(containers, tmp_path, made))

        asyncio.run(whole())

    return running
