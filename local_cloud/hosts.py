"""Who answers for which host name; a host that is not in this table is refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import translate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from local_cloud.twins import Twin


# The only address that anything here listens on.
LOOPBACK = "127.0.0.1"


class Answerer(StrEnum):
    """Who answers for a host."""

    GOOGLE = "google"
    METADATA = "metadata"
    PASSTHROUGH = "passthrough"
    REFUSED = "refused"


@dataclass(frozen=True)
class HostRule:
    """Hosts that match `pattern` (shell style, lower case) are answered by `answerer`; `why` is for the reader."""

    pattern: str
    answerer: Answerer
    why: str


HOSTS: tuple[HostRule, ...] = (
    HostRule("*.googleapis.com", Answerer.GOOGLE, "every Google API, and the OAuth, STS and OpenID Connect endpoints"),
    HostRule("accounts.google.com", Answerer.GOOGLE, "the issuer of ID tokens and the older token endpoint"),
    HostRule("*.pkg.dev", Answerer.GOOGLE, "Artifact Registry repositories"),
    HostRule("gcr.io", Answerer.GOOGLE, "Container Registry addresses, served by Artifact Registry"),
    HostRule("*.gcr.io", Answerer.GOOGLE, "its regional addresses"),
    HostRule("cloud.mongodb.com", Answerer.GOOGLE, "the Admin API of MongoDB Atlas"),
    HostRule("metadata.google.internal", Answerer.METADATA, "the metadata server by name"),
    HostRule("169.254.169.254", Answerer.METADATA, "the metadata server by address"),
    HostRule("registry.terraform.io", Answerer.PASSTHROUGH, "Terraform provider registry"),
    HostRule("releases.hashicorp.com", Answerer.PASSTHROUGH, "where that registry's downloads are"),
    HostRule("registry.opentofu.org", Answerer.PASSTHROUGH, "OpenTofu provider registry"),
    HostRule("github.com", Answerer.PASSTHROUGH, "where the OpenTofu registry's downloads are"),
    HostRule("objects.githubusercontent.com", Answerer.PASSTHROUGH, "what github.com redirects downloads to"),
    HostRule("release-assets.githubusercontent.com", Answerer.PASSTHROUGH, "what github.com redirects downloads to"),
)


class HostTable:
    """Looks host names up in a list of rules; the first that matches counts."""

    def __init__(self, rules: Sequence[HostRule] = HOSTS) -> None:
        """Compile `rules`."""
        self._rules = [(re.compile(translate(rule.pattern)), rule) for rule in rules]
        self._known: dict[str, Answerer] = {}
        # Where names and addresses of the cloud itself listen on this machine; the runtimes know.
        self.upstream: Callable[[str, int], Twin | None] = lambda _host, _port: None

    def answerer(self, host: str) -> Answerer:
        """Who answers for `host` (any case, no port)."""
        name = host.lower().rstrip(".")
        if name not in self._known:
            found = next((rule.answerer for pattern, rule in self._rules if pattern.match(name)), Answerer.REFUSED)
            if found is Answerer.REFUSED:
                return found
            self._known[name] = found
        return self._known[name]
