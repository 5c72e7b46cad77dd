"""PRIVATE to the collection: a set of manifests, checked and put in order, and what of it a person is shown."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from ._failure import Failure
from ._kubernetes_client import KubernetesClient
from ._kubernetes_kinds import Kind, wave_of
from ._masking import HIDDEN_CHANGED, looks_secret
from ._secret_formats import HIDDEN

# What the server writes by itself, or what every change changes.
_NOISE = frozenset({"managedFields", "resourceVersion", "uid", "creationTimestamp", "generation", "selfLink"})
_NOISY_ANNOTATIONS = frozenset(
    {"deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"}
)


@dataclass(frozen=True)
class Member:
    """One object of a set: its manifest, complete with namespace and secret values, and where it lives."""

    manifest: dict[str, Any]
    kind: Kind
    wave: int

    @property
    def name(self) -> str:
        return str(self.manifest["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.manifest["metadata"].get("namespace", ""))

    @property
    def label(self) -> str:
        """`Deployment/auth-service`."""
        return f"{self.kind.name}/{self.name}"

    @property
    def path(self) -> str:
        return self.kind.path(self.namespace, self.name)


def validate(manifests: Sequence[Any]) -> None:
    """Refuse what is no set of manifests, before any call."""
    seen: set[tuple[str, ...]] = set()
    for number, manifest in enumerate(manifests):
        metadata = manifest.get("metadata")
        lacking = [key for key in ("apiVersion", "kind") if not manifest.get(key)]
        if not isinstance(metadata, Mapping) or not metadata.get("name"):
            lacking.append("metadata.name")
        if lacking:
            raise Failure("INVALID_OPTION", f"manifests[{number}]: {', '.join(lacking)} missing.")
        identity = tuple(map(str, (manifest["kind"], (metadata or {}).get("namespace"), (metadata or {})["name"])))
        if identity in seen:
            raise Failure("INVALID_OPTION", f"manifests[{number}]: {identity[0]} {identity[2]} is in the set twice.")
        seen.add(identity)


def members(
    client: KubernetesClient,
    manifests: Sequence[Mapping[str, Any]],
    namespace: str,
    secrets: Mapping[str, Mapping[str, str]],
) -> list[Member]:
    """The set in the order in which it is applied. `secrets` are the values of Secrets, by name and key."""
    named = {str(one["metadata"]["name"]) for one in manifests if one["kind"] == "Secret"}
    unknown = sorted(set(secrets) - named)
    if unknown:
        raise Failure("INVALID_OPTION", f"secrets: there is no Secret {', '.join(unknown)} in manifests.")
    found = []
    for given in manifests:
        manifest = deepcopy(dict(given))
        kind = client.kind(manifest)
        if kind.namespaced:
            manifest["metadata"].setdefault("namespace", namespace)
        if kind.name == "Secret" and manifest["metadata"]["name"] in secrets:
            manifest["data"] = _encoded(secrets[manifest["metadata"]["name"]])
        found.append(Member(manifest, kind, wave_of(manifest)))
    return sorted(found, key=lambda member: member.wave)


def _encoded(values: Mapping[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(str(value).encode()).decode() for key, value in values.items()}


def secret_values(manifests: Sequence[Mapping[str, Any]], secrets: Mapping[str, Mapping[str, str]]) -> set[str]:
    """Every secret text of a set, plain and as base64: what must not be shown wherever it turns up."""
    found = {str(value) for values in secrets.values() for value in values.values()}
    for manifest in manifests:
        if manifest.get("kind") == "Secret":
            found |= {str(value) for value in (manifest.get("stringData") or {}).values()}
            found |= set(_decoded(manifest.get("data") or {}))
        found |= set(_in_clear(manifest))
    return found | {base64.b64encode(value.encode()).decode() for value in found}


def _in_clear(value: Any) -> Iterator[str]:
    """Texts of variables whose name says that they are secrets."""
    if isinstance(value, Mapping):
        if isinstance(value.get("value"), str) and looks_secret(str(value.get("name", ""))):
            yield value["value"]
        for item in value.values():
            yield from _in_clear(item)
    elif isinstance(value, list):
        for item in value:
            yield from _in_clear(item)


def _decoded(data: Mapping[str, Any]) -> Iterator[str]:
    for value in data.values():
        try:
            yield base64.b64decode(str(value), validate=True).decode()
        except ValueError:
            yield str(value)


def essence(live: Mapping[str, Any]) -> dict[str, Any]:
    """An object without what the server writes by itself: two that are equal so are the same to a person."""
    kept = {key: value for key, value in live.items() if key != "status"}
    metadata = {key: value for key, value in (kept.get("metadata") or {}).items() if key not in _NOISE}
    annotations = {
        key: value for key, value in (metadata.pop("annotations", None) or {}).items() if key not in _NOISY_ANNOTATIONS
    }
    kept["metadata"] = metadata | ({"annotations": annotations} if annotations else {})
    return kept


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Any, Any]:
    """What differs between two objects, without the values of secrets and of variables that look like one."""
    hidden_before, hidden_after = _hidden(before, after), _hidden(after, before, changed=HIDDEN_CHANGED)
    return _differing(hidden_before, hidden_after)


def _hidden(value: Any, other: Any, *, changed: str = HIDDEN, secret: bool = False) -> Any:
    if isinstance(value, Mapping):
        secret = secret or value.get("kind") == "Secret"
        other = other if isinstance(other, Mapping) else {}
        own = {
            key: _hidden_values(item, other.get(key), changed)
            if secret and key in ("data", "stringData")
            else _hidden(item, other.get(key), changed=changed)
            for key, item in value.items()
        }
        if isinstance(own.get("value"), str) and looks_secret(str(own.get("name", ""))):
            own["value"] = HIDDEN if value["value"] == other.get("value") else changed
        return own
    if isinstance(value, list):
        by_name = {item["name"]: item for item in other or () if isinstance(item, Mapping) and "name" in item}
        return [
            _hidden(item, by_name.get(item.get("name")) if isinstance(item, Mapping) else None, changed=changed)
            for item in value
        ]
    return value


def _hidden_values(values: Any, others: Any, changed: str) -> dict[str, str]:
    others = others if isinstance(others, Mapping) else {}
    return {key: HIDDEN if others.get(key) == item else changed for key, item in (values or {}).items()}


def _differing(before: Any, after: Any) -> tuple[Any, Any]:
    one, other = _by_name(before), _by_name(after)
    if not (isinstance(one, Mapping) and isinstance(other, Mapping)):
        return before, after
    shown: tuple[dict[str, Any], dict[str, Any]] = ({}, {})
    for key in {**one, **other}:
        if key in one and key in other:
            if one[key] != other[key]:
                shown[0][key], shown[1][key] = _differing(one[key], other[key])
        elif key in one:
            shown[0][key] = one[key]
        else:
            shown[1][key] = other[key]
    return shown


def _by_name(value: Any) -> Any:
    """A list of named things as a mapping, so that one that is added does not read as all that follow being changed."""
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and "name" in item for item in value):
        return {item["name"]: {key: inner for key, inner in item.items() if key != "name"} for item in value}
    return value
