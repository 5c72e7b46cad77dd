"""Programs come from PATH, the cache, a release or a build, in this order; what is missing is said in one line."""

from __future__ import annotations

import hashlib
import http.server
import io
import os
import tarfile
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from tools import toolchain
from tools.download import Release, Unreachable, download
from tools.go_build import GoBuild
from tools.toolchain import Missing, Tool, chosen, ensure, ensure_all, table

if TYPE_CHECKING:
    from collections.abc import Iterator


def _tool(**more: object) -> Tool:
    fields: dict[str, object] = {
        "name": "digger",
        "programs": ["digger", "shovel"],
        "arguments": ["--version"],
        "accepts": SpecifierSet(">=1.11,<2"),
        "missing": "install a digger",
    }
    return Tool(**{**fields, **more})  # type: ignore[arg-type]


def _program(directory: Path, name: str, says: str) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory that is all of PATH."""
    directory = tmp_path / "path"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    return directory


def test_the_table_reads() -> None:
    """Every tool has names, a way to tell its version and a remedy."""
    tools = table()
    assert {"terraform", "actionlint", "chromium", "chromedriver"} <= set(tools)
    assert all(tool.programs and tool.arguments and tool.missing for tool in tools.values())


def test_a_build_makes_the_version_of_the_table() -> None:
    """go.mod pins what tools.yml promises."""
    for tool in table().values():
        if tool.go:
            module = (Path(toolchain.__file__).parent / "build" / tool.go.module / "go.mod").read_text(encoding="utf-8")
            assert f" v{tool.version}" in module
            assert all(tool.version in setting for setting in tool.go.set if setting.endswith(tool.version))


@pytest.mark.parametrize("name", ["digger", "shovel"])
def test_a_program_on_path_is_used(path: Path, tmp_path: Path, name: str) -> None:
    """Under any of its names."""
    program = _program(path, name, "Digger v1.12.0 on linux")
    assert ensure(_tool(), tmp_path / "cache") == program


def test_a_program_of_another_version_is_not(path: Path, tmp_path: Path) -> None:
    """An old one on PATH does not hide the cached one."""
    _program(path, "digger", "Digger v1.5.7")
    cached = tmp_path / "cache" / "digger-1.11.4" / "digger"
    cached.parent.mkdir(parents=True)
    _program(cached.parent, "digger", "Digger v1.11.4")
    assert ensure(_tool(version="1.11.4"), tmp_path / "cache") == cached


def test_what_is_missing_is_one_line(path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what to install, and why each way was closed."""
    with pytest.raises(Missing, match=r"^digger is missing: install a digger \(no go on PATH\)$"):
        ensure(_tool(version="1.11.4", go=GoBuild("example.org/digger")), tmp_path)
    assert capsys.readouterr().out == ""


@contextmanager
def _releases(files: dict[str, bytes], asked: list[str] | None = None) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path)
            if asked is not None:
                asked.append(self.path)
            self.send_response(200 if content is not None else 404)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def _archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("digger", "#!/bin/sh\necho Digger v1.11.4\n")
    return content.getvalue()


def test_a_release_is_downloaded_and_runs(tmp_path: Path) -> None:
    """When its checksum is the published one."""
    archive = _archive()
    sums = f"{hashlib.sha256(archive).hexdigest()}  digger_1.11.4.zip\n".encode()
    with _releases({"/digger_1.11.4.zip": archive, "/sums": sums}) as host:
        download(
            Release(f"{host}/digger_{{version}}.zip", f"{host}/sums"), "1.11.4", "digger", tmp_path / "x" / "digger"
        )
    assert os.access(tmp_path / "x" / "digger", os.X_OK)


def test_a_release_of_another_content_is_refused(tmp_path: Path) -> None:
    """And nothing of it is kept."""
    sums = f"{'0' * 64}  digger_1.11.4.zip\n".encode()
    with (
        _releases({"/digger_1.11.4.zip": _archive(), "/sums": sums}) as host,
        pytest.raises(Unreachable, match="checksum"),
    ):
        download(
            Release(f"{host}/digger_{{version}}.zip", f"{host}/sums"), "1.11.4", "digger", tmp_path / "x" / "digger"
        )
    assert not (tmp_path / "x").exists()


def test_a_host_that_does_not_answer_is_a_reason(tmp_path: Path) -> None:
    """Then the build is tried."""
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1 cannot be reached"):
        download(Release("http://127.0.0.1:1/a", "http://127.0.0.1:1/s"), "1", "digger", tmp_path / "digger")


def test_a_program_may_be_the_release_itself(tmp_path: Path) -> None:
    """With a list of sums that holds nothing but its sum."""
    program = b"#!/bin/sh\necho Digger v1.35.4\n"
    with _releases({"/digger": program, "/digger.sha256": hashlib.sha256(program).hexdigest().encode()}) as host:
        download(Release(f"{host}/digger", f"{host}/digger.sha256"), "1.35.4", "digger", tmp_path / "digger")
    assert (tmp_path / "digger").read_bytes() == program


def test_a_program_is_found_wherever_it_lies_in_a_tarball(tmp_path: Path) -> None:
    """Projects pack a directory with the version in its name."""
    content, packed = b"#!/bin/sh\n", io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("digger-v1/digger")
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    sums = f"{'0' * 64}  digger.zip\n{hashlib.sha256(packed.getvalue()).hexdigest()}  digger.tar.gz\n".encode()
    with _releases({"/digger.tar.gz": packed.getvalue(), "/sums": sums}) as host:
        download(Release(f"{host}/digger.tar.gz", f"{host}/sums"), "1", "digger", tmp_path / "digger")
    assert (tmp_path / "digger").read_bytes() == content


def test_what_cannot_be_had_does_not_hide_what_can(path: Path, tmp_path: Path) -> None:
    """Each missing tool has its line, and the others are there the next time."""
    program = b"#!/bin/sh\n"
    files = {"/digger": program, "/digger.sha256": hashlib.sha256(program).hexdigest().encode()}
    with _releases(files) as host:
        good = _tool(version="1.11.4", release=Release(f"{host}/digger", f"{host}/digger.sha256"))
        bad = [_tool(name=name, programs=[name], version="1") for name in ("spade", "rake")]
        with pytest.raises(Missing, match=r"^spade is missing: .*\nrake is missing: [^\n]*$"):
            ensure_all([good, *bad], tmp_path / "cache")
    assert ensure_all([good], tmp_path / "cache") == {"digger": tmp_path / "cache" / "digger-1.11.4" / "digger"}


def test_who_comes_second_takes_what_the_first_brought(path: Path, tmp_path: Path) -> None:
    """Two runs that want the same download it once."""
    program, asked = b"#!/bin/sh\n", list[str]()
    files = {"/digger": program, "/digger.sha256": hashlib.sha256(program).hexdigest().encode()}
    with _releases(files, asked) as host:
        tool = _tool(version="1.11.4", release=Release(f"{host}/digger", f"{host}/digger.sha256"))
        runs = [threading.Thread(target=ensure_all, args=([tool], tmp_path / "cache")) for _ in range(4)]
        for run in runs:
            run.start()
        for run in runs:
            run.join()
    assert asked.count("/digger") == 1


def test_a_group_stands_for_its_tools_and_an_unknown_name_is_refused() -> None:
    """The Makefile names groups only."""
    tools = table()
    group = {tool.name for tool in chosen(tools, ["local_cloud"])}
    assert {"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"} <= group
    assert "terraform" not in group
    with pytest.raises(Missing, match="digger"):
        chosen(tools, ["digger"])
