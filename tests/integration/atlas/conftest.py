"""A local cloud that runs clusters of MongoDB Atlas, and a client of their Admin API."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests.auth import HTTPDigestAuth

from local_cloud.runtimes import CHOICE
from local_cloud.twins import LANE_VARIABLE, twin
from tests.local_cloud import LocalCloud, running_cloud

URL = "https://cloud.mongodb.com/api/atlas/v2"
ACCEPT = "application/vnd.atlas.2024-08-05+json"
# What a server may take on a busy machine, in seconds.
PATIENCE = 90
SPECS = [
    {
        "regionConfigs": [
            {
                "providerName": "GCP",
                "regionName": "EUROPE_WEST_3",
                "priority": 7,
                "electableSpecs": {"instanceSize": "M10", "nodeCount": 3},
            }
        ]
    }
]


class Atlas:
    """The Admin API with the key that `env` gives."""

    def __init__(self, cloud: LocalCloud) -> None:
        """Through the proxy of `cloud`."""
        self.cloud = cloud
        self.organisation = cloud.env["MONGODB_ATLAS_ORG_ID"]
        keys = (cloud.env["MONGODB_ATLAS_PUBLIC_API_KEY"], cloud.env["MONGODB_ATLAS_PRIVATE_API_KEY"])
        self.auth: Any = HTTPDigestAuth(*keys)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = cloud.env["SSL_CERT_FILE"]

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        """One call."""
        proxies = {"https": self.cloud.env["HTTPS_PROXY"]}
        sent = {"Accept": ACCEPT, **headers}
        return self._session.request(
            method, f"{URL}{path}", json=body, auth=self.auth, headers=sent, proxies=proxies, timeout=30
        )

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        """The parsed answer of a call that must succeed."""
        answer = self.send(method, path, body)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content.strip() else None

    def refused(self, status: int, code: str, method: str, path: str, body: Any = None) -> str:
        """What a refusal says."""
        answer = self.send(method, path, body)
        assert (answer.status_code, answer.json()["errorCode"]) == (status, code), answer.text
        return str(answer.json()["detail"])

    def group(self, name: str = "crm") -> str:
        """The path of a new group."""
        return f"/groups/{self.ok('POST', '/groups', {'name': name, 'orgId': self.organisation})['id']}"

    def cluster(self, group: str, name: str = "crm", **more: Any) -> dict[str, Any]:
        """A new cluster, once it is idle."""
        body = {"name": name, "clusterType": "REPLICASET", "backupEnabled": True, "replicationSpecs": SPECS, **more}
        self.ok("POST", f"{group}/clusters", body)
        return self.until(f"{group}/clusters/{name}", lambda found: found["stateName"] == "IDLE")

    def until(self, path: str, settled: Any) -> dict[str, Any]:
        """What is at `path`, once it is `settled`."""
        end = time.monotonic() + PATIENCE
        while not settled(found := self.ok("GET", path)):
            assert time.monotonic() < end, found
            time.sleep(0.1)
        return dict(found)

    def user(self, group: str, name: str, password: str, **roles: str) -> None:
        """A new database user with roles by database."""
        held = [{"databaseName": database, "roleName": role} for database, role in roles.items()]
        body = {"username": name, "databaseName": "admin", "password": password, "roles": held}
        self.ok("POST", f"{group}/databaseUsers", body)


def address_of(cluster: dict[str, Any]) -> str:
    """HOST:PORT on this machine of a cluster's connection string."""
    host, _, port = str(cluster["connectionStrings"]["standard"]).removeprefix("mongodb://").partition(":")
    at = twin(host, int(port))
    return f"{at.address}:{at.port}"


@pytest.fixture(scope="module")
def atlas_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    """One local cloud per test module that runs clusters of Atlas alone."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv(CHOICE, "atlas")
        with running_cloud(tmp_path_factory.mktemp("cloud")) as started:
            # A cloud beside this one has the same addresses in a lane of its own.
            patched.setenv(LANE_VARIABLE, started.env[LANE_VARIABLE])
            yield started


@pytest.fixture
def atlas(atlas_cloud: LocalCloud) -> Atlas:
    """The Admin API of an empty cloud."""
    atlas_cloud.reset()
    return Atlas(atlas_cloud)
