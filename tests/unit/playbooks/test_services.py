"""What is computed from the data of services: the order of rollouts, who may reach whom, and every manifest."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.template import Templar

from plugins.filter.cidrsubnet import cidrsubnet
from plugins.filter.merge_patch import merge_patch
from plugins.filter.service_waves import service_waves
from plugins.plugin_utils.network_policies import EDGE_RANGES, GOOGLE_RANGES, NAME, policy
from plugins.plugin_utils.service_graph import EDGE, GOOGLE, INTERNET, MONGODB, reachability
from tests.rendered_services import rendered

ROOT = Path(__file__).parents[3]
ROLE = ROOT / "roles" / "service"
NETWORK, PODS, DATABASES = "10.16.0.0/16", "10.16.128.0/17", ["10.16.20.0/22"]
DIGEST = f"sha256:{'0' * 64}"

Read = Callable[[Path, str], tuple[dict[str, Any], Templar]]


@pytest.fixture
def catalog(read: Read) -> dict[str, Any]:
    """The services of the environment local."""
    _, templar = read(ROOT / "inventories" / "local", "project")
    found: dict[str, Any] = templar.template(templar.available_variables["platform_service_catalog"])
    return found


def test_waves_follow_needs() -> None:
    catalog = {"a": {"needs": ["b", "c"]}, "b": {"needs": ["d"]}, "c": {"needs": []}, "d": {"needs": []}}

    assert service_waves(catalog) == [["c", "d"], ["b"], ["a"]]
    assert service_waves(catalog, ["a", "c"]) == [["c"], ["a"]]
    with pytest.raises(AnsibleFilterError, match="in a circle: b, d"):
        service_waves({**catalog, "d": {"needs": ["b"]}, "a": {"needs": []}})


def test_shipped_services_have_an_order(catalog: dict[str, Any]) -> None:
    assert service_waves(catalog)[-1] == ["frontend"]


@pytest.mark.parametrize(
    ("patch", "result"),
    [
        ({"image": {"build": None, "reference": "r"}}, {"image": {"reference": "r"}, "port": 1}),
        ({"port": 2, "user": 5}, {"image": {"build": "b"}, "port": 2, "user": 5}),
        ({"image": None}, {"port": 1}),
        ({"port": {"deep": None}}, {"image": {"build": "b"}, "port": {}}),
    ],
)
def test_merge_patch(patch: dict[str, Any], result: dict[str, Any]) -> None:
    assert merge_patch({"image": {"build": "b"}, "port": 1}, patch) == result


def test_cidrsubnet_is_terraforms() -> None:
    assert cidrsubnet("10.16.0.0/16", 6, 5) == "10.16.20.0/22"
    with pytest.raises(AnsibleFilterError, match="is outside"):
        cidrsubnet("10.16.0.0/16", 1, 2)


def lets_in(catalog: dict[str, Any], target: str, source: str) -> bool:
    """Whether the rules of `target` let `source` in; an address stands for what is not a pod."""
    stands_for = {INTERNET: "198.51.100.7", EDGE: EDGE_RANGES[0].split("/")[0]}
    outside = source in stands_for or catalog[source]["runtime"] != "kubernetes"
    address = stands_for.get(source, "10.16.0.9")
    for rule in policy(catalog, target, NETWORK, PODS, DATABASES)["ingress"]:
        for peer in rule["from"]:
            block = peer.get("ipBlock")
            if block and outside and address_in(address, block):
                return True
            if not block and not outside and peer["podSelector"]["matchLabels"][NAME] == source:
                return True
    return False


def address_in(address: str, block: dict[str, Any]) -> bool:
    given = ipaddress.IPv4Address(address)
    excepted = any(given in ipaddress.IPv4Network(one) for one in block.get("except", ()))
    return given in ipaddress.IPv4Network(block["cidr"]) and not excepted


@pytest.mark.parametrize("runtime", ["cloud_run", "kubernetes"])
def test_policies_allow_what_the_matrix_says_and_nothing_else(catalog: dict[str, Any], runtime: str) -> None:
    catalog = {**catalog, "frontend": {**catalog["frontend"], "runtime": runtime}}
    matrix = reachability(catalog)
    on_cluster = [name for name in catalog if catalog[name]["runtime"] == "kubernetes"]
    # The internet's addresses are not told from the edge's proxies where a service is open to the internet anyway.
    for source in (INTERNET, EDGE, *catalog):
        for target in (name for name in on_cluster if name != source):
            if source == EDGE and catalog[target]["exposure"] == "external":
                continue
            private = source in catalog and catalog[source]["runtime"] == "cloud_run"
            if private and catalog[target]["exposure"] == "internal":
                continue
            assert lets_in(catalog, target, source) == (target in matrix["allowed"][source]), f"{source} → {target}"


def test_only_what_calls_google_or_the_database_may(catalog: dict[str, Any]) -> None:
    for name, service in catalog.items():
        ranges = {
            peer["ipBlock"]["cidr"]
            for rule in policy(catalog, name, NETWORK, PODS, DATABASES)["egress"]
            for peer in rule["to"]
            if "ipBlock" in peer
        }
        assert (set(GOOGLE_RANGES) <= ranges) == (GOOGLE in service["egress"])
        assert (set(DATABASES) <= ranges) == (MONGODB in service["egress"])


@pytest.fixture
def render() -> Callable[..., list[dict[str, Any]]]:
    """Function from a service's name, and what it has otherwise, to its manifests."""
    return rendered


