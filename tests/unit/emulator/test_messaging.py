"""Pub/Sub: what outlives its topic, revisions of schemas, defaults of the parts of a subscription."""

from __future__ import annotations

import pytest

from tests.unit.emulator.conftest import Cloud


@pytest.fixture
def base(cloud: Cloud, project: str) -> str:
    """The address of a project with the topic `t` and its subscription `s`."""
    base = f"pubsub/v1/projects/{project}"
    cloud.ok("PUT", f"{base}/topics/t", {"messageRetentionDuration": "600s"})
    cloud.ok("PUT", f"{base}/subscriptions/s", {"topic": f"projects/{project}/topics/t"})
    return base


def test_subscription_outlives_its_topic(cloud: Cloud, base: str) -> None:
    listed = cloud.ok("GET", f"{base}/topics/t/subscriptions")["subscriptions"]
    assert [name.rpartition("/")[2] for name in listed] == ["s"]
    assert cloud.ok("GET", f"{base}/subscriptions/s")["topicMessageRetentionDuration"] == "600s"
    cloud.ok("DELETE", f"{base}/topics/t")
    assert cloud.ok("GET", f"{base}/subscriptions/s")["topic"] == "_deleted-topic_"


def test_subscription_needs_a_topic(cloud: Cloud, base: str, project: str) -> None:
    cloud.refused(404, "PUT", f"{base}/subscriptions/other", {"topic": f"projects/{project}/topics/none"})
    cloud.refused(404, "GET", f"{base}/topics/none/subscriptions")


def test_parts_of_a_subscription_have_defaults(cloud: Cloud, base: str, project: str) -> None:
    body = {
        "topic": f"projects/{project}/topics/t",
        "deadLetterPolicy": {"deadLetterTopic": f"projects/{project}/topics/t"},
        "retryPolicy": {},
        "pushConfig": {"pushEndpoint": "https://app.example"},
    }
    shown = cloud.ok("PUT", f"{base}/subscriptions/full", body)
    assert shown["deadLetterPolicy"]["maxDeliveryAttempts"] == 5
    assert shown["retryPolicy"] == {"minimumBackoff": "10s", "maximumBackoff": "600s"}
    assert shown["pushConfig"]["attributes"] == {"x-goog-version": "v1"}
    cloud.ok("POST", f"{base}/subscriptions/full:modifyPushConfig", {"pushConfig": {}})
    assert cloud.ok("GET", f"{base}/subscriptions/full")["pushConfig"] == {}


def test_schema_keeps_its_revisions(cloud: Cloud, base: str) -> None:
    first = cloud.ok("POST", f"{base}/schemas?schemaId=orders", {"type": "AVRO", "definition": '{"type": "string"}'})
    second = {"schema": {"type": "AVRO", "definition": '{"type": "long"}'}}
    newer = cloud.ok("POST", f"{base}/schemas/orders:commit", second)
    assert first["revisionId"] != newer["revisionId"]
    assert cloud.ok("GET", f"{base}/schemas/orders")["definition"] == '{"type": "long"}'
    assert cloud.ok("GET", f"{base}/schemas/orders@{first['revisionId']}")["definition"] == '{"type": "string"}'
    back = cloud.ok("POST", f"{base}/schemas/orders:rollback", {"revisionId": first["revisionId"]})
    revisions = cloud.ok("GET", f"{base}/schemas/orders:listRevisions?view=FULL")["schemas"]
    assert [item["revisionId"] for item in revisions] == [item["revisionId"] for item in (back, newer, first)]
    cloud.refused(400, "POST", f"{base}/schemas:validate", {"schema": {"type": "AVRO", "definition": "{"}})
    assert "definition" not in cloud.ok("GET", f"{base}/schemas")["schemas"][0]
