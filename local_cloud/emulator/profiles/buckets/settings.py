"""What the server makes of a bucket: location, class, soft delete, access prevention, lifecycle."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import ApiError, invalid, preconditions_unmet
from local_cloud.emulator.paths import get_path, set_path
from local_cloud.emulator.profile import Body, Handler, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response

COLLECTION = "buckets"
# https://cloud.google.com/storage/docs/buckets#naming
_NAME = re.compile(r"(?!goog)(?!.*google)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_MULTI_REGIONS = frozenset({"US", "EU", "ASIA"})
_REGION = re.compile(r"[A-Z]+-[A-Z]+\d+")
_DUAL_REGIONS = frozenset({"NAM4", "EUR4", "ASIA1", "EUR5", "EUR7", "EUR8"})
# Google's default: seven days (https://cloud.google.com/storage/docs/soft-delete)
_SOFT_DELETE_SECONDS = 604800
_LOCK_AFTER = timedelta(days=90)
_ACTIONS = frozenset({"Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"})


def location_type(call: Call, body: Body) -> str:
    """`region`, `dual-region` or `multi-region`."""
    if get_path(body, "customPlacementConfig.dataLocations") or body["location"] in _DUAL_REGIONS:
        return "dual-region"
    return "multi-region" if body["location"] in _MULTI_REGIONS else "region"


def _refuse_unknown_location(location: str) -> None:
    if location not in _MULTI_REGIONS | _DUAL_REGIONS and not _REGION.fullmatch(location):
        raise invalid("The specified location constraint is not valid.", location="location")


def check(call: Call, before: Body | None, wanted: Body) -> None:
    """A name that can be, lifecycle rules that mean something, retention that only a lock freezes."""
    if before is None and not _NAME.fullmatch(str(wanted.get("name", ""))):
        raise invalid(f"Invalid bucket name: '{wanted.get('name', '')}'", location="name")
    _refuse_unknown_location(str(wanted.get("location", "US")).upper())
    if "location" in wanted and before and wanted["location"].upper() != before["location"]:
        raise invalid("A bucket's location cannot be changed.", location="location")
    for rule in get_path(wanted, "lifecycle.rule") or []:
        if get_path(rule, "action.type") not in _ACTIONS:
            raise invalid(
                f"Invalid argument: lifecycle action '{get_path(rule, 'action.type')}' is not one of"
                f" {', '.join(sorted(_ACTIONS))}.",
                location="lifecycle",
            )
        if not rule.get("condition"):
            raise invalid("Invalid argument: a lifecycle rule needs a condition.", location="lifecycle")
    if before and get_path(before, "retentionPolicy.isLocked"):
        old, new = (int(get_path(body, "retentionPolicy.retentionPeriod") or 0) for body in (before, wanted))
        if new < old:
            raise ApiError(
                403,
                "Object retention policy is locked: its period cannot be reduced nor the policy removed.",
                reason="retentionPolicyNotMet",
            )
    prevention = get_path(wanted, "iamConfiguration.publicAccessPrevention")
    if prevention not in (None, "inherited", "enforced", "unspecified"):
        raise invalid(
            f"Invalid argument: publicAccessPrevention '{prevention}' is not one of inherited, enforced.",
            location="iamConfiguration.publicAccessPrevention",
        )


def finish(call: Call, body: Body) -> Body:
    """Upper-case location, both spellings of uniform access, effective times, the metageneration."""
    body["location"] = body["location"].upper()
    body["locationType"] = location_type(call, body)
    uniform = bool(
        get_path(body, "iamConfiguration.uniformBucketLevelAccess.enabled")
        or get_path(body, "iamConfiguration.bucketPolicyOnly.enabled")
    )
    access: Body = {"enabled": uniform}
    if uniform:
        access["lockedTime"] = get_path(body, "iamConfiguration.uniformBucketLevelAccess.lockedTime") or call.stamp(
            call.now + _LOCK_AFTER
        )
    set_path(body, "iamConfiguration.uniformBucketLevelAccess", access)
    set_path(body, "iamConfiguration.bucketPolicyOnly", dict(access))
    if get_path(body, "iamConfiguration.publicAccessPrevention") in (None, "unspecified"):
        set_path(body, "iamConfiguration.publicAccessPrevention", "inherited")
    _times(call, body)
    if body["locationType"] == "region":
        body["satisfiesPZI"] = True
    else:
        body.setdefault("rpo", "DEFAULT")
    if not get_path(body, "lifecycle.rule"):
        body.pop("lifecycle", None)
    return {key: value for key, value in body.items() if value not in (None, {}) or key == "logging"}


def _times(call: Call, body: Body) -> None:
    soft = body.setdefault("softDeletePolicy", {"retentionDurationSeconds": str(_SOFT_DELETE_SECONDS)})
    soft["retentionDurationSeconds"] = str(soft.get("retentionDurationSeconds", _SOFT_DELETE_SECONDS))
    soft.setdefault("effectiveTime", call.stamp())
    if body.get("retentionPolicy"):
        body["retentionPolicy"].setdefault("effectiveTime", call.stamp())
    if get_path(body, "autoclass.enabled"):
        body["storageClass"] = "STANDARD"
        body["autoclass"].setdefault("toggleTime", call.stamp())
        body["autoclass"].setdefault("terminalStorageClass", "NEARLINE")
        body["autoclass"].setdefault("terminalStorageClassUpdateTime", call.stamp())


def create(call: Call) -> Body | Response:
    """`buckets.insert`: names are one space for the whole world."""
    project = call.emulator.project_id(call.query.get("project", "")) or call.query.get("project", "")
    number = call.emulator.project_number(project)
    if number is None:
        raise invalid(f"Unknown project id: {project}", location="project")
    name = str(call.required("name"))
    existing = call.store.get("storage", f"b/{name}")
    if existing:
        owned = existing.body["projectNumber"] == number
        text = (
            "Your previous request to create the named bucket succeeded and you already own it."
            if owned
            else "The requested bucket name is not available."
        )
        raise ApiError(409, text, reason="conflict", status="")
    call.memory["number"] = number
    return verbs.create(call)


def list_(call: Call) -> Body:
    """`buckets.list` of a project, by prefix."""
    project = call.emulator.project_id(call.query.get("project", "")) or call.query.get("project", "")
    number = call.emulator.project_number(project)
    found = [
        verbs.show(call, item)
        for item in call.store.children("storage", COLLECTION)
        if item.body["projectNumber"] == number and item.body["name"].startswith(call.query.get("prefix", ""))
    ]
    from local_cloud.emulator.paging import page

    return {"kind": "storage#buckets", **page(call, sorted(found, key=lambda bucket: str(bucket["name"])), "items")}


def delete(call: Call) -> Body | Response:
    """`buckets.delete`: only an empty bucket goes, noncurrent versions counted."""
    stored = call.stored()
    preconditions(call, stored.body)
    if any(item.collection == "objects" for item in call.store.below("storage", stored.name)):
        raise ApiError(409, "The bucket you tried to delete is not empty.", reason="conflict", status="")
    return verbs.delete(call)


def preconditions(call: Call, body: Body) -> None:
    """412 when an `ifMetageneration…` condition does not hold."""
    current = str(body.get("metageneration", "0"))
    wanted, unwanted = call.query.get("ifMetagenerationMatch"), call.query.get("ifMetagenerationNotMatch")
    if (wanted is not None and wanted != current) or (unwanted is not None and unwanted == current):
        raise preconditions_unmet()


def update(call: Call) -> Body | Response:
    """`buckets.patch` and `buckets.update`."""
    preconditions(call, call.stored().body)
    return verbs.update(call)


def lock_retention(call: Call) -> Body:
    """`buckets.lockRetentionPolicy`."""
    stored = call.stored()
    preconditions(call, stored.body)
    if not stored.body.get("retentionPolicy"):
        raise invalid("The bucket has no retention policy to lock.")
    body = {**stored.body, "retentionPolicy": {**stored.body["retentionPolicy"], "isLocked": True}}
    return verbs.show(call, verbs.keep(call, stored.name, body, stored))


def _metageneration(call: Call, body: Body) -> str:
    before = call.store.get("storage", f"b/{body['name']}")
    return str(int(before.body["metageneration"]) + 1) if before else "1"


def view(call: Call, body: Body) -> Body:
    """Access lists only with `projection=full`, and only without uniform access."""
    default = "full" if call.method.verb in ("patch", "update") else "noAcl"
    if call.query.get("projection", default) != "full" or get_path(
        body, "iamConfiguration.uniformBucketLevelAccess.enabled"
    ):
        return body
    return {
        **body,
        "acl": _acl(call, body),
        "defaultObjectAcl": _default_object_acl(call, body),
        "owner": {"entity": f"project-owners-{body['projectNumber']}"},
    }


def teams(body: Body) -> list[tuple[str, str, Body]]:
    """(entity, role, team) of the project's own teams, which have access to a new bucket."""
    number = body["projectNumber"]
    teams = (("owners", "OWNER"), ("editors", "OWNER"), ("viewers", "READER"))
    return [(f"project-{team}-{number}", role, {"projectNumber": number, "team": team}) for team, role in teams]