def one(manifests: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    (found,) = [manifest for manifest in manifests if manifest["kind"] == kind]
    return found


@pytest.mark.parametrize("name", ["auth-service", "lead-import-service", "conversation-backend", "frontend"])
def test_every_service_is_restricted_and_owned(name: str, render: Callable[..., list[dict[str, Any]]]) -> None:
    manifests = render(name)
    pod = one(manifests, "Deployment")["spec"]["template"]["spec"]
    container = pod["containers"][0]

    assert all(manifest["metadata"]["labels"]["app.kubernetes.io/name"] == name for manifest in manifests)
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod["automountServiceAccountToken"] is False
    assert container["image"].endswith(DIGEST)
    assert container["lifecycle"]["preStop"]["sleep"]["seconds"] < pod["terminationGracePeriodSeconds"]
    assert one(manifests, "Deployment")["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}


def test_exposure_makes_the_service(render: Callable[..., list[dict[str, Any]]]) -> None:
    auth, leads, backend = (
        one(render(name), "Service") for name in ("auth-service", "lead-import-service", "conversation-backend")
    )

    assert (auth["spec"]["type"], leads["spec"]["type"], backend["spec"]["type"]) == (
        "LoadBalancer",
        "LoadBalancer",
        "ClusterIP",
    )
    assert leads["metadata"]["annotations"] == {"networking.gke.io/load-balancer-type": "Internal"}
    assert '"conversation-backend"' in backend["metadata"]["annotations"]["cloud.google.com/neg"]


def test_change_of_configuration_or_secret_rolls_the_pods(render: Callable[..., list[dict[str, Any]]]) -> None:
    before = render("auth-service")
    after = render("auth-service", environment={"MAX_LOGIN_ATTEMPTS": "7"})

    names = [one(manifests, "ConfigMap")["metadata"]["name"] for manifests in (before, after)]
    used = [
        one(manifests, "Deployment")["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"]
        for manifests in (before, after)
    ]
    assert names == used
    assert len(set(names)) == 2
    assert one(before, "Secret").keys().isdisjoint({"data", "stringData"})


def test_secrets_stand_before_what_refers_to_them(render: Callable[..., list[dict[str, Any]]]) -> None:
    variables = [
        variable["name"]
        for variable in one(render("auth-service"), "Deployment")["spec"]["template"]["spec"]["containers"][0]["env"]
    ]

    assert variables.index("MONGODB_PASSWORD") < variables.index("MONGODB_URI")


def test_image_of_another_language_is_data(render: Callable[..., list[dict[str, Any]]]) -> None:
    manifests = render(
        "auth-service",
        image={"build": None, "reference": f"other.example/node@{DIGEST}"},
        port=8080,
        command=["/usr/bin/node", "server.js"],
        probes={"startup": None, "liveness": None, "readiness": {"http": None, "tcp": True}},
        environment={"NODE_ENV": "production"},
        replicas={"min": 1, "max": 1},
        writable_paths=["/var/cache"],
        user=1000,
    )
    container = one(manifests, "Deployment")["spec"]["template"]["spec"]["containers"][0]

    assert container["image"] == f"other.example/node@{DIGEST}"
    assert container["command"] == ["/usr/bin/node", "server.js"]
    assert container["readinessProbe"]["tcpSocket"] == {"port": "http"}
    assert "livenessProbe" not in container
    assert {"name": "PORT", "value": "8080"} in container["env"]
    assert [mount["mountPath"] for mount in container["volumeMounts"]] == ["/tmp", "/var/cache"]
    assert not [manifest for manifest in manifests if manifest["kind"] == "HorizontalPodAutoscaler"]
    assert one(manifests, "Deployment")["spec"]["replicas"] == 1


def test_value_cannot_break_out_of_its_place(render: Callable[..., list[dict[str, Any]]]) -> None:
    evil = 'x"\n---\napiVersion: v1\nkind: Secret # {{ 7 * 7 }}'

    manifests = render("auth-service", environment={"EVIL": evil})

    assert one(manifests, "ConfigMap")["data"]["EVIL"] == evil
