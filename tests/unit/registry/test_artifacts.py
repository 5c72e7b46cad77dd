"""Artifact Registry's API: what may be said of a repository, what it shows of images, what cleanup policies delete."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.emulator.conftest import PROJECT, Cloud
from tests.unit.registry.conftest import API, IMAGE, Client

LOCATION = API.rpartition("/")[0]
DAY = 86400


def test_a_repository_shows_where_it_is_and_how_it_is_scanned(client: Client) -> None:
    shown = client.cloud.ok("GET", API)
    assert shown["registryUri"] == f"europe-west1-docker.pkg.dev/{PROJECT}/images"
    assert shown["mode"] == "STANDARD_REPOSITORY"
    assert shown["vulnerabilityScanningConfig"]["enablementState"] == "SCANNING_DISABLED"
    assert "containerscanning" in shown["vulnerabilityScanningConfig"]["enablementStateReason"]
    enable = f"serviceusage/v1/projects/{PROJECT}/services/containerscanning.googleapis.com:enable"
    client.cloud.ok("POST", enable, {})
    assert client.cloud.ok("GET", API)["vulnerabilityScanningConfig"]["enablementState"] == "SCANNING_ACTIVE"
    wanted = {"vulnerabilityScanningConfig": {"enablementConfig": "DISABLED"}}
    client.cloud.ok("PATCH", f"{API}?updateMask=vulnerabilityScanningConfig.enablementConfig", wanted)
    assert client.cloud.ok("GET", API)["vulnerabilityScanningConfig"]["enablementState"] == "SCANNING_DISABLED"


@pytest.mark.parametrize(
    ("identifier", "body", "word"),
    [
        ("Upper", {"format": "DOCKER"}, "must match"),
        ("none", {}, "FORMAT_UNSPECIFIED"),
        ("gcr.io", {"format": "DOCKER"}, "location us"),
        ("npm", {"format": "NPM", "dockerConfig": {"immutableTags": True}}, "dockerConfig"),
        ("remote", {"format": "DOCKER", "mode": "REMOTE_REPOSITORY"}, "remoteRepositoryConfig"),
        ("both", {"format": "DOCKER", "cleanupPolicies": {"a": {"action": "DELETE"}}}, "either condition"),
        (
            "recent",
            {"format": "DOCKER", "cleanupPolicies": {"a": {"action": "DELETE", "mostRecentVersions": {}}}},
            "only for KEEP",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(client: Client, identifier: str, body: dict[str, Any], word: str) -> None:
    error = client.cloud.refused(400, "POST", f"{LOCATION}?repositoryId={identifier}", body)
    assert word in error["message"]


def test_format_and_mode_stay(client: Client) -> None:
    client.cloud.refused(400, "PATCH", f"{API}?updateMask=format", {"format": "NPM"})
    client.cloud.refused(
        400, "POST", f"{LOCATION.replace('europe-west1', 'moon-1')}?repositoryId=x", {"format": "DOCKER"}
    )


def test_what_was_pushed_is_listed(client: Client) -> None:
    digest = client.push("v1")
    client.push("latest")
    (image,) = client.cloud.ok("GET", f"{API}/dockerImages")["dockerImages"]
    assert image["uri"] == f"europe-west1-docker.pkg.dev/{IMAGE}@{digest}"
    assert image["tags"] == ["latest", "v1"]
    assert image["imageSizeBytes"] == str(len(b"{}") + len(b"layer"))
    assert client.cloud.ok("GET", f"artifactregistry/v1/{image['name']}") == image
    (package,) = client.cloud.ok("GET", f"{API}/packages")["packages"]
    assert package["name"].endswith("/packages/team%2Fapp")
    (version,) = client.cloud.ok("GET", f"{API}/packages/team%2Fapp/versions?view=FULL")["versions"]
    assert len(version["relatedTags"]) == 2
    assert int(client.cloud.ok("GET", API)["sizeBytes"]) > 0


def test_tags_are_made_moved_and_deleted_by_the_api(client: Client) -> None:
    package = f"{API}/packages/team%2Fapp"
    first, second = client.push("v1"), client.push("v2", layer=b"second")
    versions = f"{package.removeprefix('artifactregistry/v1/')}/versions"
    client.cloud.ok("POST", f"{package}/tags?tagId=stable", {"version": f"{versions}/{first}"})
    client.cloud.refused(409, "POST", f"{package}/tags?tagId=stable", {"version": f"{versions}/{first}"})
    client.cloud.ok("PATCH", f"{package}/tags/stable", {"version": f"{versions}/{second}"})
    assert client.ok("HEAD", f"{IMAGE}/manifests/stable").headers["Docker-Content-Digest"] == second
    client.cloud.refused(400, "DELETE", f"{package}/versions/{second}")
    client.cloud.ok("DELETE", f"{package}/tags/stable")
    client.cloud.ok("DELETE", f"{package}/versions/{second}?force=true")
    client.refused(404, "MANIFEST_UNKNOWN", "GET", f"{IMAGE}/manifests/v2")


def policies(cloud: Cloud, *, dry_run: bool = False, **found: dict[str, Any]) -> None:
    """Give the repository cleanup policies."""
    named = {key.replace("_", "-"): policy for key, policy in found.items()}
    body = {"cleanupPolicies": named, "cleanupPolicyDryRun": dry_run}
    cloud.ok("PATCH", f"{API}?updateMask=cleanupPolicies,cleanupPolicyDryRun", body)


def tags(client: Client) -> set[str]:
    """What is still there, untagged images as their layers' names."""
    images = client.cloud.ok("GET", f"{API}/dockerImages").get("dockerImages", [])
    return {tag for image in images for tag in image.get("tags", ["(untagged)"])}


