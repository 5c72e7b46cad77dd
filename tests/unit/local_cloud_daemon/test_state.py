"""State directory, clock, settings, processes and shell lines."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from local_cloud.clock import AdjustableClock
from local_cloud.emulator.settings import IamMode, ProviderChoice, Settings
from local_cloud.processes import ProcessRecord, end, read_records, write_records
from local_cloud.shell import exports
from local_cloud.state import SOCKET_PATH_LIMIT, StateDirectory, write_private


def test_the_option_wins_over_the_variable_and_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LOCAL_CLOUD_STATE", raising=False)
    assert StateDirectory.resolve(None).root == tmp_path / ".local_cloud"
    monkeypatch.setenv("LOCAL_CLOUD_STATE", str(tmp_path / "named"))
    assert StateDirectory.resolve(None).root == tmp_path / "named"
    assert StateDirectory.resolve("chosen").root == tmp_path / "chosen"


def test_sockets_lie_in_the_state_directory_while_their_paths_are_short(tmp_path: Path) -> None:
    state = StateDirectory(Path("/tmp") / "short")
    assert state.admin_socket == Path("/tmp/short/admin.sock")
    deep = StateDirectory(tmp_path / ("d" * SOCKET_PATH_LIMIT))
    deep.create()
    deep.place_sockets()
    try:
        assert len(str(deep.provider_socket)) <= SOCKET_PATH_LIMIT
        assert deep.sockets_note.read_text().strip() == str(deep.sockets)
        assert stat.S_IMODE(deep.sockets.stat().st_mode) == 0o700
        before = deep.sockets
        deep.place_sockets()
        assert deep.sockets == before
    finally:
        placed = deep.sockets
        deep.remove_sockets()
    assert not placed.exists()
    assert not deep.sockets_note.exists()


def test_a_private_file_is_private_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_private(path, b"one")
    write_private(path, b"two")
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"two", 0o600)
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_the_clock_goes_forward_and_remembers(tmp_path: Path) -> None:
    clock = AdjustableClock(tmp_path / "clock")
    clock.advance(timedelta(hours=1))
    again = AdjustableClock(tmp_path / "clock")
    assert again.offset == timedelta(hours=1)
    assert again.now() - datetime.now(UTC) > timedelta(minutes=59)
    assert again.reset() - datetime.now(UTC) < timedelta(minutes=1)


def test_the_clock_refuses_to_go_back(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="only moves forward, not by -5 s"):
        AdjustableClock(tmp_path / "clock").advance(timedelta(seconds=-5))


def test_a_spoilt_clock_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "clock").write_text("noon")
    with pytest.raises(ValueError, match="clock: 'noon' is not a number of seconds"):
        AdjustableClock(tmp_path / "clock")


def test_settings_survive(tmp_path: Path) -> None:
    settings = Settings()
    settings.update({"iam": "enforce", "operation_seconds": "2.5", "quotas": "off", "provider": "stand-in"})
    settings.save(tmp_path / "settings.json")
    loaded = Settings.load(tmp_path / "settings.json")
    assert loaded == settings
    assert (loaded.iam, loaded.quotas, loaded.provider) == (IamMode.ENFORCE, False, ProviderChoice.STAND_IN)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"iam": "strict"}, "iam: 'strict' is not one of off, audit, enforce"),
        ({"operation_seconds": "soon"}, "operation_seconds: 'soon' is not a number of seconds"),
        ({"operation_seconds": -1}, "operation_seconds: -1 is not between 0 and 86400 seconds"),
        ({"operation_seconds": "nan"}, "is not between 0 and 86400 seconds"),
        ({"quotas": "perhaps"}, "quotas: 'perhaps' is not one of on, off"),
        ({"provider": "mirror"}, "provider: 'mirror' is not one of auto, registry, stand-in"),
        ({"metadata_project": 5}, "metadata_project: 5 is not text"),
        ({"speed": 1}, "no setting 'speed'; there are iam, operation_seconds"),
    ],
)
def test_settings_that_make_no_sense_change_nothing(changes: dict[str, Any], words: str) -> None:
    settings = Settings()
    with pytest.raises(ValueError, match=r".") as refused:
        settings.update({"journal_bodies": True, **changes})
    assert words in str(refused.value)
    assert settings == Settings()


def test_a_process_is_known_by_its_start_time_too() -> None:
    own = ProcessRecord.of(os.getpid())
    assert own.process() is not None
    assert ProcessRecord(own.pid, own.started - 100).process() is None
    with pytest.raises(ProcessLookupError):
        ProcessRecord.of(2**22 + 1)


def test_records_survive_and_a_spoilt_file_holds_none(tmp_path: Path) -> None:
    path = tmp_path / "children.json"
    record = ProcessRecord.of(os.getpid())
    write_records(path, [record])
    assert read_records(path) == [record]
    path.write_text('[{"pid": 1')
    assert read_records(path) == []
    assert read_records(tmp_path / "none") == []


def test_a_process_that_will_not_end_is_killed_with_its_children() -> None:
    script = "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    script += "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); "
    script += "print(child.pid, flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as stubborn:
        assert stubborn.stdout is not None
        child = ProcessRecord.of(int(stubborn.stdout.readline()))
        killed = end([ProcessRecord.of(stubborn.pid)], 0.3)
    assert set(killed) == {stubborn.pid, child.pid}
    assert child.process() is None


def test_exports_survive_a_shell() -> None:
    tricky = {"ONE": "a b'c\"$HOME`id`", "TF_REATTACH_PROVIDERS": '{"x": 1}'}
    shown = subprocess.run(
        ["/bin/sh", "-c", f'{exports(tricky)}\nprintf "%s|%s" "$ONE" "$TF_REATTACH_PROVIDERS"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "|".join(tricky.values())


def test_a_reattachment_of_before_is_unset() -> None:
    assert exports({"ONE": "1"}).splitlines()[1:] == [
        "unset PRESIDENTIAL_DIGS_PROVIDER_VERSION",
        "unset PRESIDENTIAL_DIGS_PROVIDER_VERSION_MONGODBATLAS",
        "unset TF_REATTACH_PROVIDERS",
    ]
