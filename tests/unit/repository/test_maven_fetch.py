"""What Maven brought is held against the sums in this repository before any of it runs."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from tools import maven_fetch
from tools.maven_fetch import MavenFetch, fetch

MODULE = Path(maven_fetch.__file__).parent / "build" / "mongo-java-server"
MAVEN = MavenFetch("Launcher", "64m")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with a java that compiles nothing and an mvn that copies the jars of a directory; that directory."""
    jars, path = tmp_path / "repository", tmp_path / "path"
    jars.mkdir()
    path.mkdir()
    (jars / "ecj-1.jar").write_bytes(b"compiler")
    scripts = {
        "mvn": f'for last; do :; done\ncp -r {jars} "${{last#-DoutputDirectory=}}"\n',
        "java": 'mkdir -p "$7"\n',
    }
    for name, script in scripts.items():
        (path / name).write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
        (path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{path}:{Path(shutil.which('cp') or '').parent}")
    return jars


def _module(directory: Path, jars: Path) -> Path:
    directory.mkdir()
    sums = (f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.name}\n" for jar in jars.iterdir())
    (directory / "jars.sha256").write_text("".join(sums), encoding="utf-8")
    return directory


def test_pinned_jars_make_a_program(repository: Path, tmp_path: Path) -> None:
    """The script stands beside the jars and the compiled launcher."""
    target = tmp_path / "tool" / "digger"
    assert fetch(MAVEN, "digger 1", _module(tmp_path / "module", repository), target) == ""
    assert (target.parent / "jars" / "classes").is_dir()
    assert "exec java -Xmx64m" in target.read_text(encoding="utf-8")


@pytest.mark.parametrize("change", ["another content", "one more", "one less"])
def test_other_jars_are_refused(repository: Path, tmp_path: Path, change: str) -> None:
    """By name, and nothing is kept."""
    module = _module(tmp_path / "module", repository)
    if change == "one less":
        (repository / "ecj-1.jar").rename(repository / "ecj-2.jar")
    else:
        name = "ecj-1.jar" if change == "another content" else "more.jar"
        (repository / name).write_bytes(b"changed")
    said = fetch(MAVEN, "digger 1", module, tmp_path / "tool" / "digger")
    assert "not what module/jars.sha256 pins" in said
    assert list((tmp_path / "tool").iterdir()) == []


def test_without_java_there_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the line of remedy is printed."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fetch(MAVEN, "digger 1", MODULE, tmp_path / "digger") == "no java and no mvn on PATH"
