"""A set is rolled out, left alone when nothing changed, taken back as a whole when it fails: by real controllers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from plugins.module_utils._kubernetes_client import KubernetesClient
from plugins.module_utils._kubernetes_kinds import CONFIG_MAP, DEPLOYMENT, NAMESPACE, NETWORK_POLICY, SERVICE
from tests.integration.rollout.service_set import LABELS, NAME, OWNER, SECRET, image, service_set

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.integration.rollout.conftest import Run


def deploy(run: Run, namespace: str, *given: Any, check: bool = False, **more: Any) -> dict[str, Any]:
    options = {"namespace": namespace, "manifests": service_set(*given), "secrets": SECRET, "wait_timeout": 60}
    return run("rollout", check=check, **{**options, **more})


def test_grammar(run: Run, namespace: str) -> None:
    foretold = deploy(run, namespace, check=True)
    made = deploy(run, namespace)
    again = deploy(run, namespace)
    update_foretold = deploy(run, namespace, "2", check=True)
    updated = deploy(run, namespace, "2")

    assert [one["changed"] for one in (foretold, made, again, update_foretold, updated)] == [
        True,
        True,
        False,
        True,
        True,
    ]
    assert foretold["diff"] == made["diff"]
    assert update_foretold["diff"] == updated["diff"]
    assert again["diff"] == {"before": {}, "after": {}}
    found = updated["deployments"][NAME]
    assert (found["previous_revision"], found["revision"], found["available"], found["complete"]) == (1, 2, 2, True)
    assert found["digest"] == image("2").partition("@")[2]


def test_what_stands_as_declared_is_only_read(
    run: Run, cluster: KubernetesClient, namespace: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy(run, namespace, manifests=service_set(hostname="given"))
    asked: list[str] = []

    class Counting(KubernetesClient):
        def apply(self, path: str, manifest: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
            asked.append(path)
            return super().apply(path, manifest, dry_run=dry_run)

    monkeypatch.setattr("plugins.module_utils._rollout.KubernetesClient", Counting)
    unchanged = deploy(run, namespace, manifests=service_set(hostname="given"))
    # The server keeps the port of a Service under a key with more than was declared: there only it can tell.
    assert (unchanged["changed"], asked) == (False, [SERVICE.path(namespace, NAME)])

    foreign = {"spec": {"template": {"spec": {"hostname": "of-somebody-else"}}}}
    cluster.merge(DEPLOYMENT.path(namespace, NAME), foreign, "somebody-else")
    assert deploy(run, namespace, manifests=service_set(hostname="given"), check=True)["changed"]
    cluster.merge(CONFIG_MAP.path(namespace, f"{NAME}-1"), {"data": {"RELEASE": None}}, "somebody-else")
    taken_away = deploy(run, namespace, manifests=service_set(hostname="given"), check=True)["objects"]
    assert {"object": f"ConfigMap/{NAME}-1", "action": "update"} in taken_away
    assert deploy(run, namespace, manifests=service_set(hostname="given"))["changed"]
    assert deploy(run, namespace, check=True)["changed"], "what is not declared any more goes"


def test_difference_is_what_matters_without_secrets(run: Run, namespace: str) -> None:
    first = deploy(run, namespace)
    second = deploy(run, namespace, "2", secrets={NAME: {"JWT_SECRET": "another-secret-of-ours"}})

    container = second["diff"]["after"]["Deployment/auth-service"]["spec"]["template"]["spec"]["containers"][NAME]
    assert set(container) == {"image", "env", "envFrom"}
    assert container["env"] == {"API_TOKEN": "(hidden, changed)"}
    assert second["diff"]["after"]["Secret/auth-service"] == "(hidden, changed)"
    told = json.dumps([first, second])
    for secret in ("a-secret-that-nobody-may-see", "another-secret-of-ours", "token-in-clear", "YS1zZWNyZXQ"):
        assert secret not in told


BAD = [
    ("crash", "CrashLoopBackOff", "exit code 1"),
    ("out of memory", "OOMKilled", "more memory than its limit"),
    ("no image", "ErrImagePull", "manifest unknown"),
    ("no secret", "CreateContainerConfigError", 'secret "auth-service-77" not found'),
    ("not ready", "FailedProbes", "Readiness probe failed"),
]


@pytest.mark.parametrize(("behaviour", "reason", "told"), BAD, ids=[row[0] for row in BAD])
def test_bad_release_fails_at_once_and_is_taken_back(
    run: Run, cluster: KubernetesClient, namespace: str, behaviour: str, reason: str, told: str
) -> None:
    deploy(run, namespace)

    failed = deploy(run, namespace, "2", behaviour)

    assert failed["failed"]
    assert failed["failure"]["reason"] == failed["cause"]["reason"] == reason
    assert told in failed["msg"]
    assert failed["failure"]["hint"]
    assert failed["undone"]["serving"], failed["undone"]
    live = cluster.get(DEPLOYMENT.path(namespace, NAME))
    assert live["spec"]["template"]["spec"]["containers"][0]["image"] == image("1")
    assert live["status"]["availableReplicas"] == 2
    assert cluster.find(CONFIG_MAP.path(namespace, f"{NAME}-2")) is None
    # What was restored is what the release before declares: rolling that out changes nothing.
    assert not deploy(run, namespace)["changed"]


def test_pod_that_the_namespace_does_not_admit(run: Run, cluster: KubernetesClient, namespace: str) -> None:
    deploy(run, namespace)
    strict = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    cluster.merge(f"/api/v1/namespaces/{namespace}", strict)

    failed = deploy(run, namespace, "2")

    assert failed["failure"]["reason"] == "FailedCreate"
    assert "PodSecurity" in failed["msg"]
    assert failed["undone"]["serving"]


def test_pod_without_a_node(run: Run, namespace: str) -> None:
    deploy(run, namespace)

    manifests = service_set("2")
    manifests[1]["spec"]["template"]["metadata"]["annotations"]["unschedulable"] = "true"
    manifests[1]["spec"]["template"]["spec"]["nodeSelector"] = {"nobody": "has-this"}
    failed = deploy(run, namespace, manifests=manifests, unschedulable_timeout=1)

    assert failed["failure"]["reason"] == "Unschedulable"
    assert failed["undone"]["serving"]


def test_first_release_that_fails_is_left_to_be_looked_at(run: Run, cluster: KubernetesClient, namespace: str) -> None:
    failed = deploy(run, namespace, "1", "crash")

    assert "no revision before" in failed["msg"]
    assert cluster.find(DEPLOYMENT.path(namespace, NAME))


def test_rerun_goes_on_where_a_killed_run_stopped(run: Run, namespace: str) -> None:
    deploy(run, namespace)
    begun = deploy(run, namespace, "2", wait=False)
    resumed = deploy(run, namespace, "2")

    assert begun["changed"]
    assert not resumed["changed"]
    assert resumed["deployments"][NAME]["complete"]


def test_what_the_server_refuses_changes_nothing(run: Run, cluster: KubernetesClient, namespace: str) -> None:
    manifests = service_set()
    manifests[2]["spec"]["ports"][0]["port"] = 70000

    refused = deploy(run, namespace, manifests=manifests)

    assert refused["failure"]["reason"] == "Invalid"
    assert cluster.find(CONFIG_MAP.path(namespace, f"{NAME}-1")) is None


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda manifests: manifests[0].pop("kind"), "manifests[0]: kind missing"),
        (lambda manifests: manifests[0]["metadata"].pop("name"), "manifests[0]: metadata.name missing"),
        (lambda manifests: manifests.append(manifests[0]), "is in the set twice"),
        (
            lambda manifests: manifests[0].update(apiVersion="nobody/v1"),
            "knows no HorizontalPodAutoscaler of nobody/v1",
        ),
    ],
)
def test_bad_manifests_are_refused(run: Run, namespace: str, spoil: Any, told: str) -> None:
    manifests = service_set()
    spoil(manifests)

    assert told in deploy(run, namespace, manifests=manifests)["msg"]


def test_autoscaler_keeps_its_number_of_replicas(run: Run, cluster: KubernetesClient, namespace: str) -> None:
    deploy(run, namespace)
    cluster.merge(f"{DEPLOYMENT.path(namespace, NAME)}/scale", {"spec": {"replicas": 3}}, "autoscaler")

    deploy(run, namespace, "2")

    assert cluster.get(DEPLOYMENT.path(namespace, NAME))["spec"]["replicas"] == 3


def test_namespace_may_be_part_of_the_set(run: Run, cluster: KubernetesClient, namespace: str) -> None:
    other = f"{namespace}-new"
    own = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": other}}

    foretold = deploy(run, other, manifests=[*service_set(), own], check=True)
    made = deploy(run, other, manifests=[*service_set(), own])

    assert foretold["changed"]
    assert made["deployments"][NAME]["complete"]


def test_undo_by_hand(run: Run, cluster: KubernetesClient, namespace: str) -> None:
    deploy(run, namespace)
    deploy(run, namespace, "2")
    options = {"namespace": namespace, "name": NAME, "to_revision": 1}

    foretold = run("rollout_undo", check=True, **options)
    undone = run("rollout_undo", **options)
    told = run("rollout_status", namespace=namespace)

    assert (foretold["changed"], undone["changed"]) == (True, True)
    assert foretold["diff"] == undone["diff"]
    assert undone["rollout"]["image"] == image("1")
    assert undone["rollout"]["complete"]
    assert told["deployments"][NAME]["revision"] == 3
    assert not run("rollout_undo", **{**options, "to_revision": 3})["changed"]
    assert "one that is remembered: 2, 3" in run("rollout_undo", **{**options, "to_revision": 1})["msg"]


def test_prune(run: Run, cluster: KubernetesClient, namespace: str) -> None:
    deploy(run, namespace)
    deploy(run, namespace, "2")
    foreign = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "somebody-elses"}}
    cluster.apply(CONFIG_MAP.path(namespace, "somebody-elses"), foreign)
    stray = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "old", "labels": LABELS},
    }
    cluster.apply(NETWORK_POLICY.path(namespace, "old"), {**stray, "spec": {"podSelector": {}}})
    keep = [f"{one['kind']}/{one['metadata']['name']}" for one in service_set("2")]
    options = {"namespace": namespace, "labels": OWNER, "keep": keep}

    foretold, pruned, again = run("prune", check=True, **options), run("prune", **options), run("prune", **options)

    assert foretold["pruned"] == pruned["pruned"] == ["NetworkPolicy/old"]
    assert (foretold["changed"], pruned["changed"], again["changed"]) == (True, True, False)
    # Revision 1 can be taken back to, so what it refers to stays.
    assert pruned["spared"] == [f"ConfigMap/{NAME}-1"]
    assert cluster.find(CONFIG_MAP.path(namespace, "somebody-elses"))
    assert cluster.find(SERVICE.path(namespace, NAME))
    assert "without an owner's label" in run("prune", **{**options, "labels": {"team": "x"}})["msg"]


def test_prune_takes_a_namespace_down_with_all_that_is_in_it(
    run: Run, cluster: KubernetesClient, namespace: str
) -> None:
    deploy(run, namespace)
    options = {"namespace": namespace, "labels": OWNER, "keep": [], "kinds": ["Namespace"], "wait_timeout": 60}
    # Without the owner's label it is somebody else's.
    spared = run("prune", **options)
    path = NAMESPACE.path("", namespace)
    cluster.merge(path, {"metadata": {"labels": OWNER}})

    foretold, gone, again = run("prune", check=True, **options), run("prune", **options), run("prune", **options)

    assert (spared["changed"], again["changed"]) == (False, False)
    assert foretold["pruned"] == gone["pruned"] == [f"Namespace/{namespace}"]
    assert cluster.find(path) is None


def test_a_namespace_that_stays_is_told_with_what_holds_it(run: Run, cluster: KubernetesClient, namespace: str) -> None:
    held = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "held", "finalizers": ["presidential-digs.example/held"]},
    }
    cluster.apply(CONFIG_MAP.path(namespace, "held"), held)
    cluster.merge(NAMESPACE.path("", namespace), {"metadata": {"labels": OWNER}})
    options = {"namespace": namespace, "labels": OWNER, "keep": [], "kinds": ["Namespace"]}

    late = run("prune", **options, wait_timeout=6)

    assert late["failure"]["reason"] == "WAIT_TIMEOUT"
    assert "presidential-digs.example/held in 1 resource" in late["msg"]
    # A run after one that was interrupted waits for what that one began.
    assert run("prune", **options, wait_timeout=1)["failure"]["reason"] == "WAIT_TIMEOUT"
    cluster.merge(CONFIG_MAP.path(namespace, "held"), {"metadata": {"finalizers": None}})
    assert run("prune", **options, wait_timeout=60)["changed"] is False
    assert cluster.find(NAMESPACE.path("", namespace)) is None
