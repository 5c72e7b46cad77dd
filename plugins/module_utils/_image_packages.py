"""PRIVATE to the collection: Python packages for an image, installed once for the same requirements and kept outside
the tree."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ._failure import Failure
from ._image_tree import Entry, tree_of
from ._progress import report

if TYPE_CHECKING:
    from collections.abc import Mapping

# The C library of current python:*-slim images is newer, so wheels for this one run there; likewise on this machine.
_GLIBC = {"amd64": "x86_64", "arm64": "aarch64"}
_MANYLINUX = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
_INTERPRETER = "/usr/local/bin/python3"
_SCRIPT = re.compile(rb"\A#!\S*python\S*.*\n")
# Seconds between two words about how long an installation goes on, and after which it is given up.
_WORD = 2.0
_LONGEST = 900.0
_VERSION = 1
_KEPT_BACK = frozenset({"GOOGLE_OAUTH_ACCESS_TOKEN", "CLOUDSDK_AUTH_ACCESS_TOKEN", "VIRTUAL_ENV"})
_PROXIES = frozenset({"HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"})


@dataclass(frozen=True)
class Packages:
    """What is to be installed: `requirements` are the contents of hashed files, `python` a version such as 3.11."""

    requirements: tuple[bytes, ...]
    python: str
    architecture: str
    dependencies: bool = True

    @property
    def key(self) -> str:
        """The same for the same packages."""
        told = [_VERSION, self.python, self.architecture, self.dependencies]
        seen = hashlib.sha256(json.dumps(told).encode())
        for content in self.requirements:
            seen.update(hashlib.sha256(content).digest())
        return seen.hexdigest()


def installed(packages: Packages, cache: Path, proxy: str | None, subject: str) -> Path:
    """The directory that holds the packages, as `--target` makes it; Failure with what the installer says.

    `proxy` is the way to the package index: a URL, empty for none, None for the environment's.
    """
    place = cache / "packages" / packages.key
    if place.is_dir():
        return place
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="new-") as staged:
        target = Path(staged, "target")
        files = []
        for number, content in enumerate(packages.requirements):
            files.append(Path(staged, f"requirements-{number}.txt"))
            files[-1].write_bytes(content)
        _run(_command(packages, target, files), _environment(proxy), subject)
        target.mkdir(exist_ok=True)
        _normalise(target)
        try:
            target.rename(place)
        except OSError:
            # Another image with the same requirements was faster.
            if not place.is_dir():
                raise
    return place


def _command(packages: Packages, target: Path, files: list[Path]) -> list[str]:
    requirements = [word for file in files for word in ("--requirement", str(file))]
    common = ["install", "--require-hashes", "--only-binary", ":all:", "--target", str(target), *requirements]
    if not packages.dependencies:
        common.append("--no-deps")
    machine = _GLIBC[packages.architecture]
    uv = Path(sys.executable).with_name("uv")
    program = str(uv) if uv.is_file() else shutil.which("uv")
    if program:
        platform = f"{machine}-{_MANYLINUX[0]}"
        return [program, "pip", *common, "--python-version", packages.python, "--python-platform", platform]
    platforms = [word for name in _MANYLINUX for word in ("--platform", f"{name}_{machine}")]
    version = ["--python-version", packages.python, "--implementation", "cp"]
    return [sys.executable, "-m", "pip", *common, "--no-compile", *version, *platforms]


def _run(command: list[str], environment: Mapping[str, str], subject: str) -> None:
    """Run the installer and say how long it goes on."""
    begun = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment
        )
        try:
            while True:
                try:
                    code = process.wait(_WORD)
                    break
                except subprocess.TimeoutExpired:
                    waited = time.monotonic() - begun
                    report(subject, "Python packages", round(waited), None)
                    if waited > _LONGEST:
                        raise Failure("PACKAGES_TIMEOUT", f"{subject}: no packages within {_LONGEST:.0f} s.") from None
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if code:
            output.seek(0)
            said = output.read().decode("utf-8", "replace").strip()[-2000:]
            raise Failure(
                "PACKAGES_FAILED",
                f"{subject}: {Path(command[0]).name} ended with {code}: {said}",
                hint="Every requirement needs its hashes and a wheel (uv pip compile --generate-hashes).",
            )


def _environment(proxy: str | None) -> dict[str, str]:
    """This process's environment without what the installer has no use for, and with its own proxy."""
    found = {key: value for key, value in os.environ.items() if key not in _KEPT_BACK}
    if proxy is not None:
        found = {key: value for key, value in found.items() if key.upper() not in _PROXIES}
        found |= {"HTTPS_PROXY": proxy, "HTTP_PROXY": proxy} if proxy else {}
    return found


def _normalise(target: Path) -> None:
    """Take away what differs between two installations of the same packages."""
    for name in (".lock",):
        (target / name).unlink(missing_ok=True)
    for cached in list(target.rglob("__pycache__")):
        shutil.rmtree(cached)
    scripts = target / "bin"
    for script in scripts.iterdir() if scripts.is_dir() else ():
        content = script.read_bytes()
        changed = _SCRIPT.sub(f"#!{_INTERPRETER}\n".encode(), content, count=1)
        if changed != content:
            script.write_bytes(changed)


def placed(directory: Path, kind: str, place: str, python: str) -> dict[str, Entry]:
    """The installed packages where pip would put them: `kind` says what `place` is (target, prefix or venv)."""
    root = place.strip("/")
    libraries = root if kind == "target" else f"{root}/lib/python{python}/site-packages"
    found: dict[str, Entry] = {}
    for name, entry in tree_of(directory).items():
        is_script = kind != "target" and (name == "bin" or name.startswith("bin/"))
        found[f"{root}/{name}" if is_script else f"{libraries}/{name}"] = entry
    return found


def environment(place: str, python: str) -> Mapping[str, Entry]:
    """An empty virtual environment, its interpreter the one of official Python images."""
    root = place.strip("/")
    home = _INTERPRETER.rpartition("/")[0]
    settings = f"home = {home}\ninclude-system-site-packages = false\nversion = {python}\n"
    return {
        f"{root}/pyvenv.cfg": Entry(0o644, content=settings.encode()),
        f"{root}/bin/python": Entry(0o777, link=_INTERPRETER),
        f"{root}/bin/python3": Entry(0o777, link="python"),
        f"{root}/bin/python{python}": Entry(0o777, link="python"),
        f"{root}/lib/python{python}/site-packages": Entry(0o755),
    }
