"""Pods on real nodes: what they get, how they fail, how they end."""

from __future__ import annotations

from typing import Any

import psutil

from local_cloud.twins import twin_address
from tests.integration.kubernetes_node.conftest import PATIENCE, Nodes, pod


def running(nodes: Nodes, name: str) -> bool:
    return "running" in nodes.state(name).get("state", {})


def finished(nodes: Nodes, name: str) -> Any:
    return nodes.get("pod", name)["status"].get("phase") in ("Succeeded", "Failed")


def waiting(nodes: Nodes, name: str) -> str:
    return str(nodes.state(name).get("state", {}).get("waiting", {}).get("reason", ""))


def test_nodes_are_what_their_pool_says(nodes: Nodes) -> None:
    found = nodes.get("nodes")["items"][0]
    assert found["metadata"]["labels"]["cloud.google.com/gke-nodepool"] == "general"
    assert found["metadata"]["labels"]["topology.kubernetes.io/zone"].startswith("europe-west1-")
    assert found["metadata"]["labels"]["own"] == "label"
    assert found["status"]["capacity"]["cpu"] == "4"
    assert found["status"]["allocatable"]["cpu"] == "3920m"


SAYS_ALL = (
    "echo $A $KEY $POD $JOINED $LIMIT $KUBERNETES_SERVICE_PORT; cat /s/b.c; echo; cat /d/labels; echo;"
    " cat /early/made; ls /var/run/secrets/kubernetes.io/serviceaccount; echo done > /dev/termination-log"
)
ENVIRONMENT = [
    {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "hidden", "key": "key"}}},
    {"name": "POD", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
    {"name": "JOINED", "value": "$(POD)-$(KEY)-$(NONE)-$$(KEY)"},
    {"name": "LIMIT", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}},
]
LABEL = {"path": "labels", "fieldRef": {"fieldPath": "metadata.labels['app']"}}
VOLUMES = [
    {"name": "s", "configMap": {"name": "settings"}},
    {"name": "early", "emptyDir": {}},
    {"name": "d", "downwardAPI": {"items": [LABEL]}},
]
EARLY = {"name": "early", "mountPath": "/early"}


def test_a_pod_gets_its_configuration(nodes: Nodes) -> None:
    settings = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hidden"}, "stringData": {"key": "s3"}}
    nodes.apply({**settings, "data": {"A": "1", "b.c": "x"}}, secret)
    image = nodes.images["shell"]
    maker = {"name": "maker", "image": image, "args": ["echo early > /early/made"], "volumeMounts": [EARLY]}
    nodes.apply(
        pod(
            "configured",
            image,
            args=[SAYS_ALL],
            env=ENVIRONMENT,
            envFrom=[{"configMapRef": {"name": "settings"}}],
            resources={"limits": {"memory": "64Mi"}},
            volumeMounts=[{"name": "s", "mountPath": "/s"}, {"name": "d", "mountPath": "/d"}, EARLY],
            spec={"volumes": VOLUMES, "initContainers": [maker], "restartPolicy": "Never"},
        )
    )
    nodes.until(lambda: finished(nodes, "configured"))
    assert nodes.kubectl("logs", "configured", "--container", "main").splitlines() == [
        "1 s3 configured configured-s3-$(NONE)-$(KEY) 64 443",
        *("x", "configured", "early", "ca.crt", "namespace", "token"),
    ]
    assert nodes.state("configured")["state"]["terminated"]["message"] == "done\n"


def test_a_crash_is_told_with_its_end_and_backed_off(nodes: Nodes) -> None:
    nodes.apply(pod("crashing", nodes.images["shell"], args=["echo last words; exit 3"]))
    nodes.until(lambda: waiting(nodes, "crashing") == "CrashLoopBackOff")
    assert nodes.state("crashing")["lastState"]["terminated"]["exitCode"] == 3
    assert nodes.kubectl("logs", "crashing", "--previous") == "last words\n"
    nodes.until(lambda: nodes.state("crashing")["restartCount"] >= 3)
    assert "Back-off restarting failed container main in pod crashing_default" in nodes.events("crashing")["BackOff"]


def test_too_much_memory(nodes: Nodes) -> None:
    command = ["python3", "-c", "import time; x = bytearray(200 << 20); time.sleep(600)"]
    limits = {"limits": {"memory": "64Mi"}}
    nodes.apply(
        pod("hungry", nodes.images["shell"], command=command, resources=limits, spec={"restartPolicy": "Never"})
    )
    nodes.until(lambda: finished(nodes, "hungry"))
    end = nodes.state("hungry")["state"]["terminated"]
    assert (end["exitCode"], end["reason"]) == (137, "OOMKilled")
    assert "OOMKilling" in nodes.events("hungry")


