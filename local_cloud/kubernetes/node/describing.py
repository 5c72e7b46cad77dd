"""From a container in a pod's spec to what is asked of the container room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local_cloud.containers.container import ContainerError
from local_cloud.containers.specification import (
    DEFAULT_CAPABILITIES,
    ContainerSpecification,
    Mount,
    Place,
    Rights,
)
from local_cloud.kubernetes.node.quantities import ceiling
from local_cloud.kubernetes.node.variables import expanded, variables

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local_cloud.containers.images import Image
    from local_cloud.kubernetes.node.client import Object
    from local_cloud.kubernetes.node.variables import Surroundings
    from local_cloud.kubernetes.node.volumes import Volumes
    from local_cloud.kubernetes.node.workshop import Workshop

DEFAULT_MESSAGE_PATH = "/dev/termination-log"
DEFAULT_GRACE = 30
CLUSTER_DOMAIN = "cluster.local"


@dataclass
class PodSurroundings:
    """A pod as it is at the moment, and what its containers share."""

    pod: Object
    place: Place
    addresses: Surroundings
    volumes: Volumes
    directory: Path

    @property
    def uid(self) -> str:
        """The pod's."""
        return str(self.pod["metadata"]["uid"])

    @property
    def grace(self) -> float:
        """Seconds that its containers have to end."""
        return float(self.pod["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE))


def log_file(directory: Path, container: str, restarts: int) -> Path:
    """Where a container of the pod in `directory` logs after so many restarts."""
    return directory / "logs" / container / f"{restarts}.log"


def message_file(around: PodSurroundings, container: str) -> Path:
    """Where a container leaves its termination message."""
    return around.directory / "messages" / container


def place(pod: Object, address: str, name_server: str, metadata: tuple[str, int] | None) -> Place:
    """The place of a pod; `name_server` is the cluster's (empty: it has none)."""
    spec, namespace = pod["spec"], pod["metadata"]["namespace"]
    configured = spec.get("dnsConfig") or {}
    servers = list(configured.get("nameservers") or ())
    searches: list[str] = []
    options: list[str] = []
    if name_server and spec.get("dnsPolicy", "ClusterFirst") in ("ClusterFirst", "ClusterFirstWithHostNet"):
        servers.insert(0, name_server)
        searches = [f"{namespace}.svc.{CLUSTER_DOMAIN}", f"svc.{CLUSTER_DOMAIN}", CLUSTER_DOMAIN]
        options = ["ndots:5"]
    searches += configured.get("searches") or ()
    options += [
        f"{option['name']}:{option['value']}" if option.get("value") else option["name"]
        for option in configured.get("options") or ()
    ]
    return Place(
        address=address,
        hostname=(spec.get("hostname") or pod["metadata"]["name"])[:63].rstrip("-."),
        nameservers=tuple(servers),
        searches=tuple(searches),
        options=tuple(options),
        hosts={name: alias["ip"] for alias in spec.get("hostAliases") or () for name in alias.get("hostnames") or ()},
        metadata=metadata,
    )


async def specification(
    workshop: Workshop, around: PodSurroundings, described: Object, image: Image, restarts: int
) -> ContainerSpecification:
    """What is asked; ConfigurationError when something referred to is missing, ContainerError for what is not done."""
    pod = around.pod
    environment = await variables(pod, described, workshop.sources, around.addresses)
    message = message_file(around, described["name"])
    message.parent.mkdir(parents=True, exist_ok=True)
    message.write_bytes(b"")
    message.chmod(0o666)
    mounts = [_mount(around, mount, environment) for mount in described.get("volumeMounts") or ()]
    mounts.append(Mount(message, described.get("terminationMessagePath") or DEFAULT_MESSAGE_PATH))
    cloud = workshop.cloud
    limit = (described.get("resources", {}).get("limits") or {}).get("memory")
    security = {**(pod["spec"].get("securityContext") or {}), **(described.get("securityContext") or {})}
    return ContainerSpecification(
        identifier=f"{around.uid}.{described['name']}.{restarts}",
        image=image,
        place=around.place,
        log=log_file(around.directory, described["name"], restarts),
        command=_line(described.get("command"), environment),
        arguments=_line(described.get("args"), environment),
        environment=environment,
        defaults=cloud.variables if cloud is not None else {},
        working_directory=described.get("workingDir"),
        rights=_rights(security, pod["spec"].get("securityContext") or {}),
        mounts=(*mounts, *(cloud.mounts if cloud is not None else ())),
        memory_limit=ceiling(limit) if limit else None,
        read_only_root=bool(security.get("readOnlyRootFilesystem")),
    )


def _line(words: list[str] | None, environment: Mapping[str, str]) -> tuple[str, ...] | None:
    return tuple(expanded(word, environment) for word in words) if words else None


def _mount(around: PodSurroundings, mount: Mapping[str, Any], environment: Mapping[str, str]) -> Mount:
    source = around.volumes.path(mount["name"])
    below = mount.get("subPath") or expanded(mount.get("subPathExpr", ""), environment)
    if below:
        inside = (source / below).resolve()
        if not inside.is_relative_to(source.resolve()):
            raise ContainerError("CreateContainerConfigError", f"subPath {below!r} leaves the volume {mount['name']}")
        if not inside.exists():
            inside.mkdir(parents=True)
        source = inside
    return Mount(source, mount["mountPath"], read_only=bool(mount.get("readOnly")))


def _rights(security: Mapping[str, Any], of_pod: Mapping[str, Any]) -> Rights:
    if security.get("privileged"):
        raise ContainerError("CreateContainerError", "privileged containers are not run by the local cloud")
    asked = security.get("capabilities") or {}
    dropped = {name.removeprefix("CAP_").upper() for name in asked.get("drop") or ()}
    kept = () if "ALL" in dropped else tuple(name for name in DEFAULT_CAPABILITIES if name not in dropped)
    added = tuple(name.removeprefix("CAP_").upper() for name in asked.get("add") or ())
    groups = list(of_pod.get("supplementalGroups") or ())
    if of_pod.get("fsGroup") is not None:
        groups.append(of_pod["fsGroup"])
    return Rights(
        user=security.get("runAsUser"),
        group=security.get("runAsGroup"),
        groups=tuple(groups),
        capabilities=(*kept, *added),
        must_not_be_root=bool(security.get("runAsNonRoot")),
    )
