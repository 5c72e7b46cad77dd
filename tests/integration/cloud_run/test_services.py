"""Cloud Run services from the API call to the answer of a real container, through the daemon's proxy."""

from __future__ import annotations

import base64
import os
import signal
import threading
import time
from functools import partial
from typing import Any

import psutil
import pytest
import requests

from tests.integration.cloud_run.conftest import ACCOUNT, SERVICES
from tests.integration.data_plane.conftest import COMPUTE, PROJECT, REGION, eventually, made
from tests.local_cloud import LocalCloud

GLOBAL = f"projects/{PROJECT}/global"


def template(image: str, *environment: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A revision's template."""
    startup = {"tcpSocket": {}, "timeoutSeconds": 1, "periodSeconds": 1, "failureThreshold": 20}
    container = {"image": image, "env": list(environment), "startupProbe": startup, **more.pop("container", {})}
    return {"containers": [container], "serviceAccount": ACCOUNT, **more}


def variable(name: str, value: str) -> dict[str, Any]:
    """An environment variable."""
    return {"name": name, "value": value}


def done(cloud: LocalCloud, operation: dict[str, Any]) -> dict[str, Any]:
    """The operation when it is over."""

    def over() -> dict[str, Any] | None:
        found: dict[str, Any] = cloud.get(f"run.googleapis.com/v2/{operation['name']}").json()
        return found if found.get("done") else None

    found = eventually(over)
    assert found, f"{operation['name']} does not end"
    return dict(found)


def deploy(cloud: LocalCloud, name: str, wanted: dict[str, Any], *, public: bool = True) -> dict[str, Any]:
    """Create the service or change it; the finished operation."""
    if cloud.get(f"{SERVICES}/{name}").status_code == 404:
        answer = cloud.post(f"{SERVICES}?serviceId={name}", wanted)
    else:
        answer = cloud.patch(f"{SERVICES}/{name}", wanted)
    assert answer.status_code == 200, answer.text
    finished = done(cloud, answer.json())
    if public:
        policy = {"policy": {"bindings": [{"role": "roles/run.invoker", "members": ["allUsers"]}]}}
        assert cloud.post(f"{SERVICES}/{name}:setIamPolicy", policy).status_code == 200
    return finished


def service(cloud: LocalCloud, name: str) -> dict[str, Any]:
    """The service's resource."""
    found: dict[str, Any] = cloud.get(f"{SERVICES}/{name}").json()
    return found


def said(cloud: LocalCloud, url: str, **more: Any) -> dict[str, Any]:
    """What the container says at `url`."""
    answer = cloud.get(url, token=None, **more)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_service_answers_at_its_address(cloud: LocalCloud, image: str) -> None:
    finished = deploy(cloud, "hello", {"template": template(image, variable("VERSION", "one"))})
    assert "error" not in finished, finished
    found = service(cloud, "hello")
    assert found["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    assert found["observedGeneration"] == found["generation"]
    assert found["latestReadyRevision"] == found["latestCreatedRevision"]
    assert [one["percent"] for one in found["trafficStatuses"]] == [100]
    answer = said(cloud, f"{found['uri']}/everything", headers={"X-Forwarded-For": "192.0.2.9"})
    environment = answer["environment"]
    assert (answer["version"], environment["PORT"], environment["K_SERVICE"]) == ("one", "8080", "hello")
    assert found["latestReadyRevision"].endswith(f"/{environment['K_REVISION']}")
    assert answer["headers"]["X-Forwarded-Proto"] == "https"
    assert answer["headers"]["X-Forwarded-For"].startswith("192.0.2.9, ")
    plain = cloud.get(found["uri"].replace("https", "http"), token=None, allow_redirects=False)
    assert (plain.status_code, plain.headers["Location"]) == (302, f"{found['uri']}/")


def test_a_new_revision_takes_over_without_losing_a_request(cloud: LocalCloud, image: str) -> None:
    deploy(cloud, "rolling", {"template": template(image, variable("VERSION", "1"))})
    url = service(cloud, "rolling")["uri"]
    assert said(cloud, url)["version"] == "1"
    statuses: list[int] = []
    versions: list[str] = []
    over = threading.Event()

    def ask() -> None:
        session = requests.Session()
        proxies = {"https": cloud.env["HTTPS_PROXY"]}
        while not over.is_set():
            answer = session.get(url, proxies=proxies, verify=cloud.env["REQUESTS_CA_BUNDLE"], timeout=30)
            statuses.append(answer.status_code)
            versions.append(answer.json().get("version", ""))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    assert eventually(lambda: versions)
    for number in ("2", "3"):
        deploy(cloud, "rolling", {"template": template(image, variable("VERSION", number))}, public=False)
        wanted = len(versions) + 20
        assert eventually(partial(_has, versions, wanted))
        assert versions[-1] == number
    over.set()
    for asker in askers:
        asker.join()
    assert set(statuses) == {200}
    assert set(versions) == {"1", "2", "3"}


def test_a_request_under_way_ends_on_the_revision_that_leaves(cloud: LocalCloud, image: str) -> None:
    deploy(cloud, "slow", {"template": template(image, variable("VERSION", "1"))})
    url = service(cloud, "slow")["uri"]
    answers: list[dict[str, Any]] = []
    asker = threading.Thread(target=lambda: answers.append(said(cloud, f"{url}/slow")))
    asker.start()
    deploy(cloud, "slow", {"template": template(image, variable("VERSION", "2"))})
    asker.join()
    assert said(cloud, url)["version"] == "2"
    assert answers[0]["path"] == "/slow"


def test_a_revision_that_crashes_fails_with_its_last_lines_and_the_old_one_serves(
    cloud: LocalCloud, image: str
) -> None:
    deploy(cloud, "crashing", {"template": template(image, variable("VERSION", "good"))})
    before = service(cloud, "crashing")
    bad = template(image, variable("CRASH", "no configuration"))
    finished = deploy(cloud, "crashing", {"template": bad})
    assert "exit code 3" in finished["error"]["message"]
    assert "cannot go on: no configuration" in finished["error"]["message"]
    after = service(cloud, "crashing")
    assert after["terminalCondition"]["state"] == "CONDITION_FAILED"
    assert after["latestReadyRevision"] == before["latestReadyRevision"] != after["latestCreatedRevision"]
    revision = cloud.get(f"run.googleapis.com/v2/{after['latestCreatedRevision']}").json()
    ready = next(one for one in revision["conditions"] if one["type"] == "Ready")
    assert (ready["state"], ready["revisionReason"]) == ("CONDITION_FAILED", "HEALTH_CHECK_CONTAINER_ERROR")
    assert said(cloud, before["uri"])["version"] == "good"


def test_an_image_that_is_not_there_fails_by_name(cloud: LocalCloud) -> None:
    image = "oci-layout:/nowhere"
    finished = deploy(cloud, "absent", {"template": template(image)})
    assert f"Image '{image}' not found" in finished["error"]["message"]
    answer = cloud.get(service(cloud, "absent")["uri"], token=None)
    assert answer.status_code == 503


def test_traffic_is_split_by_percent_and_reached_by_tag(cloud: LocalCloud, image: str) -> None:
    deploy(cloud, "split", {"template": template(image, variable("VERSION", "1"), revision="split-1")})
    traffic = [
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "split-1", "percent": 50},
        {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 50, "tag": "next"},
    ]
    second = template(image, variable("VERSION", "2"), revision="split-2")
    finished = deploy(cloud, "split", {"template": second, "traffic": traffic})
    assert "error" not in finished, finished
    found = service(cloud, "split")
    assert {said(cloud, found["uri"])["version"] for _ in range(40)} == {"1", "2"}
    tagged = next(one["uri"] for one in found["trafficStatuses"] if one.get("tag"))
    assert {said(cloud, tagged)["version"] for _ in range(5)} == {"2"}
    back = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "split-1", "percent": 100}]
    finished = deploy(cloud, "split", {"template": second, "traffic": back})
    assert "error" not in finished, finished
    assert {said(cloud, found["uri"])["version"] for _ in range(10)} == {"1"}


