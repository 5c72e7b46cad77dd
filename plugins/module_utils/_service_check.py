"""PRIVATE to the collection: named checks of a service, of which none passes before it has noticed a planted fault."""

from __future__ import annotations

import ipaddress
import ssl
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ._failure import Failure, invalid
from ._kubernetes_client import KubernetesClient
from ._kubernetes_kinds import SERVICE
from ._masking import masked
from ._network import Network
from ._progress import report
from ._rollout_undo import address_of
from ._service_environment import declared_as, live_environment
from ._service_places import Address, InCluster, Place, Reply, filled, question
from ._wait import REAL_CLOCK, Clock, value_at

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

PASS, FAIL, NO_EVIDENCE = "pass", "fail", "no-evidence"

# Seconds between two tries of a check that nobody answers yet: load balancers and names take a while to follow.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0
# What no later try of the same request can mend, in the words of TLS and of proxies.
FINAL = ("CERTIFICATE_VERIFY_FAILED", "Tunnel connection failed: 4")
LEAST_DAYS = 7
# What a VPC numbers its own with. Python's `is_private` also means ranges for documentation, from which a local cloud
# gives its external addresses.
OWN_RANGES = tuple(
    map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7"))
)

CHECK_SPEC: Mapping[str, dict[str, Any]] = {
    "service": {"type": "str", "required": True},
    "runtime": {"type": "str", "choices": ["kubernetes", "cloud_run"], "default": "kubernetes"},
    "port": {"type": "int"},
    "urls": {"type": "dict", "default": {}},
    "environment": {"type": "dict", "default": {}},
    "secret_variables": {"type": "list", "elements": "str", "default": [], "no_log": False},
    "timeout": {"type": "int", "default": 60},
    "checks": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "name": {"type": "str", "required": True},
            "kind": {
                "type": "str",
                "choices": ["http", "steps", "cors", "tls", "private", "environment"],
                "required": True,
            },
            "via": {"type": "str", "default": "public"},
            "method": {"type": "str", "default": "GET"},
            "path": {"type": "str"},
            "status": {"type": "raw"},
            "json_has": {"type": "dict"},
            "origin": {"type": "str"},
            "steps": {"type": "list", "elements": "dict"},
            "control": {"type": "dict"},
        },
        "required_if": [
            ["kind", "http", ["path"]],
            ["kind", "cors", ["path", "origin"]],
            ["kind", "steps", ["steps", "control"]],
        ],
    },
}


@dataclass(frozen=True)
class Finding:
    """Whether what was looked at is as it should be, what was seen, and whether it may just not be there yet."""

    good: bool
    evidence: str
    early: bool = False


@dataclass(frozen=True)
class Looks:
    """A check as two looks that must differ: at the service, and at a planted fault."""

    real: Callable[[], Finding]
    planted: Callable[[], Finding]


