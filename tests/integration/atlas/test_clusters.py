"""Clusters with real servers behind them: logins, rights, snapshots, restores, restarts."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from tests.integration.atlas.conftest import PATIENCE, Atlas, address_of

pytestmark = pytest.mark.seconds(6)
PASSWORD = "a-password-of-a-test"
ARRIVAL = "authSource=admin&serverSelectionTimeoutMS=20000"


@contextmanager
def client(address: str, user: str = "crm", password: str = PASSWORD, more: str = "") -> Iterator[MongoClient[Any]]:
    """A connection as a user."""
    found: MongoClient[Any]
    with MongoClient(f"mongodb://{user}:{password}@{address}/crm?{ARRIVAL}{more}") as found:
        yield found


def test_only_users_get_in_and_only_where_they_may(atlas: Atlas) -> None:
    group = atlas.group()
    atlas.user(group, "crm", PASSWORD, crm="readWrite")
    atlas.user(group, "reader", PASSWORD, crm="read")
    address = address_of(atlas.cluster(group))
    for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256"):
        with client(address, more=f"&authMechanism={mechanism}") as crm:
            crm.crm.users.insert_one({"by": mechanism})
    with client(address) as crm:
        assert crm.crm.users.count_documents({}) == 2
        with pytest.raises(OperationFailure, match="not authorized on other"):
            crm.other.things.insert_one({})
    with client(address, "reader") as reader:
        assert len(list(reader.crm.users.find())) == 2
        with pytest.raises(OperationFailure, match="not authorized on crm"):
            reader.crm.users.insert_one({})
        with pytest.raises(OperationFailure, match="not authorized on crm"):
            list(reader.crm.users.aggregate([{"$out": "copy"}]))
    with pytest.raises(OperationFailure, match="Authentication failed"), client(address, password="wrong") as nobody:
        nobody.crm.users.find_one()
    stranger: MongoClient[Any]
    with MongoClient(f"mongodb://{address}/crm") as stranger, pytest.raises(OperationFailure, match="requires auth"):
        stranger.crm.users.find_one()


def test_another_password_holds_at_once_and_a_deleted_user_is_out(atlas: Atlas) -> None:
    group = atlas.group()
    atlas.user(group, "crm", PASSWORD, crm="readWrite")
    address = address_of(atlas.cluster(group))
    atlas.ok("PATCH", f"{group}/databaseUsers/admin/crm", {"password": "another-password"})
    assert _lets_in(address, "another-password", wanted=True)
    assert _lets_in(address, PASSWORD, wanted=False) is False
    atlas.ok("DELETE", f"{group}/databaseUsers/admin/crm")
    assert _lets_in(address, "another-password", wanted=False) is False


def _lets_in(address: str, password: str, *, wanted: bool) -> bool:
    """Whether a login works, asked until it is as `wanted`: the front learns of users a moment after the API."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            with client(address, password=password) as crm:
                crm.crm.users.find_one()
            found = True
        except OperationFailure:
            found = False
        if found == wanted or time.monotonic() > end:
            return found
        time.sleep(0.1)


def test_a_snapshot_is_restored_into_another_cluster(atlas: Atlas) -> None:
    group = atlas.group()
    atlas.user(group, "crm", PASSWORD, crm="readWrite")
    first, second = address_of(atlas.cluster(group)), address_of(atlas.cluster(group, "copy"))
    assert first != second
    with client(first) as crm:
        crm.crm.users.insert_many([{"_id": number, "email": f"{number}@example.org"} for number in range(1200)])
        crm.crm.users.create_index("email", unique=True)
    home = f"{group}/clusters/crm/backup"
    snapshot = atlas.ok("POST", f"{home}/snapshots", {"description": "before", "retentionInDays": 1})
    done = atlas.until(f"{home}/snapshots/{snapshot['id']}", lambda found: found["status"] in ("completed", "failed"))
    assert done["status"] == "completed"
    with client(first) as crm:
        crm.crm.users.delete_many({})
    with client(second) as copy:
        copy.crm.left_over.insert_one({})
    wanted = {
        "deliveryType": "automated",
        "snapshotId": snapshot["id"],
        "targetClusterName": "copy",
        "targetGroupId": group.removeprefix("/groups/"),
    }
    job = atlas.ok("POST", f"{home}/restoreJobs", wanted)
    done = atlas.until(f"{home}/restoreJobs/{job['id']}", lambda found: "finishedAt" in found)
    assert not done["failed"]
    with client(second) as copy:
        assert copy.crm.list_collection_names() == ["users"]
        assert copy.crm.users.count_documents({}) == 1200
        with pytest.raises(PyMongoError, match="duplicate key"):
            copy.crm.users.insert_one({"_id": 5000, "email": "7@example.org"})
    with client(first) as crm:
        assert crm.crm.users.count_documents({}) == 0


def test_data_outlives_a_restart_and_goes_with_its_cluster(atlas: Atlas) -> None:
    group, cloud = atlas.group(), atlas.cloud
    atlas.user(group, "crm", PASSWORD, crm="readWrite")
    cluster = atlas.cluster(group)
    with client(address_of(cluster)) as crm:
        crm.crm.users.insert_one({})
    cloud.stop()
    cloud.start()
    with client(address_of(cluster)) as crm:
        assert crm.crm.users.count_documents({}) == 1
    directory = cloud.state.root / "atlas" / cluster["id"]
    assert directory.is_dir()
    again = Atlas(cloud)
    again.ok("DELETE", f"{group}/clusters/crm")
    end = time.monotonic() + PATIENCE
    while again.send("GET", f"{group}/clusters/crm").status_code != 404:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert not directory.exists()
    children = cloud.admin.get("/status")["children"]
    assert [child["name"] for child in children] == ["terraform-provider"]
