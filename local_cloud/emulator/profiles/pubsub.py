"""Pub/Sub: topics, subscriptions and snapshots."""

from __future__ import annotations

from local_cloud.emulator.profile import Profile, ResourceType

PROFILE = Profile(
    api="pubsub",
    type_url="google.pubsub.v1",
    types=(
        ResourceType(
            "projects.topics",
            not_found="Resource not found (resource={id}).",
            exists="Resource already exists in the project (resource={id}).",
            loose_references={"kmsKeyName": "cloudkms:projects.locations.keyRings.cryptoKeys"},
            computed={"state": None},
        ),
        ResourceType(
            "projects.subscriptions",
            not_found="Resource not found (resource={id}).",
            exists="Resource already exists in the project (resource={id}).",
            defaults={
                "ackDeadlineSeconds": 10,
                "messageRetentionDuration": "604800s",
                "expirationPolicy.ttl": "2678400s",
                "pushConfig": {},
            },
            computed={"state": "ACTIVE"},
            immutable=("topic", "filter", "enableMessageOrdering"),
        ),
    ),
)