class Checks:
    """The checks of one service. `params` are the module's."""

    def __init__(self, params: Mapping[str, Any], clock: Clock = REAL_CLOCK) -> None:
        self.params = params
        self.clock = clock

    @cached_property
    def cluster(self) -> KubernetesClient:
        return KubernetesClient.from_params(self.params)

    @cached_property
    def network(self) -> Network:
        network = Network(self.params.get("proxy") or "", self.params.get("ca_certificates") or "")
        network.validate()
        return network

    def verdict(self, check: Mapping[str, Any]) -> dict[str, str]:
        """`{name, verdict, evidence}` of one check."""
        name = f"{self.params['service']}.{check['name']}"
        looks: Looks = getattr(self, f"_{check['kind']}")(check)
        found = self._patiently(name, looks.real)
        if not found.good:
            return {"name": name, "verdict": FAIL, "evidence": str(masked(found.evidence))}
        # Only now: where nobody answers yet, any fault would be noticed.
        blind = looks.planted()
        if blind.good:
            evidence = f"the check did not notice a planted fault ({blind.evidence}), so it proves nothing"
            return {"name": name, "verdict": NO_EVIDENCE, "evidence": evidence}
        evidence = f"{found.evidence}; a planted fault was noticed: {blind.evidence}"
        return {"name": name, "verdict": PASS, "evidence": str(masked(evidence))}

    def _patiently(self, name: str, look: Callable[[], Finding]) -> Finding:
        """The first finding that is final, or the last one before the deadline."""
        started, timeout, pause = self.clock.now(), self.params["timeout"], FIRST_PAUSE
        while True:
            found = look()
            waited = self.clock.now() - started
            if found.good or not found.early or waited + pause > timeout:
                return found
            report(f"check {name}", f"an answer; so far {found.evidence}"[:200], round(waited, 1), timeout)
            self.clock.sleep(self.clock.jittered(pause))
            pause = min(1.5 * pause, LONGEST_PAUSE)

    def _place(self, check: Mapping[str, Any]) -> Place:
        via = str(check.get("via") or "public")
        if via == "cluster":
            params = self.params
            return InCluster(self.cluster, params["namespace"], params["service"], params["port"])
        url = (self.params["urls"] or {}).get(via)
        if not url:
            raise invalid(f"checks: {check['name']}: via", via, f"one of urls: {', '.join(self.params['urls'] or {})}")
        return Address(str(url).rstrip("/"), self.network)

    def _http(self, check: Mapping[str, Any]) -> Looks:
        place = self._place(check)
        asked = question(check, {"nonce": _nonce()})
        return Looks(
            lambda: judged(place.ask(asked), check, {}, str(place)),
            lambda: judged(place.elsewhere().ask(asked), check, {}, "a place where nobody is"),
        )

    def _steps(self, check: Mapping[str, Any]) -> Looks:
        place, steps = self._place(check), list(check["steps"])
        control = check.get("control") or {}
        if not control:
            raise invalid(f"checks: {check['name']}: control", control, "drop or replace, the planted fault")
        planted = [step for number, step in enumerate(steps) if number != control.get("drop", -1)]
        replaced = control.get("replace") or {}
        return Looks(lambda: _walk(place, steps, {}), lambda: _walk(place, planted, replaced))

    def _cors(self, check: Mapping[str, Any]) -> Looks:
        place, origin = self._place(check), str(check["origin"])
        return Looks(
            lambda: _allows(place, check["path"], origin),
            lambda: _allows(place, check["path"], f"https://{_nonce()}.invalid"),
        )

    def _tls(self, check: Mapping[str, Any]) -> Looks:
        place = self._place(check)
        if not isinstance(place, Address):
            raise invalid(f"checks: {check['name']}: via", check.get("via"), "public or edge")
        stranger = _TrustsNobody(self.network.proxy, self.network.ca_certificates)
        return Looks(lambda: _certified(place), lambda: _certified(Address(place.url, stranger)))

    def _private(self, _check: Mapping[str, Any]) -> Looks:
        params = self.params

        def look() -> Finding:
            service = self.cluster.get(SERVICE.path(params["namespace"], params["service"]))
            return _is_private(address_of(service)["address"])

        # 1.1.1.1 stands for any address of the internet.
        return Looks(look, lambda: _is_private("1.1.1.1"))

    def _environment(self, _check: Mapping[str, Any]) -> Looks:
        params = self.params
        wanted = {str(key): str(value) for key, value in (params["environment"] or {}).items()}
        secrets = set(params["secret_variables"] or ())

        def look(expected: Mapping[str, str]) -> Finding:
            found = live_environment(params, lambda: self.cluster)
            return Finding(*declared_as(found, expected, secrets))

        return Looks(lambda: look(wanted), lambda: look({**wanted, f"PLANTED_{_nonce()}": "x"}))


def check_service(module: AnsibleModule) -> dict[str, Any]:
    """The function of the module `service_check`: fails when a verdict is not `pass`."""
    checks = Checks(module.params)
    if module.check_mode:
        told = [
            {
                "name": f"{module.params['service']}.{one['name']}",
                "verdict": NO_EVIDENCE,
                "evidence": "check mode asks nothing",
            }
            for one in module.params["checks"]
        ]
        return {"changed": False, "verdicts": told}
    verdicts = [checks.verdict(one) for one in module.params["checks"]]
    bad = [one for one in verdicts if one["verdict"] != PASS]
    if bad:
        message = "; ".join(f"{one['name']}: {one['verdict']}: {one['evidence']}" for one in bad)
        hint = "The rollout itself is complete; what the service answers is not what its data promises."
        raise Failure(
            "CHECK_FAILED", f"{len(bad)} of {len(verdicts)} checks: {message}.", hint=hint, facts={"verdicts": verdicts}
        )
    return {"changed": False, "verdicts": verdicts}


