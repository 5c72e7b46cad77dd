"""What this repository promises its readers: short files that say what they are for, and no place or host named."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.gates.table import ROOT, repository_files

LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 40

# Names that say nothing of what a file or directory holds.
EMPTY_NAMES = re.compile(r"(^|[/_])(utils?|helpers?|managers?|misc|stuff)(_|\.py$|/)")
# Ansible's own name for the directories that plugins share code through, and Google's for two of its services.
OTHERS_NAMES = re.compile(r"\b(module_utils|plugin_utils)\b|(?<=google_)(certificate|secret)_manager")

# A class of one letter, so that this file does not hold what it looks for.
MARKS = re.compile(r"\b(T[O]DO|F[I]XME|X[X]X)\b")
PLACES = re.compile(r"(^|[\s\"'=(])(/w[o]rk/|/r[o]ot/|/h[o]me/[a-z]+/)")
REGISTRIES = re.compile(
    r"(pythonh[o]sted|//p[y]pi\.|proxy\.g[o]lang|registry\.n[p]mjs|repo1?\.m[a]ven|(static|index)\.cr[a]tes|deb\.d[e]bian)"
)

TEXT = [file for file in repository_files() if (ROOT / file).is_file() and not (ROOT / file).is_symlink()]
PYTHON = [file for file in TEXT if file.endswith(".py")]


def _read(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8", errors="replace")


def _functions(file: str) -> list[tuple[str, int]]:
    """Name and line count of each function of a file, without its decorators and its docstring."""
    found = []
    for node in ast.walk(ast.parse(_read(file))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = node.body[0] if ast.get_docstring(node) else None
            told = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
            found.append((node.name, (node.end_lineno or node.lineno) - node.lineno + 1 - told))
    return found


def test_python_files_are_short() -> None:
    """A file of more lines has more than one subject."""
    long = {file: count for file in PYTHON if (count := len(_read(file).splitlines())) > LINES_OF_A_FILE}
    assert not long


def test_functions_are_short() -> None:
    """A function of more lines does more than one thing."""
    long = [(file, *found) for file in PYTHON for found in _functions(file) if found[1] > LINES_OF_A_FUNCTION]
    assert not long


def test_python_files_say_what_they_are_for() -> None:
    """The first thing a reader meets is one sentence."""
    modules = [file for file in PYTHON if not file.startswith("plugins/modules/") and _read(file).strip()]
    # The documentation of a callback, filter or fragment is its DOCUMENTATION.
    silent = [
        file
        for file in modules
        if not ast.get_docstring(ast.parse(_read(file))) and "DOCUMENTATION = " not in _read(file)
    ]
    assert not silent


def test_names_say_what_they_name() -> None:
    """No drawer for everything."""
    assert not [file for file in TEXT if EMPTY_NAMES.search(OTHERS_NAMES.sub("", file))]


@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param(MARKS, id="unfinished"),
        pytest.param(PLACES, id="a place on somebody's machine"),
        pytest.param(REGISTRIES, id="the host of a package registry"),
    ],
)
def test_nothing_names(pattern: re.Pattern[str]) -> None:
    """Neither unfinished work, nor a path that exists on one machine, nor where packages come from."""
    exempt = {"LICENSE"}
    found = [
        f"{file}:{number}: {line.strip()[:100]}"
        for file in TEXT
        if file not in exempt
        for number, line in enumerate(_read(file).splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found


def test_no_file_is_large() -> None:
    """Half a megabyte is for a person to read, or it is not source."""
    assert not [file for file in TEXT if Path(ROOT / file).stat().st_size > 500_000]
