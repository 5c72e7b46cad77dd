"""PRIVATE to the collection: have an image in a registry, built only when what it is made of changed."""

from __future__ import annotations

import json
import os
import platform as machine
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.module_utils.basic import env_fallback

from . import _image_engine as engines
from . import _image_packages
from ._client import Client
from ._dockerfile import Dockerfile, read
from ._failure import Failure, invalid
from ._image_base import Base, Pulled, find_base, host_python, pull
from ._image_context import Context
from ._image_inputs import commit_of, digest_of_inputs, sources
from ._image_push import Assembled, assemble, push
from ._image_recipe import Composer
from ._image_tree import pack
from ._oci_registry import Reference, Registry, parse_reference
from ._progress import report

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ._image_commands import InstallPackages
    from ._image_tree import Entry

INPUTS_LABEL = "digs.presidential.inputs"
PLATFORMS = ("linux/amd64", "linux/arm64")
IMAGE_SPEC: dict[str, Any] = {
    "reference": {"type": "str"},
    "repository": {"type": "str"},
    "context": {"type": "path"},
    "dockerfile": {"type": "path"},
    "tags": {"type": "list", "elements": "str"},
    "labels": {"type": "dict", "default": {}},
    "build_args": {"type": "dict", "default": {}},
    "platform": {"type": "str", "choices": list(PLATFORMS)},
    "builder": {"type": "str", "choices": [engines.AUTO, *engines.ENGINES, engines.COMPOSE], "default": engines.AUTO},
    "host_base": {"type": "bool", "default": False},
    "cache_directory": {"type": "path"},
    "packages_proxy": {"type": "str", "fallback": (env_fallback, ["PRESIDENTIAL_DIGS_PACKAGES_PROXY"])},
}


def have_image(module: AnsibleModule) -> dict[str, Any]:
    """The module `image`: verify what is given by reference, else build what is not there yet."""
    params = module.params
    if params["reference"]:
        return _verified(params)
    return Image(params).ensure(check=module.check_mode)


def _verified(params: Mapping[str, Any]) -> dict[str, Any]:
    image = parse_reference(params["reference"], "reference")
    if not image.digest:
        raise invalid("reference", params["reference"], "HOST/PATH@sha256:…, since a tag can be moved")
    manifest = Registry(Client.from_params(params)).manifest(image)
    if manifest is None:
        raise Failure(
            "MANIFEST_UNKNOWN",
            f"{params['reference']} is not in its registry.",
            hint="Check path and digest; `gcloud artifacts docker images list` shows what is there.",
        )
    told = {"reference": image.at(image.digest), "digest": image.digest, "tags": [image.tag] if image.tag else []}
    return {"changed": False, "image": {**told, "layers": _layers(manifest.parsed), "base": "", "builder": ""}}


def _layers(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"digest": one["digest"], "size": one["size"]} for one in manifest.get("layers", [])]


