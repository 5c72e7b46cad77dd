"""What a revision's resource asks for, read into what an instance is started with; pure functions of the resource."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local_cloud.containers.probes import Check, HttpCheck, Probe, TcpCheck

Body = Mapping[str, Any]

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)([kMG]i?|Ki)?")
# Without a limit of its own a revision has at most this many instances
# (https://cloud.google.com/run/docs/configuring/max-instances).
_MOST_INSTANCES = 100
_REFERENCE = re.compile(r"\$\(([^()]+)\)")


class UnsupportedError(ValueError):
    """The revision asks for what the local cloud does not run; the message names it."""


@dataclass(frozen=True)
class SecretReference:
    """A version of a secret: `secret` is `projects/P/secrets/S`."""

    secret: str
    version: str

    @property
    def name(self) -> str:
        """The version's resource name."""
        return f"{self.secret}/versions/{self.version}"


@dataclass(frozen=True)
class ContainerTemplate:
    """One container of an instance; `port` is None for a sidecar."""

    name: str
    image: str
    command: tuple[str, ...] | None
    arguments: tuple[str, ...] | None
    working_directory: str | None
    environment: tuple[tuple[str, str | SecretReference], ...]
    mounts: Mapping[str, str]
    memory: int | None
    port: int | None
    startup: Probe | None
    liveness: Probe | None
    depends_on: tuple[str, ...]


@dataclass(frozen=True)
class RevisionTemplate:
    """A revision: `secret_files` are volume → path → version; `seconds` is how long a request may take."""

    name: str
    service: str
    account: str
    containers: tuple[ContainerTemplate, ...]
    secret_files: Mapping[str, Mapping[str, SecretReference]]
    scratch: frozenset[str]
    seconds: float
    concurrency: int
    least: int
    most: int

    @classmethod
    def of(cls, body: Body) -> RevisionTemplate:
        """Read a revision's resource; UnsupportedError names what is not run here."""
        name = str(body["name"])
        scaling = body.get("scaling") or {}
        project = name.split("/")[1]
        files, scratch = _volumes(body.get("volumes") or [], project)
        return cls(
            name=name,
            service=name.partition("/revisions/")[0],
            account=str(body.get("serviceAccount", "")),
            containers=tuple(_container(index, one, project) for index, one in enumerate(body["containers"])),
            secret_files=files,
            scratch=scratch,
            seconds=float(str(body.get("timeout", "300s")).removesuffix("s")),
            concurrency=int(body.get("maxInstanceRequestConcurrency", 80)),
            least=max(int(scaling.get("minInstanceCount", 0)), 1),
            most=max(int(scaling.get("maxInstanceCount", 0)) or _MOST_INSTANCES, 1),
        )

    @property
    def serving(self) -> ContainerTemplate:
        """The container that requests go to."""
        return next((one for one in self.containers if one.port is not None), self.containers[0])

    @property
    def identifier(self) -> str:
        """The last part of the name."""
        return self.name.rpartition("/")[2]


def _container(index: int, body: Body, project: str) -> ContainerTemplate:
    ports = body.get("ports") or []
    port = int(ports[0].get("containerPort", 8080)) if ports else None
    limits = (body.get("resources") or {}).get("limits") or {}
    return ContainerTemplate(
        name=str(body.get("name") or f"container-{index}"),
        image=str(body["image"]),
        command=tuple(body["command"]) if body.get("command") else None,
        arguments=tuple(body["args"]) if body.get("args") else None,
        working_directory=body.get("workingDir"),
        environment=tuple((str(entry["name"]), _value(entry, project)) for entry in body.get("env") or []),
        mounts={str(entry["name"]): str(entry["mountPath"]) for entry in body.get("volumeMounts") or []},
        memory=quantity(str(limits["memory"])) if limits.get("memory") else None,
        port=port,
        startup=_probe(body.get("startupProbe"), port),
        liveness=_probe(body.get("livenessProbe"), port),
        depends_on=tuple(body.get("dependsOn") or ()),
    )


def _value(entry: Body, project: str) -> str | SecretReference:
    reference = (entry.get("valueSource") or {}).get("secretKeyRef")
    if reference:
        return _secret(reference, project)
    return str(entry.get("value", ""))


def _secret(reference: Body, project: str) -> SecretReference:
    secret = str(reference.get("secret", ""))
    named = secret if "/" in secret else f"projects/{project}/secrets/{secret}"
    return SecretReference(named, str(reference.get("version") or "latest"))


def _volumes(volumes: Sequence[Body], project: str) -> tuple[dict[str, dict[str, SecretReference]], frozenset[str]]:
    files: dict[str, dict[str, SecretReference]] = {}
    scratch = set()
    for volume in volumes:
        if "secret" in volume:
            source = volume["secret"]
            items = source.get("items") or [{"path": str(source.get("secret", "")).rpartition("/")[2]}]
            files[volume["name"]] = {
                str(item["path"]): _secret({**source, "version": item.get("version")}, project) for item in items
            }
        elif "emptyDir" in volume:
            scratch.add(str(volume["name"]))
        else:
            kind = ", ".join(sorted(set(volume) - {"name"}))
            raise UnsupportedError(f"volume {volume.get('name')!r}: the local cloud does not mount {kind}")
    return files, frozenset(scratch)


def _probe(body: Body | None, port: int | None) -> Probe | None:
    if not body:
        return None
    check: Check
    if "httpGet" in body:
        action = body["httpGet"]
        headers = {str(one["name"]): str(one.get("value", "")) for one in action.get("httpHeaders") or []}
        check = HttpCheck(int(action.get("port") or port or 8080), str(action.get("path") or "/"), headers=headers)
    elif "tcpSocket" in body:
        check = TcpCheck(int(body["tcpSocket"].get("port") or port or 8080))
    else:
        raise UnsupportedError("a probe asks by gRPC, which the local cloud does not speak; http and tcp are there")
    return Probe(
        check,
        initial_delay=float(body.get("initialDelaySeconds", 0)),
        period=float(body.get("periodSeconds", 10)),
        timeout=float(body.get("timeoutSeconds", 1)),
        failure_threshold=int(body.get("failureThreshold", 3)),
    )


def quantity(text: str) -> int:
    """Bytes of `512Mi`; UnsupportedError when it is no quantity."""
    found = _QUANTITY.fullmatch(text)
    if found is None:
        raise UnsupportedError(f"memory limit {text!r} is not like 512Mi")
    return int(float(found[1]) * _UNITS[found[2] or ""])


def expanded(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """`$(NAME)` replaced by variables that stand before it, as in Kubernetes."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found[name] = _REFERENCE.sub(lambda match: found.get(match[1], match[0]), value)
    return found
