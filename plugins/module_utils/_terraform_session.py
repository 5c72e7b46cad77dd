"""PRIVATE to the collection: a root made ready to run: copied, told its variables and backend, and initialised."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ._client import Client
from ._failure import Failure
from ._progress import report
from ._terraform_command import Terraform, find_binary
from ._terraform_environment import terraform_environment
from ._terraform_lock import HolderNote
from ._terraform_root import LOCK_FILE, Root, digest
from ._terraform_ui import failure_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STORAGE_HOST = "storage.googleapis.com"
STATE_OBJECT = "default.tfstate"
LOCK_OBJECT = "default.tflock"
OVERRIDE_FILE = "presidential_digs_override.tf.json"
STAMP_FILE = "presidential_digs_initialised"
PLAN_FILE = "plan"
PROTECT_VARIABLE = "protect"
INIT_LOCK_POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Backend:
    """Where the state is: a bucket and prefix for `gcs`, a file for `local`."""

    type: str
    settings: Mapping[str, str]

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> Backend:
        """Build from the options `state_bucket` and `state_prefix`, or `state_file`."""
        if params["state_file"]:
            return cls("local", {"path": str(Path(params["state_file"]).resolve())})
        return cls("gcs", {"bucket": params["state_bucket"], "prefix": params["state_prefix"]})

    @property
    def location(self) -> str:
        """The place of the state in one word, `gs://bucket/prefix` or a path."""
        if self.type == "local":
            return self.settings["path"]
        return f"gs://{self.settings['bucket']}/{self.settings['prefix']}"

    def object_path(self, name: str) -> str:
        """The path of the API for an object beside the state in the bucket."""
        bucket, key = self.settings["bucket"], f"{self.settings['prefix'].strip('/')}/{name}"
        return f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(key, safe='')}"

    def override(self) -> str:
        """The override file that puts this backend in the place of the one the root declares."""
        return json.dumps({"terraform": {"backend": {self.type: dict(self.settings)}}}, indent=2)


# A state that no run ever writes: the plan of a root whose bucket does not exist yet starts from nothing.
EMPTY_STATE = Backend("local", {"path": "state_that_does_not_exist_yet.tfstate"})


@dataclass(frozen=True)
class Session:
    """A prepared root; `directory` is its copy, `work` belongs to the run and `cache` to the checkout."""

    root: Root
    terraform: Terraform
    backend: Backend
    directory: Path
    data_directory: Path
    work: Path
    cache: Path
    state_exists: bool
    warnings: tuple[str, ...]

    @property
    def holder_note(self) -> Path:
        """The file in which a run says that it is about to take the lock of this state."""
        return note_path(self.cache, self.backend)

    @property
    def state(self) -> dict[str, Any]:
        """What modules say about the state: `{backend, location, exists}`."""
        return {"backend": self.backend.type, "location": self.backend.location, "exists": self.state_exists}


def state_is_there(params: Mapping[str, Any]) -> bool:
    """Tell whether there is a state to read. Terraform would write an empty one where there is none."""
    backend = Backend.from_params(params)
    if backend.type == "local":
        return True
    return Client.from_params(params).find(STORAGE_HOST, backend.object_path(STATE_OBJECT)) is not None


def note_path(cache: Path, backend: Backend) -> Path:
    """Return where runs of this checkout note that they are about to lock a state."""
    return cache / "holders" / f"{hashlib.sha256(backend.location.encode()).hexdigest()[:16]}.json"


@contextmanager
def noted(note: Path, work: Path) -> Iterator[None]:
    """Leave a note while a command may hold the lock, so that the lock is explained should this process be killed."""
    HolderNote.of_this_process(work).write(note)
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def open_session(params: Mapping[str, Any], *, state_exists: bool = True) -> Session:
    """Make the root of `params` ready to plan against its state, or against none where that does not exist yet.

    Raises Failure `INVALID_VARIABLE` before terraform is started; `STATE_BUCKET_MISSING`, `PROVIDER_UNAVAILABLE`
    and what else init may say.
    """
    root = Root.read(Path(params["root"]))
    variables = variables_of(root, params)
    backend = Backend.from_params(params)
    used = backend if state_exists else EMPTY_STATE
    binary = find_binary(params["binary"])
    work = private_directory(Path(params["work_directory"]))
    cache = private_directory(Path(params["cache_directory"] or work / "cache"))
    _remove_abandoned_plan(note_path(cache, backend))
    directory, left_behind = root.copy_to(work / "tree")
    data_directory = private_directory(cache / "roots" / f"{root.name}-{_key(root, used, binary)}")
    environment, foreign = terraform_environment(params, data_directory)
    environment.setdefault("TF_PLUGIN_CACHE_DIR", str(private_directory(cache / "providers")))
    ignored = [f"{what} (ignored: the inventory is the only place of a value)" for what in (*foreign, *left_behind)]
    terraform = Terraform(binary, directory, environment)
    session = Session(root, terraform, backend, directory, data_directory, work, cache, state_exists, tuple(ignored))
    _initialise(session, used, params["timeout"])
    write_private(directory / f"{root.name}.auto.tfvars.json", json.dumps(variables, indent=2, sort_keys=True))
    return session


def variables_of(root: Root, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that are written to a file: the option `variables`, and `protect` where it is given.

    Raises Failure `INVALID_VARIABLE`.
    """
    variables = dict(params["variables"] or {})
    if params.get("protect") is not None:
        variables[PROTECT_VARIABLE] = params["protect"]
    root.check_variables(variables, params["sensitive_variables"] or {})
    return variables


