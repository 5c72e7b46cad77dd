"""What the processes of a container use, read from /proc."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_TICKS = os.sysconf("SC_CLK_TCK")
_KIBIBYTE = 1024


class Used(NamedTuple):
    """Seconds of processor time, bytes of memory, number of processes."""

    cpu_seconds: float
    memory_bytes: int
    processes: int


def family(roots: Iterable[int]) -> list[int]:
    """`roots` and all their descendants that live."""
    found = list(roots)
    for pid in found:
        try:
            for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - called often; names are enough
                found += [int(child) for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split()]
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def used(roots: Iterable[int]) -> Used:
    """The sum over `roots` and their descendants; shared memory counts for each."""
    cpu, memory, count = 0.0, 0, 0
    for pid in family(roots):
        try:
            cpu += _cpu_seconds(pid)
            memory += _status(pid, "RssAnon", "RssShmem")
            count += 1
        except (FileNotFoundError, ProcessLookupError):
            continue
    return Used(cpu, memory, count)


def proportional_memory(roots: Iterable[int]) -> int:
    """Bytes that are not backed by files, each shared page divided among those who share it; slower than `used`."""
    total = 0
    for pid in family(roots):
        try:
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith(("Pss_Anon:", "Pss_Shmem:")):
                    total += int(line.split()[1]) * _KIBIBYTE
        except (FileNotFoundError, ProcessLookupError):
            continue
    return total


def _cpu_seconds(pid: int) -> float:
    """Its own time and that of the children it has waited for (fields 14 to 17, man 5 proc_pid_stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / _TICKS


def _status(pid: int, *names: str) -> int:
    """The sum of fields of /proc/PID/status, in bytes."""
    total = 0
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in names:
            total += int(value.split()[0]) * _KIBIBYTE
    return total