def test_what_keeps_a_pod_from_starting_is_said(nodes: Nodes) -> None:
    missing = {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "nowhere", "key": "k"}}}]}
    volume = {"volumes": [{"name": "v", "configMap": {"name": "nowhere"}}]}
    nodes.apply(
        pod("no-image", "oci-layout:/nowhere"),
        pod("no-secret", nodes.images["shell"], args=["true"], **missing),
        pod("no-volume", nodes.images["shell"], args=["true"], spec=volume),
        pod("no-program", nodes.images["shell"], command=["nothing-of-that-name"]),
        pod("as-root", nodes.images["shell"], args=["true"], securityContext={"runAsNonRoot": True}),
    )
    nodes.until(lambda: waiting(nodes, "no-image") in ("ImagePullBackOff", "ErrImagePull"))
    nodes.until(lambda: waiting(nodes, "no-secret") == "CreateContainerConfigError")
    nodes.until(lambda: "FailedMount" in nodes.events("no-volume"))
    nodes.until(lambda: nodes.state("no-program").get("lastState", {}).get("terminated"))
    nodes.until(lambda: waiting(nodes, "as-root") == "CreateContainerConfigError")
    assert 'secret "nowhere" not found' in nodes.state("no-secret")["state"]["waiting"]["message"]
    assert 'configmap "nowhere" not found' in nodes.events("no-volume")["FailedMount"]
    assert "executable file not found" in nodes.state("no-program")["lastState"]["terminated"]["message"]
    # What was missing comes: the pod starts by itself.
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "nowhere"}, "stringData": {"k": "v"}}
    nodes.apply(secret, {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "nowhere"}, "data": {"a": "b"}})
    nodes.until(lambda: "terminated" in str(nodes.state("no-secret")))
    nodes.until(lambda: "terminated" in str(nodes.state("no-volume")))


def test_probes_decide(nodes: Nodes) -> None:
    often = {"periodSeconds": 1, "failureThreshold": 1}
    image = nodes.images["python"]
    nodes.apply(
        pod("well", image, readinessProbe={"httpGet": {"path": "/", "port": 8080}, **often}),
        pod("unready", image, readinessProbe={"httpGet": {"path": "/fail", "port": 8080}, **often}),
        pod("ill", image, livenessProbe={"exec": {"command": ["false"]}, **often}),
        pod("late", image, startupProbe={"tcpSocket": {"port": 1}, **often}),
        pod("grpc", image, readinessProbe={"grpc": {"port": 8080}, **often}),
    )
    nodes.until(lambda: nodes.state("well").get("ready"))
    nodes.until(lambda: "HTTP probe failed with statuscode: 500" in nodes.events("unready").get("Unhealthy", ""))
    nodes.until(lambda: "no grpc checks" in nodes.events("grpc").get("Unhealthy", ""))
    assert not nodes.state("unready")["ready"]
    for name, kind in (("ill", "liveness"), ("late", "startup")):
        nodes.until(lambda name=name: nodes.state(name).get("restartCount", 0) >= 1)  # type: ignore[misc]
        assert f"Container main failed {kind} probe, will be restarted" in nodes.events(name)["Killing"]


def test_grace_is_given_and_ends(nodes: Nodes) -> None:
    script = "trap 'echo bye; sleep 0.3; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    hook = {"preStop": {"exec": {"command": ["sh", "-c", "echo hook > /proc/1/fd/1"]}}}
    nodes.apply(
        pod("polite", nodes.images["shell"], args=[script], lifecycle=hook),
        pod("stubborn", nodes.images["shell"], args=["trap '' TERM; echo up; while :; do sleep 1; done"]),
    )
    nodes.until(lambda: "up" in nodes.kubectl("logs", "polite", check=False))
    nodes.until(lambda: "up" in nodes.kubectl("logs", "stubborn", check=False))
    uid = nodes.get("pod", "polite")["metadata"]["uid"]
    log = nodes.access.directory / "node" / "pods" / uid / "logs" / "main" / "0.log"
    with log.open() as kept:
        nodes.kubectl("delete", "pod", "polite", "stubborn")
        # The file is gone by name, and still whole for who has it open.
        assert [line.split()[-1] for line in kept] == ["up", "hook", "bye"]
    assert not log.exists()


def test_a_killed_agent_leaves_nothing_and_the_next_one_goes_on(nodes: Nodes) -> None:
    nodes.apply(pod("survivor", nodes.images["python"]))
    nodes.until(lambda: running(nodes, "survivor"))
    address = nodes.get("pod", "survivor")["status"]["podIP"]
    everyone = nodes.kill()
    assert everyone
    _, left = psutil.wait_procs(everyone, timeout=PATIENCE)
    assert not [process for process in left if process.status() != psutil.STATUS_ZOMBIE]
    nodes.start(general=1)
    nodes.until(lambda: nodes.state("survivor")["restartCount"] == 1 and running(nodes, "survivor"))
    assert nodes.get("pod", "survivor")["status"]["podIP"] == address
    assert twin_address(address).startswith("127.")


def test_a_pool_comes_and_goes(nodes: Nodes) -> None:
    nodes.want(general=1, high_memory=1)
    name = next(node["metadata"]["name"] for node in nodes.get("nodes")["items"] if node["spec"].get("taints"))
    assert "high-memory" in name
    tolerant = {"tolerations": [{"operator": "Exists"}], "nodeSelector": {"kubernetes.io/hostname": name}}
    nodes.apply(pod("moved", nodes.images["python"], spec=tolerant))
    nodes.until(lambda: running(nodes, "moved"))
    nodes.want(general=1)
    nodes.until(lambda: "NotFound" in nodes.kubectl("get", "pod", "moved", check=False))
    assert nodes.count("nodes") == 2
