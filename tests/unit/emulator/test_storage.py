"""Cloud Storage: generations, preconditions, versions, uploads, and the read at the host's root."""

from __future__ import annotations

import json

import pytest

from tests.unit.emulator.conftest import Cloud

BUCKET = "unit-test-bucket"


@pytest.fixture
def bucket(cloud: Cloud, project: str) -> str:
    """A bucket that keeps versions."""
    cloud.ok("POST", f"storage/storage/v1/b?project={project}", {"name": BUCKET, "versioning": {"enabled": True}})
    return BUCKET


def _put(cloud: Cloud, name: str, content: bytes, conditions: str = "") -> dict[str, str]:
    answer = cloud.send(
        "POST", f"storage/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={name}{conditions}", content
    )
    assert answer.status == 200, answer.body
    parsed: dict[str, str] = answer.parsed()
    return parsed


def test_lock_is_taken_once_and_released_by_its_generation(cloud: Cloud, bucket: str) -> None:
    lock = _put(cloud, "default.tflock", b"mine", "&ifGenerationMatch=0")
    url = f"storage/upload/storage/v1/b/{bucket}/o?uploadType=media&name=default.tflock&ifGenerationMatch=0"
    assert cloud.send("POST", url, b"yours").status == 412
    wrong = cloud.send("DELETE", f"storage/storage/v1/b/{bucket}/o/default.tflock?ifGenerationMatch=1")
    assert wrong.status == 412
    right = cloud.send(
        "DELETE", f"storage/storage/v1/b/{bucket}/o/default.tflock?ifGenerationMatch={lock['generation']}"
    )
    assert right.status == 204


def test_multipart_upload_keeps_the_bytes(cloud: Cloud, bucket: str) -> None:
    content = b"\r\n--not the boundary\r\n\x00\xff\n"
    metadata = json.dumps({"name": "dir/state"}).encode()
    body = (
        b"--B\r\nContent-Type: application/json\r\n\r\n"
        + metadata
        + b"\r\n--B\r\nContent-Type: text/x\r\n\r\n"
        + content
        + b"\r\n--B--\r\n"
    )
    headers = {"content-type": "multipart/related; boundary=B"}
    answer = cloud.send("POST", f"storage/upload/storage/v1/b/{bucket}/o?uploadType=multipart", body, headers)
    assert answer.parsed()["contentType"] == "text/x"
    read = cloud.send("GET", f"storage/{bucket}/dir/state")
    assert read.body == content
    assert read.headers["X-Goog-Generation"] == answer.parsed()["generation"]


def test_resumable_upload_in_chunks(cloud: Cloud, bucket: str) -> None:
    started = cloud.send("POST", f"storage/upload/storage/v1/b/{bucket}/o?uploadType=resumable&name=big", b"{}")
    session = started.headers["Location"].partition("storage.googleapis.com/")[2]
    first = cloud.send("PUT", f"storage/{session}", b"abc", {"content-range": "bytes 0-2/*"})
    assert (first.status, first.headers["Range"]) == (308, "bytes=0-2")
    last = cloud.send("PUT", f"storage/{session}", b"de", {"content-range": "bytes 3-4/5"})
    assert last.parsed()["size"] == "5"
    assert cloud.send("GET", f"storage/storage/v1/b/{bucket}/o/big?alt=media").body == b"abcde"


def test_replaced_content_stays_as_a_version(cloud: Cloud, bucket: str) -> None:
    old = _put(cloud, "x", b"old")
    _put(cloud, "x", b"new")
    versions = cloud.ok("GET", f"storage/storage/v1/b/{bucket}/o?versions=true")["items"]
    assert versions[0]["generation"] == old["generation"]
    assert (
        cloud.send("GET", f"storage/storage/v1/b/{bucket}/o/x?alt=media&generation={old['generation']}").body == b"old"
    )
    assert len(cloud.ok("GET", f"storage/storage/v1/b/{bucket}/o")["items"]) == 1


