"""PRIVATE to the collection: the variables that a deployed service is really given, held against its data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ._client import Client, segment
from ._cloud_run import HOST, normal
from ._failure import Failure
from ._kubernetes_client import KubernetesClient
from ._kubernetes_kinds import CONFIG_MAP, DEPLOYMENT, SECRET
from ._masking import looks_secret

# Stands for the value of a variable that comes from a secret: it is compared by name alone.
SECRET_VALUE = object()

# What the platform adds by itself.
OWN = frozenset({"PORT"})


def live_environment(params: Mapping[str, Any], cluster: Callable[[], KubernetesClient]) -> dict[str, Any]:
    """Variable to text, or to SECRET_VALUE, as the running revision of the service has them."""
    if params["runtime"] == "cloud_run":
        return _of_cloud_run(params)
    return _of_deployment(cluster(), params["namespace"], params["service"])


def _of_deployment(client: KubernetesClient, namespace: str, name: str) -> dict[str, Any]:
    container = client.get(DEPLOYMENT.path(namespace, name))["spec"]["template"]["spec"]["containers"][0]
    found: dict[str, Any] = {}
    for source in container.get("envFrom") or ():
        if "configMapRef" in source:
            found |= client.get(CONFIG_MAP.path(namespace, source["configMapRef"]["name"])).get("data") or {}
        if "secretRef" in source:
            listed = client.get(SECRET.path(namespace, source["secretRef"]["name"])).get("data") or {}
            found |= dict.fromkeys(listed, SECRET_VALUE)
    for variable in container.get("env") or ():
        found[variable["name"]] = variable.get("value", SECRET_VALUE)
    return found


def _of_cloud_run(params: Mapping[str, Any]) -> dict[str, Any]:
    client = Client.from_params(params)
    place = f"projects/{segment(params['project'])}/locations/{segment(params['location'])}"
    service = client.find(HOST, f"/v2/{place}/services/{segment(params['service'])}")
    if service is None:
        raise Failure("NOT_FOUND", f"There is no Cloud Run service {params['service']} in {place}.")
    variables = normal(service)["template"].get("container", {}).get("env", {})
    return {name: one.get("value", SECRET_VALUE) for name, one in variables.items()}


def declared_as(found: Mapping[str, Any], wanted: Mapping[str, str], secrets: set[str]) -> tuple[bool, str]:
    """Whether the variables are just those that are declared, and what was seen, without values that may be secret."""
    surplus = sorted(set(found) - set(wanted) - secrets - OWN)
    if surplus:
        return False, f"also set: {', '.join(surplus)}"
    lacking = sorted(name for name in {*wanted, *secrets} if name not in found)
    if lacking:
        return False, f"not set: {', '.join(lacking)}"
    for name, text in sorted(wanted.items()):
        if found[name] is SECRET_VALUE or found[name] != text:
            shown = "another value" if looks_secret(name) or found[name] is SECRET_VALUE else repr(found[name])
            return False, f"{name} is {shown}"
    in_clear = sorted(name for name in secrets if found[name] is not SECRET_VALUE)
    if in_clear:
        return False, f"in clear, not from a secret: {', '.join(in_clear)}"
    return True, f"{len(wanted)} variables and {len(secrets)} secrets are set as declared"
