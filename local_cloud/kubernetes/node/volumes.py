"""The volumes of a pod as directories; what comes from the API is replaced in one step when it changes."""

from __future__ import annotations

import base64
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from local_cloud.kubernetes.node.variables import Sources, Surroundings, field, resource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.kubernetes.node.client import Object

DEFAULT_MODE = 0o644
DATA = "..data"
# The token's default lifetime, in seconds.
TOKEN_SECONDS = 3600
# Kinds whose content comes from the API.
FROM_API = ("configMap", "secret", "projected", "downwardAPI")


class VolumeError(Exception):
    """A volume that cannot be set up (yet); Kubernetes' FailedMount."""


class Tokens(Protocol):
    """Issues tokens of service accounts."""

    async def token(self, pod: Object, audience: str, seconds: int) -> str:
        """A token bound to `pod`."""


@dataclass(frozen=True)
class File:
    """A file's content and mode."""

    content: bytes
    mode: int


class Volumes:
    """The volumes of one pod under `directory`."""

    def __init__(self, directory: Path, sources: Sources, tokens: Tokens, around: Surroundings) -> None:
        """Nothing is made yet."""
        self._directory = directory
        self._sources = sources
        self._tokens = tokens
        self._around = around
        self._written: dict[str, Mapping[str, File]] = {}

    def path(self, name: str) -> Path:
        """Where a volume lies."""
        return self._directory / name

    def remove(self) -> None:
        """Forget all of them."""
        shutil.rmtree(self._directory, ignore_errors=True)

    async def set_up(self, pod: Object) -> None:
        """Make or update every volume of `pod`; VolumeError names what is missing."""
        group = (pod["spec"].get("securityContext") or {}).get("fsGroup")
        for volume in pod["spec"].get("volumes") or ():
            name = volume["name"]
            if "emptyDir" in volume:
                _empty(self.path(name), group)
                continue
            kind = next((kind for kind in FROM_API if kind in volume), None)
            if kind is None:
                kinds = ", ".join(key for key in volume if key != "name")
                raise VolumeError(f'MountVolume.SetUp failed for volume "{name}": {kinds} is not in the local cloud')
            parts = volume["projected"].get("sources") or () if kind == "projected" else ({kind: volume[kind]},)
            mode = volume[kind].get("defaultMode", DEFAULT_MODE)
            try:
                files: dict[str, File] = {}
                for part in parts:
                    files |= await self._files(pod, part, mode)
            except VolumeError as error:
                raise VolumeError(f'MountVolume.SetUp failed for volume "{name}" : {error}') from error
            if files != self._written.get(name):
                _write(self.path(name), files, group)
                self._written[name] = files

    async def _files(self, pod: Object, part: Object, mode: int) -> dict[str, File]:
        ((kind, described),) = part.items()
        if kind == "downwardAPI":
            return {item["path"]: self._downward(pod, item, mode) for item in described.get("items") or ()}
        if kind == "serviceAccountToken":
            seconds = described.get("expirationSeconds", TOKEN_SECONDS)
            token = await self._tokens.token(pod, described.get("audience", ""), seconds)
            return {described["path"]: File(token.encode(), mode)}
        if kind not in ("configMap", "secret"):
            raise VolumeError(f"{kind} is not in the local cloud")
        return await self._keys(pod["metadata"]["namespace"], kind, described, mode)

    async def _keys(self, namespace: str, kind: str, described: Object, mode: int) -> dict[str, File]:
        name = described.get("name") or described.get("secretName") or ""
        found = await (self._sources.config_map if kind == "configMap" else self._sources.secret)(namespace, name)
        optional = described.get("optional", False)
        if found is None:
            if optional:
                return {}
            raise VolumeError(f'{kind.lower()} "{name}" not found')
        content = _content(kind, found)
        items = described.get("items")
        if items is None:
            return {key: File(text, mode) for key, text in content.items()}
        files = {}
        for item in items:
            if item["key"] in content:
                files[item["path"]] = File(content[item["key"]], item.get("mode", mode))
            elif not optional:
                raise VolumeError(f"{kind.lower()} references non-existent {kind.lower()} key: {item['key']}")
        return files

    def _downward(self, pod: Object, item: Object, mode: int) -> File:
        if "fieldRef" in item:
            text = field(pod, item["fieldRef"]["fieldPath"], self._around)
        else:
            text = resource(pod, pod["spec"]["containers"][0], item["resourceFieldRef"], self._around)
        return File(text.encode(), item.get("mode", mode))


def _content(kind: str, found: Mapping[str, Any]) -> dict[str, bytes]:
    if kind == "secret":
        return {key: base64.b64decode(value) for key, value in (found.get("data") or {}).items()}
    content = {key: text.encode() for key, text in (found.get("data") or {}).items()}
    return content | {key: base64.b64decode(value) for key, value in (found.get("binaryData") or {}).items()}


def _empty(path: Path, group: int | None) -> None:
    if path.exists():
        return
    path.mkdir(parents=True)
    _give(path, group)
    path.chmod(0o777 if group is None else 0o2777)


def _write(path: Path, files: Mapping[str, File], group: int | None) -> None:
    """Files below a directory that `..data` points to; readers see either the old ones or the new ones."""
    path.mkdir(parents=True, exist_ok=True)
    fresh = path / f"..{time.time_ns()}"
    fresh.mkdir(mode=0o755)
    for name, file in files.items():
        target = fresh / name
        if not target.resolve().is_relative_to(fresh.resolve()):
            raise VolumeError(f"path {name!r} leaves the volume")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        target.chmod(file.mode if group is None else file.mode | 0o440)
        _give(target, group)
    before = path / DATA
    former = before.readlink() if before.is_symlink() else None
    staged = path / "..data_tmp"
    staged.unlink(missing_ok=True)
    staged.symlink_to(fresh.name)
    staged.replace(before)
    tops = {name.partition("/")[0] for name in files}
    for top in tops:
        if not (path / top).is_symlink():
            (path / top).symlink_to(f"{DATA}/{top}")
    for entry in path.iterdir():
        if not entry.name.startswith("..") and entry.name not in tops:
            entry.unlink()
    if former is not None:
        shutil.rmtree(path / former, ignore_errors=True)


def _give(path: Path, group: int | None) -> None:
    if group is not None and os.geteuid() == 0:
        os.chown(path, -1, group)
