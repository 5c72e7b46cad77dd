"""Writes the tables of every Terraform README from the code beside it, or says with --check which are stale."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import hcl2
from lark.exceptions import LarkError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

HERE: Final = Path(__file__).resolve().parent
BEGIN: Final = "<!-- tables: written by terraform/readme_tables.py -->"
END: Final = "<!-- end of tables -->"
OPTIONS: Final = hcl2.SerializationOptions(
    with_comments=False, explicit_blocks=False, strip_string_quotes=True, wrap_objects=True, wrap_tuples=True
)


@dataclass(frozen=True)
class Entry:
    """One labelled block: its last label, the file it stands in, its attributes."""

    name: str
    file: str
    attributes: Mapping[str, Any]
    type: str = ""


@dataclass
class Configuration:
    """What one root or module declares, in the order it is written, file by file."""

    variables: list[Entry] = field(default_factory=list)
    outputs: list[Entry] = field(default_factory=list)
    modules: list[Entry] = field(default_factory=list)
    resources: list[Entry] = field(default_factory=list)


def read(directory: Path) -> Configuration:
    """The configuration in `directory`; a syntax error names its file."""
    found = Configuration()
    for path in sorted(directory.glob("*.tf")):
        try:
            document = hcl2.loads(path.read_text(encoding="utf-8"), serialization_options=OPTIONS)
        except LarkError as error:
            raise SystemExit(f"{path}: not readable as HCL: {str(error).splitlines()[0]}") from error
        found.variables += _entries(document.get("variable", []), path.name)
        found.outputs += _entries(document.get("output", []), path.name)
        found.modules += _entries(document.get("module", []), path.name)
        for by_type in document.get("resource", []):
            for kind, block in by_type.items():
                found.resources += _entries([block], path.name, kind)
    return found


def _entries(blocks: Iterable[Mapping[str, Any]], file: str, kind: str = "") -> list[Entry]:
    return [Entry(name, file, attributes, kind) for block in blocks for name, attributes in block.items()]


def tables(found: Configuration) -> str:
    """The Markdown between the markers, without them."""
    parts = [
        _table("Variables", ("name", "type", "default", "description"), map(_variable_row, _by_name(found.variables))),
        _table("Outputs", ("name", "description"), map(_output_row, _by_name(found.outputs))),
        _table("Modules", ("name", "source", "file"), map(_module_row, _by_name(found.modules))),
        _table("Resources", ("resource", "for each", "file"), map(_resource_row, _by_name(found.resources))),
    ]
    return "\n".join(part for part in parts if part)


def _by_name(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.type, entry.name))


def _variable_row(entry: Entry) -> tuple[str, ...]:
    default = _code(_expression(entry.attributes["default"])) if "default" in entry.attributes else "required"
    return f"`{entry.name}`", _code(_expression(entry.attributes["type"])), default, _text(entry)


def _output_row(entry: Entry) -> tuple[str, ...]:
    return f"`{entry.name}`", _text(entry)


def _module_row(entry: Entry) -> tuple[str, ...]:
    source = str(entry.attributes["source"])
    return f"`{entry.name}`", f"[{source.rsplit('/', 1)[-1]}]({source})", entry.file


def _resource_row(entry: Entry) -> tuple[str, ...]:
    keys = _expression(entry.attributes["for_each"]) if "for_each" in entry.attributes else ""
    return f"`{entry.type}.{entry.name}`", _code(keys) if keys else "", entry.file


def _text(entry: Entry) -> str:
    return str(entry.attributes.get("description", "")).replace('\\"', '"').replace("|", "\\|")


def _expression(value: object) -> str:
    """`value` as it would be written in HCL: the parser hands expressions over as "${…}", the rest as Python values."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = str(value)
    if text.startswith("${") and text.endswith("}"):
        return text[2:-1]
    return text


def _code(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`" if text else '`""`'


def _table(title: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"## {title}", "", f"| {' | '.join(header)} |", "|" + " --- |" * len(header), *lines, ""])


def complaints(directory: Path, found: Configuration) -> Iterator[str]:
    """What is wrong with the code itself: order and missing descriptions, one sentence each."""
    for kind, entries in (("variable", found.variables), ("output", found.outputs)):
        for entry in entries:
            if not entry.attributes.get("description"):
                yield f"{directory / entry.file}: {kind} {entry.name} has no description"
        for file in sorted({entry.file for entry in entries}):
            names = [entry.name for entry in entries if entry.file == file]
            if names != sorted(names):
                yield f"{directory / file}: {kind}s are not in alphabetical order; expected {', '.join(sorted(names))}"


def rewritten(readme: Path, found: Configuration) -> str:
    """What `readme` should say; SystemExit when it is missing or lacks its markers."""
    if not readme.is_file():
        raise SystemExit(f"{readme}: missing; write it with a title, a paragraph and the lines {BEGIN} and {END}")
    text = readme.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise SystemExit(f"{readme}: needs the lines {BEGIN} and {END} once each")
    before, rest = text.split(BEGIN)
    return f"{before}{BEGIN}\n\n{tables(found)}\n{END}{rest.split(END)[1]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write or check every README under roots/ and modules/; 1 when something is to be mended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; list what is stale or out of order")
    parser.add_argument("--tree", type=Path, default=HERE, help="directory that holds roots/ and modules/")
    options = parser.parse_args(arguments)
    problems: list[str] = []
    for directory in sorted(path.parent for path in options.tree.glob("*/*/versions.tf")):
        found = read(directory)
        problems += complaints(directory, found)
        readme = directory / "README.md"
        wanted = rewritten(readme, found)
        if wanted == readme.read_text(encoding="utf-8"):
            continue
        if options.check:
            problems.append(f"{readme}: stale; run python terraform/readme_tables.py")
        else:
            readme.write_text(wanted, encoding="utf-8")
            print(f"written: {readme}")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
