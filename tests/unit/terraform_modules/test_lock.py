"""A lock is read from what terraform prints and from what backends keep, and is only called abandoned with proof."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

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


@pytest.fixture
def dead_note(tmp_path: Path) -> HolderNote:
    """A note of a process of this machine that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return replace(HolderNote.of_this_process(tmp_path), process=child.pid)


def lock_taken(after: HolderNote, who: str | None = None) -> Lock:
    """A lock of this machine, taken one second after the note was written."""
    created = parse_time(after.started) + timedelta(seconds=1)
    return Lock("1", who or f"root@{socket.gethostname()}", created, "apply", "gs://b/p", "1.11.4")


def test_a_lock_of_a_dead_process_of_this_machine_is_abandoned(dead_note: HolderNote) -> None:
    proof = why_holder_is_gone(lock_taken(dead_note), dead_note)
    assert proof is not None
    assert str(dead_note.process) in proof


def test_a_lock_without_a_note_may_be_held(dead_note: HolderNote) -> None:
    assert why_holder_is_gone(lock_taken(dead_note), None) is None


def test_a_lock_of_another_machine_may_be_held(dead_note: HolderNote) -> None:
    assert why_holder_is_gone(lock_taken(dead_note, "root@elsewhere"), dead_note) is None
    assert why_holder_is_gone(lock_taken(dead_note), replace(dead_note, host="elsewhere")) is None


def test_a_lock_older_than_the_note_is_somebody_elses(dead_note: HolderNote) -> None:
    lock = lock_taken(dead_note)
    assert why_holder_is_gone(replace(lock, created=lock.created - timedelta(hours=1)), dead_note) is None


def test_a_lock_of_a_living_process_is_held(tmp_path: Path) -> None:
    note = HolderNote.of_this_process(tmp_path)
    assert note.process == os.getpid()
    assert why_holder_is_gone(lock_taken(note), note) is None


def test_a_living_terraform_that_is_older_than_the_lock_may_hold_it(dead_note: HolderNote, tmp_path: Path) -> None:
    binary = tmp_path / "terraform"
    binary.symlink_to("/bin/sleep")
    with subprocess.Popen([str(binary), "60"]) as terraform:
        try:
            assert why_holder_is_gone(lock_taken(dead_note), dead_note) is None
        finally:
            terraform.kill()
    assert why_holder_is_gone(lock_taken(dead_note), dead_note) is not None


def test_a_note_of_an_earlier_boot_is_of_a_dead_process(tmp_path: Path) -> None:
    note = replace(HolderNote.of_this_process(tmp_path), boot="another")
    assert not note.is_alive()


def test_notes_are_kept_and_a_torn_one_is_none(tmp_path: Path) -> None:
    path = tmp_path / "holders" / "x.json"
    assert HolderNote.read(path) is None
    note = HolderNote.of_this_process(tmp_path)
    note.write(path)
    assert HolderNote.read(path) == note
    path.write_text(path.read_text()[:20])
    assert HolderNote.read(path) is None
