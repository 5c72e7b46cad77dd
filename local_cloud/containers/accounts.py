"""Users and groups by the names that an image's own files give them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_cloud.containers.container import ContainerError

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.containers.specification import Rights


@dataclass(frozen=True)
class Account:
    """Ids of a user, its group and further groups, and its home directory."""

    user: int
    group: int
    groups: tuple[int, ...]
    home: str


def account(etc: Path, named: str, rights: Rights) -> Account:
    """Whom to run as: what `rights` say, else what the image names (`user`, `user:group`, ids or names), else 0.

    `etc` is the directory with the container's `passwd` and `group`. ContainerError CreateContainerConfigError for a
    name that is not there, or for 0 where that must not be.
    """
    users, groups = _entries(etc / "passwd", 7), _entries(etc / "group", 4)
    user_name, _, group_name = named.partition(":")
    asked = str(rights.user) if rights.user is not None else user_name or "0"
    if rights.must_not_be_root and not asked.isdigit():
        message = f"container has runAsNonRoot and image has non-numeric user ({asked}), cannot verify user is non-root"
        raise ContainerError("CreateContainerConfigError", message)
    entry = next((entry for entry in users if asked in (entry[0], entry[2])), None)
    if entry is None and not asked.isdigit():
        raise ContainerError(
            "CreateContainerConfigError", f"unable to find user {asked}: no matching entries in passwd"
        )
    user = int(asked) if asked.isdigit() else int(entry[2]) if entry is not None else 0
    if rights.must_not_be_root and user == 0:
        raise ContainerError("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")
    if rights.group is not None:
        group = rights.group
    elif group_name and rights.user is None:
        group = _group(groups, group_name)
    else:
        group = int(entry[3]) if entry is not None else 0
    name = entry[0] if entry is not None else ""
    further = {int(found[2]) for found in groups if name and name in found[3].split(",")}
    return Account(user, group, tuple(sorted(further | set(rights.groups) | {group})), entry[5] if entry else "/")


def _group(groups: list[list[str]], name: str) -> int:
    if name.isdigit():
        return int(name)
    for entry in groups:
        if entry[0] == name:
            return int(entry[2])
    raise ContainerError("CreateContainerConfigError", f"unable to find group {name}: no matching entries in group")


def _entries(path: Path, fields: int) -> list[list[str]]:
    """The lines of a file of the passwd family; none when it is missing."""
    if not path.is_file():
        return []
    lines = (line.split(":") for line in path.read_text(errors="replace").splitlines())
    return [line for line in lines if len(line) == fields and line[2].isdigit()]
