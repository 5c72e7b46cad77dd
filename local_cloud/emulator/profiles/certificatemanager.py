"""Certificate Manager: managed certificates that become active once their DNS authorization is answered, and the maps
that load balancers find them in."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from local_cloud.emulator.errors import invalid
from local_cloud.emulator.profile import Body, Profile, ResourceType
from local_cloud.emulator.profiles.load_balancing.certificates import names_of, parsed

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

_CERTIFICATES = "projects.locations.certificates"
_AUTHORIZATIONS = "projects.locations.dnsAuthorizations"
_MAPS = "projects.locations.certificateMaps"
_ENTRIES = f"{_MAPS}.certificateMapEntries"
_DAYS = 90


def _record(call: Call, body: Body) -> Body:
    """The CNAME that proves who rules the domain. Each authorization has data of its own, as Google's have."""
    target = f"{hashlib.sha256(call.memory['name'].encode()).hexdigest()[:32]}.5.authorize.certificatemanager.goog."
    label = "_acme-challenge"
    if body.get("type") == "PER_PROJECT_RECORD":
        label += f"_{hashlib.sha256(call.project.encode()).hexdigest()[:10]}"
    return {"name": f"{label}.{body['domain']}.", "type": "CNAME", "data": target}


def _check_authorization(call: Call, before: Body | None, wanted: Body) -> None:
    domain = str(wanted.get("domain", ""))
    if not domain or domain.startswith("*") or domain.endswith(".") or "." not in domain:
        raise invalid(f"domain: '{domain}' must be a domain name without wildcard and without trailing dot.")


def _answered(call: Call, authorization: Body) -> bool:
    """Whether some public zone of the cloud has the CNAME that `authorization` asks for."""
    record = authorization["dnsResourceRecord"]
    for zone in call.store.children("dns", "managedZones"):
        stored = call.store.get("dns", f"{zone.name}/rrsets/{record['name']}/{record['type']}")
        if stored and zone.body.get("visibility") == "public" and record["data"] in stored.body.get("rrdatas", []):
            return True
    return False


def _authorization_for(call: Call, managed: Body, domain: str) -> Body | None:
    bare = domain.removeprefix("*.")
    for name in managed.get("dnsAuthorizations", []):
        stored = call.store.get("certificatemanager", call.emulator.canonical(call.profile, name))
        if stored and stored.body.get("domain") == bare:
            return stored.body
    return None


def _check_certificate(call: Call, before: Body | None, wanted: Body) -> None:
    managed, own = wanted.get("managed"), wanted.get("selfManaged")
    if bool(managed) == bool(own):
        raise invalid("Exactly one of managed and selfManaged must be set.")
    if managed:
        if not managed.get("domains"):
            raise invalid("managed.domains: at least one domain is required.")
        for domain in managed["domains"]:
            if managed.get("dnsAuthorizations") and _authorization_for(call, managed, domain) is None:
                raise invalid(f"managed.dnsAuthorizations: there is no authorization for domain '{domain}'.")
            if domain.startswith("*.") and not (managed.get("dnsAuthorizations") or managed.get("issuanceConfig")):
                raise invalid(f"managed.domains: wildcard domain '{domain}' needs a DNS authorization.")


def _finish_certificate(call: Call, body: Body) -> Body:
    """A self-managed certificate says what stands in it and forgets its key."""
    own = body.get("selfManaged")
    if own:
        own.pop("pemPrivateKey", None)
        pem = own.get("pemCertificate", "")
        certificate = parsed(pem, "selfManaged.pemCertificate")
        body |= {
            "sanDnsnames": names_of(pem, "selfManaged.pemCertificate"),
            "expireTime": call.stamp(certificate.not_valid_after_utc),
        }
    return body


