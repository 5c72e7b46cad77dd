"""Ordinary kubectl commands against the cluster, one line each in a table; in their order they are a working day."""

from __future__ import annotations

import hashlib
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import pytest

from local_cloud import programs
from local_cloud.kubernetes.access import Identity
from tests.integration.kubernetes_node.conftest import PATIENCE, Nodes, pod

# Command → what its output has (regular expression). `!` first: the command fails. NODE is the name of a node, POD of a
# pod of the deployment.
DAY = """
get nodes | Ready
get nodes -o wide | 10\\.250\\.
describe node NODE | cloud.google.com/gke-nodepool=general
get deployment web | 2/2
get pods -l app=web | Running
get pods -o wide | NODE
get pods -o jsonpath={.items[*].status.podIP} | 10\\.211\\.
get pod POD -o yaml | containerID: presidential-digs://
get replicasets | web-
get endpointslices | 8080
get events --sort-by=.lastTimestamp | Started
get leases -n kube-node-lease | NODE
describe pod POD | Readiness: .*http-get
describe deployment web | 2 available
logs POD | listening
logs deployment/web --tail=1 | listening
logs -l app=web --prefix | \\[pod/web-
logs POD --timestamps | \\d\\.\\d{9}Z listening
logs POD --since=1h | listening
!logs POD --previous | previous terminated container .* not found
!logs POD --container nothing | container nothing is not valid
exec POD -- id -u | 10001
exec POD -- cat /etc/hostname | web-
exec deployment/web -- printenv KUBERNETES_SERVICE_PORT | 443
!exec POD -- sh -c exit\\ 3 | exit code 3
!exec POD -- nothing | executable file not found
top nodes | NODE
top pods | web-
top pod POD --containers | main
set env deployment/web A=1 | env updated
rollout status deployment/web --timeout=60s | successfully rolled out
rollout history deployment/web | 2
rollout undo deployment/web | rolled back
rollout status deployment/web --timeout=60s | successfully rolled out
rollout restart deployment/web | restarted
rollout status deployment/web --timeout=60s | successfully rolled out
scale deployment/web --replicas=3 | scaled
wait deployment/web --for=jsonpath={.status.readyReplicas}=3 --timeout=60s | condition met
wait pods -l app=web --for=condition=Ready --timeout=60s | condition met
label pods -l app=web seen=yes | labeled
annotate deployment/web note=x | annotated
patch deployment web -p {"spec":{"replicas":2}} | patched
cordon NODE | cordoned
drain NODE --ignore-daemonsets --delete-emptydir-data --timeout=60s --force | drained
get pods --field-selector spec.nodeName=NODE | No resources found
uncordon NODE | uncordoned
rollout status deployment/web --timeout=60s | successfully rolled out
create job once --image=SHELL -- true | created
wait job/once --for=condition=Complete --timeout=60s | condition met
delete job once | deleted
autoscale deployment web --min=2 --max=4 --cpu-percent=80 | autoscaled
wait hpa/web --for=condition=ScalingActive --timeout=90s | condition met
delete hpa web | deleted
auth can-i create pods | yes
api-resources --api-group=metrics.k8s.io | PodMetrics
cluster-info | control plane
"""

NAMESPACE = "day"


def web(image: str) -> dict[str, Any]:
    container = {
        "name": "main",
        "image": image,
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/", "port": "http"}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "50m", "memory": "32Mi"}},
    }
    template = {
        "metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [container], "terminationGracePeriodSeconds": 5},
    }
    selector = {"matchLabels": {"app": "web"}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"replicas": 2, "selector": selector, "template": template},
    }


@pytest.fixture(scope="module")
def day(nodes: Nodes) -> Iterator[Nodes]:
    """A deployment of two behind a service, ready."""
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": NAMESPACE},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": "http"}]},
    }
    nodes.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}, web(nodes.images["python"]), service
    )
    nodes.kubectl("rollout", "status", "deployment/web", "-n", NAMESPACE, "--timeout=60s")
    yield nodes
    nodes.kubectl("delete", "namespace", NAMESPACE)


