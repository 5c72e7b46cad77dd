"""PRIVATE to the collection: builds and pushes by Docker or Podman, where one of them works."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ._failure import Failure
from ._progress import report

ENGINES = ("docker", "podman")
COMPOSE = "compose"
AUTO = "auto"
# An engine that does not answer within this time, in seconds, is not there.
_ANSWER_SECONDS = 10.0
_SAID = 40


@dataclass(frozen=True)
class Build:
    """What is asked of an engine: `names` are `HOST/PATH:TAG`."""

    context: Path
    dockerfile: Path
    names: tuple[str, ...]
    platform: str
    labels: Mapping[str, str]
    arguments: Mapping[str, str]


@dataclass(frozen=True)
class Engine:
    """One that answered: its name and the path of its program."""

    name: str
    program: str

    def build(self, build: Build, subject: str) -> None:
        """Build under all names; Failure with the last lines that the engine said."""
        options = [word for name in build.names for word in ("--tag", name)]
        options += [word for key, value in sorted(build.labels.items()) for word in ("--label", f"{key}={value}")]
        options += [
            word for key, value in sorted(build.arguments.items()) for word in ("--build-arg", f"{key}={value}")
        ]
        where = ["--file", str(build.dockerfile), "--platform", build.platform, str(build.context)]
        self._run([self.program, "build", *options, *where], subject)

    def push(self, names: Sequence[str], token: str, subject: str) -> None:
        """Push all names; the token is in a file of its own for as long as that takes."""
        host = names[0].partition("/")[0]
        login = base64.b64encode(f"oauth2accesstoken:{token}".encode()).decode()
        with tempfile.TemporaryDirectory(prefix="registry-login-") as directory:
            file = Path(directory, "config.json")
            file.touch(mode=0o600)
            file.write_text(json.dumps({"auths": {host: {"auth": login}}}), encoding="utf-8")
            for name in names:
                if self.name == "docker":
                    command = [self.program, "--config", directory, "push", name]
                else:
                    command = [self.program, "push", "--authfile", str(file), name]
                self._run(command, subject)

    def _run(self, command: list[str], subject: str) -> None:
        said: list[str] = []
        with subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            for line in process.stdout or ():
                said = [*said[-_SAID:], line.rstrip()]
                report(subject, f"{self.name}: {line.strip()}"[:200])
        if process.returncode:
            raise Failure(
                "ENGINE_FAILED",
                f"{self.name} {command[1] if command[1] != '--config' else 'push'} ended with {process.returncode}: "
                + "\n".join(said[-15:]),
                hint="Run the same command by hand to see all of it.",
            )


def find_engine(builder: str) -> Engine | None:
    """The engine that `builder` (auto, docker, podman, compose) means; None to compose without one.

    Failure when one is asked for by name and does not work.
    """
    if builder == COMPOSE:
        return None
    for name in ENGINES if builder == AUTO else (builder,):
        program = shutil.which(name)
        if program and _works(program):
            return Engine(name, program)
    if builder == AUTO:
        return None
    raise Failure("ENGINE_MISSING", f"builder: {builder} does not answer.", hint="Start it, or use builder: compose.")


def _works(program: str) -> bool:
    """Whether the engine behind the program answers; a client without its daemon does not."""
    try:
        done = subprocess.run(
            [program, "version"], capture_output=True, stdin=subprocess.DEVNULL, timeout=_ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
