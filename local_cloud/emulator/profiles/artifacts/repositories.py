"""Repositories: what may be said of one, and what the server adds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from local_cloud.emulator.errors import invalid
from local_cloud.emulator.profile import Body, ResourceType
from local_cloud.emulator.profiles.networking.places import AUTO_MODE_BLOCKS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.emulator.call import Call

COLLECTION = "projects.locations.repositories"
_STANDARD = "STANDARD_REPOSITORY"
# Repositories that answer for the hosts of Container Registry: name → where it must be.
# https://cloud.google.com/artifact-registry/docs/transition/setup-gcr-repo
CONTAINER_REGISTRY: Mapping[str, str] = {
    "gcr.io": "us",
    "us.gcr.io": "us",
    "eu.gcr.io": "europe",
    "asia.gcr.io": "asia",
}
_ID = r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?|(us\.|eu\.|asia\.)?gcr\.io"
LOCATIONS = tuple(sorted({"asia", "europe", "us", *AUTO_MODE_BLOCKS}))
_POLICY_ID = re.compile(r"[a-z][a-z0-9-]{0,127}")
_DURATION = re.compile(r"[0-9]+(\.[0-9]{1,9})?s")
# Mode → the configuration that it needs and that no other may have.
_CONFIGURATIONS = {"REMOTE_REPOSITORY": "remoteRepositoryConfig", "VIRTUAL_REPOSITORY": "virtualRepositoryConfig"}
_OF_FORMAT = {"dockerConfig": "DOCKER", "mavenConfig": "MAVEN"}
_SCANNING = "containerscanning.googleapis.com"


def _check(call: Call, before: Body | None, wanted: Body) -> None:
    name = call.memory.get("name", call.name)
    parts = name.split("/")
    if before is None:
        _check_place(parts[3], parts[5])
    if wanted.get("mode") in (None, "MODE_UNSPECIFIED"):
        wanted["mode"] = _STANDARD
    if wanted.get("format") in (None, "FORMAT_UNSPECIFIED"):
        raise invalid("Invalid repository format: FORMAT_UNSPECIFIED.", location="format")
    if parts[5] in CONTAINER_REGISTRY and wanted["format"] != "DOCKER":
        raise invalid(f"Repository {parts[5]} must have format DOCKER.", location="format")
    for key, kind in _OF_FORMAT.items():
        if wanted.get(key) and wanted["format"] != kind:
            raise invalid(f"{key} is only for repositories of format {kind}.", location=key)
    for mode, key in _CONFIGURATIONS.items():
        if key in wanted and wanted["mode"] != mode:
            raise invalid(f"{key} is only for repositories of mode {mode}.", location=key)
        if mode == wanted["mode"] and key not in wanted:
            raise invalid(f"A repository of mode {mode} needs {key}.", location=key)
    for key, policy in (wanted.get("cleanupPolicies") or {}).items():
        _check_policy(key, policy)


def _check_place(location: str, identifier: str) -> None:
    if location not in LOCATIONS:
        raise invalid(f'Location "{location}" is not a valid location of repositories.', location="parent")
    required = CONTAINER_REGISTRY.get(identifier)
    if required is not None and location != required:
        raise invalid(f"Repository {identifier} must be created in location {required}.", location="parent")


def _check_policy(key: str, policy: Body) -> None:
    where = f"cleanupPolicies.{key}"
    if not _POLICY_ID.fullmatch(key) or policy.get("id", key) != key:
        raise invalid(f"Cleanup policy id {policy.get('id', key)!r} must match its key and {_POLICY_ID.pattern}.")
    if policy.get("action") not in ("DELETE", "KEEP"):
        raise invalid(f"Cleanup policy {key!r} needs the action DELETE or KEEP.", location=f"{where}.action")
    condition, recent = policy.get("condition"), policy.get("mostRecentVersions")
    if (condition is None) == (recent is None):
        raise invalid(f"Cleanup policy {key!r} needs either condition or mostRecentVersions.", location=where)
    if recent is not None and policy["action"] != "KEEP":
        raise invalid(f"Cleanup policy {key!r}: mostRecentVersions is only for KEEP.", location=f"{where}.action")
    _check_condition(key, condition or {})


def _check_condition(key: str, condition: Body) -> None:
    where = f"cleanupPolicies.{key}.condition"
    for age in ("olderThan", "newerThan"):
        if age in condition and not _DURATION.fullmatch(str(condition[age])):
            raise invalid(f"{where}.{age}: {condition[age]!r} is not a duration such as 86400s.", location=where)
    if condition.get("tagPrefixes") and condition.get("tagState") != "TAGGED":
        raise invalid(f"{where}: tagPrefixes is only for tagState TAGGED.", location=where)


def _named_policies(call: Call, body: Body) -> Body:
    """A policy's id is its key."""
    for key, policy in (body.get("cleanupPolicies") or {}).items():
        policy["id"] = key
    return body


