"""Image references: `HOST/PATH:TAG`, `HOST/PATH@sha256:…`, and `oci-layout:DIRECTORY` for images kept as files."""

from __future__ import annotations

import re
from dataclasses import dataclass

# As Docker completes what names no registry.
DEFAULT_HOST = "registry-1.docker.io"
DEFAULT_TAG = "latest"
LAYOUT = "oci-layout:"

# https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class InvalidReference(ValueError):
    """Text that names no image."""


@dataclass(frozen=True)
class Reference:
    """An image's name: registry `host` (with port), repository `path`, and `tag` or `digest`."""

    host: str
    path: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> Reference:
        """From text; InvalidReference says what is wrong."""
        named, _, digest = text.partition("@")
        first, slash, rest = named.partition("/")
        if slash and ("." in first or ":" in first or first == "localhost"):
            host, path = first, rest
        else:
            host, path = DEFAULT_HOST, named if slash else f"library/{named}"
        path, _, tag = path.partition(":")
        if not _PATH.fullmatch(path):
            raise InvalidReference(f"couldn't parse image name {text!r}: invalid repository {path!r}")
        if tag and not _TAG.fullmatch(tag):
            raise InvalidReference(f"couldn't parse image name {text!r}: invalid tag {tag!r}")
        if (digest or "@" in text) and not DIGEST.fullmatch(digest):
            raise InvalidReference(f"couldn't parse image name {text!r}: invalid digest {digest!r}")
        return cls(host, path, tag if tag or digest else DEFAULT_TAG, digest)

    @property
    def version(self) -> str:
        """What the registry is asked for: the digest where there is one, else the tag."""
        return self.digest or self.tag

    @property
    def moves(self) -> bool:
        """Whether it may mean another image tomorrow."""
        return not self.digest

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.host}/{self.path}{tag}" + (f"@{self.digest}" if self.digest else "")


def default_pull_policy(reference: str) -> str:
    """Kubernetes' default: `Always` for the tag `latest` (said or not), else `IfNotPresent`."""
    parsed = Reference.parse(reference)
    return "Always" if not parsed.digest and parsed.tag == DEFAULT_TAG else "IfNotPresent"