def test_an_instance_that_dies_is_replaced(cloud: LocalCloud, image: str) -> None:
    deploy(cloud, "mortal", {"template": template(image)})
    url = service(cloud, "mortal")["uri"]
    assert cloud.get(f"{url}/die", token=None).status_code == 503
    assert eventually(lambda: cloud.get(url, token=None).status_code == 200)


def test_secrets_come_as_variables_and_files_and_their_lack_is_named(cloud: LocalCloud, image: str) -> None:
    secrets = f"secretmanager.googleapis.com/v1/projects/{PROJECT}/secrets"
    assert cloud.post(f"{secrets}?secretId=key", {"replication": {"automatic": {}}}).status_code == 200
    payload = {"payload": {"data": base64.b64encode(b"planted value").decode()}}
    assert cloud.post(f"{secrets}/key:addVersion", payload).status_code == 200
    reference = {"name": "KEY", "valueSource": {"secretKeyRef": {"secret": "key", "version": "latest"}}}
    items = [{"path": "key", "version": "latest"}]
    wanted = template(
        image,
        reference,
        container={"volumeMounts": [{"name": "keys", "mountPath": "/secrets"}]},
        volumes=[{"name": "keys", "secret": {"secret": "key", "items": items}}],
    )
    assert "error" not in deploy(cloud, "secretive", {"template": wanted})
    url = service(cloud, "secretive")["uri"]
    assert said(cloud, f"{url}/everything")["environment"]["KEY"] == "planted value"
    assert said(cloud, f"{url}/file")["content"] == "planted value"
    lacking = {"name": "KEY", "valueSource": {"secretKeyRef": {"secret": "nothing", "version": "latest"}}}
    finished = deploy(cloud, "secretive", {"template": template(image, lacking)})
    assert f"projects/{PROJECT}/secrets/nothing/versions/latest" in finished["error"]["message"]


