"""Cloud Monitoring: notification channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import failed_precondition, invalid, not_found
from local_cloud.emulator.profile import Body, Profile, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response

# Channel type → the labels it needs and those that are secret
# (https://cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.notificationChannelDescriptors).
_CHANNELS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "email": (("email_address",), ()),
    "sms": (("number",), ()),
    "slack": (("channel_name", "auth_token"), ("auth_token",)),
    "pagerduty": (("service_key",), ("service_key",)),
    "webhook_basicauth": (("url", "username", "password"), ("password",)),
    "webhook_tokenauth": (("url",), ()),
    "pubsub": (("topic",), ()),
}
_MASK = "**********"


def _check(call: Call, before: Body | None, wanted: Body) -> None:
    kind = wanted.get("type", "")
    if kind not in _CHANNELS:
        raise invalid(
            f'Field "notificationChannel.type" had an invalid value of "{kind}": must be one of {", ".join(_CHANNELS)}.'
        )
    for label in _CHANNELS[kind][0]:
        if not wanted.get("labels", {}).get(label) and label not in _CHANNELS[kind][1]:
            raise invalid(
                f'Field "notificationChannel.labels[\'{label}\']" is required for a channel of type "{kind}".'
            )


def _record(call: Call, body: Body) -> Body:
    """Who wrote it when."""
    moment = {"mutateTime": call.stamp()}
    body.setdefault("creationRecord", moment)
    body["mutationRecords"] = (
        [moment, *body.get("mutationRecords", [])][:2] if call.method.verb == "patch" else [moment]
    )
    return body


def _masked(call: Call, body: Body) -> Body:
    """Secret labels are never shown in clear."""
    secret = _CHANNELS.get(body.get("type", ""), ((), ()))[1]
    labels = body.get("labels", {})
    if not any(label in labels for label in secret):
        return body
    return {**body, "labels": {key: _MASK if key in secret else value for key, value in labels.items()}}


def _delete(call: Call) -> Body | Response:
    stored = call.stored()
    users = [name for _, name in call.store.users("monitoring", stored.name)]
    if users and call.query.get("force") != "true":
        raise failed_precondition(
            f"Cannot delete notification channel '{stored.name}': it is used by '{users[0]}'. Use force to remove it"
            " there as well."
        )
    call.store.remove("monitoring", stored.name)
    return {}


def _list(call: Call) -> Body:
    body = verbs.list_(call)
    assert isinstance(body, dict)
    total = len(call.store.children("monitoring", call.resource_type.collection, call.name))
    return {**body, **({"totalSize": total} if total else {})}


def _descriptor(call: Call) -> Body:
    kind = call.name.rpartition("/")[2]
    if kind not in _CHANNELS:
        raise not_found(f"There is no notification channel type '{kind}'.")
    labels = [{"key": label, "description": label.replace("_", " ")} for label in _CHANNELS[kind][0]]
    return {"name": call.name, "type": kind, "displayName": kind.replace("_", " ").title(), "labels": labels}


PROFILE = Profile(
    api="monitoring",
    versions=("v3", "v1"),
    types=(
        ResourceType(
            "projects.notificationChannels",
            id_source="numeric",
            defaults={"enabled": True},
            keep_zero=("enabled",),
            immutable=("type",),
            output_only=("creationRecord", "mutationRecords"),
            check=_check,
            before_write=_record,
            view=_masked,
            not_found="Could not find notification channel with id {id}.",
        ),
    ),
    methods={
        "projects.notificationChannels.delete": _delete,
        "projects.notificationChannels.list": _list,
        "projects.notificationChannelDescriptors.get": _descriptor,
    },
)
