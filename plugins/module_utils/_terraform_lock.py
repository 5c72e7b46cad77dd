"""PRIVATE to the collection: the lock of a Terraform state: who holds it, since when, and whether they can be alive."""

from __future__ import annotations

import json
import os
import re
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._terraform_processes import boot_id, living_terraforms, processes_can_be_seen, start_ticks

if TYPE_CHECKING:
    from collections.abc import Mapping

# The fields that Terraform and OpenTofu print in "Error acquiring the state lock" (internal/states/statemgr/locker.go).
LOCK_LINE = re.compile(r"^\s*(ID|Path|Operation|Who|Version|Created|Info):[ \t]*(.*?)\s*$", re.MULTILINE)
NANOSECONDS = re.compile(r"(\.\d{6})\d*")

# btime of /proc/stat is in whole seconds, so the start of a process is known to about one second.
PROCESS_START_ERROR_SECONDS = 2.0


@dataclass(frozen=True)
class Lock:
    """A lock as it was found; `id` is what `force-unlock` takes (for GCS the generation of the lock object)."""

    id: str
    who: str
    created: datetime
    operation: str
    path: str
    version: str

    @classmethod
    def from_error(cls, text: str) -> Lock | None:
        """Read the lock from an error of the terraform binary; None when it shows none."""
        fields = dict(LOCK_LINE.findall(text))
        return cls.from_fields(fields) if fields.get("ID") and fields.get("Created") else None

    @classmethod
    def from_json(cls, text: str | bytes, lock_id: str | None = None) -> Lock:
        """Read the lock from a lock file; `lock_id` replaces the id in it where the backend uses another."""
        fields = json.loads(text)
        return cls.from_fields({**fields, "ID": lock_id} if lock_id else fields)

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> Lock:
        """Build from Terraform's own field names."""
        return cls(
            id=fields["ID"],
            who=fields.get("Who", ""),
            created=parse_time(fields["Created"]),
            operation=fields.get("Operation", "").removeprefix("OperationType").lower() or "unknown",
            path=fields.get("Path", ""),
            version=fields.get("Version", ""),
        )

    def age_seconds(self, now: datetime) -> int:
        """Return how long the lock has been held, in whole seconds, never negative."""
        return max(0, int((now - self.created).total_seconds()))

    def to_result(self, now: datetime) -> dict[str, Any]:
        """Return `{id, who, created, age_seconds, operation, path, version}`; `created` is ISO 8601 in UTC."""
        return {
            "id": self.id,
            "who": self.who,
            "created": self.created.isoformat(timespec="seconds"),
            "age_seconds": self.age_seconds(now),
            "operation": self.operation,
            "path": self.path,
            "version": self.version,
        }

    def sentence(self, now: datetime) -> str:
        """Return the lock in words."""
        age = self.age_seconds(now)
        since = f"{self.created:%Y-%m-%d %H:%M:%SZ}"
        return f"{self.who} has held it for {age} s (since {since}, {self.operation}, id {self.id})"


def parse_time(text: str) -> datetime:
    """Read a time as Go prints it (`2026-11-23 01:43:46.5645 +0000 UTC`) or as JSON has it (RFC 3339); UTC."""
    plain = NANOSECONDS.sub(r"\1", text.strip().removesuffix(" UTC")).replace("Z", "+00:00")
    plain = re.sub(r" ([+-]\d{2})(\d{2})$", r"\1:\2", plain)
    plain = re.sub(r"\.(\d{1,5})(?=[+-])", lambda found: "." + found[1].ljust(6, "0"), plain)
    return datetime.fromisoformat(plain).astimezone(UTC)


@dataclass(frozen=True)
class HolderNote:
    """What a process that is about to take a lock leaves behind, so that a lock it never gave back can be explained."""

    process: int
    process_start: str
    boot: str
    host: str
    started: str
    work_directory: str

    @classmethod
    def of_this_process(cls, work_directory: Path) -> HolderNote:
        """Describe the calling process and this boot of the machine."""
        return cls(
            process=os.getpid(),
            process_start=start_ticks(os.getpid()) or "",
            boot=boot_id(),
            host=socket.gethostname(),
            started=datetime.now(UTC).isoformat(),
            work_directory=str(work_directory),
        )

    @classmethod
    def read(cls, path: Path) -> HolderNote | None:
        """Read a note; None when there is none or a kill cut it short."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def write(self, path: Path) -> None:
        """Put the note where the next run looks, at once and whole."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(json.dumps(self.__dict__), encoding="utf-8")
        draft.replace(path)

    def is_alive(self) -> bool:
        """Tell whether the process that wrote the note still runs."""
        return self.boot == boot_id() and start_ticks(self.process) == self.process_start


def why_holder_is_gone(lock: Lock, note: HolderNote | None, location: str) -> str | None:
    """Return the proof that nobody can still hold the lock of the state at `location`, or None when there is none.

    All must hold: this machine took the lock, after a run of this checkout noted that it was about to; the process of
    that run is gone; and no terraform that is older than the lock and may work on this state is alive here.
    """
    if note is None or not processes_can_be_seen() or note.host != socket.gethostname():
        return None
    taken_here = lock.who.rpartition("@")[2] == note.host
    taken_by_run = lock.created >= parse_time(note.started)
    if not taken_here or not taken_by_run or note.is_alive():
        return None
    latest_start = lock.created.timestamp() + PROCESS_START_ERROR_SECONDS
    if any(other.started <= latest_start and other.state in (None, location) for other in living_terraforms()):
        return None
    return (
        f"process {note.process} of this machine ({note.host}), which worked in {note.work_directory}, took the lock "
        f"and was killed before it could give it back"
    )