def _view_certificate(call: Call, body: Body) -> Body:
    """A managed certificate as its DNS is now: each domain authorized or not, active when all are."""
    managed = body.get("managed")
    if not managed:
        return body
    attempts, active = [], True
    for domain in managed["domains"]:
        authorization = _authorization_for(call, managed, domain)
        answered = authorization is not None and _answered(call, authorization)
        active = active and answered
        attempts.append(
            {"domain": domain, "state": "AUTHORIZED"}
            if answered
            else {"domain": domain, "state": "AUTHORIZING", "failureReason": "CONFIG"}
        )
    shown = {**managed, "state": "ACTIVE" if active else "PROVISIONING", "authorizationAttemptInfo": attempts}
    if not active:
        shown["provisioningIssue"] = {
            "reason": "AUTHORIZATION_ISSUE",
            "details": "The CNAME record of a DNS authorization is not there yet.",
        }
        return {**body, "managed": shown}
    return {
        **body,
        "managed": shown,
        "sanDnsnames": managed["domains"],
        "expireTime": call.stamp(call.now + timedelta(days=_DAYS)),
    }


def _check_entry(call: Call, before: Body | None, wanted: Body) -> None:
    if bool(wanted.get("hostname")) == bool(wanted.get("matcher")):
        raise invalid("Exactly one of hostname and matcher must be set.")
    own, above = call.memory.get("name") or call.name, call.name.partition("/certificateMapEntries")[0]
    for other in call.store.children("certificatemanager", _ENTRIES, f"{above}/certificateMapEntries"):
        same = all(other.body.get(key) == wanted.get(key) for key in ("hostname", "matcher"))
        if other.name != own and same:
            raise invalid(f"The map already has an entry for this host: '{other.name}'.")


def _targets(call: Call, body: Body) -> Body:
    """A map shows the target proxies that use it and the addresses they listen on."""
    targets = []
    for service, proxy in call.store.users("certificatemanager", call.memory["shown"]):
        if service != "compute":
            continue
        configs = [
            {"ipAddress": rule.body["IPAddress"], "ports": [int(rule.body["portRange"].partition("-")[0])]}
            for _, name in call.store.users("compute", proxy)
            if (rule := call.store.get("compute", name)) and rule.body.get("portRange")
        ]
        targets.append(
            {"targetHttpsProxy": f"//compute.googleapis.com/{proxy}", **({"ipConfigs": configs} if configs else {})}
        )
    return {**body, "gclbTargets": targets} if targets else body


def _metadata(call: Call, target: str, verb: str, result: Body | None) -> Body:
    return {
        "@type": "type.googleapis.com/google.cloud.certificatemanager.v1.OperationMetadata",
        "createTime": call.stamp(),
        "endTime": call.stamp(),
        "target": target,
        "verb": {"patch": "update"}.get(verb, verb),
        "apiVersion": "v1",
    }


def _operation_name(call: Call, target: str, token: str) -> str:
    """Operations on what is in a region are kept globally, but for the creation of a certificate [recorded]."""
    location = (
        target.split("/")[3] if call.method.collection == _CERTIFICATES and call.method.verb == "create" else "global"
    )
    return (
        f"projects/{call.project}/locations/{location}/operations/operation-{token[:13]}-{token[13:26]}-{token[26:34]}"
    )


def _not_found(noun: str) -> str:
    return noun + ' "{name}" not found'


PROFILE = Profile(
    api="certificatemanager",
    type_url="google.cloud.certificatemanager.v1",
    operation_metadata=_metadata,
    operation_name=_operation_name,
    permission_nouns={
        _CERTIFICATES: "certs",
        _AUTHORIZATIONS: "dnsauthorizations",
        _MAPS: "certmaps",
        _ENTRIES: "certmapentries",
    },
    types=(
        ResourceType(
            _AUTHORIZATIONS,
            defaults={"type": "FIXED_RECORD"},
            computed={"dnsResourceRecord": _record},
            immutable=("domain", "type"),
            check=_check_authorization,
            not_found=_not_found("dnsAuthorization"),
        ),
        ResourceType(
            _CERTIFICATES,
            immutable=("managed.domains", "managed.dnsAuthorizations", "scope"),
            references={"managed.dnsAuthorizations[]": _AUTHORIZATIONS},
            check=_check_certificate,
            before_write=_finish_certificate,
            view=_view_certificate,
            not_found=_not_found("certificate"),
        ),
        ResourceType(_MAPS, view=_targets, not_found=_not_found("certificateMap")),
        ResourceType(
            _ENTRIES,
            computed={"state": "ACTIVE"},
            immutable=("hostname", "matcher"),
            references={"certificates[]": _CERTIFICATES},
            check=_check_entry,
            not_found=_not_found("certificateMapEntry"),
        ),
    ),
)
