"""Cleanup policies: which versions they would delete now, and their deletion once a day of the cloud's clock.

https://cloud.google.com/artifact-registry/docs/repositories/cleanup-policy: what any KEEP policy matches stays, of the
rest goes what a DELETE policy matches; without a DELETE policy nothing goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.profiles.artifacts import contents, repositories

if TYPE_CHECKING:
    from local_cloud.emulator.engine import Emulator
    from local_cloud.emulator.store import Store, Stored

PERIOD = timedelta(days=1)
_LAST_RUN = "artifactregistry/cleaned"


@dataclass(frozen=True)
class Expired:
    """A version that the policies of its repository delete; `dry_run`: the repository only wants to know."""

    version: str
    policy: str
    dry_run: bool


def run_daily(emulator: Emulator) -> list[Expired]:
    """Clean up when the last time is a day ago; inside a transaction."""
    now = emulator.clock.now().timestamp()
    last = emulator.store.fact(_LAST_RUN)
    if last is None:
        emulator.store.put_fact(_LAST_RUN, now)
    return run(emulator) if last is not None and now - last >= PERIOD.total_seconds() else []


def run(emulator: Emulator) -> list[Expired]:
    """Apply the policies of every repository now, and say what they matched; inside a transaction."""
    now = emulator.clock.now()
    emulator.store.put_fact(_LAST_RUN, now.timestamp())
    found = [
        expired
        for repository in emulator.store.children(contents.SERVICE, repositories.COLLECTION)
        for expired in expired_in(emulator.store, repository, now)
    ]
    for one in found:
        if not one.dry_run:
            contents.remove_version(emulator.store, one.version)
    return found


def expired_in(store: Store, repository: Stored, now: datetime) -> Iterator[Expired]:
    """What the policies of one repository delete."""
    policies = repository.body.get("cleanupPolicies") or {}
    dry_run = bool(repository.body.get("cleanupPolicyDryRun"))
    deletions = {key: policy for key, policy in policies.items() if policy["action"] == "DELETE"}
    keeps = [policy for policy in policies.values() if policy["action"] == "KEEP"]
    if not deletions:
        return
    for package in store.children(contents.SERVICE, contents.PACKAGES, f"{repository.name}/packages"):
        versions = contents.versions_of(store, package.name)
        image = package.name.rpartition("/")[2].replace("%2F", "/")
        kept = {version.name for policy in keeps for version in _kept(store, policy, image, versions, now)}
        for version in versions:
            policy = next(
                (key for key, one in deletions.items() if _matches(store, one["condition"], image, version, now)), None
            )
            if policy is not None and version.name not in kept:
                yield Expired(version.name, policy, dry_run)


def _kept(
    store: Store, policy: Mapping[str, Any], image: str, versions: Sequence[Stored], now: datetime
) -> Iterator[Stored]:
    recent = policy.get("mostRecentVersions")
    if recent is None:
        yield from (one for one in versions if _matches(store, policy["condition"], image, one, now))
    elif _begins(image, recent.get("packageNamePrefixes")):
        newest = sorted(versions, key=lambda one: str(one.body["updateTime"]), reverse=True)
        yield from newest[: int(recent.get("keepCount", 0))]


def _matches(store: Store, condition: Mapping[str, Any], image: str, version: Stored, now: datetime) -> bool:
    """Whether all that `condition` says holds."""
    tags = [tag.name.rpartition("/")[2] for tag in contents.tagged(store, version.name)]
    state = condition.get("tagState", "ANY")
    age = now - datetime.fromisoformat(str(version.body["updateTime"]))
    digest = version.name.rpartition("/")[2]
    return (
        state in ("ANY", "TAG_STATE_UNSPECIFIED", "TAGGED" if tags else "UNTAGGED")
        and any(_begins(tag, condition.get("tagPrefixes")) for tag in tags or [""])
        and _begins(image, condition.get("packageNamePrefixes"))
        and _begins(digest, condition.get("versionNamePrefixes"))
        and ("olderThan" not in condition or age > _seconds(condition["olderThan"]))
        and ("newerThan" not in condition or age < _seconds(condition["newerThan"]))
    )


def _begins(text: str, prefixes: Sequence[str] | None) -> bool:
    return not prefixes or text.startswith(tuple(prefixes))


def _seconds(duration: str) -> timedelta:
    return timedelta(seconds=float(duration.removesuffix("s")))