def _pod(nodes: Nodes) -> str:
    found = nodes.get("pods", "-n", NAMESPACE, "-l", "app=web")["items"]
    return next(str(one["metadata"]["name"]) for one in found if "deletionTimestamp" not in one["metadata"])


def _words(command: str, names: dict[str, str]) -> list[str]:
    """The words of a command; an escaped blank stays within its word."""
    words = [word.replace("\0", " ") for word in command.replace("\\ ", "\0").split()]
    for name, value in names.items():
        words = [word.replace(name, value) for word in words]
    return words


@pytest.mark.seconds(60)
def test_a_day(day: Nodes) -> None:
    """Every command answers as it does on any cluster."""
    node = day.get("nodes")["items"][0]["metadata"]["name"]
    lines = [line for line in DAY.splitlines() if line]
    assert len(lines) >= 40
    wrong = []
    for line in lines:
        command, _, wanted = line.partition(" | ")
        names = {"NODE": node, "SHELL": day.images["shell"]}
        names |= {"POD": _pod(day)} if "POD" in line else {}
        words = _words(command.removeprefix("!"), names)
        options = [] if "-n" in words else ["--namespace", NAMESPACE]
        said = ""
        # What is measured or controlled by somebody else takes its time.
        end = time.monotonic() + (PATIENCE if words[0] in ("top", "get") else 0)
        while True:
            done = day.cluster.kubectl(*options, *words, check=False)
            said = done.stdout + done.stderr
            well = (done.returncode != 0) is command.startswith("!")
            if (well and re.search(wanted.replace("NODE", node), said)) or time.monotonic() > end:
                break
            time.sleep(0.5)
        if not (well and re.search(wanted.replace("NODE", node), said)):
            wrong.append(f"kubectl {' '.join(words)}: {done.returncode}: {said[-600:]}")
    assert not wrong, "\n".join(wrong)


def test_logs_are_followed_to_the_end(day: Nodes) -> None:
    script = "for i in 1 2 3 4 5; do echo $i; sleep 0.1; done"
    counting = pod("counting", day.images["shell"], args=[script], spec={"restartPolicy": "Never"})
    counting["metadata"]["namespace"] = NAMESPACE
    day.apply(counting)
    day.until(lambda: day.cluster.kubectl("--namespace", NAMESPACE, "logs", "counting", check=False).returncode == 0)
    said = day.kubectl("--namespace", NAMESPACE, "logs", "--follow", "counting")
    assert said.split() == ["1", "2", "3", "4", "5"]


def test_input_reaches_a_command(day: Nodes) -> None:
    command = [str(programs.find("kubectl")), "--kubeconfig", str(day.access.kubeconfig(Identity.ADMIN))]
    command += ["--namespace", NAMESPACE, "exec", "-i", _pod(day), "--", "sha256sum"]
    content = bytes(range(256)) * 4096
    done = subprocess.run(command, input=content, capture_output=True, timeout=PATIENCE, check=True)
    assert done.stdout.split()[0] == hashlib.sha256(content).hexdigest().encode()


def test_a_port_is_forwarded(day: Nodes) -> None:
    command = [str(programs.find("kubectl")), "--kubeconfig", str(day.access.kubeconfig(Identity.ADMIN))]
    command += ["--namespace", NAMESPACE, "port-forward", "--address", "127.0.0.1", _pod(day), ":8080"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as forwarding:
        try:
            assert forwarding.stdout is not None
            line = forwarding.stdout.readline()
            port = int(line.split("127.0.0.1:")[1].split()[0])
            for _ in range(3):
                with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
                    connection.sendall(b"GET /through HTTP/1.0\r\n\r\n")
                    content = b"".join(iter(lambda: connection.recv(4096), b""))
                assert content.endswith(b"/through\n")
        finally:
            forwarding.terminate()
