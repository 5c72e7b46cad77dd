"""What an operator can choose about the emulator's behaviour, and how the choice is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any


class IamMode(StrEnum):
    """How permissions are treated: not looked at, looked at and journaled, or required."""

    OFF = "off"
    AUDIT = "audit"
    ENFORCE = "enforce"


class ProviderChoice(StrEnum):
    """Where Terraform gets hashicorp/google from: its registry when it answers, always it, or always the stand-in."""

    AUTO = "auto"
    REGISTRY = "registry"
    STAND_IN = "stand-in"


class Speech(StrEnum):
    """What Text-to-Speech answers: speech, nothing, silence as long as the speech, or a file that breaks off."""

    NORMAL = "normal"
    EMPTY = "empty"
    SILENT = "silent"
    TRUNCATED = "truncated"


@dataclass
class Settings:
    """Choices that hold until changed; one object is shared by daemon and emulator, so a change works at once.

    `operation_seconds` is how long a long-running operation takes by the emulator's clock; 0 = done in the first
    response. `quotas` turns quota errors on. `journal_bodies` keeps request and response bodies in the request log.
    `metadata_account` (IAM member, empty = the organisation's owner) and `metadata_project` (id, empty = none) are what
    the metadata server says of the machine. `speech` makes Text-to-Speech misbehave.
    """

    iam: IamMode = IamMode.OFF
    operation_seconds: float = 0.0
    quotas: bool = True
    journal_bodies: bool = False
    provider: ProviderChoice = ProviderChoice.AUTO
    metadata_account: str = ""
    metadata_project: str = ""
    speech: Speech = Speech.NORMAL

    def update(self, changes: Mapping[str, Any]) -> None:
        """Apply `changes` by field name, all or none; ValueError names the key, the value and what is allowed."""
        checked = {name: self._checked(name, value) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)

    def as_dict(self) -> dict[str, Any]:
        """The settings as plain JSON values."""
        return asdict(self)

    def save(self, path: Path) -> None:
        """Write the settings to `path`, replacing it in one step."""
        staged = path.with_name(f"{path.name}.new")
        staged.write_text(json.dumps(self.as_dict(), indent=2) + "\n")
        staged.replace(path)

    @classmethod
    def load(cls, path: Path) -> Settings:
        """Read what `save` wrote; the defaults when there is no file. ValueError for a file that makes no sense."""
        settings = cls()
        if path.exists():
            try:
                settings.update(json.loads(path.read_text()))
            except ValueError as error:
                raise ValueError(f"{path}: {error}") from error
        return settings

    @staticmethod
    def _checked(name: str, value: Any) -> Any:
        if name == "iam":
            return _choice(name, value, IamMode)
        if name == "provider":
            return _choice(name, value, ProviderChoice)
        if name == "speech":
            return _choice(name, value, Speech)
        if name == "operation_seconds":
            return _seconds(name, value)
        if name in {"quotas", "journal_bodies"}:
            return _switch(name, value)
        if name in {"metadata_account", "metadata_project"}:
            return _text(name, value)
        raise ValueError(f"no setting {name!r}; there are {', '.join(field.name for field in fields(Settings))}")


def _choice(name: str, value: Any, choices: type[StrEnum]) -> StrEnum:
    try:
        return choices(value)
    except ValueError:
        raise ValueError(f"{name}: {value!r} is not one of {', '.join(choices)}") from None


def _seconds(name: str, value: Any) -> float:
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        raise ValueError(f"{name}: {value!r} is not a number of seconds") from None
    if not 0 <= seconds <= 86400:
        raise ValueError(f"{name}: {seconds:g} is not between 0 and 86400 seconds")
    return seconds


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{name}: {value!r} is not text")
    return value


def _switch(name: str, value: Any) -> bool:
    words = {"true": True, "on": True, "yes": True, "1": True, "false": False, "off": False, "no": False, "0": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() in words:
        return words[str(value).lower()]
    raise ValueError(f"{name}: {value!r} is not one of on, off")
