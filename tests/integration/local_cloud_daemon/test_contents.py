"""Reset, snapshots, clock, settings and the request log, on the real daemon."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading

import pytest

from tests.local_cloud import ROOT, LocalCloud

# A line of a log that is followed comes within this time, on however busy a machine; in seconds.
LINE_SECONDS = 60

PROJECTS = "cloudresourcemanager.googleapis.com/v1/projects"


def create(cloud: LocalCloud, name: str) -> None:
    assert cloud.post(PROJECTS, {"projectId": name, "name": "x"}).status_code == 200


def names(cloud: LocalCloud) -> list[str]:
    return [project["projectId"] for project in cloud.get(PROJECTS).json().get("projects", [])]


def test_reset_empties_everything_but_the_owners_token(cloud: LocalCloud) -> None:
    create(cloud, "doomed-project")
    other = cloud.token_for("user:other@presidential-digs.example")
    cloud.faults.add(service="compute", status=503)
    cloud.advance(60)
    assert cloud.command("reset").stdout == "the cloud is empty\n"
    assert cloud.count() == 0
    assert names(cloud) == []
    assert cloud.faults.list() == []
    assert cloud.admin.get("/clock")["ahead_seconds"] == 0
    assert cloud.get(PROJECTS, token=other).status_code == 401


def test_a_snapshot_brings_back_what_was_there(clean_cloud: LocalCloud) -> None:
    create(clean_cloud, "first-project")
    clean_cloud.faults.add(service="compute", status=503)
    assert "snapshot early:" in clean_cloud.command("snapshot", "early").stdout
    create(clean_cloud, "second-project")
    clean_cloud.faults.clear()
    clean_cloud.settings(operation_seconds=9)
    clean_cloud.advance(60)
    assert clean_cloud.command("restore", "early").stdout == "restored early\n"
    assert names(clean_cloud) == ["first-project"]
    assert len(clean_cloud.faults.list()) == 1
    assert clean_cloud.settings()["operation_seconds"] == 0
    assert clean_cloud.admin.get("/clock")["ahead_seconds"] == 0
    create(clean_cloud, "third-project")
    clean_cloud.command("restore", "early")
    assert names(clean_cloud) == ["first-project"]
    assert clean_cloud.command("snapshot").stdout == "early\n"


def test_a_restored_cloud_survives_a_crash(clean_cloud: LocalCloud) -> None:
    create(clean_cloud, "kept-project")
    clean_cloud.snapshot("kept")
    clean_cloud.reset()
    clean_cloud.restore("kept")
    subprocess.run(["kill", "-9", str(clean_cloud.pid)], check=True)
    clean_cloud.start()
    assert names(clean_cloud) == ["kept-project"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["restore", "nowhere"], "there is no snapshot 'nowhere'"),
        (["restore", "../state"], "snapshot name '../state': use letters"),
        (["snapshot", ".hidden"], "snapshot name '.hidden': use letters"),
        (["settings", "iam"], "'iam' is not NAME=VALUE"),
        (["settings", "iam=strict"], "iam: 'strict' is not one of off, audit, enforce"),
        (["clock", "advance", "-5"], "only moves forward"),
        (["token", "group:g@x.example"], "neither user:ADDRESS nor serviceAccount:ADDRESS"),
        (["token", "serviceAccount:none@p.iam.gserviceaccount.com"], "there is no service account none@p"),
        (["token", "user:a@b.example", "--lifetime", "99999"], "at most 43200 seconds"),
        (["logs", "--status", "bad"], "status 'bad' is neither a number"),
        (["logs", "--since", "yesterday", "--follow"], "since 'yesterday' is not a time"),
    ],
)
def test_what_makes_no_sense_is_refused(cloud: LocalCloud, arguments: list[str], words: str) -> None:
    refused = cloud.command(*arguments, check=False)
    assert refused.returncode == 1
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr


def test_tokens_end_by_the_clouds_clock(clean_cloud: LocalCloud) -> None:
    token = clean_cloud.token_for("user:other@presidential-digs.example")
    assert clean_cloud.get(PROJECTS, token=token).status_code == 200
    assert "3600 s ahead" in clean_cloud.command("clock", "advance", "3600").stdout
    assert clean_cloud.get(PROJECTS, token=token).status_code == 401
    assert "(0 s ahead" in clean_cloud.command("clock", "reset").stdout


def test_env_replaces_a_token_that_runs_out(clean_cloud: LocalCloud) -> None:
    first = clean_cloud.token
    fresh = LocalCloud(clean_cloud.state.root)
    assert fresh.token == first
    clean_cloud.advance(7 * 3600)
    later = LocalCloud(clean_cloud.state.root)
    assert later.token != first
    assert later.get(PROJECTS).status_code == 200
    clean_cloud.reset()


def test_settings_are_shown_and_changed(clean_cloud: LocalCloud) -> None:
    assert "iam=enforce" in clean_cloud.command("settings", "iam=enforce", "quotas=off").stdout
    assert "quotas=False" in clean_cloud.command("settings").stdout
    clean_cloud.settings(iam="off", quotas=True)


def test_bodies_are_kept_on_request_and_masked(clean_cloud: LocalCloud) -> None:
    create(clean_cloud, "unseen-project")
    clean_cloud.settings(journal_bodies=True)
    create(clean_cloud, "seen-project")
    clean_cloud.post("oauth2.googleapis.com/token", data={"grant_type": "x", "client_secret": "planted"})
    clean_cloud.settings(journal_bodies=False)
    first, second, third = clean_cloud.journal()
    assert (first["request_body"], first["response_body"]) == (None, None)
    assert json.loads(second["request_body"])["projectId"] == "seen-project"
    assert third["request_body"] == "grant_type=x&client_secret=********"
    assert "planted" not in clean_cloud.command("logs").stdout


def test_no_token_reaches_the_disk_or_the_log(clean_cloud: LocalCloud) -> None:
    clean_cloud.settings(journal_bodies=True)
    clean_cloud.get(f"{PROJECTS}?access_token={clean_cloud.token}", token=None)
    token = clean_cloud.token_for("user:other@presidential-digs.example")
    clean_cloud.get(PROJECTS, token=token)
    clean_cloud.settings(journal_bodies=False)
    assert clean_cloud.count(principal="user:owner*") == 1
    for file in clean_cloud.state.root.iterdir():
        if file.is_file():
            assert token.encode() not in file.read_bytes(), file
            assert file == clean_cloud.state.token_file or clean_cloud.token.encode() not in file.read_bytes(), file


def test_logs_in_text_and_json_and_numbers(clean_cloud: LocalCloud) -> None:
    create(clean_cloud, "logged-project")
    clean_cloud.get(f"{PROJECTS}/missing-project")
    text = clean_cloud.command("logs", "--service", "cloudresourcemanager").stdout.splitlines()
    assert len(text) == 2
    assert " 200 " in text[0]
    assert "cloudresourcemanager.projects.create" in text[0]
    lines = clean_cloud.command("logs", "--status", "4xx", "--format", "json").stdout.splitlines()
    found = [(json.loads(line)["resource"], json.loads(line)["reason"]) for line in lines]
    assert found == [("projects/missing-project", "PERMISSION_DENIED")]
    assert clean_cloud.command("logs", "--method", "*.create", "--count").stdout == "1\n"
    newest = clean_cloud.command("logs", "--limit", "1", "--format", "json").stdout
    assert json.loads(newest)["method_id"] == "cloudresourcemanager.projects.get"


def lines_of(process: subprocess.Popen[str]) -> queue.SimpleQueue[str]:
    """The lines that a process prints, as they come; an empty one at the end."""
    lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    return lines


def test_follow_shows_calls_as_they_come_and_ends_with_the_daemon(clean_cloud: LocalCloud) -> None:
    create(clean_cloud, "before-project")
    command = [sys.executable, "-m", "local_cloud", "--state", str(clean_cloud.state.root)]
    command += ["logs", "--follow", "--format", "json", "--method", "*.projects.*"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as following:
        try:
            lines = lines_of(following)
            assert json.loads(lines.get(timeout=LINE_SECONDS))["method_id"].endswith(".create")
            names(clean_cloud)
            assert json.loads(lines.get(timeout=LINE_SECONDS))["method_id"].endswith(".list")
            clean_cloud.command("down")
            assert lines.get(timeout=LINE_SECONDS) == ""
            assert following.wait(LINE_SECONDS) == 0
        finally:
            following.kill()
    clean_cloud.start()


def test_audit_says_what_would_be_denied(clean_cloud: LocalCloud) -> None:
    create(clean_cloud, "audited-project")
    clean_cloud.settings(iam="audit")
    stranger = clean_cloud.token_for("user:stranger@presidential-digs.example")
    answer = clean_cloud.get(f"{PROJECTS}/audited-project", token=stranger)
    clean_cloud.settings(iam="off")
    assert answer.status_code == 200
    shown = clean_cloud.command("logs", "--would-deny", "?*").stdout
    assert "user:stranger@presidential-digs.example [would be denied: resourcemanager.projects.get]" in shown


def test_status_tells_what_runs(clean_cloud: LocalCloud) -> None:
    create(clean_cloud, "status-project")
    found = json.loads(clean_cloud.command("status", "--format", "json").stdout)
    assert (found["running"], found["pid"], found["port"]) == (True, clean_cloud.pid, clean_cloud.port)
    assert (found["requests"], found["refused"]) == (1, 0)
    text = clean_cloud.command("status").stdout
    assert str(clean_cloud.state.root) in text


def test_help_shows_the_way() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "local_cloud", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for word in (
        "up",
        "down",
        "env",
        "reset",
        "snapshot",
        "restore",
        "faults",
        "logs",
        "clock",
        "settings",
        'eval "$(',
    ):
        assert word in shown
