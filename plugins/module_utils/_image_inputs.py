"""PRIVATE to the collection: what an image is made of, as one hash, and the commit that last changed it."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._dockerfile import Dockerfile, Stage, evaluated
from ._dockerfile_words import flags, words
from ._image_commands import bind_mounts
from ._image_context import Context, fingerprint

if TYPE_CHECKING:
    from ._image_base import Base

# Another one makes every image anew: raised with each change of how images are composed.
_VERSION = 1


def sources(dockerfile: Dockerfile, context: Context, given: Mapping[str, str]) -> list[str]:
    """Paths in the context that the image is made from; the empty path is all of it."""
    found: set[str] = set()
    for stage in dockerfile.needed():
        for pattern in _patterns(dockerfile, stage, given):
            found |= set(context.chosen(pattern))
    return [""] if "" in found else sorted(found)


def _patterns(dockerfile: Dockerfile, stage: Stage, given: Mapping[str, str]) -> Iterator[str]:
    for instruction, _line in evaluated(dockerfile, stage, given, {}):
        if instruction.name == "RUN" and bind_mounts(instruction.value):
            yield "."
        if instruction.name in ("COPY", "ADD"):
            chosen, rest = flags(instruction.value)
            if not chosen.get("from"):
                yield from (word for word in words(rest)[:-1] if "://" not in word)


def digest_of_inputs(
    dockerfile: Dockerfile, context: Context, paths: Sequence[str], bases: Sequence[Base], told: Mapping[str, Any]
) -> str:
    """The same (64 hexadecimal digits) for what gives the same image; `told` are the options that matter."""
    files = {
        f"{path}/{inner}" if inner else path: fingerprint(entry)
        for path in paths
        for inner, entry in context.chosen(path).get(path, {}).items()
    }
    stages = [
        [stage.base, stage.platform, [[one.name, one.value] for one in stage.instructions]]
        for stage in dockerfile.needed()
    ]
    whole = {
        "version": _VERSION,
        "stages": stages,
        "files": files,
        "bases": {base.wanted: base.identity for base in bases},
        **told,
    }
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


def commit_of(context: Context, paths: Sequence[str], inputs: str) -> str:
    """The tag: the commit that last changed the inputs, marked while there are changes that no commit has.

    Outside a repository it is the beginning of the inputs' hash.
    """
    named = [str(context.dockerfile), *(str(context.directory / path) for path in paths)]
    commit = _git(context.directory, "log", "-1", "--format=%H", "--", *named)
    if not commit:
        return inputs[:12]
    changed = _git(context.directory, "status", "--porcelain", "--", *named)
    return f"{commit[:12]}-changed-{inputs[:12]}" if changed else commit


def _git(directory: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(directory), *arguments], capture_output=True, text=True, check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
