"""What a node of a machine type has, and what GKE leaves of it for pods."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

MEBI = 1024**2
GIBI = 1024**3
DEFAULT_MACHINE_TYPE = "e2-medium"
# GKE's default of pods on a node, and of its boot disk in GB.
DEFAULT_PODS, DEFAULT_DISK = 110, 100

# Reserved parts, by band (https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes): of memory
# (size of the band in GiB, fraction), and of processors (number of processors in the band, fraction).
_MEMORY_BANDS = ((4, 0.25), (4, 0.20), (8, 0.10), (112, 0.06), (float("inf"), 0.02))
_CPU_BANDS = ((1, 0.06), (1, 0.01), (2, 0.005), (float("inf"), 0.0025))
# GKE also keeps this much memory for evictions.
_EVICTION = 100 * MEBI


@dataclass(frozen=True)
class Machine:
    """A machine type: processors and bytes of memory."""

    name: str
    cpus: int
    memory: int


def machine(name: str) -> Machine:
    """A predefined type, or a custom one (`n2-custom-4-8192`); ValueError for a name that is not known."""
    table = _table()
    if name in table["shared"]:
        found = table["shared"][name]
        return Machine(name, found["cpu"], int(found["gib"] * GIBI))
    family, _, size = name.rpartition("-")
    if "custom" in family and size.isdigit() and family.rpartition("-")[2].isdigit():
        return Machine(name, int(family.rpartition("-")[2]), int(size) * MEBI)
    described = table["families"].get(family)
    if described is None or not size.isdigit() or int(size) not in described["sizes"]:
        raise ValueError(f"machineType: {name!r} is not in {Path(__file__).with_name('machine_types.json').name}")
    return Machine(name, int(size), int(int(size) * described["gib_per_cpu"] * GIBI))


def capacity(kind: Machine, pods: int, disk_gb: int) -> dict[str, str]:
    """`status.capacity` of a node."""
    disk = disk_gb * 1000**3
    return {
        "cpu": str(kind.cpus),
        "memory": f"{kind.memory // 1024}Ki",
        "pods": str(pods),
        "ephemeral-storage": f"{disk // 1024}Ki",
    }


def allocatable(kind: Machine, pods: int, disk_gb: int) -> dict[str, str]:
    """`status.allocatable`: what is left for pods."""
    cpus = kind.cpus - _banded(kind.cpus, _CPU_BANDS)
    memory = kind.memory - int(_banded(kind.memory / GIBI, _MEMORY_BANDS) * GIBI) - _EVICTION
    # Half a disk at most is kept for the system.
    disk = int(disk_gb * 1000**3 * 0.5)
    return {
        "cpu": f"{int(cpus * 1000)}m",
        "memory": f"{memory // 1024}Ki",
        "pods": str(pods),
        "ephemeral-storage": str(disk),
    }


def _banded(amount: float, bands: tuple[tuple[float, float], ...]) -> float:
    total = 0.0
    for size, fraction in bands:
        part = min(amount, size)
        total += part * fraction
        amount -= part
    return total


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("machine_types.json").read_text())
    return found