def judged(reply: Reply, wanted: Mapping[str, Any], kept: Mapping[str, str], place: str) -> Finding:
    """Whether a reply has one of the statuses and all the fields that are wanted."""
    allowed = wanted.get("status") or 200
    allowed = list(allowed) if isinstance(allowed, list) else [allowed]
    asked = f"{wanted.get('method') or 'GET'} {wanted['path']} at {place}"
    if reply.status not in allowed:
        evidence = f"{asked}: {reply}, wanted {' or '.join(map(str, allowed))}"
        return Finding(False, evidence, early=reply.early)
    for path, value in (filled(wanted.get("json_has") or {}, kept)).items():
        found = value_at(reply.document, path)
        if found != value:
            return Finding(False, f"{asked}: {path} is {masked({path: found})[path]!r}, wanted {value!r}")
    return Finding(True, f"{asked}: {reply}")


def _walk(place: Place, steps: list[Mapping[str, Any]], replaced: Mapping[str, str]) -> Finding:
    """Go through requests that build on each other; the first finding that is bad, else the last."""
    kept = {"nonce": _nonce()}
    found = Finding(False, "no step")
    for step in steps:
        reply = place.ask(question(step, {**kept, **replaced}))
        found = judged(reply, step, kept, str(place))
        if not found.good:
            return found
        for name, path in (step.get("keep") or {}).items():
            kept[name] = str(value_at(reply.document, path))
    return Finding(True, f"{len(steps)} requests, each as wanted; {found.evidence}")


def _allows(place: Place, path: str, origin: str) -> Finding:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    reply = place.ask(question({"method": "OPTIONS", "path": path, "headers": headers}, {}))
    allowed = reply.headers.get("access-control-allow-origin", "")
    # A star, or the origin that asked, whoever it was, would be allowed for the planted one as well.
    good = 0 < reply.status < 400 and allowed in (origin, "*")
    told = f"allows {allowed}" if allowed else "allows no origin"
    evidence = f"OPTIONS {path} from {origin} at {place}: {reply}, {told}"
    return Finding(good, evidence, early=reply.early)


class _TrustsNobody(Network):
    """A network without a single certificate authority."""

    def context(self) -> ssl.SSLContext:
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _certified(place: Address) -> Finding:
    """Whether the certificate at a place is for its name, from an authority that is trusted, and not about to end."""
    try:
        response = place.network.request("HEAD", f"{place.url}/", preload_content=False)
    except Exception as problem:  # noqa: BLE001  (whatever TLS or the proxy say is the evidence)
        # A load balancer without its certificate breaks the handshake off; a wrong certificate stays wrong.
        early = not any(word in str(problem) for word in FINAL)
        return Finding(False, f"{place}: {type(problem).__name__}: {problem}"[:300], early)
    try:
        # Nobody keeps it for an answer that ends the connection.
        secure = response.connection.sock if response.connection else None
        if secure is None:
            return Finding(False, f"{place}: status {response.status}, and the connection ended with it", early=True)
        certificate = secure.getpeercert()
    finally:
        response.close()
    days = (ssl.cert_time_to_seconds(certificate["notAfter"]) - time.time()) / 86400
    return Finding(days >= LEAST_DAYS, f"{place}: certificate is trusted and for this name, for {days:.0f} more days")


def _is_private(address: str) -> Finding:
    if not address:
        return Finding(True, "no address outside the cluster")
    try:
        found = ipaddress.ip_address(address)
        private = any(found in own for own in OWN_RANGES)
    except ValueError:
        private = False
    return Finding(private, f"its load balancer has the {'private' if private else 'public'} address {address}")


def _nonce() -> str:
    return uuid.uuid4().hex[:10]
