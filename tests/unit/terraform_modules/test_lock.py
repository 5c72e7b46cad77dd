"""A lock is read from what terraform prints and from what backends keep, and is only called abandoned with proof."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from plugins.module_utils import _terraform_processes
from plugins.module_utils._terraform_lock import HolderNote, Lock, parse_time, why_holder_is_gone

ERROR = """Error message: 2 errors occurred:
	* writing "gs://state/roots/network/default.tflock" failed: googleapi: Error 412: At least one of the pre-conditions
	* storage: object doesn't exist
Lock Info:
  ID:        1795662000000000
  Path:      gs://state/roots/network/default.tflock
  Operation: OperationTypeApply
  Who:       ci@runner-7
  Version:   1.11.4
  Created:   2026-11-23 01:43:46.56459502 +0000 UTC
  Info:


Terraform acquires a state lock to protect the state from being written"""

TAKEN = datetime(2026, 11, 23, 1, 43, 46, 564595, tzinfo=UTC)


def test_a_lock_is_read_from_an_error() -> None:
    lock = Lock.from_error(ERROR)
    assert lock is not None
    assert lock.to_result(TAKEN + timedelta(seconds=90)) == {
        "id": "1795662000000000",
        "who": "ci@runner-7",
        "created": "2026-11-23T01:43:46+00:00",
        "age_seconds": 90,
        "operation": "apply",
        "path": "gs://state/roots/network/default.tflock",
        "version": "1.11.4",
    }


def test_an_error_without_a_lock_gives_none() -> None:
    assert Lock.from_error("Error: something about a lock\nID: 3") is None


def test_a_lock_object_is_known_by_its_generation() -> None:
    content = '{"ID":"d67ef66e","Operation":"OperationTypePlan","Who":"a@b","Created":"2026-11-23T01:43:46.564595029Z"}'
    lock = Lock.from_json(content, "17")
    assert (lock.id, lock.operation, lock.created) == ("17", "plan", TAKEN)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 01:43:46.564595 +0000 UTC",
        "2026-11-23T01:43:46.564595029Z",
        "2026-11-23T02:43:46.564595+01:00",
    ],
)
def test_times_of_go_and_json_are_understood(text: str) -> None:
    assert parse_time(text) == TAKEN


def test_a_time_without_a_fraction_is_understood() -> None:
    assert parse_time("2026-11-23 01:43:46 +0000 UTC") == TAKEN.replace(microsecond=0)


BOOTED = 1_700_000_000
HERE = "gs://state/roots/network"


class ProcessTable:
    """A /proc of our own, since a machine that runs tests may run any number of terraforms."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.joinpath("sys/kernel/random").mkdir(parents=True)
        directory.joinpath("sys/kernel/random/boot_id").write_text("this-boot")
        directory.joinpath("stat").write_text(f"cpu 1 2\nbtime {BOOTED}\n")

    def add(
        self, process: int, name: str, started: datetime, verb: str = "", state: dict[str, Any] | None = None
    ) -> None:
        """A living process; `state` is the backend that init has written into its data directory."""
        entry = self.directory / str(process)
        data = self.directory.parent / f"data {process}"
        data.mkdir()
        entry.mkdir()
        ticks = int((started.timestamp() - BOOTED) * os.sysconf("SC_CLK_TCK"))
        entry.joinpath("stat").write_text(f"{process} (a (b) c) S " + "0 " * 18 + f"{ticks} 0 0")
        entry.joinpath("comm").write_text(f"{name}\n")
        entry.joinpath("environ").write_bytes(b"A=b\0TF_DATA_DIR=" + os.fsencode(data) + b"\0")
        entry.joinpath("cmdline").write_bytes(name.encode() + b"\0" + verb.encode() + b"\0")
        entry.joinpath("cwd").symlink_to(self.directory)
        if state is not None:
            data.joinpath("terraform.tfstate").write_text(json.dumps({"backend": state}))


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProcessTable:
    """The processes of a machine on which nothing runs."""
    made = ProcessTable(tmp_path / "proc")
    monkeypatch.setattr(_terraform_processes, "PROCESS_TABLE", made.directory)
    return made


