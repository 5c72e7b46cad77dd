"""Turns what is asked of a container into what the supervisor is told: paths, ids, command line, variables."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from local_cloud.containers import host_base
from local_cloud.containers.accounts import account
from local_cloud.containers.container import ContainerError
from local_cloud.containers.specification import Mount
from local_cloud.containers.supervisor.launch import DEFAULT_PATH
from local_cloud.containers.supervisor.plan import ContainerPlan, MountPlan, PlacePlan, ProcessPlan, RootPlan

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.containers.accounts import Account
    from local_cloud.containers.specification import ContainerSpecification, Place


def plan(specification: ContainerSpecification, directory: Path) -> ContainerPlan:
    """The supervisor's plan; the container's own directory is made anew under `directory`.

    ContainerError CreateContainerConfigError when the specification makes no sense.
    """
    own = directory / "layers" / specification.identifier.replace("/", "_")
    shutil.rmtree(own, ignore_errors=True)
    for name in ("upper", "work", "merged", "etc"):
        (own / name).mkdir(parents=True)
    image = specification.image
    on_host = image.configuration.labels.get(host_base.LABEL) == host_base.HOST
    lower = [image.root]
    mounts = list(specification.mounts)
    if on_host:
        lower.append(host_base.prepare(directory / "host_base"))
        mounts += host_base.mounts()
    mounts += _own_files(specification.place, own / "etc")
    etc = next((layer / "etc" for layer in lower if (layer / "etc" / "passwd").is_file()), image.root / "etc")
    whom = account(etc, image.configuration.user, specification.rights)
    metadata_host, metadata_port = specification.place.metadata or ("", 0)
    return ContainerPlan(
        identifier=specification.identifier,
        place=PlacePlan(specification.place.address, specification.place.hostname, metadata_host, metadata_port),
        root=RootPlan(
            lower=tuple(str(layer) for layer in lower),
            upper=str(own / "upper"),
            work=str(own / "work"),
            merged=str(own / "merged"),
            read_only=specification.read_only_root,
            host_usr=on_host,
            mounts=tuple(MountPlan(str(mount.source), mount.target, mount.read_only) for mount in mounts),
        ),
        process=_process(specification, whom),
        log=str(specification.log),
        memory_limit=specification.memory_limit or 0,
    )


def _process(specification: ContainerSpecification, whom: Account) -> ProcessPlan:
    configuration = specification.image.configuration
    command = specification.command if specification.command is not None else configuration.entrypoint
    arguments = specification.arguments
    if arguments is None:
        arguments = configuration.command if specification.command is None else ()
    line = (*command, *arguments)
    if not line:
        raise ContainerError("CreateContainerError", "no command specified")
    environment = {
        "PATH": DEFAULT_PATH,
        "HOSTNAME": specification.place.hostname,
        "HOME": whom.home,
        **specification.defaults,
        **configuration.environment,
        **specification.environment,
    }
    return ProcessPlan(
        arguments=line,
        environment=environment,
        directory=specification.working_directory or configuration.working_directory,
        user=whom.user,
        group=whom.group,
        groups=whom.groups,
        capabilities=specification.rights.capabilities,
        own_user=os.geteuid() != 0,
    )


def _own_files(place: Place, directory: Path) -> list[Mount]:
    """`/etc/hosts`, `/etc/resolv.conf` and `/etc/hostname` of a place."""
    hosts = ["127.0.0.1 localhost", "::1 localhost ip6-localhost", f"{place.address} {place.hostname}"]
    hosts += ["169.254.169.254 metadata.google.internal metadata"] if place.metadata else []
    hosts += [f"{address} {name}" for name, address in place.hosts.items()]
    resolution = [f"nameserver {server}" for server in place.nameservers]
    resolution += [f"search {' '.join(place.searches)}"] if place.searches else []
    resolution += [f"options {' '.join(place.options)}"] if place.options else []
    found = []
    for name, lines in (("hosts", hosts), ("resolv.conf", resolution), ("hostname", [place.hostname])):
        path = directory / name
        path.write_text("".join(f"{line}\n" for line in lines))
        found.append(Mount(path, f"/etc/{name}"))
    return found
