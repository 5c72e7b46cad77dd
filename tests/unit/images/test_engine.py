"""Builds by an engine: what it is told, that its login leaves no trace, and what happens without one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plugins.module_utils._failure import Failure
from plugins.module_utils._image_engine import Build, Engine, find_engine
from tests.unit.images.programs import program

NAMES = ("europe-west1-docker.pkg.dev/p/r/app:v1", "europe-west1-docker.pkg.dev/p/r/app:inputs-00")


def test_an_engine_that_does_not_answer_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "docker", "import sys; sys.exit(1)")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_engine("auto") is None
    with pytest.raises(Failure, match="docker does not answer"):
        find_engine("docker")
    program(tmp_path / "podman", "")
    found = find_engine("auto")
    assert found is not None
    assert found.name == "podman"
    assert find_engine("compose") is None


@pytest.mark.parametrize("name", ["docker", "podman"])
def test_it_builds_and_pushes_with_a_login_of_its_own(tmp_path: Path, name: str) -> None:
    told = tmp_path / "told"
    path = program(
        tmp_path / name,
        "import json, os, pathlib, sys\n"
        "found = [pathlib.Path(word) for word in sys.argv if 'registry-login' in word]\n"
        "login = [json.loads((one / 'config.json' if one.is_dir() else one).read_text()) for one in found]\n"
        f"with open({str(told)!r}, 'a') as file: file.write(json.dumps([sys.argv[1:], login]) + chr(10))\n",
    )
    engine = Engine(name, str(path))
    asked = Build(tmp_path, tmp_path / "Dockerfile", NAMES, "linux/amd64", {"team": "crm"}, {"A": "1"})
    engine.build(asked, "app")
    engine.push(NAMES, "a-token", "app")
    lines = [json.loads(line) for line in told.read_text().splitlines()]
    arguments, _ = lines[0]
    assert arguments[0] == "build"
    assert [*arguments[-4:]] == [str(tmp_path / "Dockerfile"), "--platform", "linux/amd64", str(tmp_path)]
    assert {"team=crm", "A=1", *NAMES} <= set(arguments)
    assert [line[0][-1] if name == "docker" else line[0][1] for line in lines[1:]]
    for arguments, (login,) in lines[1:]:
        assert list(login["auths"]) == ["europe-west1-docker.pkg.dev"]
        assert "a-token" not in " ".join(arguments)
        assert not [word for word in arguments if "registry-login" in word and Path(word).exists()]


def test_what_the_engine_says_is_in_the_failure(tmp_path: Path) -> None:
    path = program(tmp_path / "docker", "print('no space left on device'); raise SystemExit(3)")
    asked = Build(tmp_path, tmp_path / "Dockerfile", NAMES, "linux/amd64", {}, {})
    with pytest.raises(Failure, match=r"ended with 3: no space left"):
        Engine("docker", str(path)).build(asked, "app")
