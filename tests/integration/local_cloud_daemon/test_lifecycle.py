"""Starting, attaching, stopping, being killed, and what survives."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest

from local_cloud.processes import ProcessRecord
from tests.local_cloud import ROOT, LocalCloud, running_cloud

if TYPE_CHECKING:
    from pathlib import Path

PROJECTS = "cloudresourcemanager.googleapis.com/v1/projects"


def names(cloud: LocalCloud) -> list[str]:
    return [project["projectId"] for project in cloud.get(PROJECTS).json().get("projects", [])]


def kill(cloud: LocalCloud) -> None:
    """`kill -9` the daemon, as a crash would; its children are left alone."""
    process = psutil.Process(cloud.pid)
    process.kill()
    psutil.wait_procs([process], timeout=10)


def test_a_second_up_attaches(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        pid = cloud.pid
        said = cloud.command("up", "--iam", "audit").stdout
        assert "already runs" in said
        assert cloud.pid == pid
        assert cloud.settings()["iam"] == "audit"
        other = cloud.command("up", "--port", "1", check=False)
        assert other.returncode == 1
        assert f"runs on port {cloud.port}, not 1" in other.stderr


def test_many_ups_at_once_start_one_daemon(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local_cloud", "--state", str(tmp_path), "up"]
    try:
        ups = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(4)]
        said = [up.communicate(timeout=120)[0] for up in ups]
        assert [up.returncode for up in ups] == [0] * 4
        assert sorted("started" in line for line in said) == [False, False, False, True]
    finally:
        LocalCloud(tmp_path).stop()


@pytest.mark.parametrize("crash", [False, True], ids=["down", "kill -9"])
def test_state_port_token_and_authority_survive(tmp_path: Path, crash: bool) -> None:
    with running_cloud(tmp_path, "--operations-take", "3") as cloud:
        port, token, authority = cloud.port, cloud.token, cloud.state.ca_certificate.read_bytes()
        assert cloud.post(PROJECTS, {"projectId": "survivor-project", "name": "x"}).status_code == 200
        cloud.faults.add(service="compute", status=503, count=2)
        before = cloud.count()
        kill(cloud) if crash else cloud.command("down")
        cloud.start()
        assert (cloud.port, cloud.token, cloud.state.ca_certificate.read_bytes()) == (port, token, authority)
        assert names(cloud) == ["survivor-project"]
        assert cloud.settings()["operation_seconds"] == 3
        assert [rule["status"] for rule in cloud.faults.list()] == [503]
        assert cloud.count() > before


def test_a_killed_daemons_stand_in_goes_on_and_is_stopped_in_the_end(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        assert "TF_REATTACH_PROVIDERS" in cloud.env
        [child] = psutil.Process(cloud.pid).children()
        left = ProcessRecord.of(child.pid)
        kill(cloud)
        assert left.process() is not None
        cloud.start()
        assert left.process() is not None
        reattach = json.loads(cloud.env["TF_REATTACH_PROVIDERS"])["registry.terraform.io/hashicorp/google"]
        assert reattach["Pid"] == left.pid
        kill(cloud)
        assert "stopped" in cloud.command("down").stdout
        assert left.process() is None
        assert not cloud.state.children_file.exists()


def test_a_stand_in_that_was_taken_over_is_replaced_when_it_ends(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        assert "TF_REATTACH_PROVIDERS" in cloud.env
        [child] = psutil.Process(cloud.pid).children()
        kill(cloud)
        cloud.start()
        child.kill()
        again = json.loads(LocalCloud(tmp_path).env["TF_REATTACH_PROVIDERS"])["registry.terraform.io/hashicorp/google"]
        assert again["Pid"] != child.pid


def test_a_child_that_crashes_is_started_again(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        first = json.loads(cloud.env["TF_REATTACH_PROVIDERS"])["registry.terraform.io/hashicorp/google"]
        psutil.Process(first["Pid"]).kill()
        fresh = LocalCloud(tmp_path)
        again = json.loads(fresh.env["TF_REATTACH_PROVIDERS"])["registry.terraform.io/hashicorp/google"]
        assert again["Pid"] != first["Pid"]
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(again["Addr"]["String"])
        assert cloud.admin.get("/status")["children"][0]["restarts"] == 1


def test_a_daemon_that_hangs_is_killed(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        record = ProcessRecord.of(cloud.pid)
        os.kill(record.pid, signal.SIGSTOP)
        assert "stopped" in cloud.command("down", "--patience", "0.5").stdout
        assert record.process() is None


def test_a_pid_file_of_another_process_fools_nobody(tmp_path: Path) -> None:
    cloud = LocalCloud(tmp_path)
    own = ProcessRecord.of(os.getpid())
    cloud.state.create()
    cloud.state.pid_file.write_text(json.dumps({"pid": own.pid, "started": own.started - 1000, "port": 1}))
    assert "no local cloud ran" in cloud.command("down").stdout
    cloud.state.pid_file.write_text('{"pid": 1, "sta')
    with running_cloud(tmp_path):
        assert cloud.pid != own.pid


def test_nothing_is_left_after_down(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        assert cloud.env
        daemon = psutil.Process(cloud.pid)
        everyone = [daemon, *daemon.children(recursive=True)]
        cloud.command("down")
        assert not [process for process in everyone if process.is_running() and process.status() != "zombie"]
        assert not cloud.state.pid_file.exists()
        assert not cloud.state.admin_socket.exists()
        assert "no local cloud ran" in cloud.command("down").stdout


def test_a_daemon_whose_up_was_killed_is_found(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local_cloud", "--state", str(tmp_path), "up"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as killed:
        watched = psutil.Process(killed.pid)
        while not (started := watched.children()):
            assert killed.poll() is None
        killed.kill()
    with running_cloud(tmp_path) as cloud:
        assert cloud.pid == started[0].pid
        assert names(cloud) == []
        assert cloud.state.log.read_text().count("answers on port") == 1


def test_an_up_that_was_killed_before_it_started_anything_is_in_nobodys_way(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local_cloud", "--state", str(tmp_path), "up"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as killed:
        while not (tmp_path / "start.lock").exists():
            assert killed.poll() is None
        killed.kill()
    with running_cloud(tmp_path) as cloud:
        assert names(cloud) == []


def test_down_stops_a_daemon_that_is_on_its_way(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "local_cloud", "--state", str(tmp_path), "up"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as killed:
        watched = psutil.Process(killed.pid)
        while not (started := watched.children()):
            assert killed.poll() is None
        left = ProcessRecord.of(started[0].pid)
        killed.kill()
    assert "stopped" in LocalCloud(tmp_path).command("down").stdout
    assert left.process() is None


def test_a_port_that_is_taken_is_said_with_the_end_of_the_log(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = LocalCloud(tmp_path).command("up", "--port", str(port), check=False)
    assert refused.returncode == 1
    assert "the daemon did not start; the end of" in refused.stderr
    assert "address already in use" in refused.stderr


def test_a_kept_port_that_is_taken_is_replaced(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        (tmp_path / "port").write_text(str(taken.getsockname()[1]))
        with running_cloud(tmp_path) as cloud:
            assert cloud.port != taken.getsockname()[1]
            assert "is taken" in cloud.state.log.read_text()


def test_a_spoilt_state_file_is_said_by_name(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"iam": "strict"}')
    refused = LocalCloud(tmp_path).command("up", check=False)
    assert refused.returncode == 1
    assert "settings.json: iam: 'strict' is not one of off, audit, enforce" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_long_path_moves_the_sockets(tmp_path: Path) -> None:
    with running_cloud(tmp_path / ("deep" * 30)) as cloud:
        assert cloud.state.sockets_note.exists()
        assert names(cloud) == []
        moved = cloud.state.sockets
    assert not moved.exists()


def test_secrets_on_disk_are_the_owners_only(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        assert cloud.env
        state = cloud.state
        for path in (state.token_file, state.credentials_file, state.ca_key, state.signing_key, state.admin_socket):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert stat.S_IMODE(state.root.stat().st_mode) == 0o700
        command_line = " ".join(psutil.Process(cloud.pid).cmdline())
        assert cloud.token not in command_line
        assert cloud.token not in state.log.read_text()


@pytest.mark.parametrize("arguments", [["status"], ["env"], ["logs"], ["reset"], ["faults", "list"], ["clock"]])
def test_without_a_daemon_commands_say_how_to_start_it(tmp_path: Path, arguments: list[str]) -> None:
    refused = LocalCloud(tmp_path).command(*arguments, check=False)
    assert refused.returncode == 3
    assert "`python -m local_cloud up` starts it" in refused.stderr


def test_a_daemon_does_not_go_through_itself(tmp_path: Path) -> None:
    with running_cloud(tmp_path) as cloud:
        inside = cloud.environ()
        cloud.command("down")
        command = [sys.executable, "-m", "local_cloud", "--state", str(tmp_path), "up"]
        subprocess.run(command, cwd=ROOT, env=inside, check=True, capture_output=True, timeout=120)
        environ = psutil.Process(cloud.pid).environ()
        assert "HTTPS_PROXY" not in environ
        assert "SSL_CERT_FILE" not in environ
