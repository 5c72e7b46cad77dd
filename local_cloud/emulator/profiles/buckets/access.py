"""Bucket IAM in Cloud Storage's own paths and shapes, and notifications."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import policies
from local_cloud.emulator.call import queries_of
from local_cloud.emulator.errors import ApiError, invalid, not_found
from local_cloud.emulator.paths import without_nulls
from local_cloud.emulator.profile import Body, Handler
from local_cloud.emulator.profiles.buckets import acls, projects

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

_PUBLIC = frozenset({"allUsers", "allAuthenticatedUsers"})


def _bucket(call: Call) -> Body:
    stored = call.store.get("storage", f"b/{call.parameters['bucket']}")
    if stored is None:
        raise not_found("The specified bucket does not exist.")
    return stored.body


def _shown(call: Call, bucket: Body, policy: Body) -> Body:
    """Storage policies carry their kind and resource; an untouched one has the legacy bindings of the project."""
    return {
        "kind": "storage#policy",
        "resourceId": f"projects/_/buckets/{bucket['name']}",
        **policy,
        "version": policy.get("version", 1),
    }


def _first_policy(call: Call, bucket: Body) -> Body:
    number = bucket["projectNumber"]
    project = call.emulator.project_id(number) or number
    legacy = [
        {"role": "roles/storage.legacyBucketOwner", "members": [f"projectEditor:{project}", f"projectOwner:{project}"]},
        {"role": "roles/storage.legacyBucketReader", "members": [f"projectViewer:{project}"]},
    ]
    return {"version": 1, "etag": policies.EMPTY_ETAG, "bindings": legacy}


def get_policy(call: Call) -> Body:
    """`buckets.getIamPolicy`."""
    bucket = _bucket(call)
    return _shown(call, bucket, call.store.policy("storage", f"b/{bucket['name']}") or _first_policy(call, bucket))


def set_policy(call: Call) -> Body:
    """`buckets.setIamPolicy` (PUT with the whole policy)."""
    bucket = _bucket(call)
    members = {member for binding in call.body.get("bindings") or [] for member in binding.get("members") or []}
    if bucket["iamConfiguration"]["publicAccessPrevention"] == "enforced" and members & _PUBLIC:
        raise ApiError(
            412,
            "One or more users named in the policy do not belong to a permitted customer: public access prevention is"
            " enforced.",
            status="",
        )
    conditional = any(binding.get("condition") for binding in call.body.get("bindings") or [])
    if conditional and not bucket["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"]:
        raise invalid("Conditions need uniform bucket-level access.")
    return _shown(call, bucket, policies.write(call, call.body, f"b/{bucket['name']}"))


def test_permissions(call: Call) -> Body:
    """`buckets.testIamPermissions`."""
    _bucket(call)
    held = call.emulator.access.held(call, queries_of(call.request.query, "permissions"))
    return {"kind": "storage#testIamPermissionsResponse", **({"permissions": held} if held else {})}


def insert_notification(call: Call) -> Body:
    """`notifications.insert`."""
    bucket = _bucket(call)["name"]
    topic = str(call.required("topic"))
    topic = topic if topic.startswith("//") else f"//pubsub.googleapis.com/{topic}"
    number = str(call.store.count(f"notification/{bucket}"))
    name = f"b/{bucket}/notificationConfigs/{number}"
    body = {
        "payload_format": "JSON_API_V1",
        **without_nulls(call.body),
        "topic": topic,
        "kind": "storage#notification",
        "id": number,
        "selfLink": call.self_link(name),
        "etag": number,
    }
    return call.store.put("storage", name, "notifications", body).body


METHODS: dict[str, Handler] = {
    **acls.METHODS,
    **projects.METHODS,
    "buckets.getIamPolicy": get_policy,
    "buckets.setIamPolicy": set_policy,
    "buckets.testIamPermissions": test_permissions,
    "notifications.insert": insert_notification,
}
# What needs more, or less, than the naming rule says (https://cloud.google.com/storage/docs/access-control/iam-json).
PERMISSIONS = {
    "buckets.patch": ("storage.buckets.get", "storage.buckets.update"),
    "buckets.update": ("storage.buckets.get", "storage.buckets.update"),
    "buckets.lockRetentionPolicy": ("storage.buckets.update",),
    "objects.copy": ("storage.objects.create", "storage.objects.get"),
    "objects.rewrite": ("storage.objects.create", "storage.objects.get"),
    "objects.compose": ("storage.objects.create", "storage.objects.get"),
    "objects.patch": ("storage.objects.get", "storage.objects.update"),
    **{f"notifications.{verb}": ("storage.buckets.get",) for verb in ("get", "list")},
    **{f"notifications.{verb}": ("storage.buckets.update",) for verb in ("insert", "delete")},
    **acls.PERMISSIONS,
    **projects.PERMISSIONS,
}


def policy_names(call: Call) -> list[tuple[str, str]] | None:
    """The bucket's own policy, then its project's; None for a bucket that is not there, which anybody may be told."""
    if call.method.collection.startswith("projects."):
        return projects.policy_names(call)
    bucket = call.parameters.get("bucket") or call.parameters.get("destinationBucket") or ""
    stored = call.store.get("storage", f"b/{bucket}")
    if bucket and stored is None:
        return None
    number = stored.body["projectNumber"] if stored else call.query.get("project", "")
    project = call.emulator.project_id(number) or number
    names = [("storage", f"b/{bucket}")] if stored else []
    return [*names, ("cloudresourcemanager", f"projects/{project}")]
