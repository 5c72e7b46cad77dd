"""The conversation check against a real service: content with a healthy one; each fault noticed by the right check."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.integration.conversation.world import (
    LIFECYCLE,
    PRIVATE,
    PROJECT,
    SLOW_SECONDS,
    SOUNDS,
    STORAGE,
    TEXTS,
    Front,
    backend,
    change_bucket,
    front_of,
    furnish,
    slowly,
    unasked,
)
from tests.integration.modules.direct import run_module
from tests.local_cloud import LocalCloud, cloud

__all__ = ["cloud"]

WORDS = {"synthetic-check-1": "lamp", "synthetic-check-2": "river"}
CANNED = [{"speaker": speaker, "text": "Can you use 'lamp' in a sentence, please?"} for speaker in "ABA"]


@dataclass
class World:
    """The cloud and the front of its conversation service."""

    cloud: LocalCloud
    front: Front
    # Far above what a busy machine takes; only the fault of slowness asks for less than it then gets.
    latency_p95: float = 30.0

    def check(self, **more: Any) -> dict[str, Any]:
        """The module's result."""
        arguments = {
            "url": self.front.url,
            "words": WORDS,
            "text_bucket": TEXTS,
            "audio_bucket": SOUNDS,
            "quota_project": PROJECT,
            "latency_samples": 10,
            "latency_p95": self.latency_p95,
            **more,
        }
        return run_module(self.cloud, "conversation_check", arguments)

    def mend(self) -> None:
        """Take every fault away."""
        self.front.mend()
        self.latency_p95 = 30.0
        self.cloud.faults.clear()
        self.cloud.settings(speech="normal")
        for bucket in (TEXTS, SOUNDS):
            change_bucket(self.cloud, bucket, lifecycle=LIFECYCLE, iamConfiguration=PRIVATE)


@pytest.fixture(scope="module")
def world(cloud: LocalCloud) -> Iterator[World]:
    """A healthy service with a front."""
    furnish(cloud)
    with ExitStack() as open_:
        environment = open_.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("NO_PROXY", cloud.env["NO_PROXY"])
        front = open_.enter_context(front_of(open_.enter_context(backend(cloud))))
        yield World(cloud, front)


@pytest.fixture
def healthy(world: World) -> Iterator[World]:
    """The world, mended afterwards."""
    yield world
    world.mend()


def named(result: Mapping[str, Any], verdict: str) -> set[str]:
    """The checks with a verdict."""
    return {entry["name"] for entry in result["verdicts"] if entry["verdict"] == verdict}


def spoiled(path: str, **fields: Any) -> Callable[[World], None]:
    """Answers below `path` get other fields."""

    def plant(world: World) -> None:
        world.front.spoil = lambda asked, status, body: (
            (status, body | fields) if asked.endswith(path) and status == 200 else (status, body)
        )

    return plant


def other_id_each_time(world: World) -> None:
    """No text comes back as it was."""
    world.front.spoil = lambda asked, status, body: (
        (status, body | {"generatedAt": uuid.uuid4().hex}) if asked.endswith("/text/generate") else (status, body)
    )


def accepts_anything(world: World) -> None:
    """No input is refused."""
    world.front.spoil = lambda _path, status, body: (200 if status == 400 else status, body)


def gemini_down(world: World) -> None:
    """The service falls back to what it makes up itself."""
    world.cloud.faults.add(service="generativelanguage", status=503)


def bare_url(world: World) -> None:
    """A URL without a signature, as if the object were public."""
    world.front.spoil = lambda _path, status, body: (
        (status, body | {"audioUrl": body["audioUrl"].partition("?")[0]}) if body.get("audioUrl") else (status, body)
    )


