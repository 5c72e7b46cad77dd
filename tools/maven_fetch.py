"""Fetch the pinned jars of a Java program with Maven, compile its launcher, and write the script that starts it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tools.download import place

# The goal that copies a pom's dependencies into a directory.
_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
# The oldest Java that runs what is compiled here.
_JAVA = "17"


@dataclass(frozen=True)
class MavenFetch:
    """`launcher` is the class in `tools/build/NAME/LAUNCHER.java`, `heap` the most memory it may take (`-Xmx`)."""

    launcher: str
    heap: str


def fetch(maven: MavenFetch, title: str, module: Path, target: Path) -> str:
    """Put a script `target` with its jars beside it, from the directory `module` (pom.xml, jars.sha256, launcher).

    Answers why not, or nothing.
    """
    missing = [program for program in ("java", "mvn") if not shutil.which(program)]
    if missing:
        return f"no {' and no '.join(missing)} on PATH"
    print(f"Fetching {title} with Maven (about 10 seconds) ...", flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as directory:
        work = Path(directory)
        reason = _copy(module, work / "jars") or _differences(module, work / "jars")
        reason = reason or _compile(maven, module, work)
        if reason:
            return reason
        kept = target.parent / "jars"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(work / "classes", work / "jars" / "classes")
        (work / "jars").replace(kept)
    place(_script(maven, title, kept).encode(), target)
    return ""


def _copy(module: Path, jars: Path) -> str:
    command = ["mvn", "-q", "-B", "-C", "-f", str(module / "pom.xml"), _COPY, f"-DoutputDirectory={jars}"]
    return _said("mvn", subprocess.run(command, capture_output=True, text=True, check=False))


def _differences(module: Path, jars: Path) -> str:
    """What is not as jars.sha256 says: the repository's own checksums only say that nothing was lost on the way."""
    lines = (module / "jars.sha256").read_text(encoding="utf-8").splitlines()
    pinned = {name: digest for digest, name in (line.split() for line in lines)}
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in jars.iterdir()}
    wrong = sorted(name for name in pinned.keys() | found.keys() if pinned.get(name) != found.get(name))
    return f"{', '.join(wrong)}: not what {module.name}/jars.sha256 pins" if wrong else ""


def _compile(maven: MavenFetch, module: Path, work: Path) -> str:
    compiler = next((work / "jars").glob("ecj-*.jar"))
    jars = ":".join(str(jar) for jar in sorted((work / "jars").glob("*.jar")))
    source = module / f"{maven.launcher}.java"
    command = ["java", "-jar", str(compiler), f"-{_JAVA}", "-cp", jars, "-d", str(work / "classes"), str(source)]
    return _said("java", subprocess.run(command, capture_output=True, text=True, check=False))


def _said(program: str, done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in f"{done.stdout}{done.stderr}".splitlines() if line.strip("\x1b[0m ")]
    return f"{program}: {(lines or ['it said nothing'])[0]}" if done.returncode else ""


def _script(maven: MavenFetch, title: str, jars: Path) -> str:
    java = f"java -Xmx{maven.heap} -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
    return f"""#!/bin/sh
# Written by tools/maven_fetch.py.
if [ "${{1:-}}" = --version ]; then
  echo '{title}'
  exit 0
fi
exec {java} -cp '{jars}/*:{jars}/classes' {maven.launcher} "$@"
"""
