"""Images: pulled once, kept by digest, unpacked once into a directory that all containers share."""

from __future__ import annotations

import asyncio
import hashlib
import json
import platform
import shutil
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_cloud.containers.distribution import INDEXES, RegistryAccess, RegistryClient, RegistryError
from local_cloud.containers.layers import LayerError, unpack
from local_cloud.containers.reference import DIGEST, LAYOUT, InvalidReference, Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
NEVER, IF_NOT_PRESENT, ALWAYS = "Never", "IfNotPresent", "Always"


class ImageError(Exception):
    """An image cannot be had. `reason` is Kubernetes' word: InvalidImageName, ErrImagePull, ErrImageNeverPull."""

    def __init__(self, reason: str, message: str) -> None:
        """Refuse with `reason`."""
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True)
class ImageConfiguration:
    """What an image says about how it is run; `user` as `USER` in a Dockerfile, `environment` by name."""

    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    working_directory: str = "/"
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    stop_signal: str = ""

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> ImageConfiguration:
        """From an image's configuration document (OCI or Docker)."""
        found = document.get("config") or {}
        variables = (variable.partition("=") for variable in found.get("Env") or ())
        return cls(
            entrypoint=tuple(found.get("Entrypoint") or ()),
            command=tuple(found.get("Cmd") or ()),
            environment={name: value for name, _, value in variables},
            user=found.get("User") or "",
            working_directory=found.get("WorkingDir") or "/",
            labels=found.get("Labels") or {},
            ports=tuple(found.get("ExposedPorts") or ()),
            stop_signal=found.get("StopSignal") or "",
        )


@dataclass(frozen=True)
class Image:
    """An image that is here: its reference as it was asked for, manifest digest, unpacked `root` and configuration.

    `size` is what was pulled, in bytes.
    """

    reference: str
    digest: str
    root: Path
    configuration: ImageConfiguration
    size: int

    @property
    def identifier(self) -> str:
        """`HOST/PATH@sha256:…`, as Kubernetes reports the image that runs."""
        if self.reference.startswith(LAYOUT):
            return f"{self.reference}@{self.digest}"
        parsed = Reference.parse(self.reference)
        return f"{parsed.host}/{parsed.path}@{self.digest}"