def test_bucket_with_versions_is_not_empty(cloud: Cloud, bucket: str) -> None:
    _put(cloud, "x", b"old")
    cloud.ok("DELETE", f"storage/storage/v1/b/{bucket}/o/x")
    assert "not empty" in cloud.refused(409, "DELETE", f"storage/storage/v1/b/{bucket}")["message"]


def test_prevented_public_access(cloud: Cloud, bucket: str) -> None:
    access = {"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": {"enabled": True}}
    cloud.ok("PATCH", f"storage/storage/v1/b/{bucket}", {"iamConfiguration": access})
    public = {"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]}
    cloud.refused(412, "PUT", f"storage/storage/v1/b/{bucket}/iam", public)


def test_missing_object_at_the_root(cloud: Cloud, bucket: str) -> None:
    missing = cloud.send("GET", f"storage/{bucket}/nothing")
    assert (missing.status, b"NoSuchKey" in missing.body) == (404, True)


def test_access_lists_entry_by_entry(cloud: Cloud, bucket: str) -> None:
    _put(cloud, "dir/x", b"content")
    for place in (f"b/{bucket}/acl", f"b/{bucket}/defaultObjectAcl", f"b/{bucket}/o/dir%2Fx/acl"):
        url = f"storage/storage/v1/{place}"
        teams = {entry["entity"].rpartition("-")[0] for entry in cloud.ok("GET", url)["items"]}
        assert teams == {"project-owners", "project-editors", "project-viewers"}
        cloud.ok("POST", url, {"entity": "user-a@example.com", "role": "READER"})
        assert cloud.ok("GET", f"{url}/user-a@example.com")["email"] == "a@example.com"
        cloud.ok("DELETE", f"{url}/user-a@example.com")
        cloud.refused(404, "GET", f"{url}/user-a@example.com")
        cloud.refused(400, "POST", url, {"entity": "allUsers", "role": "EVERYTHING"})
    assert int(cloud.ok("GET", f"storage/storage/v1/b/{bucket}")["metageneration"]) == 5
    access = {"uniformBucketLevelAccess": {"enabled": True}}
    cloud.ok("PATCH", f"storage/storage/v1/b/{bucket}", {"iamConfiguration": access})
    cloud.refused(400, "GET", f"storage/storage/v1/b/{bucket}/acl")


def test_added_entry_is_in_the_full_bucket(cloud: Cloud, bucket: str) -> None:
    cloud.ok("POST", f"storage/storage/v1/b/{bucket}/acl", {"entity": "allUsers", "role": "READER"})
    shown = cloud.ok("GET", f"storage/storage/v1/b/{bucket}?projection=full")
    assert "allUsers" in [entry["entity"] for entry in shown["acl"]]


def test_key_of_a_service_account(cloud: Cloud, project: str) -> None:
    email = cloud.ok("POST", f"iam/v1/projects/{project}/serviceAccounts", {"accountId": "reader"})["email"]
    keys = f"storage/storage/v1/projects/{project}/hmacKeys"
    made = cloud.ok("POST", f"{keys}?serviceAccountEmail={email}")
    key = f"{keys}/{made['metadata']['accessId']}"
    assert "secret" not in cloud.ok("GET", key)
    cloud.refused(400, "DELETE", key)
    cloud.ok("PUT", key, {"state": "INACTIVE"})
    cloud.ok("DELETE", key)
    assert "items" not in cloud.ok("GET", keys)


def test_folders_among_the_prefixes(cloud: Cloud, project: str) -> None:
    space = {"name": "with-folders", "hierarchicalNamespace": {"enabled": True}}
    space["iamConfiguration"] = {"uniformBucketLevelAccess": {"enabled": True}}
    cloud.ok("POST", f"storage/storage/v1/b?project={project}", space)
    cloud.ok("POST", "storage/storage/v1/b/with-folders/folders", {"name": "logs/"})
    url = "storage/storage/v1/b/with-folders/o?delimiter=/"
    assert "prefixes" not in cloud.ok("GET", url)
    assert cloud.ok("GET", f"{url}&includeFoldersAsPrefixes=true")["prefixes"] == ["logs/"]
