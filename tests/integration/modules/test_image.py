"""The module `image`: built once, pushed once, tagged again, verified by reference, refused before anything is sent."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.modules.direct import run_module

if TYPE_CHECKING:
    from tests.local_cloud import LocalCloud

PROJECT = "image-test"
REPOSITORY = f"europe-west1-docker.pkg.dev/{PROJECT}/images/app"
API = f"artifactregistry.googleapis.com/v1/projects/{PROJECT}/locations/europe-west1/repositories"
DOCKERFILE = """\
FROM python:3.11-slim AS packages
COPY requirements.txt /requirements.txt
RUN pip install --no-cache-dir --require-hashes --target /packages -r /requirements.txt
FROM python:3.11-slim
ENV PYTHONPATH=/app:/packages
COPY --from=packages /packages /packages
COPY app /app
USER 10001:10001
ENTRYPOINT ["python", "-m", "app"]
"""
pytestmark = pytest.mark.seconds(4)


def wheel(directory: Path, name: str, version: str) -> str:
    """A wheel with one module and a script, in `directory`; its line of hashed requirements."""
    information = f"{name}-{version}.dist-info"
    files = {
        f"{name}/__init__.py": f"version = {version!r}\n",
        f"{information}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{information}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{information}/entry_points.txt": f"[console_scripts]\n{name} = {name}:version\n",
    }
    record = "".join(f"{path},sha256={_urlsafe(text)},{len(text)}\n" for path, text in files.items())
    path = directory / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for inner, text in {**files, f"{information}/RECORD": f"{record}{information}/RECORD,,\n"}.items():
            archive.writestr(zipfile.ZipInfo(inner, (2020, 1, 1, 0, 0, 0)), text)
    return f"{name}=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


def _urlsafe(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A build context in a git repository, whose packages are in a directory of this test."""
    packages = tmp_path / "wheels"
    packages.mkdir()
    for name in ("UV_FIND_LINKS", "PIP_FIND_LINKS"):
        monkeypatch.setenv(name, str(packages))
    for name in ("UV_NO_INDEX", "PIP_NO_INDEX"):
        monkeypatch.setenv(name, "1")
    directory = tmp_path / "context"
    (directory / "app").mkdir(parents=True)
    (directory / "app" / "__main__.py").write_text("import leftpad\n")
    (directory / "requirements.txt").write_text(wheel(packages, "leftpad", "1.0"))
    (directory / "Dockerfile").write_text(DOCKERFILE)
    git(directory, "init", "-q")
    commit(directory)
    return directory