def _view(call: Call, body: Body) -> Body:
    """State of scanning, size and address, as far as each method shows them."""
    body = {**body, "vulnerabilityScanningConfig": _scanning(call, body)}
    name = str(body["name"])
    size = call.store.fact(size_key(name))
    if size:
        body["sizeBytes"] = str(size)
    if call.method.verb in ("get", "list"):
        body["registryUri"] = registry_uri(name, str(body["format"]))
    if call.method.verb == "create":
        body = {key: value for key, value in body.items() if key not in ("createTime", "updateTime")}
    return body


def _scanning(call: Call, body: Body) -> Body:
    kept = {"lastEnableTime": body.get("createTime", ""), **(body.get("vulnerabilityScanningConfig") or {})}
    kept.pop("enablementStateReason", None)
    project = str(body["name"]).split("/")[1]
    enabled = call.store.get("serviceusage", f"projects/{project}/services/{_SCANNING}")
    if body.get("format") != "DOCKER" or body.get("mode") == "VIRTUAL_REPOSITORY":
        return {**kept, "enablementState": "SCANNING_UNSUPPORTED"}
    if kept.get("enablementConfig") == "DISABLED":
        reason = "Vulnerability scanning is disabled by the repository's configuration."
    elif enabled is None or enabled.body.get("state") != "ENABLED":
        reason = f"API {_SCANNING} is not enabled."
    else:
        return {**kept, "enablementState": "SCANNING_ACTIVE"}
    return {**kept, "enablementState": "SCANNING_DISABLED", "enablementStateReason": reason}


def registry_uri(name: str, kind: str) -> str:
    """Where clients of the repository's format find it: `us-central1-docker.pkg.dev/p/r`, or `gcr.io/p`."""
    _, project, _, location, _, identifier = name.split("/")
    if identifier in CONTAINER_REGISTRY:
        return f"{identifier}/{project}"
    return f"{location}-{kind.lower()}.pkg.dev/{project}/{identifier}"


def size_key(name: str) -> str:
    """The fact that holds how many bytes a repository's files have."""
    return f"artifactregistry/size/{name}"


def directory_key(name: str) -> str:
    """The fact that holds in which directory a repository's files are; a repository made anew gets another."""
    return f"artifactregistry/directory/{name}"


def _give_directory(call: Call, body: Body) -> Body:
    name = call.memory["name"]
    call.store.put_fact(directory_key(name), f"{call.store.count('artifactregistry/directory'):06d}")
    call.store.put_fact(size_key(name), 0)
    return body


def _forget_directory(call: Call, body: Body) -> Body:
    call.store.put_fact(directory_key(call.name), None)
    call.store.put_fact(size_key(call.name), 0)
    return body


TYPE = ResourceType(
    COLLECTION,
    id_source="query:repositoryId",
    id_pattern=_ID,
    exists="the repository already exists",
    computed={"satisfiesPzi": True},
    immutable=("format", "mode", "kmsKeyName", "mavenConfig"),
    loose_references={"kmsKeyName": "cloudkms:projects.locations.keyRings.cryptoKeys"},
    check=_check,
    before_write=_named_policies,
    after_create=_give_directory,
    after_delete=_forget_directory,
    view=_view,
)
