"""The variables of a container, composed as the kubelet composes them, and `$(NAME)` in command lines."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from local_cloud.kubernetes.node.quantities import ceiling

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local_cloud.kubernetes.node.client import Object

# $(NAME), and $$ that stands for one $ (https://kubernetes.io/docs/tasks/inject-data-application/).
_REFERENCE = re.compile(r"\$\$|\$\(([^)]*)\)")
_SUBSCRIPT = re.compile(r"metadata\.(labels|annotations)\['([^']*)'\]")
# What a ConfigMap's key must look like to become a variable.
_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


class ConfigurationError(Exception):
    """What a container refers to is not there; Kubernetes' CreateContainerConfigError."""


class Sources(Protocol):
    """Where ConfigMaps and Secrets come from; both answer None for what does not exist."""

    async def config_map(self, namespace: str, name: str) -> Object | None:
        """A ConfigMap."""

    async def secret(self, namespace: str, name: str) -> Object | None:
        """A Secret."""


@dataclass(frozen=True)
class Surroundings:
    """What a pod's variables may speak of besides the pod: its addresses and what its node could give."""

    pod_address: str
    node_address: str
    allocatable: Mapping[str, str]
    services: tuple[Object, ...] = ()


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """`text` with each `$(NAME)` that is known replaced; an unknown one stays as it is."""

    def replaced(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return variables.get(match[1], match[0])

    return _REFERENCE.sub(replaced, text)


def service_variables(services: Iterable[Object], namespace: str, *, linked: bool) -> dict[str, str]:
    """What the kubelet says of services with an address: those of the namespace when `linked`, and `kubernetes`."""
    found: dict[str, str] = {}
    for service in services:
        metadata, spec = service["metadata"], service["spec"]
        master = (metadata["namespace"], metadata["name"]) == ("default", "kubernetes")
        address = spec.get("clusterIP")
        if address in (None, "", "None") or not (master or (linked and metadata["namespace"] == namespace)):
            continue
        name = metadata["name"].upper().replace("-", "_")
        ports = spec.get("ports") or ()
        for number, port in enumerate(ports):
            protocol = port.get("protocol", "TCP")
            url = f"{protocol.lower()}://{address}:{port['port']}"
            if number == 0:
                found |= {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(port["port"])}
                found[f"{name}_PORT"] = url
            if port.get("name"):
                found[f"{name}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = str(port["port"])
            prefix = f"{name}_PORT_{port['port']}_{protocol}"
            found |= {prefix: url, f"{prefix}_PROTO": protocol.lower(), f"{prefix}_PORT": str(port["port"])}
            found[f"{prefix}_ADDR"] = address
    return found


async def variables(pod: Object, container: Object, sources: Sources, around: Surroundings) -> dict[str, str]:
    """All variables of a container; ConfigurationError names what is missing."""
    namespace = pod["metadata"]["namespace"]
    linked = pod["spec"].get("enableServiceLinks", True)
    services = service_variables(around.services, namespace, linked=linked)
    found: dict[str, str] = {}
    for origin in container.get("envFrom") or ():
        found |= await _all_of(origin, namespace, sources)
    for entry in container.get("env") or ():
        name = entry["name"]
        if "valueFrom" not in entry:
            found[name] = expanded(entry.get("value", ""), {**services, **found})
            continue
        value = await _value(entry["valueFrom"], pod, container, sources, around)
        if value is not None:
            found[name] = value
    return {**services, **found}


async def _all_of(origin: Object, namespace: str, sources: Sources) -> dict[str, str]:
    """The keys of a ConfigMap or Secret as variables."""
    prefix = origin.get("prefix", "")
    kind = "configMapRef" if "configMapRef" in origin else "secretRef"
    reference = origin[kind]
    content = await _content(kind, namespace, reference["name"], sources)
    if content is None:
        if reference.get("optional"):
            return {}
        raise ConfigurationError(_missing(kind, reference["name"]))
    return {f"{prefix}{key}": text for key, text in content.items() if _VARIABLE.fullmatch(f"{prefix}{key}")}


async def _value(origin: Object, pod: Object, container: Object, sources: Sources, around: Surroundings) -> str | None:
    if "fieldRef" in origin:
        return field(pod, origin["fieldRef"]["fieldPath"], around)
    if "resourceFieldRef" in origin:
        return resource(pod, container, origin["resourceFieldRef"], around)
    kind = "configMapKeyRef" if "configMapKeyRef" in origin else "secretKeyRef"
    if kind not in origin:
        raise ConfigurationError(f"env: {', '.join(origin)} is not supported by the local cloud")
    reference = origin[kind]
    content = await _content(kind, pod["metadata"]["namespace"], reference["name"], sources)
    if content is not None and reference["key"] in content:
        return content[reference["key"]]
    if reference.get("optional"):
        return None
    if content is None:
        raise ConfigurationError(_missing(kind, reference["name"]))
    what = "ConfigMap" if kind.startswith("configMap") else "Secret"
    where = f"{pod['metadata']['namespace']}/{reference['name']}"
    raise ConfigurationError(f"couldn't find key {reference['key']} in {what} {where}")


async def _content(kind: str, namespace: str, name: str, sources: Sources) -> dict[str, str] | None:
    if kind.startswith("configMap"):
        found = await sources.config_map(namespace, name)
        return None if found is None else dict(found.get("data") or {})
    found = await sources.secret(namespace, name)
    if found is None:
        return None
    return {key: base64.b64decode(value).decode(errors="replace") for key, value in (found.get("data") or {}).items()}


def _missing(kind: str, name: str) -> str:
    return f'{"configmap" if kind.startswith("configMap") else "secret"} "{name}" not found'


def field(pod: Object, path: str, around: Surroundings) -> str:
    """A field of the pod by the downward API; ConfigurationError for one it does not have."""
    metadata, spec = pod["metadata"], pod["spec"]
    subscript = _SUBSCRIPT.fullmatch(path)
    if subscript:
        return str((metadata.get(subscript[1]) or {}).get(subscript[2], ""))
    if path in ("metadata.labels", "metadata.annotations"):
        entries = metadata.get(path.partition(".")[2]) or {}
        return "\n".join(f'{key}="{_quoted(value)}"' for key, value in sorted(entries.items()))
    known = {
        "metadata.name": metadata["name"],
        "metadata.namespace": metadata["namespace"],
        "metadata.uid": metadata["uid"],
        "spec.nodeName": spec.get("nodeName", ""),
        "spec.serviceAccountName": spec.get("serviceAccountName", ""),
        "status.hostIP": around.node_address,
        "status.hostIPs": around.node_address,
        "status.podIP": around.pod_address,
        "status.podIPs": around.pod_address,
    }
    if path not in known:
        raise ConfigurationError(f"unsupported fieldPath: {path}")
    return str(known[path])


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def resource(pod: Object, container: Object, reference: Object, around: Surroundings) -> str:
    """A limit or request of a container; what the node could give where none is set."""
    wanted = reference.get("containerName")
    every = [*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]]
    chosen = next((one for one in every if one["name"] == wanted), container)
    kind, _, name = reference["resource"].partition(".")
    set_here: Mapping[str, Any] = chosen.get("resources", {}).get(kind) or {}
    text = set_here.get(name) or (around.allocatable.get(name, "0") if kind == "limits" else "0")
    return str(ceiling(text, reference.get("divisor") or "1"))
