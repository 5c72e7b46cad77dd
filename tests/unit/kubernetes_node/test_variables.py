"""Variables of containers as the kubelet composes them, quantities, capacity."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from local_cloud.kubernetes.node.capacity import allocatable, machine
from local_cloud.kubernetes.node.quantities import ceiling, quantity
from local_cloud.kubernetes.node.variables import expanded, service_variables


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$(A)", "1"),
        ("x$(A)y$(B)", "x1y$(B)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A $ $(", "$A $ $("),
    ],
)
def test_references(text: str, found: str) -> None:
    assert expanded(text, {"A": "1"}) == found


def service(name: str, namespace: str, address: str, /, **port: Any) -> dict[str, Any]:
    ports = [{"port": 80, **port}]
    return {"metadata": {"name": name, "namespace": namespace}, "spec": {"clusterIP": address, "ports": ports}}


def test_services_are_told() -> None:
    services = [service("my-web", "a", "10.8.0.2", name="http"), service("other", "b", "10.8.0.3")]
    services += [service("headless", "a", "None"), service("kubernetes", "default", "10.8.0.1")]
    found = service_variables(services, "a", linked=True)
    assert found["MY_WEB_SERVICE_HOST"] == "10.8.0.2"
    assert found["MY_WEB_SERVICE_PORT_HTTP"] == "80"
    assert found["MY_WEB_PORT"] == found["MY_WEB_PORT_80_TCP"] == "tcp://10.8.0.2:80"
    assert not [name for name in found if name.startswith(("OTHER", "HEADLESS"))]
    assert all(name.startswith("KUBERNETES") for name in service_variables(services, "a", linked=False))


@pytest.mark.parametrize(
    ("text", "number"),
    [("500m", "0.5"), ("64Mi", "67108864"), ("1e3", "1000"), ("2", "2"), ("1E", "1e18"), ("1.5Gi", "1610612736")],
)
def test_quantities(text: str, number: str) -> None:
    assert quantity(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "x", "1Xi", "Mi"])
def test_what_is_no_quantity(text: str) -> None:
    with pytest.raises(ValueError, match="no quantity"):
        quantity(text)


def test_divisors_round_up() -> None:
    assert ceiling("1500m") == 2
    assert ceiling("1500m", "1m") == 1500
    assert ceiling("65Mi", "64Mi") == 2


def test_machines() -> None:
    assert machine("n2-highmem-2").memory == 16 * 1024**3
    assert machine("n2-custom-6-10240").cpus == 6
    # https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes
    assert allocatable(machine("e2-standard-4"), 110, 100)["cpu"] == "3920m"
    for name in ("e2-standard-5", "nothing", "e2-standard-"):
        with pytest.raises(ValueError, match="machineType"):
            machine(name)