@pytest.fixture
def dead_note(table: ProcessTable, tmp_path: Path) -> HolderNote:
    """A note of a process of this machine that has ended."""
    return replace(HolderNote.of_this_process(tmp_path), process=4711, process_start="17")


def lock_taken(after: HolderNote, who: str | None = None) -> Lock:
    """A lock of this machine, taken ten seconds after the note was written."""
    created = parse_time(after.started) + timedelta(seconds=10)
    return Lock("1", who or f"root@{socket.gethostname()}", created, "apply", f"{HERE}/default.tflock", "1.11.4")


def gone(lock: Lock, note: HolderNote | None) -> str | None:
    return why_holder_is_gone(lock, note, HERE)


def test_a_lock_of_a_dead_process_of_this_machine_is_abandoned(dead_note: HolderNote) -> None:
    proof = gone(lock_taken(dead_note), dead_note)
    assert proof is not None
    assert "process 4711" in proof


def test_a_lock_without_a_note_may_be_held(dead_note: HolderNote) -> None:
    assert gone(lock_taken(dead_note), None) is None


def test_a_lock_of_another_machine_may_be_held(dead_note: HolderNote) -> None:
    assert gone(lock_taken(dead_note, "root@elsewhere"), dead_note) is None
    assert gone(lock_taken(dead_note), replace(dead_note, host="elsewhere")) is None


def test_a_lock_older_than_the_note_is_somebody_elses(dead_note: HolderNote) -> None:
    lock = lock_taken(dead_note)
    assert gone(replace(lock, created=lock.created - timedelta(hours=1)), dead_note) is None


def test_a_lock_of_a_living_process_is_held(table: ProcessTable, tmp_path: Path) -> None:
    table.add(os.getpid(), "ansible-playboo", TAKEN)
    note = HolderNote.of_this_process(tmp_path)
    assert note.is_alive()
    assert gone(lock_taken(note), note) is None


def test_a_process_of_another_boot_is_dead(table: ProcessTable, tmp_path: Path) -> None:
    table.add(os.getpid(), "ansible-playboo", TAKEN)
    note = replace(HolderNote.of_this_process(tmp_path), boot="another")
    assert gone(lock_taken(note), note) is not None


THIS_STATE = {"type": "gcs", "config": {"bucket": "state", "prefix": "roots/network"}}
OTHER_STATE = {"type": "gcs", "config": {"bucket": "state", "prefix": "roots/other"}}


@pytest.mark.parametrize(
    ("name", "offset", "verb", "state", "may_hold"),
    [
        ("terraform", -5, "apply", THIS_STATE, True),
        ("tofu", -5, "plan", THIS_STATE, True),
        ("terraform", -5, "apply", {"type": "s3", "config": {}}, True),
        ("terraform", -5, "init", None, True),
        ("terraform", -5, "apply", OTHER_STATE, False),
        ("terraform", -5, "apply", {"type": "local", "config": {"path": None}}, False),
        ("terraform", -5, "apply", None, False),
        ("terraform", +60, "apply", THIS_STATE, False),
        ("terraform-provi", -5, "", THIS_STATE, False),
        ("python3", -5, "", THIS_STATE, False),
    ],
)
def test_a_living_terraform_may_hold_a_lock_that_is_younger_and_of_its_state(
    table: ProcessTable,
    dead_note: HolderNote,
    name: str,
    offset: int,
    verb: str,
    state: dict[str, Any] | None,
    may_hold: bool,
) -> None:
    lock = lock_taken(dead_note)
    table.add(99, name, lock.created + timedelta(seconds=offset), verb, state)
    assert (gone(lock, dead_note) is None) == may_hold


def test_a_machine_without_a_process_table_gives_no_proof(table: ProcessTable, dead_note: HolderNote) -> None:
    table.directory.joinpath("stat").unlink()
    assert gone(lock_taken(dead_note), dead_note) is None


def test_notes_are_kept_and_a_torn_one_is_none(tmp_path: Path) -> None:
    path = tmp_path / "holders" / "x.json"
    assert HolderNote.read(path) is None
    note = HolderNote.of_this_process(tmp_path)
    note.write(path)
    assert HolderNote.read(path) == note
    path.write_text(path.read_text()[:20])
    assert HolderNote.read(path) is None
