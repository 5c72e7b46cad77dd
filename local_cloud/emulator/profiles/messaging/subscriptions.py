"""Subscriptions: what the server adds, and what becomes of them when their topic goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.emulator import verbs
from local_cloud.emulator.errors import not_found
from local_cloud.emulator.paging import page
from local_cloud.emulator.profile import Body, Handler, ResourceType

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.http import Response
    from local_cloud.emulator.store import Stored

COLLECTION = "projects.subscriptions"
_GONE = "_deleted-topic_"
_EXPORTS = ("bigqueryConfig", "bigtableConfig", "cloudStorageConfig")
# https://cloud.google.com/pubsub/docs/reference/rest/v1/projects.subscriptions#PushConfig
_PUSH_VERSION = {"x-goog-version": "v1"}


def _check(call: Call, before: Body | None, wanted: Body) -> None:
    """A new subscription is of a topic that is there."""
    if before is None:
        wanted["topic"] = call.emulator.canonical(call.profile, str(wanted.get("topic", "")))
        if call.store.get("pubsub", wanted["topic"]) is None:
            raise call.missing_reference(wanted["topic"])


def _finish(call: Call, body: Body) -> Body:
    """Defaults of the parts that are there, also when an update brings them."""
    for key in _EXPORTS:
        if body.get(key):
            body[key]["state"] = "ACTIVE"
    if body.get("deadLetterPolicy"):
        body["deadLetterPolicy"].setdefault("maxDeliveryAttempts", 5)
    if "retryPolicy" in body:
        body["retryPolicy"] = {"minimumBackoff": "10s", "maximumBackoff": "600s", **body["retryPolicy"]}
    if (body.get("pushConfig") or {}).get("pushEndpoint"):
        body["pushConfig"].setdefault("attributes", dict(_PUSH_VERSION))
    return body


def _view(call: Call, body: Body) -> Body:
    """Retention of the topic; the answer to an update names the version of push messages even where none is pushed."""
    topic = call.store.get("pubsub", body.get("topic", ""))
    if topic and topic.body.get("messageRetentionDuration"):
        body = {**body, "topicMessageRetentionDuration": topic.body["messageRetentionDuration"]}
    if call.method.verb == "patch" and body.get("pushConfig") == {}:
        body = {**body, "pushConfig": {"attributes": dict(_PUSH_VERSION)}}
    return body


def delete_topic(call: Call) -> Body | Response:
    """`topics.delete`: subscriptions stay and say that their topic is gone."""
    for item in _of_topic(call, call.stored().name):
        call.store.put("pubsub", item.name, item.collection, {**item.body, "topic": _GONE})
    return verbs.delete(call)


def _of_topic(call: Call, topic: str, collection: str = COLLECTION) -> list[Stored]:
    return [item for item in call.store.children("pubsub", collection) if item.body.get("topic") == topic]


def names_of_topic(call: Call) -> Body:
    """`topics.subscriptions.list` and `topics.snapshots.list`: names only."""
    topic, _, key = call.name.rpartition("/")
    if call.store.get("pubsub", topic) is None:
        raise not_found(f"Resource not found (resource={topic.rpartition('/')[2]}).")
    return page(call, [item.name for item in _of_topic(call, topic, f"projects.{key}")], key)


def modify_push(call: Call) -> Body:
    """`subscriptions.modifyPushConfig`."""
    stored = call.stored()
    body = {**stored.body, "pushConfig": call.body.get("pushConfig") or {}}
    verbs.keep(call, stored.name, body, stored)
    return {}


def detach(call: Call) -> Body:
    """`subscriptions.detach`: it keeps its topic and gets nothing more."""
    stored = call.stored()
    verbs.keep(call, stored.name, {**stored.body, "detached": True}, stored)
    return {}


TYPE = ResourceType(
    COLLECTION,
    not_found="Resource not found (resource={id}).",
    exists="Resource already exists in the project (resource={id}).",
    defaults={
        "ackDeadlineSeconds": 10,
        "messageRetentionDuration": "604800s",
        # A policy without a ttl means that the subscription never expires.
        "expirationPolicy": {"ttl": "2678400s"},
        "pushConfig": {},
    },
    computed={"state": "ACTIVE"},
    immutable=("topic", "filter", "enableMessageOrdering"),
    check=_check,
    before_write=_finish,
    view=_view,
)
METHODS: dict[str, Handler] = {
    "projects.topics.delete": delete_topic,
    "projects.topics.subscriptions.list": names_of_topic,
    "projects.topics.snapshots.list": names_of_topic,
    f"{COLLECTION}.modifyPushConfig": modify_push,
    f"{COLLECTION}.detach": detach,
}
