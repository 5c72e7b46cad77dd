"""Rules between services, and between the parts of one, which no schema of a single value can state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from .inventory_finding import Finding
from .service_graph import CyclicNeeds, waves

Values = Mapping[str, Any]
Rule = Callable[[Values], Iterator[Finding]]

CATALOG = "platform_service_catalog"

# $(NAME) in a value is put in by Kubernetes; $$(NAME) stands for itself.
REFERENCE = re.compile(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_]*)\)")

MEMORY = {"Ki": 1, "Mi": 1024, "Gi": 1024**2}


def overridden_services_exist(values: Values) -> Iterator[Finding]:
    """An override of a misspelt service would silently change nothing."""
    known = sorted(values[CATALOG])
    for name, patch in values["platform_service_overrides"].items():
        if name not in known:
            yield Finding(("platform_service_overrides", name), patch, f"a service: {', '.join(known)}")


def needs_exist(values: Values) -> Iterator[Finding]:
    """The order of rollouts and the network policies are computed from what each service needs."""
    catalog = values[CATALOG]
    for name, service in catalog.items():
        others = sorted({*catalog} - {name})
        for index, need in enumerate(service["needs"]):
            if need not in others:
                yield Finding((CATALOG, name, "needs", index), need, f"another service: {', '.join(others)}")


def secrets_are_declared(values: Values) -> Iterator[Finding]:
    """A secret that nobody makes would only be missed when a rollout reads it."""
    known = sorted(values["platform_secrets"])
    for name, service in values[CATALOG].items():
        for variable, secret in service["secrets"].items():
            if secret not in known:
                yield Finding(
                    (CATALOG, name, "secrets", variable), secret, f"a key of platform_secrets: {', '.join(known)}"
                )


def needs_have_an_order(values: Values) -> Iterator[Finding]:
    """Of two services that need each other neither can be rolled out first."""
    catalog = values[CATALOG]
    try:
        waves(catalog)
    except CyclicNeeds as circle:
        for name in circle.members:
            allowed = f"services that do not need {name} in turn; in a circle: {', '.join(circle.members)}"
            yield Finding((CATALOG, name, "needs"), catalog[name]["needs"], allowed)


def replicas_grow(values: Values) -> Iterator[Finding]:
    """An autoscaler needs room between its bounds, or none."""
    for name, service in values[CATALOG].items():
        least, most = service["replicas"]["min"], service["replicas"]["max"]
        if most < least:
            yield Finding((CATALOG, name, "replicas", "max"), most, f"{least}, the value of min, or more")


def memory_requests_fit(values: Values) -> Iterator[Finding]:
    """Kubernetes refuses a container that asks for more than it may use."""
    for name, service in values[CATALOG].items():
        asked, limit = (service["resources"][part]["memory"] for part in ("requests", "limits"))
        if _kibibytes(asked) > _kibibytes(limit):
            yield Finding((CATALOG, name, "resources", "requests", "memory"), asked, f"up to {limit}, its limit")


def paths_are_unique(values: Values) -> Iterator[Finding]:
    """The edge sends a path to one service."""
    seen: dict[str, str] = {}
    for name, service in values[CATALOG].items():
        for index, path in enumerate(service["paths"]):
            if path in seen:
                yield Finding((CATALOG, name, "paths", index), path, f"a path that {seen[path]} does not have")
            seen[path] = name


def exposure_fits_paths(values: Values) -> Iterator[Finding]:
    """Only what the edge serves has paths, and what only the edge serves has at least one."""
    for name, service in values[CATALOG].items():
        if service["exposure"] == "internal" and service["paths"]:
            yield Finding((CATALOG, name, "paths"), service["paths"], "none, since exposure is internal")
        if service["exposure"] == "edge" and not service["paths"]:
            yield Finding((CATALOG, name, "paths"), [], "at least one path, since exposure is edge")
        if service["runtime"] == "cloud_run" and service["exposure"] == "internal":
            yield Finding((CATALOG, name, "exposure"), "internal", "edge or external, since runtime is cloud_run")


def variables_are_set_once(values: Values) -> Iterator[Finding]:
    """A variable is either a text or a secret, and what a text refers to is set."""
    for name, service in values[CATALOG].items():
        texts, secrets = service["environment"], service["secrets"]
        for variable in sorted(set(texts) & set(secrets)):
            yield Finding(
                (CATALOG, name, "environment", variable), texts[variable], "a variable that secrets does not set"
            )
        known = {*texts, *secrets, "PORT"}
        for variable, text in texts.items():
            for reference in REFERENCE.findall(text):
                if reference not in known:
                    allowed = f"references such as $(PORT) to variables that are set; {reference} is not"
                    yield Finding((CATALOG, name, "environment", variable), text, allowed)


def cloud_run_probes_are_requests(values: Values) -> Iterator[Finding]:
    """Cloud Run runs no command in a container, and asks for life by HTTP only."""
    for name, service in values[CATALOG].items():
        if service["runtime"] != "cloud_run":
            continue
        for kind, probe in service["probes"].items():
            if "exec" in probe or (kind == "liveness" and "tcp" in probe):
                allowed = (
                    "http, since runtime is cloud_run"
                    if kind == "liveness"
                    else "http or tcp, since runtime is cloud_run"
                )
                yield Finding((CATALOG, name, "probes", kind), probe, allowed)


def check_names_are_unique(values: Values) -> Iterator[Finding]:
    """A verdict is found by its name."""
    for name, service in values[CATALOG].items():
        seen: set[str] = set()
        for index, check in enumerate(service["checks"]):
            if check["name"] in seen:
                yield Finding((CATALOG, name, "checks", index, "name"), check["name"], "a name that no other check has")
            seen.add(check["name"])


def _kibibytes(memory: str) -> int:
    return int(memory[:-2]) * MEMORY[memory[-2:]]


SERVICE_RULES: Sequence[Rule] = (
    overridden_services_exist,
    needs_exist,
    secrets_are_declared,
    needs_have_an_order,
    replicas_grow,
    memory_requests_fit,
    paths_are_unique,
    exposure_fits_paths,
    variables_are_set_once,
    cloud_run_probes_are_requests,
    check_names_are_unique,
)
