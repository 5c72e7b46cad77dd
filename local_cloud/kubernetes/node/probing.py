"""From a container's description to its probes and hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.containers.probes import Check, CommandCheck, HttpCheck, Probe, TcpCheck

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local_cloud.containers.container import Container
    from local_cloud.kubernetes.node.client import Object


class Unsupported(Exception):
    """A way to ask that the local cloud has not got."""


class RefusedCheck:
    """A check that always says why it cannot be made."""

    def __init__(self, why: str) -> None:
        """Keep the reason."""
        self._why = why

    async def ask(self, _: Container) -> str:
        """The reason."""
        return self._why


def port_of(container: Object, port: int | str) -> int:
    """A port by number or by the name it has in the container; Unsupported when there is none of that name."""
    if isinstance(port, int):
        return port
    for entry in container.get("ports") or ():
        if entry.get("name") == port:
            return int(entry["containerPort"])
    if port.isdigit():
        return int(port)
    raise Unsupported(f"container {container['name']} has no port named {port!r}")


def check(container: Object, described: Mapping[str, Any]) -> Check:
    """The check of a probe or of a hook."""
    try:
        if "httpGet" in described:
            return _http(container, described["httpGet"])
        if "tcpSocket" in described:
            asked = described["tcpSocket"]
            return TcpCheck(port_of(container, asked["port"]), asked.get("host", ""))
    except Unsupported as error:
        return RefusedCheck(str(error))
    if "exec" in described:
        return CommandCheck(tuple(described["exec"].get("command") or ()))
    kinds = ", ".join(sorted(described))
    return RefusedCheck(f"the local cloud has no {kinds} checks: use httpGet, tcpSocket or exec")


def _http(container: Object, asked: Mapping[str, Any]) -> HttpCheck:
    headers = {header["name"]: header["value"] for header in asked.get("httpHeaders") or ()}
    path = asked.get("path") or "/"
    return HttpCheck(
        port=port_of(container, asked["port"]),
        path=path if path.startswith("/") else f"/{path}",
        host=asked.get("host", ""),
        secure=asked.get("scheme") == "HTTPS",
        headers=headers,
    )


def probe(container: Object, kind: str) -> Probe | None:
    """The probe `kind` (startupProbe, livenessProbe, readinessProbe) of a container, None when it has none."""
    described = container.get(kind)
    if not described:
        return None
    timing = ("initialDelaySeconds", "periodSeconds", "timeoutSeconds", "successThreshold", "failureThreshold")
    delay, period, timeout, successes, failures = (described.get(name) for name in timing)
    ways = {key: value for key, value in described.items() if key in ("httpGet", "tcpSocket", "exec", "grpc")}
    return Probe(check(container, ways), delay or 0, period or 10, timeout or 1, successes or 1, failures or 3)