def test_what_a_keep_policy_matches_stays(client: Client) -> None:
    for number, tag in enumerate(("v1", "pr-7", "prod-1", "v2")):
        client.push(tag, layer=f"layer {number}".encode())
        client.cloud.clock.advance(DAY)
    client.push("", layer=b"untagged")
    policies(
        client.cloud,
        delete_old={"action": "DELETE", "condition": {"tagState": "ANY", "olderThan": f"{2 * DAY}s"}},
        keep_prod={"action": "KEEP", "condition": {"tagState": "TAGGED", "tagPrefixes": ["prod"]}},
    )
    client.cloud.clock.advance(1.5 * DAY)
    client.cloud.ok("GET", API)
    assert tags(client) == {"prod-1", "(untagged)"}


def test_the_most_recent_stay_in_every_package(client: Client) -> None:
    for number in range(4):
        client.push(f"v{number}", layer=f"layer {number}".encode())
        client.cloud.clock.advance(60)
    client.push("only", f"{PROJECT}/images/other")
    policies(
        client.cloud,
        delete_all={"action": "DELETE", "condition": {"tagState": "ANY"}},
        keep_two={"action": "KEEP", "mostRecentVersions": {"keepCount": 2}},
    )
    expired = client.registry.cleanup()["expired"]
    assert tags(client) == {"v2", "v3", "only"}
    assert {one["policy"] for one in expired} == {"delete-all"}


def test_a_dry_run_only_says_what_would_go(client: Client) -> None:
    client.push("v1")
    policies(client.cloud, dry_run=True, gone={"action": "DELETE", "condition": {"tagState": "TAGGED"}})
    (expired,) = client.registry.cleanup()["expired"]
    assert expired["dry_run"]
    assert tags(client) == {"v1"}


def test_blobs_of_deleted_images_are_freed_after_an_hour(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.push("v1", layer=b"x" * 1000)
    kept = client.push("v2", layer=b"y" * 1000)
    policies(client.cloud, gone={"action": "DELETE", "condition": {"tagState": "TAGGED", "tagPrefixes": ["v1"]}})
    assert client.registry.cleanup()["freed_bytes"] == 0
    monkeypatch.setattr("local_cloud.registry.sweeping.GRACE_SECONDS", -1.0)
    assert client.registry.cleanup()["freed_bytes"] > 1000
    client.ok("GET", f"{IMAGE}/manifests/{kept}")
    assert client.content(f"{IMAGE}/blobs/{client.push_blob(b'y' * 1000)['digest']}") == b"y" * 1000
