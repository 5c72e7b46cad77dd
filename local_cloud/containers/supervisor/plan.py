"""What the supervisor is told to run: plain data, decided by whoever asked, sent as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class MountPlan:
    """`source` of this machine at `target` in the container."""

    source: str
    target: str
    read_only: bool


@dataclass(frozen=True)
class RootPlan:
    """The root directory: `lower` directories (first wins) under a writable `upper`, joined at `merged`.

    With `host_usr` the container also sees this machine's /usr, under the `usr` of every lower directory.
    """

    lower: tuple[str, ...]
    upper: str
    work: str
    merged: str
    read_only: bool = False
    host_usr: bool = False
    mounts: tuple[MountPlan, ...] = ()


@dataclass(frozen=True)
class ProcessPlan:
    """A command: `arguments` (the first is looked up in PATH), whole `environment`, directory and rights.

    With `own_user` it lives in a user namespace: the supervisor is not root.
    """

    arguments: tuple[str, ...]
    environment: dict[str, str]
    directory: str
    user: int
    group: int
    groups: tuple[int, ...]
    capabilities: tuple[str, ...]
    terminal: bool = False
    own_user: bool = False


@dataclass(frozen=True)
class PlacePlan:
    """Address and metadata server of the place, as `Place` has them; containers of one address share it."""

    address: str
    hostname: str
    metadata_host: str = ""
    metadata_port: int = 0


@dataclass(frozen=True)
class ContainerPlan:
    """A whole container; `log` is a file, `memory_limit` in bytes (0: none)."""

    identifier: str
    place: PlacePlan
    root: RootPlan
    process: ProcessPlan
    log: str
    memory_limit: int = 0

    @property
    def own_user(self) -> bool:
        """Whether it needs a user namespace."""
        return self.process.own_user


def container_plan(given: Mapping[str, Any]) -> ContainerPlan:
    """A container's plan from what `dataclasses.asdict` and JSON made of it."""
    root = dict(given["root"])
    mounts = tuple(MountPlan(**mount) for mount in root.pop("mounts"))
    nested = {
        "place": PlacePlan(**given["place"]),
        "root": RootPlan(**{**root, "lower": tuple(root["lower"])}, mounts=mounts),
        "process": process_plan(given["process"]),
    }
    return ContainerPlan(**{**given, **nested})


def process_plan(given: Mapping[str, Any]) -> ProcessPlan:
    """A command's plan, likewise."""
    plain: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    return ProcessPlan(**plain)
