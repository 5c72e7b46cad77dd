"""The images of workloads/ have one shape and one base, and their locks hold what is asked for and name no host."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

WORKLOADS = Path(__file__).resolve().parents[3] / "workloads"
SERVICES = sorted(path.parent.name for path in WORKLOADS.glob("*/Dockerfile"))
LAST_STAGE = ["FROM", "ENV", "WORKDIR", "COPY", "COPY", "COPY", "USER", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT"]


def _instructions(name: str) -> list[tuple[str, str]]:
    lines = (WORKLOADS / name / "Dockerfile").read_text(encoding="utf-8").splitlines()
    return [tuple(line.split(" ", 1)) for line in lines if line and not line.startswith("#")]  # type: ignore[misc]


def test_every_service_has_an_image() -> None:
    """The four of the contract."""
    assert SERVICES == ["auth-service", "conversation-backend", "frontend", "lead-import-service"]


def test_the_base_is_pinned_once() -> None:
    """All images name the same one."""
    assert len({value for name in SERVICES for word, value in _instructions(name) if word == "ARG"}) == 1


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_has_the_shape_that_can_be_composed(name: str) -> None:
    """As workloads/README.md says: packages in the first stage, nothing run in the last, and not as root."""
    found = _instructions(name)
    last = found[[at for at, (word, _) in enumerate(found) if word == "FROM"][-1] :]
    assert [word for word, _ in last] == LAST_STAGE
    assert [word for word, _ in found[: -len(last)]] == ["ARG", "FROM", "COPY", "RUN"]
    (run,) = [value for word, value in found if word == "RUN"]
    assert "--require-hashes --target /packages" in run
    assert ("USER", "10001:10001") in last
    copied = [value.split()[0] for word, value in found if word == "COPY" and not value.startswith("--from")]
    assert all((WORKLOADS / source).exists() for source in copied)


@pytest.mark.parametrize("name", SERVICES)
def test_a_lock_holds_what_is_asked_for(name: str) -> None:
    """With hashes, and from wherever the builder gets its packages."""
    text = (WORKLOADS / name / "requirements.txt").read_text(encoding="utf-8")
    locked = {
        canonicalize_name(key): value for key, value in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)
    }
    asked = (WORKLOADS / name / "requirements.in").read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in asked if line and not line.startswith("#")]
    assert not [one for one in wanted if not one.specifier.contains(locked.get(canonicalize_name(one.name), "0"))]
    assert "://" not in text
    assert not [entry for entry in re.split(r"\n(?=\S)", text) if "==" in entry and "--hash=sha256:" not in entry]
