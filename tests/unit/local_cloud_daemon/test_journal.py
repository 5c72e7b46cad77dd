"""The request log: queries, limits and what never gets into it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from local_cloud.journal import Exchange, Journal, Query
from local_cloud.masking import MASK, masked, readable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ENTRIES = [
    {"service": "compute", "method_id": "compute.networks.insert", "status": 200, "principal": "user:a@b.example"},
    {
        "would_deny": "compute.networks.get",
        "service": "compute",
        "method_id": "compute.networks.get",
        "status": 404,
        "principal": "user:a@b.example",
    },
    {"service": "iam", "method_id": "iam.projects.roles.create", "status": 503, "principal": "serviceAccount:s@p"},
    {"status": 403, "reason": "SERVICE_DISABLED", "refused": True, "host": "example.com"},
]


def exchange(number: int, **given: Any) -> Exchange:
    values = {"verb": "GET", "host": "compute.googleapis.com", "path": "/", "duration_ms": 1.0}
    return Exchange(time=f"2026-11-23T01:0{number}:00.000Z", **{**values, **given})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal.sqlite")

    async def fill() -> None:
        for number, entry in enumerate(ENTRIES):
            opened.record(exchange(number, **entry))
        opened.flush()

    asyncio.run(fill())
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, [1, 2, 3, 4]),
        ({"service": "compute"}, [1, 2]),
        ({"method": "compute.networks.*"}, [1, 2]),
        ({"method": "*.create"}, [3]),
        ({"principal": "user:*", "status": "404"}, [2]),
        ({"status": "4xx"}, [2, 4]),
        ({"status": "5XX"}, [3]),
        ({"refused": "yes"}, [4]),
        ({"refused": "no"}, [1, 2, 3]),
        ({"host": "example.*"}, [4]),
        ({"reason": "SERVICE_*"}, [4]),
        ({"would_deny": "?*"}, [2]),
        ({"since": "2026-11-23T01:02:00Z"}, [3, 4]),
        ({"since": "2026-11-23T02:02:00+01:00"}, [3, 4]),
        ({"after": "2"}, [3, 4]),
        ({"limit": "2"}, [3, 4]),
    ],
)
def test_a_query_finds_what_it_says(journal: Journal, query: dict[str, str], numbers: list[int]) -> None:
    found = Query.parse(query)
    assert [entry["number"] for entry in journal.find(found)] == numbers
    if "limit" not in query:
        assert journal.count(found) == len(numbers)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"colour": "red"}, "no condition 'colour'; there are after, host"),
        ({"status": "many"}, "status 'many' is neither a number"),
        ({"since": "yesterday"}, "since 'yesterday' is not a time"),
        ({"limit": "-1"}, "limit '-1' is not a whole number"),
        ({"refused": "maybe"}, "refused 'maybe' is not one of yes, no"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(query: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match="logs: ") as refused:
        Query.parse(query)
    assert words in str(refused.value)


def test_what_waits_is_found_and_survives(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"

    async def record() -> int:
        opened = Journal(path)
        opened.record(exchange(0, status=200))
        count = opened.count(Query())
        opened.record(exchange(1, status=201))
        opened.close()
        return count

    assert asyncio.run(record()) == 1
    again = Journal(path)
    assert [entry["status"] for entry in again.find(Query())] == [200, 201]
    again.clear()
    assert again.count(Query()) == 0
    again.close()


SECRETS = [
    '{"access_token": "ya29.abcDEF-123"}',
    '{"privateKeyData": "LS0tLS1CRUdJTg=="}',
    '{"client_secret" : "quo\\"ted"}',
    "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
    "grant_type=refresh_token&refresh_token=1//0abcdefghijklmnopqrstuvwxyz&client_id=c",
    "assertion=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJ4In0.c2ln",
    "/v1/x?access_token=ya29.secret&alt=json",
    '{"password": "planted"}',
    "grant_type=x&client_secret=planted&scope=y",
]


@pytest.mark.parametrize("text", SECRETS)
def test_what_looks_like_a_secret_is_masked(text: str) -> None:
    shown = masked(text)
    assert MASK in shown
    for secret in ("abcDEF", "LS0tLS", "quo", "ted", "MIIEvQ", "1//0abc", "eyJ", "c2ln", "ya29", "planted"):
        assert secret not in shown.replace("client_secret", "").replace("refresh_token", "")


def test_what_is_no_secret_stays() -> None:
    text = '{"name": "projects/p/topics/t", "nextPageToken": "abc", "etag": "BwX="}'
    assert masked(text) == text


def test_a_body_that_is_no_text_says_its_size() -> None:
    assert readable(b"\xff\xfe\x00") == "<3 bytes>"
    assert readable(b"x" * 100_000).endswith("… (100000 bytes)")
