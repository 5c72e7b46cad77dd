"""Seconds per task of `rollout` and of kubernetes.core.k8s when nothing is left to change, on a site's services in one
play."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ansible.plugins.loader import init_plugin_loader

from local_cloud.kubernetes.access import Identity
from plugins.module_utils._kubernetes_client import KubernetesClient
from tests.benchmarks.tasks import ROOT
from tests.integration.rollout.scripted_node import ScriptedNode
from tests.kubernetes import running_control_plane
from tests.rendered_services import catalog, rendered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REPETITIONS = 5
NAMESPACE = "crm"
OURS, BASELINE = "presidential_digs.platform.rollout", "kubernetes.core.k8s"


def seconds_per_task(environment: Path, work: Path) -> dict[str, float]:
    """The median by module; `environment` is the Python environment of requirements/bench.lock.

    RuntimeError with what Ansible said when a task fails or changes something that it should not.
    """
    with running_control_plane(work / "control-plane") as cluster:
        kubeconfig = str(cluster.access.kubeconfig(Identity.ADMIN))
        client = KubernetesClient.from_params({"kubeconfig": kubeconfig, "retry_timeout": 20})
        with ScriptedNode(client):
            return _medians(_played(environment, work, kubeconfig))


def _played(environment: Path, work: Path, kubeconfig: str) -> list[dict[str, Any]]:
    playbook = work / "rollout.json"
    playbook.write_text(json.dumps([_play(kubeconfig)]), encoding="utf-8")
    settings = work / "rollout.cfg"
    settings.touch()
    (collections,) = environment.glob("lib/python*/site-packages")
    variables = {
        "PATH": f"{environment / 'bin'}:/usr/bin:/bin",
        "HOME": str(work),
        "ANSIBLE_CONFIG": str(settings),
        "ANSIBLE_COLLECTIONS_PATH": f"{ROOT / 'collections'}:{collections}",
        "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json",
        "LC_ALL": "C.UTF-8",
    }
    command = [str(environment / "bin" / "ansible-playbook"), "-i", "localhost,", "-c", "local", str(playbook)]
    done = subprocess.run(command, env=variables, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ansible-playbook: {(done.stderr or done.stdout)[-2000:]}")
    tasks: list[dict[str, Any]] = json.loads(done.stdout[done.stdout.index("{") :])["plays"][0]["tasks"]
    return tasks


def site_set() -> list[dict[str, Any]]:
    """Every object of the services that the environment local has on Kubernetes."""
    init_plugin_loader([str(ROOT / "collections")])
    on_kubernetes = [name for name, service in catalog().items() if service["runtime"] == "kubernetes"]
    return [manifest for name in on_kubernetes for manifest in rendered(name)]


def _play(kubeconfig: str) -> dict[str, Any]:
    objects = site_set()
    ours = {"kubeconfig": kubeconfig, "namespace": NAMESPACE, "manifests": objects}
    theirs = {
        "kubeconfig": kubeconfig,
        "namespace": NAMESPACE,
        "definition": objects,
        "apply": True,
        "server_side_apply": {"field_manager": "presidential-digs", "force_conflicts": True},
        "wait": True,
    }
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    return {
        "hosts": "localhost",
        "gather_facts": False,
        "vars": {"ansible_python_interpreter": "{{ ansible_playbook_python }}"},
        "tasks": [
            {"name": "before", OURS: {**ours, "manifests": [space, *objects]}},
            *({"name": OURS, OURS: ours, "failed_when": "measured is changed", "register": "measured"},) * REPETITIONS,
            *({"name": BASELINE, BASELINE: theirs},) * REPETITIONS,
        ],
    }


def _medians(tasks: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    lasted: dict[str, list[float]] = {}
    for entry in tasks:
        times = entry["task"]["duration"]
        length = datetime.fromisoformat(times["end"]) - datetime.fromisoformat(times["start"])
        lasted.setdefault(entry["task"]["name"], []).append(length.total_seconds())
    return {name: sorted(lengths)[len(lengths) // 2] for name, lengths in lasted.items() if name != "before"}
