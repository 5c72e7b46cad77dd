"""PRIVATE to the collection: give back a state lock that its holder left behind, and none that somebody may hold."""

from __future__ import annotations

import fcntl
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._failure import Failure
from ._terraform_lock import HolderNote, Lock, why_holder_is_gone
from ._terraform_session import LOCK_OBJECT, STORAGE_HOST, Backend, note_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._client import Client


def unlock(params: Mapping[str, Any], storage: Client | None, check_mode: bool) -> dict[str, Any]:
    """Release the lock of a state if the guards allow, and return the result of terraform_unlock.

    `storage` is needed for a state in a bucket.
    Raises Failure `LOCK_ID_MISMATCH`, `LOCK_TOO_YOUNG` or `LOCK_HELD_HERE`.
    """
    now = datetime.now(UTC)
    backend = Backend.from_params(params)
    lock = _find(backend, storage)
    if lock is None:
        return {"changed": False, "lock": None, "why": "the state is not locked"}
    note = HolderNote.read(note_path(Path(params["cache_directory"]), backend)) if params["cache_directory"] else None
    gone = why_holder_is_gone(lock, note, backend.location)
    if params["only_if_holder_is_gone"] and gone is None:
        why = f"left alone, since its holder may be alive: {lock.sentence(now)}"
        return {"changed": False, "lock": lock.to_result(now), "why": why}
    if not params["only_if_holder_is_gone"]:
        _guard(lock, params, gone, now)
    if not check_mode:
        _release(backend, lock, storage)
    why = gone or f"asked for by id; {lock.sentence(now)}"
    return {
        "changed": True,
        "lock": lock.to_result(now),
        "why": why,
        "diff": {"before": {"lock": lock.to_result(now)}, "after": {"lock": None}},
    }


def _guard(lock: Lock, params: Mapping[str, Any], gone: str | None, now: datetime) -> None:
    if params["lock_id"] != lock.id:
        raise Failure(
            reason="LOCK_ID_MISMATCH",
            message=f"The state is held by another lock than {params['lock_id']}: {lock.sentence(now)}.",
            hint=f"Look again who holds it; if it is this one that is dead, use lock_id={lock.id}.",
            facts={"lock": lock.to_result(now)},
        )
    if gone is None and lock.age_seconds(now) < params["minimum_age"]:
        raise Failure(
            reason="LOCK_TOO_YOUNG",
            message=f"The lock is younger than minimum_age ({params['minimum_age']} s), so its run may be alive: "
            f"{lock.sentence(now)}.",
            hint="Wait, or lower minimum_age when you know that the run is dead.",
            facts={"lock": lock.to_result(now)},
        )


def _lock_file(state: Path) -> Path:
    return state.with_name(f".{state.name}.lock.info")


def _find(backend: Backend, storage: Client | None) -> Lock | None:
    if backend.type == "local":
        file = _lock_file(Path(backend.settings["path"]))
        return Lock.from_json(file.read_bytes()) if file.exists() else None
    if storage is None:
        raise ValueError("a state in a bucket needs a client")
    path = backend.object_path(LOCK_OBJECT)
    found = storage.find(STORAGE_HOST, path)
    fields = (
        storage.find(STORAGE_HOST, path, query={"alt": "media", "generation": found["generation"]}) if found else None
    )
    return Lock.from_fields({**fields, "ID": str(found["generation"])}) if found and fields else None


def _release(backend: Backend, lock: Lock, storage: Client | None) -> None:
    if backend.type == "local":
        _release_file(Path(backend.settings["path"]), lock)
    elif storage is not None:
        try:
            # The condition makes it the lock that was examined, not one taken since.
            storage.delete(STORAGE_HOST, backend.object_path(LOCK_OBJECT), query={"ifGenerationMatch": lock.id})
        except Failure as failure:
            if failure.status != 412:
                raise
            raise Failure(
                "LOCK_ID_MISMATCH", "The lock changed hands while it was looked at; it was left alone.", 412
            ) from failure


def _release_file(state: Path, lock: Lock) -> None:
    """Remove the lock file of a local state; what really locks it is a lock of the kernel, gone with the process."""
    with state.open("a+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            raise Failure(
                reason="LOCK_HELD_HERE",
                message=f"A living process of this machine holds {state}: {lock.sentence(datetime.now(UTC))}.",
                hint="Wait for it or end it; a local state is unlocked by the end of its process.",
            ) from exc
        _lock_file(state).unlink(missing_ok=True)
