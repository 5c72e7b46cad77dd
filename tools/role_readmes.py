"""Write the README of every role from its argument_specs and defaults, or say with --check which are stale."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT: Final = Path(__file__).resolve().parents[1]

# Ansible's markup in descriptions, such as C(x), V(x), O(x) and M(x).
MARKUP: Final = re.compile(r"\b[CVOMEI]\(([^)]*)\)")

HEADER: Final = "<!-- Written by tools/role_readmes.py from meta/argument_specs.yml and defaults/main.yml. -->"


def main() -> int:
    """Write, or check; 1 when something is stale."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, name what is stale")
    check = parser.parse_args().check
    stale = [path for path, text in readmes() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path, text in readmes():
        if path in stale and not check:
            path.write_text(text, encoding="utf-8")
    for path in stale:
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}")
    return 1 if check and stale else 0


def readmes() -> Iterator[tuple[Path, str]]:
    """Path and text of every role's README."""
    for specification in sorted(ROOT.glob("roles/*/meta/argument_specs.yml")):
        role = specification.parents[1]
        entries = yaml.safe_load(specification.read_text(encoding="utf-8"))["argument_specs"]
        file = role / "defaults" / "main.yml"
        defaults = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
        yield role / "README.md", readme(role.name, entries, defaults)


def readme(name: str, entries: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """The text for one role."""
    main_entry = entries["main"]
    lines = [HEADER, "", f"# {name}", "", f"{main_entry['short_description']}.", ""]
    lines += [f"- {plain(sentence)}" for sentence in main_entry["description"]]
    others = {entry: spec for entry, spec in entries.items() if entry != "main"}
    if others:
        lines += ["", "| `tasks_from` | what it does |", "|---|---|"]
        for entry, spec in others.items():
            lines.append(f"| `{entry}` | {cell(spec['short_description'])}. {cell(' '.join(spec['description']))} |")
    lines += ["", "| variable | type | default | meaning |", "|---|---|---|---|"]
    lines += [row(variable, spec, defaults) for variable, spec in rows(main_entry["options"], "")]
    return "\n".join(lines) + "\n"


def rows(options: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every option with those below it, as `outer.inner`."""
    for name, spec in options.items():
        yield f"{prefix}{name}", spec
        yield from rows(spec.get("options", {}), f"{prefix}{name}.")


def row(variable: str, spec: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """One line of the table."""
    kind = f"list of {spec['elements']}" if "elements" in spec else spec.get("type", "str")
    default = code(defaults[variable]) if variable in defaults else ""
    meaning = spec["description"] if isinstance(spec["description"], str) else " ".join(spec["description"])
    if "choices" in spec:
        meaning += f" One of {', '.join(map(str, spec['choices']))}."
    return f"| `{variable}` | {kind} | {default} | {cell(meaning)} |"


def code(value: Any) -> str:
    """A default as it stands in the file; a structure by its kind, for a table is no place for it."""
    if isinstance(value, dict | list) and value:
        return "see defaults"
    text = str(value) if isinstance(value, str) else yaml.safe_dump(value, default_flow_style=True).split("\n")[0]
    return f"`{cell(text)}`"


def cell(text: str) -> str:
    """Text that a table cell can hold."""
    return plain(text).replace("|", "\\|").replace("\n", " ")


def plain(text: str) -> str:
    """Text with Ansible's markup as Markdown."""
    return MARKUP.sub(r"`\1`", text)


if __name__ == "__main__":
    sys.exit(main())
