"""Pub/Sub: topics, subscriptions, snapshots and schemas."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from local_cloud.emulator.errors import not_found
from local_cloud.emulator.profile import Body, Profile, ResourceType
from local_cloud.emulator.profiles.messaging import schemas, subscriptions

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

# https://cloud.google.com/pubsub/docs/replay-overview
_SNAPSHOT_LIFETIME = timedelta(days=7)


def _topic_of(call: Call, body: Body) -> str:
    """A snapshot is of its subscription's topic."""
    subscription = call.store.get("pubsub", call.emulator.canonical(call.profile, str(call.required("subscription"))))
    if subscription is None:
        raise not_found(f"Resource not found (resource={call.body['subscription'].rpartition('/')[2]}).")
    return str(subscription.body["topic"])


def _without_subscription(call: Call, body: Body) -> Body:
    return {key: value for key, value in body.items() if key != "subscription"}


PROFILE = Profile(
    api="pubsub",
    type_url="google.pubsub.v1",
    permissions={
        "projects.schemas.deleteRevision": ("pubsub.schemas.delete",),
        "projects.topics.subscriptions.list": ("pubsub.topics.get",),
        "projects.topics.snapshots.list": ("pubsub.topics.get",),
        "projects.subscriptions.modifyPushConfig": ("pubsub.subscriptions.update",),
        "projects.subscriptions.detach": ("pubsub.topics.detachSubscription",),
    },
    types=(
        ResourceType(
            "projects.topics",
            not_found="Resource not found (resource={id}).",
            exists="Resource already exists in the project (resource={id}).",
            loose_references={"kmsKeyName": "cloudkms:projects.locations.keyRings.cryptoKeys"},
        ),
        subscriptions.TYPE,
        schemas.TYPE,
        ResourceType(
            "projects.snapshots",
            not_found="Resource not found (resource={id}).",
            exists="Resource already exists in the project (resource={id}).",
            defaults={"topic": _topic_of, "expireTime": lambda call, body: call.stamp(call.now + _SNAPSHOT_LIFETIME)},
            before_write=_without_subscription,
        ),
    ),
    methods={**subscriptions.METHODS, **schemas.METHODS},
)
