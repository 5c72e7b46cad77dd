"""What is asked of a container: image, command, environment, mounts, limits, and the place it runs in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local_cloud.containers.images import Image

# What a container may do when nothing else is asked for: the set that container engines agree on.
DEFAULT_CAPABILITIES = (
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "SETGID",
    "SETUID",
    "SETPCAP",
    "NET_BIND_SERVICE",
    "SYS_CHROOT",
    "MKNOD",
    "AUDIT_WRITE",
    "SETFCAP",
)


@dataclass(frozen=True)
class Place:
    """What the containers of one pod (or one instance of a service) share.

    `address` is its address of the cloud (`10.4.0.7`): what its containers listen on is found at the twin of it, and
    what they listen on at 127.0.0.1 is theirs alone by number: two places never collide on a port.
    `metadata` is (loopback address, port) of the metadata server that answers for 169.254.169.254:80 in here.
    `nameservers` are addresses of the cloud; `searches` and `options` complete `/etc/resolv.conf`.
    `hosts` are further lines of `/etc/hosts`: name → address.
    """

    address: str
    hostname: str
    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    hosts: Mapping[str, str] = field(default_factory=dict)
    metadata: tuple[str, int] | None = None


@dataclass(frozen=True)
class Mount:
    """A file or directory of this machine that the container sees at `target` (absolute)."""

    source: Path
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class Rights:
    """As whom a container runs; `user` and `group` are ids, None for what the image says (else 0).

    `capabilities` are names without `CAP_`; they count only for user 0. Run by anybody but root, the container has
    one user id: the one it is to run as inside is the caller's own outside.
    """

    user: int | None = None
    group: int | None = None
    groups: tuple[int, ...] = ()
    capabilities: tuple[str, ...] = DEFAULT_CAPABILITIES
    must_not_be_root: bool = False


@dataclass(frozen=True)
class ContainerSpecification:
    """One container to start. `identifier` is unique among all that one `Containers` runs.

    `command` and `arguments` replace the image's entry point and command as in Kubernetes: a command alone drops the
    image's arguments. `environment` wins over the image's, and the
    image's over `defaults`. `log` is the file that gets both outputs (logs.py).
    `memory_limit` is in bytes of resident memory; above it the container ends as `OOMKilled`.
    """

    identifier: str
    image: Image
    place: Place
    log: Path
    command: tuple[str, ...] | None = None
    arguments: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    working_directory: str | None = None
    rights: Rights = Rights()
    mounts: tuple[Mount, ...] = ()
    memory_limit: int | None = None
    read_only_root: bool = False
