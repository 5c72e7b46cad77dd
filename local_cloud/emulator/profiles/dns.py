"""Cloud DNS: managed zones, record sets through changes, server policies, response policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from local_cloud.emulator import verbs
from local_cloud.emulator.conventions import fill_kinds
from local_cloud.emulator.errors import ApiError, already_exists, failed_precondition, invalid, not_found
from local_cloud.emulator.http import Response
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Profile, ResourceType
from local_cloud.emulator.store import StoredOperation

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.store import Stored

_ZONES, _RECORDS, _CHANGES = "managedZones", "resourceRecordSets", "changes"
# What every zone gets: https://cloud.google.com/dns/docs/records-overview
_NS_TTL = 21600
_PRIVATE_SERVER = "ns-gcp-private.googledomains.com."
_OWN_TYPES = frozenset({"NS", "SOA"})
# Keys of a zone that turns DNSSEC on and names none
# (https://cloud.google.com/dns/docs/dnssec-advanced#advanced-signing-options).
_KEY_SPECS = [
    {"algorithm": "rsasha256", "keyLength": 2048, "keyType": "keySigning"},
    {"algorithm": "rsasha256", "keyLength": 1024, "keyType": "zoneSigning"},
]


def _when_signed(body: Body, value: Any) -> Any:
    return value if body["dnssecConfig"].get("state") == "on" else None


def _servers(call: Call, body: Body) -> list[str]:
    if body.get("visibility") == "private" and call.document.version == "v2":
        return [_PRIVATE_SERVER]
    return [f"ns-cloud-a{number}.googledomains.com." for number in range(1, 5)]


def _check_zone(call: Call, before: Body | None, wanted: Body) -> None:
    if not str(wanted.get("dnsName", "")).endswith("."):
        raise invalid(
            f"Invalid value for 'entity.managedZone.dnsName': '{wanted.get('dnsName')}'. It must end with a dot.",
            location="entity.managedZone.dnsName",
        )


def _without_private_parts(call: Call, body: Body) -> Body:
    """A public zone is visible everywhere: networks mean nothing there, and an empty object is shown for them."""
    if body.get("visibility") == "public" and "privateVisibilityConfig" in body:
        body["privateVisibilityConfig"] = {}
    return body


def _first_records(call: Call, zone: Body) -> Body:
    """A new zone has its NS and SOA record sets."""
    servers = zone["nameServers"]
    soa = f"{servers[0]} cloud-dns-hostmaster.google.com. 1 {_NS_TTL} 3600 259200 300"
    for kind, data in (("NS", servers), ("SOA", [soa])):
        _put_record(
            call,
            f"projects/{call.project}/managedZones/{zone['name']}",
            {"name": zone["dnsName"], "type": kind, "ttl": _NS_TTL, "rrdatas": data},
        )
    return zone


def _record_name(zone: str, record: Body) -> str:
    return f"{zone}/rrsets/{record['name']}/{record['type']}"


def _put_record(call: Call, zone: str, record: Body) -> None:
    call.store.put("dns", _record_name(zone, record), _RECORDS, {**record, "kind": "dns#resourceRecordSet"})


def _zone(call: Call) -> Stored:
    """The zone in the path of a record or change, by name or number."""
    name = "/".join(call.name.split("/")[:4])
    stored = call.store.get("dns", name)
    if stored is None:
        raise not_found(f"The 'parameters.managedZone' resource named '{name.rpartition('/')[2]}' does not exist.")
    return stored


def _records(call: Call, zone: str) -> list[Body]:
    return [item.body for item in call.store.below("dns", f"{zone}/rrsets")]


def _list_records(call: Call) -> Body:
    zone = _zone(call)
    found = _records(call, zone.name)
    for key in ("name", "type"):
        if call.query.get(key):
            found = [record for record in found if record[key] == call.query[key]]
    return {**page(call, found, "rrsets"), "kind": "dns#resourceRecordSetsListResponse"}


def _check_record(zone: Stored, record: Body) -> None:
    if not record.get("name", "").endswith(zone.body["dnsName"]):
        raise invalid(
            f"Invalid value for 'entity.change.additions.name': '{record.get('name')}' is not in zone"
            f" '{zone.body['dnsName']}'."
        )
    if not record.get("rrdatas") and not record.get("routingPolicy"):
        raise invalid(
            f"Invalid value for 'entity.change.additions.rrdatas': record set '{record.get('name')}' has no data."
        )


def _create_change(call: Call) -> Body:
    zone = _zone(call)
    additions, deletions = call.body.get("additions") or [], call.body.get("deletions") or []
    for record in deletions:
        _remove_record(call, zone, record)
    for record in additions:
        _check_record(zone, record)
        if call.store.get("dns", _record_name(zone.name, record)):
            raise already_exists(
                f"The resource 'entity.change.additions[0]' named '{record['name']} ({record['type']})' already exists"
            )
        _put_record(call, zone.name, record)
    number = str(call.store.count(f"dns-change/{zone.name}"))
    change: Body = {
        "additions": additions,
        "deletions": deletions,
        "startTime": call.stamp(),
        "id": number,
        "status": "done",
        "kind": "dns#change",
    }
    change = {key: value for key, value in change.items() if value != []}
    fill_kinds(call, {"$ref": "Change"}, change)
    call.store.put("dns", f"{zone.name}/changes/{number}", _CHANGES, change)
    return change


def _remove_record(call: Call, zone: Stored, record: Body) -> None:
    name = _record_name(zone.name, record)
    stored = call.store.get("dns", name)
    if stored is None:
        raise not_found(
            f"The 'entity.change.deletions[0]' resource named '{record['name']} ({record['type']})' does not exist."
        )
    differing = [key for key in ("ttl", "rrdatas") if key in record and record[key] != stored.body.get(key)]
    if differing:
        raise ApiError(
            412, f"Precondition not met for 'entity.change.deletions[0].{differing[0]}'", reason="conditionNotMet"
        )
    if record["type"] in _OWN_TYPES and record["name"] == zone.body["dnsName"] and not call.body.get("additions"):
        raise invalid(
            "The resource record set 'entity.change.deletions[0]' is invalid because a zone must contain exactly one"
            f" {record['type']} record at its apex."
        )
    call.store.remove("dns", name)


def _get_record(call: Call) -> Body:
    stored = call.store.get("dns", call.name)
    if stored is None:
        raise not_found(f"The 'parameters.name' resource named '{'/'.join(call.name.split('/')[5:])}' does not exist.")
    return stored.body


def _create_record(call: Call) -> Body:
    zone = _zone(call)
    _check_record(zone, call.body)
    if call.store.get("dns", _record_name(zone.name, call.body)):
        raise already_exists(
            f"The resource 'entity.rrset' named '{call.body['name']} ({call.body['type']})' already exists"
        )
    _put_record(call, zone.name, call.body)
    return {**call.body, "kind": "dns#resourceRecordSet"}


def _patch_record(call: Call) -> Body:
    zone, before = _zone(call), _get_record(call)
    after = {**before, **call.body}
    _check_record(zone, after)
    call.store.remove("dns", call.name)
    _put_record(call, zone.name, after)
    return after


def _delete_record(call: Call) -> Body:
    _get_record(call)
    call.store.remove("dns", call.name)
    return {}


def _get_project(call: Call) -> Body:
    """`projects.get`: the limits of a project (https://cloud.google.com/dns/quotas)."""
    number = call.emulator.project_number(call.project) or "0"
    quota = {"kind": "dns#quota", "managedZones": 10_000, "rrsetsPerManagedZone": 10_000, "policies": 100}
    return {"kind": "dns#project", "id": call.project, "number": number, "quota": quota}


def _change_zone(call: Call) -> Body:
    """A zone update answers with an operation that shows both values."""
    before = verbs.show(call, call.stored())
    verbs.update(call)
    after = verbs.show(call, call.stored())
    number = call.number()
    operation: Body = {
        "id": number,
        "startTime": call.stamp(),
        "status": "done",
        "type": "UPDATE",
        "user": call.caller,
        "zoneContext": {"newValue": after, "oldValue": before},
        "kind": "dns#operation",
    }
    name = f"{call.name}/operations/{number}"
    call.store.put_operation("dns", StoredOperation(name, operation, call.now.timestamp(), "", "update"))
    return operation


def _change_policy(wrapper: str) -> Any:
    def change(call: Call) -> Body:
        verbs.update(call)
        return {wrapper: verbs.show(call, call.stored())}

    return change


def _delete_zone(call: Call) -> Body | Response:
    zone = call.stored()
    own = [
        record
        for record in _records(call, zone.name)
        if not (record["type"] in _OWN_TYPES and record["name"] == zone.body["dnsName"])
    ]
    if own:
        raise failed_precondition(
            f"The resource named '{zone.body['name']}' cannot be deleted because it contains one or more 'resource"
            " records'.",
            reason="containerNotEmpty",
        )
    return verbs.delete(call)


def _delete_policy(call: Call) -> Body | Response:
    stored = call.stored()
    if stored.body.get("networks"):
        raise failed_precondition(
            f"The resource named '{stored.name.rpartition('/')[2]}' cannot be deleted because it is in use by one or"
            " more networks.",
            reason="resourceInUse",
        )
    if call.store.below("dns", stored.name):
        raise failed_precondition(
            f"The resource named '{stored.name.rpartition('/')[2]}' cannot be deleted because it contains one or more"
            " 'response policy rules'.",
            reason="containerNotEmpty",
        )
    return verbs.delete(call)


def _check_rule(call: Call, before: Body | None, wanted: Body) -> None:
    """A rule is about one name, and either answers it itself or lets it pass."""
    if not str(wanted.get("dnsName", "")).endswith("."):
        raise invalid(
            f"Invalid value for 'entity.responsePolicyRule.dnsName': '{wanted.get('dnsName', '')}'. It must end with a"
            " dot.",
            location="entity.responsePolicyRule.dnsName",
        )
    if bool(wanted.get("localData")) == bool(wanted.get("behavior")):
        raise invalid(
            "Invalid value for 'entity.responsePolicyRule': exactly one of localData and behavior must be given.",
            location="entity.responsePolicyRule",
        )


PROFILE = Profile(
    permissions={
        "resourceRecordSets.create": ("dns.changes.create", "dns.resourceRecordSets.create"),
        "resourceRecordSets.delete": ("dns.changes.create", "dns.resourceRecordSets.delete"),
        "resourceRecordSets.patch": (
            "dns.changes.create",
            "dns.resourceRecordSets.get",
            "dns.resourceRecordSets.update",
        ),
    },
    api="dns",
    versions=("v1", "v1beta2"),
    style="legacy",
    proto3=False,
    types=(
        ResourceType(
            _ZONES,
            defaults={
                "visibility": "public",
                "nameServers": _servers,
                "cloudLoggingConfig": {},
                "?dnssecConfig.nonExistence": lambda call, body: _when_signed(body, "nsec3"),
                "?dnssecConfig.defaultKeySpecs": lambda call, body: _when_signed(body, _KEY_SPECS),
            },
            immutable=("dnsName", "visibility"),
            output_only=("nameServers", "id", "creationTime"),
            references={
                "privateVisibilityConfig.networks[].networkUrl": "compute:networks",
                "peeringConfig.targetNetwork.networkUrl": "compute:networks",
            },
            check=_check_zone,
            before_write=_without_private_parts,
            after_create=_first_records,
            not_found='managedZone "{name}" not found',
            exists="The resource 'entity.managedZone' named '{id}' already exists",
            hidden=("updated",),
        ),
        ResourceType(
            "policies",
            references={"networks[].networkUrl": "compute:networks"},
            not_found='policy "{name}" not found',
            exists="The resource 'entity.policy' named '{id}' already exists",
            output_only=("id",),
        ),
        ResourceType(
            "responsePolicies",
            id_source="body:responsePolicyName",
            references={"networks[].networkUrl": "compute:networks"},
            not_found='responsePolicy "{name}" not found',
            exists="The resource 'entity.responsePolicy' named '{id}' already exists",
            output_only=("id",),
        ),
        ResourceType(
            "responsePolicyRules",
            id_source="body:ruleName",
            immutable=("ruleName",),
            check=_check_rule,
            not_found="The 'parameters.responsePolicyRule' resource named '{id}' does not exist.",
            exists="The resource 'entity.responsePolicyRule' named '{id}' already exists",
        ),
        ResourceType(
            _CHANGES, hidden=("id",), not_found="The 'parameters.changeId' resource named '{id}' does not exist."
        ),
        ResourceType(_RECORDS, schema="ResourceRecordSet"),
    ),
    methods={
        "projects.get": _get_project,
        "resourceRecordSets.list": _list_records,
        "resourceRecordSets.get": _get_record,
        "resourceRecordSets.create": _create_record,
        "resourceRecordSets.patch": _patch_record,
        "resourceRecordSets.delete": _delete_record,
        "changes.create": _create_change,
        "managedZones.patch": _change_zone,
        "managedZones.update": _change_zone,
        "managedZones.delete": _delete_zone,
        "policies.patch": _change_policy("policy"),
        "policies.update": _change_policy("policy"),
        "policies.delete": _delete_policy,
        "responsePolicies.patch": _change_policy("responsePolicy"),
        "responsePolicies.update": _change_policy("responsePolicy"),
        "responsePolicies.delete": _delete_policy,
        "responsePolicyRules.patch": _change_policy("responsePolicyRule"),
        "responsePolicyRules.update": _change_policy("responsePolicyRule"),
    },
)