def private_directory(path: Path) -> Path:
    """Make a directory that only its owner can read, unless it is there, and return its absolute path."""
    absolute = path.resolve()
    absolute.mkdir(mode=0o700, parents=True, exist_ok=True)
    return absolute


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def _key(root: Root, backend: Backend, binary: str) -> str:
    identity = json.dumps([str(root.path), backend.type, dict(backend.settings), binary])
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def _initialise(session: Session, backend: Backend, seconds: float) -> None:
    """Run init unless the same configuration, backend, provider source and binary were initialised here before."""
    stamp = session.data_directory / STAMP_FILE
    kept_lock_file = session.data_directory / LOCK_FILE
    wanted = _init_fingerprint(session)
    write_private(session.directory / OVERRIDE_FILE, backend.override())
    with _only_one(session.cache / "init.lock", session.root.name, seconds):
        if stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
            if kept_lock_file.exists():
                shutil.copyfile(kept_lock_file, session.directory / LOCK_FILE)
            return
        stamp.unlink(missing_ok=True)
        report(session.root.name, "terraform init")
        arguments = ["init", "-json", "-input=false", "-reconfigure"]
        log = session.work / "init.jsonl"
        finished = session.terraform.follow(arguments, log=log, seconds=seconds, on_event=lambda _event: None)
        if finished.code != 0:
            raise failure_of("init", finished.code, finished.events, finished.text)
        if (session.directory / LOCK_FILE).exists():
            shutil.copyfile(session.directory / LOCK_FILE, kept_lock_file)
        stamp.write_text(wanted, encoding="ascii")


def _init_fingerprint(session: Session) -> str:
    """Return a hash over everything that init depends on; a provider that is attached is not installed."""
    environment = session.terraform.environment
    attached = sorted(json.loads(environment.get("TF_REATTACH_PROVIDERS") or "{}"))
    settings = Path(environment.get("TF_CLI_CONFIG_FILE", ""))
    binary = Path(session.terraform.binary).stat()
    parts = [
        digest(session.work / "tree"),
        attached,
        settings.read_text(encoding="utf-8") if settings.is_file() else "",
        [binary.st_size, binary.st_mtime_ns],
        environment.get("TF_PLUGIN_CACHE_DIR", ""),
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@contextmanager
def _only_one(path: Path, subject: str, seconds: float) -> Iterator[None]:
    """Let one init at a time write to the cache: terraform's provider cache is not made for two.

    Raises Failure `TIMEOUT`.
    """
    deadline = time.monotonic() + seconds
    with path.open("w", encoding="ascii") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as exc:
                if time.monotonic() >= deadline:
                    raise Failure(
                        reason="TIMEOUT", message=f"Another terraform init held {path} for {seconds:.0f} s."
                    ) from exc
                report(subject, "another terraform init")
                time.sleep(INIT_LOCK_POLL_SECONDS)
        yield


def _remove_abandoned_plan(note: Path) -> None:
    """Remove the plan file of a run that was killed: it holds values, and nobody will apply it any more."""
    holder = HolderNote.read(note)
    if holder is not None and not holder.is_alive():
        (Path(holder.work_directory) / PLAN_FILE).unlink(missing_ok=True)