@dataclass
class Image:
    """One image that is built from a directory. What depends on the registry is asked once."""

    params: Mapping[str, Any]

    def __post_init__(self) -> None:
        """Refuse bad options before the first call."""
        params = self.params
        self.target = parse_reference(params["repository"], "repository")
        if self.target.tag or self.target.digest:
            raise invalid("repository", params["repository"], "HOST/PATH without a tag, which goes into tags")
        directory = Path(params["context"])
        if not directory.is_dir():
            raise invalid("context", params["context"], "a directory")
        dockerfile = Path(params["dockerfile"]) if params["dockerfile"] else directory / "Dockerfile"
        self.context = Context(directory.resolve(), dockerfile.resolve())
        self.arguments = {str(key): str(value) for key, value in params["build_args"].items()}
        self.labels = {str(key): str(value) for key, value in params["labels"].items()}
        self.dockerfile: Dockerfile = read(dockerfile, os.path.relpath(dockerfile), self.arguments)
        self.platform = params["platform"] or f"linux/{_architecture()}"
        for tag in params["tags"] or []:
            parse_reference(f"{self.target.name}:{tag}", "tags")
        self.registry = Registry(Client.from_params(params))

    @property
    def architecture(self) -> str:
        return self.platform.rpartition("/")[2]

    @cached_property
    def engine(self) -> engines.Engine | None:
        return engines.find_engine(self.params["builder"])

    @cached_property
    def bases(self) -> dict[str, Base]:
        """What the needed stages begin with. An engine brings its own and has no use for the host."""
        allowed = bool(self.params["host_base"]) and self.engine is None
        found = self.dockerfile.bases()
        return {name: find_base(self.registry, name, host_base=allowed) for name in found}

    @cached_property
    def paths(self) -> list[str]:
        return sources(self.dockerfile, self.context, self.arguments)

    @cached_property
    def inputs(self) -> str:
        told = {"platform": self.platform, "arguments": self.arguments, "labels": self.labels}
        told["builder"] = self.engine.name if self.engine else engines.COMPOSE
        return digest_of_inputs(self.dockerfile, self.context, self.paths, list(self.bases.values()), told)

    @property
    def mark(self) -> str:
        """The tag by which the registry knows what the image was made of."""
        return f"inputs-{self.inputs[:32]}"

    @cached_property
    def tags(self) -> list[str]:
        """The given ones, else the commit.

        A commit may give several images (another base, another platform): the first has the commit as its tag, which
        may not be movable, and the others the commit and what they are made of.
        """
        given = self.params["tags"]
        if given:
            return list(given)
        commit = commit_of(self.context, self.paths, self.inputs)
        taken = self.registry.digest(self.target, commit)
        if taken is not None and taken != self.registry.digest(self.target, self.mark):
            return [f"{commit[:12]}-{self.inputs[:12]}"]
        return [commit]

    @property
    def base(self) -> Base:
        """What the last stage begins with, at the end."""
        stage = self.dockerfile.stages[-1]
        while (parent := self.dockerfile.parent(stage)) is not None:
            stage = parent
        return self.bases[stage.base]

    def ensure(self, *, check: bool) -> dict[str, Any]:
        """Have the image under its tags; nothing is built or sent when it is."""
        digest, present, assumed = self._present(check=check)
        if digest is not None and all(found == digest for found in present.values()):
            return {"changed": False, "image": self._told(digest, []), "diff": self._diff(present, digest)}
        if check:
            if digest is None and self.engine is None:
                self._refuse_unknown()
            diff = self._diff(present, digest or "(built)")
            return {"changed": True, "image": self._told(digest or "", []), "diff": diff, **assumed}
        layers: list[dict[str, Any]] = []
        if digest is not None:
            self._tag(digest, [tag for tag, found in present.items() if found != digest])
        elif self.engine is not None:
            digest = self._build(self.engine)
        else:
            digest, layers = self._compose()
        return {"changed": True, "image": self._told(digest, layers), "diff": self._diff(present, digest)}

    def _present(self, *, check: bool) -> tuple[str | None, dict[str, str | None], dict[str, str]]:
        """What is there by its mark and under each tag, and why nothing could be looked at, in check mode."""
        try:
            digest = self.registry.digest(self.target, self.mark)
            return digest, {tag: self.registry.digest(self.target, tag) for tag in self.tags}, {}
        except Failure as failure:
            if not check or failure.status != 403:
                raise
            self.tags = list(self.params["tags"] or [commit_of(self.context, self.paths, self.inputs)])
            return None, dict.fromkeys(self.tags), {"assumed": failure.message}

    def _tag(self, digest: str, tags: list[str]) -> None:
        """Let further tags point to what is there."""
        manifest = self.registry.manifest(self.target, digest)
        if manifest is None:
            raise Failure("MANIFEST_UNKNOWN", f"{self.target.at(digest)} went away meanwhile.", hint="Run it again.")
        for tag in tags:
            self.registry.put_manifest(self.target, tag, manifest.content, manifest.media_type)

    def _build(self, engine: engines.Engine) -> str:
        names = tuple(f"{self.target.name}:{tag}" for tag in (*self.tags, self.mark))
        labels = {**self.labels, INPUTS_LABEL: self.inputs}
        asked = engines.Build(
            self.context.directory, self.context.dockerfile, names, self.platform, labels, self.arguments
        )
        engine.build(asked, self.target.name)
        engine.push(names, self.registry.client.token().value, self.target.name)
        digest = self.registry.digest(self.target, self.mark)
        if digest is None:
            raise Failure("MANIFEST_UNKNOWN", f"{engine.name} pushed {names[-1]}, and the registry has it not.")
        return digest

    def _refuse_unknown(self) -> None:
        """Failure for what could not be composed."""
        configs = {name: pull(self.registry, base, self.architecture).config for name, base in self.bases.items()}
        Composer(self.dockerfile, self.context, self.arguments, host_python()).refuse_unknown(configs)

    def _compose(self) -> tuple[str, list[dict[str, Any]]]:
        pulled = {name: pull(self.registry, base, self.architecture) for name, base in self.bases.items()}
        own: Pulled = pulled[self.base.wanted]
        proxy = self.params["packages_proxy"]

        def install(command: InstallPackages, requirements: tuple[bytes, ...]) -> Mapping[str, Entry]:
            wanted = _image_packages.Packages(requirements, own.python, self.architecture, command.dependencies)
            directory = _image_packages.installed(wanted, self._cache(), proxy, self.target.name)
            return _image_packages.placed(directory, command.kind, command.place, own.python)

        composer = Composer(self.dockerfile, self.context, self.arguments, own.python)
        report(self.target.name, "the image's layers")
        composed = composer.compose({name: one.config for name, one in pulled.items()}, install)
        labels = {**self.labels, **self.base.labels, INPUTS_LABEL: self.inputs}
        staging = self._cache() / "layers"
        staging.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=staging) as directory:
            layers = [pack(by, tree, Path(directory)) for by, tree in composed.layers.made]
            made: Assembled = assemble(composed, layers, own, self.architecture, labels)
            push(self.registry, self.target, made, [*self.tags, self.mark])
        told = [{"digest": one.digest, "size": one.size, "created_by": one.by} for one in layers]
        return made.digest, told

    def _cache(self) -> Path:
        given = self.params["cache_directory"]
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(given) if given else Path(home) / "presidential_digs" / "images"

    def _told(self, digest: str, layers: list[dict[str, Any]]) -> dict[str, Any]:
        """The result; without a digest (predicted) the reference is by tag."""
        return {
            "reference": self.target.at(digest) if digest else f"{self.target.name}:{self.tags[0]}",
            "digest": digest,
            "tags": self.tags,
            "layers": layers,
            "base": self.base.wanted,
            "base_digest": self.base.identity,
            "platform": self.platform,
            "inputs": self.inputs,
            "builder": self.engine.name if self.engine else engines.COMPOSE,
        }

    def _diff(self, present: Mapping[str, str | None], digest: str) -> dict[str, Any]:
        before = {tag: found for tag, found in present.items() if found}
        return {"before": {self.target.name: before}, "after": {self.target.name: dict.fromkeys(present, digest)}}


def _architecture() -> str:
    return {"aarch64": "arm64", "arm64": "arm64"}.get(machine.machine(), "amd64")


def read_image(module: AnsibleModule) -> dict[str, Any]:
    """The module `image_info`: what is at a tag or digest."""
    image: Reference = parse_reference(module.params["reference"], "reference")
    registry = Registry(Client.from_params(module.params))
    manifest = registry.manifest(image)
    if manifest is None:
        return {"changed": False, "exists": False, "image": {}}
    parsed = manifest.parsed
    config = json.loads(registry.blob(image, parsed["config"]["digest"])) if "config" in parsed else {}
    told = {
        "reference": image.at(manifest.digest),
        "digest": manifest.digest,
        "media_type": manifest.media_type,
        "layers": _layers(parsed),
        "size": sum(int(one["size"]) for one in parsed.get("layers", [])),
        "platform": f"{config['os']}/{config['architecture']}" if config else "",
        "config": config.get("config", {}),
    }
    return {"changed": False, "exists": True, "image": told}