def wrong_type(world: World) -> None:
    """Somebody keeps texts under another content type."""

    def spoil(path: str, status: int, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if path.endswith("/audio/generate"):
            for word_id in WORDS:
                for item in world.cloud.get(f"{STORAGE}/b/{TEXTS}/o?prefix=convo/{word_id}/").json().get("items", []):
                    name = item["name"].replace("/", "%2F")
                    change = {"contentType": "text/plain"}
                    world.cloud.request("PATCH", f"{STORAGE}/b/{TEXTS}/o/{name}", json=change)
        return status, body

    world.front.spoil = spoil


def speech(how: str) -> Callable[[World], None]:
    """Text-to-Speech misbehaves."""

    def plant(world: World) -> None:
        world.cloud.settings(speech=how)

    return plant


def bucket(name: str, **fields: Any) -> Callable[[World], None]:
    """A bucket is otherwise."""
    return lambda world: change_bucket(world.cloud, name, **fields)


def public_bucket(world: World) -> None:
    """Anybody may read audio."""
    change_bucket(world.cloud, SOUNDS, iamConfiguration={**PRIVATE, "publicAccessPrevention": "inherited"})
    policy = world.cloud.get(f"{STORAGE}/b/{SOUNDS}/iam").json()
    policy["bindings"].append({"role": "roles/storage.objectViewer", "members": ["allUsers"]})
    assert world.cloud.put(f"{STORAGE}/b/{SOUNDS}/iam", policy).status_code == 200


def slow(world: World) -> None:
    """Every text takes longer than is allowed."""
    world.front.before = slowly
    world.latency_p95 = SLOW_SECONDS / 2


LONG = {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 365}}]}
SOUND = {"audio_decodes", "audio_length", "audio_audible"}
# Fault → how it is planted, the check that is there to notice it, and those that may notice what follows from it.
FAULTS: Mapping[str, tuple[Callable[[World], None], str, set[str]]] = {
    "scaffold mode": (spoiled("/health", mode="scaffold"), "mode", set()),
    "fallback of a failing Gemini": (
        gemini_down,
        "no_fallback",
        {"repeat", "objects", "audio", "signed_url", "audio_cache", *SOUND},
    ),
    "canned turns": (spoiled("/text/generate", turns=CANNED), "no_fallback", {"audio_length"}),
    "two turns": (spoiled("/text/generate", turns=CANNED[:2]), "text", {"no_fallback", "audio_length"}),
    "another text each time": (other_id_each_time, "repeat", set()),
    "bad input accepted": (accepts_anything, "bad_input", set()),
    "audio nobody asked for": (
        lambda world: setattr(world.front, "before", unasked(world.front)),
        "audio_only_on_request",
        {"audio_cache"},
    ),
    "empty audio": (speech("empty"), "audio", {"signed_url", "audio_cache", "objects", *SOUND}),
    "silent audio": (speech("silent"), "audio_audible", set()),
    "truncated audio": (speech("truncated"), "audio_length", {"audio_decodes"}),
    "another voice": (spoiled("/audio/generate", voice="en-US-Standard-B"), "audio", set()),
    "no cache": (spoiled("/audio/generate", isCached=False), "audio_cache", set()),
    "a URL without a signature": (bare_url, "signed_url", {"objects", *SOUND}),
    "a public bucket": (public_bucket, "not_public", set()),
    "no lifecycle": (bucket(TEXTS, lifecycle={"rule": []}), "lifecycle", set()),
    "a lifecycle of a year": (bucket(SOUNDS, lifecycle=LONG), "lifecycle", set()),
    "a wrong content type": (wrong_type, "objects", set()),
    "slow answers": (slow, "latency", set()),
}
SAMPLE = (
    "fallback of a failing Gemini",
    "silent audio",
    "truncated audio",
    "a public bucket",
    "audio nobody asked for",
)


def test_a_healthy_service_is_proved_and_nothing_stays(healthy: World) -> None:
    result = healthy.check()
    assert named(result, "pass") == {entry["name"] for entry in result["verdicts"]}, result
    assert len(result["verdicts"]) == 17
    assert result["changed"] is False
    for name in (TEXTS, SOUNDS):
        assert healthy.cloud.get(f"{STORAGE}/b/{name}/o").json().get("items", []) == []


def test_check_mode_makes_no_data(healthy: World) -> None:
    arguments = {"url": healthy.front.url, "words": WORDS, "text_bucket": TEXTS, "audio_bucket": SOUNDS}
    before = healthy.cloud.count(method="generativelanguage.*")
    result = run_module(healthy.cloud, "conversation_check", {**arguments, "quota_project": PROJECT}, check=True)
    assert named(result, "pass") == {"mode", "lifecycle", "not_public"}
    assert named(result, "fail") == set()
    assert healthy.cloud.count(method="generativelanguage.*") == before


def _noticed(world: World, fault: str) -> None:
    plant, right, following = FAULTS[fault]
    plant(world)
    result = world.check()
    failed = named(result, "fail")
    assert right in failed, result
    assert failed <= {right} | following, result
    assert result["failure"]["reason"] == "CONVERSATION_NOT_PROVED"
    world.mend()
    for name in (TEXTS, SOUNDS):
        assert world.cloud.get(f"{STORAGE}/b/{name}/o").json().get("items", []) == []


@pytest.mark.parametrize("fault", SAMPLE)
def test_a_planted_fault_is_noticed_by_the_right_check(fault: str, healthy: World) -> None:
    _noticed(healthy, fault)


@pytest.mark.soak
@pytest.mark.parametrize("fault", FAULTS)
def test_every_planted_fault_is_noticed_by_the_right_check(fault: str, healthy: World) -> None:
    _noticed(healthy, fault)


def test_a_service_that_does_not_answer_is_a_clear_failure(healthy: World) -> None:
    result = healthy.check(url="http://127.0.0.1:9/api/conversation")
    assert result["failure"]["reason"] == "CONNECTION_FAILED"
    assert "got no answer" in result["msg"]
