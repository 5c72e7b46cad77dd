"""A real control plane with a scripted node, and the modules run in this process against it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest
from ansible.module_utils.basic import AnsibleModule

from local_cloud.kubernetes.access import Identity
from plugins.module_utils._kubernetes_client import KubernetesClient
from plugins.module_utils._kubernetes_kinds import NAMESPACE
from tests.integration.rollout.scripted_node import ScriptedNode
from tests.kubernetes import control_plane

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.kubernetes import ClusterForTests

__all__ = ["control_plane"]

Run = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def cluster(control_plane: ClusterForTests) -> Iterator[KubernetesClient]:
    """A client of the control plane, with a node whose pods do what they are told."""
    kubeconfig = str(control_plane.access.kubeconfig(Identity.ADMIN))
    client = KubernetesClient.from_params({"kubeconfig": kubeconfig, "retry_timeout": 20})
    with ScriptedNode(client):
        yield client


@pytest.fixture
def namespace(cluster: KubernetesClient) -> str:
    """A namespace of the test's own."""
    name = f"crm-{uuid.uuid4().hex[:8]}"
    cluster.apply(NAMESPACE.path("", name), {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


@pytest.fixture
def run(control_plane: ClusterForTests, cluster: KubernetesClient) -> Run:
    """Function from a module's name and arguments to its result."""
    return module_runner(str(control_plane.access.kubeconfig(Identity.ADMIN)))


def module_runner(kubeconfig: str) -> Run:
    """The modules on the cluster of a kubeconfig."""

    def run_module(name: str, /, *, check: bool = False, **arguments: Any) -> dict[str, Any]:
        results: list[dict[str, Any]] = []
        given = {
            "kubeconfig": kubeconfig,
            "retry_timeout": 20,
            **arguments,
            "_ansible_check_mode": check,
            "_ansible_module_name": name,
            "_ansible_no_log": True,
        }

        class Direct(AnsibleModule):  # type: ignore[misc]
            def _load_params(self) -> None:
                self.params = given

            def _record_module_result(self, o: dict[str, Any]) -> None:
                results.append(o)

        try:
            import_module(f"plugins.modules.{name}").main(Direct)
        except SystemExit:
            return results[-1]
        raise AssertionError(f"{name} did not end")

    return run_module
