"""PRIVATE to the collection: a root module on disk: its variables, the files that belong to it, and a copy of them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._failure import Failure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Strings, heredocs and comments of HCL, so that a brace or a name inside one is not taken for syntax. Of a string only
# the quote that opens it: what is in it may hold templates, and those strings again.
HCL_TOKEN = re.compile(
    r"(?P<comment>#[^\n]*|//[^\n]*|/\*.*?\*/)"
    r"|(?P<heredoc><<-?\s*(?P<end>\w+)\n.*?\n[ \t]*(?P=end)\b)"
    r'|(?P<string>")'
    r"|(?P<open>\{)|(?P<close>\})|(?P<line>\n)",
    re.DOTALL,
)
BLOCK_HEADER = re.compile(r'^\s*(\w+)((?:\s+(?:"[^"]*"|[\w-]+))*)\s*$')
ATTRIBUTE = re.compile(r"^\s*([\w-]+)\s*=(?!=)\s*(.+?)\s*$")
UPWARD_FILE = re.compile(r"\$\{path\.(?:module|root)\}/((?:\.\./)+[^\"$*{}]*)")

# What stays behind when a root is copied: working files, and values that did not come from the inventory.
WORKING_FILES = (
    ".terraform",
    ".git",
    "*.tfstate",
    "*.tfstate.*",
    ".terraform.tfstate.lock.info",
    "crash.log",
    "*.tfplan",
)
VALUE_FILES = ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")
LOCK_FILE = ".terraform.lock.hcl"


@dataclass(frozen=True)
class Variable:
    """An input variable as the root declares it."""

    name: str
    sensitive: bool
    ephemeral: bool


@dataclass(frozen=True)
class Root:
    """A root module: its directory, its variables, and every local directory or file it takes something from."""

    path: Path
    variables: Mapping[str, Variable]
    sources: tuple[Path, ...]

    @property
    def name(self) -> str:
        """The name of the root is the name of its directory."""
        return self.path.name

    @classmethod
    def read(cls, path: Path) -> Root:
        """Read the root in a directory.

        Raises Failure `ROOT_NOT_FOUND` when the directory, or that of a local module, holds no configuration.
        """
        root = path.resolve()
        variables: dict[str, Variable] = {}
        sources: dict[Path, None] = {}
        waiting = [root]
        while waiting:
            directory = waiting.pop()
            if directory in sources:
                continue
            sources[directory] = None
            for block in _blocks_of(directory):
                if block.type == "variable" and directory == root:
                    variables[block.label] = _variable(block)
                source = block.attributes.get("source", "") if block.type == "module" else ""
                if source.startswith(("./", "../")):
                    waiting.append(Path(os.path.normpath(directory / source)))
            sources.update(dict.fromkeys(_upward_files(directory)))
        return cls(root, variables, tuple(sources))

    def check_variables(self, plain: Iterable[str], secret: Iterable[str]) -> None:
        """Refuse values for variables that the root does not declare, and sensitive ones among the plain.

        Raises Failure `INVALID_VARIABLE`.
        """
        secret_names = set(secret)
        for name in [*plain, *secret_names]:
            declared = self.variables.get(name)
            if declared is None:
                near = get_close_matches(name, self.variables, n=1)
                guess = f"; did you mean {near[0]}?" if near else ""
                raise Failure(
                    reason="INVALID_VARIABLE",
                    message=f"Root {self.name} declares no variable {name!r}{guess}.",
                    hint=f"{self.path} declares: {', '.join(sorted(self.variables))}.",
                )
            if (declared.sensitive or declared.ephemeral) and name not in secret_names:
                raise Failure(
                    reason="INVALID_VARIABLE",
                    message=f"Root {self.name} declares the variable {name!r} sensitive, but its value came in "
                    f"`variables`, which is written to a file.",
                    hint=f"Pass {name} in `sensitive_variables`.",
                )

    def copy_to(self, destination: Path) -> tuple[Path, list[str]]:
        """Copy the root and its sources, keeping their places relative to each other; links become files.

        Returns the directory of the root in the copy, and the value files that were left behind.
        """
        base = Path(os.path.commonpath([source if source.is_dir() else source.parent for source in self.sources]))
        if destination.exists():
            shutil.rmtree(destination)
        destination.mkdir(mode=0o700, parents=True)
        left = []
        for source in self.sources:
            target = destination / source.relative_to(base)
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(
                    source, target, ignore=shutil.ignore_patterns(*WORKING_FILES, *VALUE_FILES), dirs_exist_ok=True
                )
                left += [str(found) for pattern in VALUE_FILES for found in source.glob(pattern)]
            else:
                shutil.copyfile(source, target)
        return destination / self.path.relative_to(base), sorted(left)


def digest(directory: Path) -> str:
    """Return a hash over the names and contents of all files below a directory."""
    total = hashlib.sha256()
    for path in sorted(directory.rglob("*")):
        if path.is_file():
            total.update(f"{path.relative_to(directory)}\0{path.stat().st_size}\0".encode())
            total.update(path.read_bytes())
    return total.hexdigest()


@dataclass(frozen=True)
class Block:
    """A top-level block of a configuration file with its plain attributes; strings without their quotes."""

    type: str
    label: str
    attributes: Mapping[str, str]


def _variable(block: Block) -> Variable:
    flag = {name: block.attributes.get(name) == "true" for name in ("sensitive", "ephemeral")}
    return Variable(block.label, flag["sensitive"], flag["ephemeral"])


def _configuration_files(directory: Path) -> list[Path]:
    files = (
        [*directory.glob("*.tf"), *directory.glob("*.tf.json"), *directory.glob("*.tofu")] if directory.is_dir() else []
    )
    if not files:
        raise Failure(
            reason="ROOT_NOT_FOUND",
            message=f"{directory} holds no Terraform configuration.",
            hint="`root` is the directory of a root module; a `source` is relative to the file that names it.",
        )
    return sorted(files)


def _blocks_of(directory: Path) -> Iterator[Block]:
    for path in _configuration_files(directory):
        text = path.read_text(encoding="utf-8")
        yield from _json_blocks(text) if path.suffix == ".json" else hcl_blocks(text)


def _json_blocks(text: str) -> Iterator[Block]:
    document: Any = json.loads(text)
    for kind in ("variable", "module"):
        for label, body in document.get(kind, {}).items():
            attributes = {key: value if isinstance(value, str) else json.dumps(value) for key, value in body.items()}
            yield Block(kind, label, attributes)


def hcl_blocks(text: str) -> Iterator[Block]:
    """Yield the top-level blocks of an HCL text; attributes of nested blocks are left out."""
    header, attributes, statement, depth, start = "", {}, "", 0, 0
    for token, end in _tokens(text + "\n"):
        statement += text[start : token.start()]
        start = end
        kind = token.lastgroup
        if kind == "string":
            statement += text[token.start() : end]
        elif kind in ("open", "close", "line"):
            found = ATTRIBUTE.match(statement) if depth == 1 and kind != "open" else None
            if found:
                attributes[found[1]] = found[2].strip('"')
            if kind == "open" and depth == 0:
                header, attributes = statement, {}
            depth += {"open": 1, "close": -1, "line": 0}[kind]
            if kind == "close" and depth == 0:
                yield from _block(header, attributes)
            statement = ""


def _tokens(text: str) -> Iterator[tuple[re.Match[str], int]]:
    """Yield each token with where it ends, which for a string is behind its last quote."""
    position = 0
    while token := HCL_TOKEN.search(text, position):
        position = _string_end(text, token.end()) if token.lastgroup == "string" else token.end()
        yield token, position


def _string_end(text: str, position: int) -> int:
    """Return where the string ends whose first character is at `position`."""
    while position < len(text) and text[position] != '"':
        if text[position] == "\\" or text[position : position + 3] in ("$${", "%%{"):
            position += 2
        elif text[position : position + 2] in ("${", "%{"):
            position = _template_end(text, position + 2)
        else:
            position += 1
    return position + 1


def _template_end(text: str, position: int) -> int:
    """Return where the template ends whose expression begins at `position`."""
    depth = 1
    while position < len(text) and depth:
        character = text[position]
        depth += {"{": 1, "}": -1}.get(character, 0)
        position = _string_end(text, position + 1) if character == '"' else position + 1
    return position


def _block(header: str, attributes: Mapping[str, str]) -> Iterator[Block]:
    found = BLOCK_HEADER.match(header)
    if found:
        labels = [label.strip('"') for label in found[2].split()]
        yield Block(found[1], labels[0] if labels else "", attributes)


def _upward_files(directory: Path) -> Iterator[Path]:
    """Yield what the configuration reads above its own directory, such as a YAML factory shared by several roots."""
    for path in _configuration_files(directory):
        for found in UPWARD_FILE.finditer(path.read_text(encoding="utf-8")):
            target = Path(os.path.normpath(directory / found[1]))
            if target.exists():
                yield target