class Images:
    """The images under one directory: `blobs/sha256/`, `roots/` by manifest digest, `references/`."""

    def __init__(self, directory: Path, access: RegistryAccess | None = None) -> None:
        """Keep them in `directory`; several processes may share it."""
        self._directory = directory
        self._access = access or RegistryAccess()
        self._locks: dict[str, asyncio.Lock] = {}

    def present(self, reference: str) -> bool:
        """Whether the image is here already."""
        return self._known(reference) is not None

    async def pull(self, reference: str, policy: str = IF_NOT_PRESENT) -> Image:
        """The image, pulled when it is not here (or, with `Always`, when the registry has another); ImageError."""
        async with self._locks.setdefault(reference, asyncio.Lock()):
            if not reference.startswith(LAYOUT):
                _parsed(reference)
            known = self._known(reference)
            if known is None and policy == NEVER:
                message = f"Container image {reference!r} is not present with pull policy of Never"
                raise ImageError("ErrImageNeverPull", message)
            if known is None or policy == ALWAYS:
                known = await self._fetch(reference)
            return await asyncio.to_thread(self._unpacked, reference, known)

    def _known(self, reference: str) -> str | None:
        """The digest under which the image was pulled; None when it (or a part of it) is not here."""
        try:
            digest = self._note(reference).read_text().strip()
            manifest = json.loads(self._blob(digest).read_bytes())
        except FileNotFoundError:
            return None
        parts = [manifest["config"], *manifest["layers"]]
        return digest if all(self._blob(part["digest"]).exists() for part in parts) else None

    async def _fetch(self, reference: str) -> str:
        try:
            digest = await (self._from_layout(reference) if reference.startswith(LAYOUT) else self._from(reference))
        except RegistryError as error:
            raise ImageError("ErrImagePull", str(error)) from error
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise ImageError("ErrImagePull", f"failed to pull {reference}: {error}") from error
        note = self._note(reference)
        note.parent.mkdir(parents=True, exist_ok=True)
        staged = _own(note)
        staged.write_text(f"{digest}\n")
        staged.replace(note)
        return digest

    async def _from(self, reference: str) -> str:
        """Pull from a registry what is not here; the manifest's digest."""
        parsed = _parsed(reference)
        async with RegistryClient(self._access, parsed) as client:
            content, digest = await client.manifest(parsed.version)
            document = json.loads(content)
            if "manifests" in document or document.get("mediaType") in INDEXES:
                content, digest = await client.manifest(_for_this_machine(document, reference))
                document = json.loads(content)
            for part in (document["config"], *document["layers"]):
                if not self._blob(part["digest"]).exists():
                    staged = self._staged(part["digest"])
                    await client.blob(part["digest"], staged)
                    staged.replace(self._blob(part["digest"]))
            self._keep(content, digest)
        return digest

    async def _from_layout(self, reference: str) -> str:
        """Copy from a directory in the OCI image layout (`oci-layout:DIRECTORY`, first image); its digest."""
        directory = Path(reference.removeprefix(LAYOUT))
        digest: str = json.loads((directory / "index.json").read_text())["manifests"][0]["digest"]
        content = _layout_blob(directory, digest)
        document = json.loads(content)
        if "manifests" in document:
            digest = _for_this_machine(document, reference)
            content = _layout_blob(directory, digest)
            document = json.loads(content)
        for part in (document["config"], *document["layers"]):
            self._keep(_layout_blob(directory, part["digest"]), part["digest"])
        self._keep(content, digest)
        return digest

    def _keep(self, content: bytes, digest: str) -> None:
        staged = self._staged(digest)
        staged.write_bytes(content)
        staged.replace(self._blob(digest))

    def _unpacked(self, reference: str, digest: str) -> Image:
        manifest = json.loads(self._blob(digest).read_bytes())
        root = self._directory / "roots" / digest.removeprefix("sha256:")
        if not root.exists():
            staged = _own(root)
            try:
                unpack([self._blob(layer["digest"]) for layer in manifest["layers"]], staged)
                staged.rename(root)
            except LayerError as error:
                raise ImageError("ErrImagePull", f"failed to unpack {reference}: {error}") from error
            except OSError:
                # Another process that shares the directory was faster.
                if not root.exists():
                    raise
            finally:
                shutil.rmtree(staged, ignore_errors=True)
        configuration = json.loads(self._blob(manifest["config"]["digest"]).read_bytes())
        size = sum(layer["size"] for layer in manifest["layers"])
        return Image(reference, digest, root, ImageConfiguration.read(configuration), size)

    def _blob(self, digest: str) -> Path:
        if not DIGEST.fullmatch(digest):
            raise RegistryError(f"{digest!r} is no sha256 digest")
        return self._directory / "blobs" / "sha256" / digest.removeprefix("sha256:")

    def _staged(self, digest: str) -> Path:
        blob = self._blob(digest)
        blob.parent.mkdir(parents=True, exist_ok=True)
        return _own(blob)

    def _note(self, reference: str) -> Path:
        return self._directory / "references" / hashlib.sha256(reference.encode()).hexdigest()


def _own(path: Path) -> Path:
    """A name beside `path` that nobody else has: images that share a layer are pulled side by side."""
    return path.with_name(f"{path.name}.{uuid.uuid4().hex}.new")


def _parsed(reference: str) -> Reference:
    try:
        return Reference.parse(reference)
    except InvalidReference as error:
        raise ImageError("InvalidImageName", str(error)) from error


def _layout_blob(directory: Path, digest: str) -> bytes:
    """A blob of a layout; RegistryError when it is not what its digest says."""
    content = (directory / "blobs" / "sha256" / digest.removeprefix("sha256:")).read_bytes()
    if digest != f"sha256:{hashlib.sha256(content).hexdigest()}":
        raise RegistryError(f"{directory}: blob {digest} has other content")
    return content


def _for_this_machine(index: Mapping[str, Any], reference: str) -> str:
    """The digest of the manifest for this machine in an index; RegistryError when there is none."""
    machine = ARCHITECTURES.get(platform.machine(), platform.machine())
    for entry in index["manifests"]:
        found = entry.get("platform") or {}
        if found.get("os", "linux") == "linux" and found.get("architecture", machine) == machine:
            digest: str = entry["digest"]
            return digest
    raise RegistryError(f"failed to pull {reference}: no match for platform linux/{machine} in manifest")
