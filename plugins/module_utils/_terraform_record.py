"""PRIVATE to the collection: what is known about a saved plan, kept beside it without a secret."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ._failure import Failure
from ._terraform_plan import Change
from ._terraform_session import Backend, Session, write_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RECORD_SUFFIX = ".json"


@dataclass(frozen=True)
class PlanRecord:
    """One saved plan. `changes` are results of `Change.to_result`; it is applied by terraform in `directory`.

    `state_exists` is False for a plan against nothing, made before there was a bucket.
    """

    plan_sha256: str
    root: str
    binary: str
    directory: str
    data_directory: str
    work: str
    cache: str
    backend: str
    settings: Mapping[str, str]
    state_exists: bool
    empty: bool
    summary: Mapping[str, int]
    changes: list[dict[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]
    provider: Mapping[str, Any]

    @classmethod
    def of(cls, session: Session, plan_sha256: str, result: Mapping[str, Any]) -> PlanRecord:
        """Describe the plan that a session made; `result` is what terraform_plan hands over."""
        return cls(
            plan_sha256=plan_sha256,
            root=session.root.name,
            binary=session.terraform.binary,
            directory=str(session.directory),
            data_directory=str(session.data_directory),
            work=str(session.work),
            cache=str(session.cache),
            backend=session.backend.type,
            settings=dict(session.backend.settings),
            state_exists=session.state_exists,
            **{key: result[key] for key in ("empty", "summary", "changes", "outputs", "provider")},
        )

    @classmethod
    def verified(cls, plan_file: Path, plan_sha256: str) -> PlanRecord:
        """Read the record of a plan file and see that file, record and the hash that was asked for are of one plan.

        Raises Failure `PLAN_MISSING` or `PLAN_UNKNOWN`.
        """
        hint = "Run terraform_plan again and pass on the plan_file and plan_sha256 that it returns."
        path = record_path(plan_file)
        if not plan_file.is_file() or not path.is_file():
            message = f"{plan_file} is not there: it was applied, had no changes, or was made in another run."
            raise Failure(reason="PLAN_MISSING", message=message, hint=hint)
        found = sha256_of(plan_file)
        record = cls(**json.loads(path.read_text(encoding="utf-8")))
        if not found == plan_sha256 == record.plan_sha256:
            message = f"{plan_file} is not the plan that was examined: its SHA-256 is {found}, expected {plan_sha256}."
            raise Failure(reason="PLAN_UNKNOWN", message=message, hint=hint)
        return record

    def write(self, plan_file: Path) -> None:
        """Keep the record beside its plan file."""
        write_private(record_path(plan_file), json.dumps(asdict(self), indent=1, sort_keys=True))

    @property
    def state(self) -> Backend:
        """The backend that the plan was made against."""
        return Backend(self.backend, self.settings)

    def planned(self) -> tuple[Change, ...]:
        """Return the changes as objects."""
        return tuple(Change.from_result(change) for change in self.changes)


def record_path(plan_file: Path) -> Path:
    """Return where the record of a plan file is."""
    return plan_file.with_name(plan_file.name + RECORD_SUFFIX)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