@pytest.mark.parametrize("token", [None, "someone", "invoker"])
def test_only_invokers_are_let_in(cloud: LocalCloud, image: str, token: str | None) -> None:
    if cloud.get(f"{SERVICES}/private").status_code == 404:
        deploy(cloud, "private", {"template": template(image)}, public=False)
        members = ["user:invoker@presidential-digs.example"]
        policy = {"policy": {"bindings": [{"role": "roles/run.invoker", "members": members}]}}
        assert cloud.post(f"{SERVICES}/private:setIamPolicy", policy).status_code == 200
        time.sleep(1.1)
    cloud.settings(iam="enforce")
    try:
        shown = cloud.token_for(f"user:{token}@presidential-digs.example") if token else None
        answer = cloud.get(service(cloud, "private")["uri"], token=shown)
    finally:
        cloud.settings(iam="off")
    assert answer.status_code == (200 if token == "invoker" else 403)


def test_the_edge_reaches_a_service_that_outsiders_do_not(cloud: LocalCloud, image: str) -> None:
    wanted = {"template": template(image), "ingress": "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"}
    deploy(cloud, "inner", wanted)
    assert cloud.get(service(cloud, "inner")["uri"], token=None).status_code == 404
    group = {"name": "inner", "networkEndpointType": "SERVERLESS", "cloudRun": {"service": "inner"}}
    made(cloud, f"regions/{REGION}/networkEndpointGroups", group)
    backend = {
        "name": "inner",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "backends": [{"group": f"projects/{PROJECT}/regions/{REGION}/networkEndpointGroups/inner"}],
    }
    made(cloud, "global/backendServices", backend)
    made(cloud, "global/urlMaps", {"name": "inner", "defaultService": f"{GLOBAL}/backendServices/inner"})
    made(cloud, "global/targetHttpProxies", {"name": "inner", "urlMap": f"{GLOBAL}/urlMaps/inner"})
    rule = {
        "name": "inner",
        "IPAddress": "203.0.113.91",
        "target": f"{GLOBAL}/targetHttpProxies/inner",
        "portRange": "80",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
    }
    made(cloud, "global/forwardingRules", rule)

    def answers() -> bool:
        return cloud.get("http://203.0.113.91/everything", token=None).status_code == 200

    assert eventually(answers), cloud.get("http://203.0.113.91/", token=None).text
    headers = said(cloud, "http://203.0.113.91/everything")["headers"]
    assert headers["Host"] == "203.0.113.91"
    assert not [name for name in headers if name.lower().startswith("x-local-cloud")]
    assert cloud.delete(f"{COMPUTE}/global/forwardingRules/inner").status_code == 200


def test_a_deleted_service_is_gone_with_its_containers(cloud: LocalCloud, image: str) -> None:
    deploy(cloud, "ending", {"template": template(image)})
    url = service(cloud, "ending")["uri"]
    finished = done(cloud, cloud.delete(f"{SERVICES}/ending").json())
    assert "error" not in finished, finished
    assert cloud.get(f"{SERVICES}/ending").status_code == 404
    assert cloud.get(url, token=None).status_code == 404
    [entry] = [one for one in cloud.admin.get("/status")["runtimes"] if one["runtime"] == "cloud_run"]
    assert not [name for name in entry["revisions"] if "/ending/" in name]


def pid_of(cloud: LocalCloud, name: str) -> int:
    """The process of a runtime; 0 while it is down."""
    found = [one["pid"] for one in cloud.admin.get("/status")["children"] if one["name"] == name]
    return int(found[0] or 0) if found else 0


@pytest.mark.seconds(15)
@pytest.mark.parametrize("victim", ["cloud_run", "daemon"])
def test_services_come_back_after_a_kill(cloud: LocalCloud, image: str, victim: str) -> None:
    deploy(cloud, "lasting", {"template": template(image, variable("VERSION", "kept"))})
    url = service(cloud, "lasting")["uri"]
    assert said(cloud, url)["version"] == "kept"
    before = pid_of(cloud, "cloud_run")
    os.kill(before if victim == "cloud_run" else cloud.pid, signal.SIGKILL)
    if victim == "daemon":
        cloud.start()

    def answers() -> bool:
        try:
            return cloud.get(url, token=None).status_code == 200
        except requests.exceptions.RequestException:
            return False

    assert eventually(lambda: pid_of(cloud, "cloud_run") not in (0, before))
    assert eventually(answers)
    assert service(cloud, "lasting")["terminalCondition"]["state"] == "CONDITION_SUCCEEDED"
    assert psutil.pid_exists(before) is False


def _has(versions: list[str], wanted: int) -> bool:
    return len(versions) > wanted