def entries(call: Call, bucket: Body, collection: str, place: str) -> dict[str, Body]:
    """Entity → role (and team) of an access list: those of the project's teams, then what was written at `place`; an
    entry without a role was taken away."""
    found: dict[str, Body] = {entity: {"role": role, "projectTeam": team} for entity, role, team in teams(bucket)}
    for item in call.store.children("storage", collection, place):
        found[item.name.rpartition("/")[2]] = item.body
    return {entity: body for entity, body in found.items() if body.get("role")}


def _acl(call: Call, body: Body) -> list[Body]:
    place = f"b/{body['name']}/acl"
    return [
        {
            "kind": "storage#bucketAccessControl",
            "id": f"{body['name']}/{entity}",
            "selfLink": call.self_link(f"{place}/{entity}"),
            "bucket": body["name"],
            "entity": entity,
            **entry,
            "etag": body["etag"],
        }
        for entity, entry in entries(call, body, "bucketAccessControls", place).items()
    ]


def _default_object_acl(call: Call, body: Body) -> list[Body]:
    place = f"b/{body['name']}/defaultObjectAcl"
    return [
        {"kind": "storage#objectAccessControl", "entity": entity, **entry, "etag": body["etag"]}
        for entity, entry in entries(call, body, "defaultObjectAccessControls", place).items()
    ]


TYPE = ResourceType(
    COLLECTION,
    id_source="body:name",
    defaults={
        "location": "US",
        "storageClass": "STANDARD",
        "generation": lambda call, body: str(int(call.now.timestamp() * 1_000_000)),
        "projectNumber": lambda call, body: call.memory["number"],
    },
    computed={"id": lambda call, body: body["name"], "metageneration": _metageneration},
    output_only=(
        "id",
        "selfLink",
        "projectNumber",
        "timeCreated",
        "updated",
        "metageneration",
        "generation",
        "etag",
        "locationType",
        "owner",
        "satisfiesPZS",
    ),
    immutable=("name",),
    check=check,
    before_write=finish,
    view=view,
    not_found="The specified bucket does not exist.",
)
METHODS: dict[str, Handler] = {
    "buckets.insert": create,
    "buckets.list": list_,
    "buckets.patch": update,
    "buckets.update": update,
    "buckets.delete": delete,
    "buckets.lockRetentionPolicy": lock_retention,
}