def git(directory: Path, *arguments: str) -> str:
    """What git says, as somebody with a name."""
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    done = subprocess.run(["git", "-C", str(directory), *who, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def commit(directory: Path) -> str:
    """Commit everything; the commit."""
    git(directory, "add", ".")
    git(directory, "commit", "-q", "-m", "a change")
    return git(directory, "rev-parse", "HEAD")


@pytest.fixture
def registry(clean_cloud: LocalCloud) -> LocalCloud:
    """A cloud with a repository whose tags cannot be moved."""
    body = {"projectId": PROJECT, "parent": "organizations/123456789012"}
    assert clean_cloud.post("cloudresourcemanager.googleapis.com/v3/projects", body).ok
    service = f"serviceusage.googleapis.com/v1/projects/{PROJECT}/services/artifactregistry.googleapis.com:enable"
    assert clean_cloud.post(service, {}).ok
    repository = {"format": "DOCKER", "dockerConfig": {"immutableTags": True}}
    assert clean_cloud.post(f"{API}?repositoryId=images", repository).ok
    return clean_cloud


def have(cloud: LocalCloud, context: Path, *, check: bool = False, **more: Any) -> dict[str, Any]:
    """Run the module; its result must not be a failure."""
    given = {
        "repository": REPOSITORY,
        "context": str(context),
        "host_base": True,
        "builder": "compose",
        "cache_directory": str(context.parent / "cache"),
        **more,
    }
    result = run_module(cloud, "image", given, check=check)
    assert not result.get("failed"), result
    return result


def pushes(cloud: LocalCloud) -> int:
    """How many requests have changed something in the registry."""
    made = cloud.journal(service="artifactregistry", limit=0)
    return sum(exchange["verb"] in ("POST", "PUT", "PATCH") for exchange in made)


def test_grammar(registry: LocalCloud, context: Path) -> None:
    before = pushes(registry)
    predicted = have(registry, context, check=True)
    assert (predicted["changed"], predicted["image"]["digest"], pushes(registry)) == (True, "", before)
    made = have(registry, context)
    assert made["changed"]
    assert made["image"]["tags"] == [git(context, "rev-parse", "HEAD")]
    assert made["image"]["reference"] == f"{REPOSITORY}@{made['image']['digest']}"
    assert made["image"]["base_digest"].startswith("host:python3.")
    after = pushes(registry)
    for check in (True, False):
        again = have(registry, context, check=check)
        assert (again["changed"], again["image"]["reference"]) == (False, made["image"]["reference"])
    assert pushes(registry) == after
    found = run_module(registry, "image_info", {"reference": made["image"]["reference"]})
    assert found["image"]["config"]["Labels"]["digs.presidential.base"] == "host"
    assert found["image"]["config"]["Labels"]["digs.presidential.base.wanted"] == "python:3.11-slim"
    assert found["image"]["config"]["User"] == "10001:10001"
    verified = run_module(registry, "image", {"reference": made["image"]["reference"]})
    assert (verified["changed"], verified["image"]["digest"]) == (False, made["image"]["digest"])


def test_the_same_content_has_the_same_digest(registry: LocalCloud, context: Path) -> None:
    first = have(registry, context)["image"]["digest"]
    other = f"{REPOSITORY}-copy"
    again = have(registry, context, repository=other, cache_directory=str(context.parent / "another"))
    assert again["changed"]
    assert again["image"]["digest"] == first


def test_a_change_is_a_new_image_with_a_tag_of_its_own(registry: LocalCloud, context: Path) -> None:
    first = have(registry, context)
    (context / "app" / "__main__.py").write_text("import leftpad  # changed\n")
    changed = have(registry, context)
    assert changed["changed"]
    assert changed["image"]["digest"] != first["image"]["digest"]
    assert "-changed-" in changed["image"]["tags"][0]
    head = commit(context)
    tagged = have(registry, context)
    assert tagged["changed"]
    assert tagged["image"]["tags"] == [head]
    assert tagged["image"]["digest"] == changed["image"]["digest"]
    assert len(changed["image"]["layers"]) == 2


def test_another_image_of_the_same_commit_gets_another_tag(registry: LocalCloud, context: Path) -> None:
    first = have(registry, context)
    second = have(registry, context, labels={"team": "crm"})
    assert second["changed"]
    assert second["image"]["tags"][0].startswith(first["image"]["tags"][0][:12])
    assert second["image"]["tags"] != first["image"]["tags"]
    assert not have(registry, context, labels={"team": "crm"})["changed"]
    assert not have(registry, context)["changed"]


def test_a_push_survives_what_registries_do(registry: LocalCloud, context: Path) -> None:
    registry.faults.add(method="Docker-FinishUpload", status=503, count=1)
    registry.faults.add(method="Docker-StartUpload", status=429, count=1)
    registry.faults.add(method="Docker-PutManifest", drop="response", count=1)
    made = have(registry, context)
    assert made["changed"]
    assert not have(registry, context)["changed"]


@pytest.mark.parametrize(
    ("change", "reason", "word"),
    [
        ({"host_base": False}, "BASE_IMAGE_UNREACHABLE", "python:3.11-slim"),
        ({"repository": f"{REPOSITORY}:v1"}, "INVALID_OPTION", "without a tag"),
        ({"repository": "UPPER CASE"}, "INVALID_OPTION", "repository"),
        ({"context": "/nowhere"}, "INVALID_OPTION", "a directory"),
        ({"dockerfile": "/nowhere/Dockerfile"}, "DOCKERFILE_MISSING", "Dockerfile"),
        ({"tags": ["no spaces"]}, "INVALID_OPTION", "tags"),
        ({"repository": f"europe-west1-docker.pkg.dev/{PROJECT}/none/app"}, "NAME_UNKNOWN", "none"),
    ],
)
def test_refusals(registry: LocalCloud, context: Path, change: dict[str, Any], reason: str, word: str) -> None:
    given = {"repository": REPOSITORY, "context": str(context), "host_base": True, "builder": "compose", **change}
    given["cache_directory"] = str(context.parent / "cache")
    result = run_module(registry, "image", given)
    assert result["failed"]
    assert result["failure"]["reason"] == reason
    assert word in result["msg"]


def test_packages_without_their_hash_are_refused(registry: LocalCloud, context: Path) -> None:
    (context / "requirements.txt").write_text("leftpad==1.0\n")
    given = {"repository": REPOSITORY, "context": str(context), "host_base": True, "builder": "compose"}
    result = run_module(registry, "image", {**given, "cache_directory": str(context.parent / "cache")})
    assert result["failure"]["reason"] == "PACKAGES_FAILED"
    assert "hash" in result["msg"]


def test_a_base_from_a_registry_is_used(registry: LocalCloud, context: Path) -> None:
    base = have(registry, context, repository=f"{REPOSITORY}-base")["image"]
    (context / "Dockerfile").write_text(f"FROM {base['reference']}\nCOPY app /more\n")
    made = have(registry, context, host_base=False)
    assert made["image"]["base_digest"] == base["digest"]
    found = run_module(registry, "image_info", {"reference": made["image"]["reference"]})
    assert len(found["image"]["layers"]) == 3
    assert found["image"]["config"]["Entrypoint"] == ["python", "-m", "app"]
    assert found["image"]["config"]["Labels"]["digs.presidential.base"] == "host"


def test_a_reference_that_is_not_there_is_refused(registry: LocalCloud) -> None:
    missing = f"{REPOSITORY}@sha256:{'0' * 64}"
    result = run_module(registry, "image", {"reference": missing})
    assert result["failure"]["reason"] == "MANIFEST_UNKNOWN"
    assert "INVALID_OPTION" in str(run_module(registry, "image", {"reference": f"{REPOSITORY}:v1"})["failure"])
    assert not run_module(registry, "image_info", {"reference": missing})["exists"]
