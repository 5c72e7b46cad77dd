"""The conversation-backend over the local cloud: cache, fallback, audio on request, signed URLs, its own identity."""

from __future__ import annotations

import hashlib
import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import miniaudio
import pytest

from tests.integration.workloads.conversation_world import ACCOUNT, SOUNDS, STORAGE, TEXTS, furnish, variables
from tests.local_cloud import LocalCloud, cloud
from tests.workload_services import Service, running_service

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cloud"]

_NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def world(cloud: LocalCloud) -> LocalCloud:
    """A project with the buckets, and the service's account with its rights, where permissions are required."""
    furnish(cloud)
    return cloud


@pytest.fixture(scope="module")
def backend(world: LocalCloud) -> Iterator[Service]:
    """The service in real mode, as a machine's account."""
    with running_service("conversation-backend", **variables(world)) as service:
        yield service


@pytest.fixture
def word_id(world: LocalCloud) -> Iterator[str]:
    """A word nobody has asked for; afterwards the cloud behaves again."""
    yield f"word-{next(_NUMBERS)}"
    world.faults.clear()
    world.settings(speech="normal")


def _text(service: Service, word_id: str, word: str = "朋友") -> Any:
    return service.post("/api/conversation/text/generate", {"wordId": word_id, "word": word})


def _audio(service: Service, word_id: str, **more: Any) -> Any:
    return service.post("/api/conversation/audio/generate", {"wordId": word_id, **more})


def _hash(word_id: str) -> str:
    return hashlib.sha256(word_id.encode()).hexdigest()


def test_health(backend: Service) -> None:
    """The mode is what the check looks at."""
    health = backend.get("/api/conversation/health").json()
    assert set(health) == {"mode", "timestamp", "uptime"}
    assert health["mode"] == "real"


def test_a_text_is_made_once(backend: Service, world: LocalCloud, word_id: str) -> None:
    """The second answer is the first one, from the bucket, under the name of the contract."""
    first, second = _text(backend, word_id), _text(backend, word_id)
    body = first.json()
    assert (first.status_code, first.headers["X-Cache"], second.headers["X-Cache"]) == (200, "miss", "hit")
    assert second.json() == body
    assert set(body) == {"id", "generatedAt", "wordId", "word", "generatorVersion", "prompt", "turns"}
    assert body["id"] == f"{word_id}-{_hash(word_id)}"
    assert body["generatorVersion"] == "gemini-2.0-flash-lite-1"
    assert 3 <= len(body["turns"]) <= 5
    assert {turn["speaker"] for turn in body["turns"]} == {"A", "B"}
    assert "朋友" in "".join(turn["text"] for turn in body["turns"])
    kept = world.get(f"{STORAGE}/b/{TEXTS}/o/convo%2F{word_id}%2F{_hash(word_id)}.json")
    assert kept.json()["contentType"] == "application/json"
    asked = world.journal(method="generativelanguage.models.generateContent")
    assert asked[-1]["principal"] == f"serviceAccount:{ACCOUNT}"


def test_many_who_ask_at_once_get_one_text(backend: Service, world: LocalCloud, word_id: str) -> None:
    """And Gemini is asked once."""
    before = world.count(method="generativelanguage.*")
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(lambda _: _text(backend, word_id).text, range(8)))
    assert len(set(bodies)) == 1
    assert world.count(method="generativelanguage.*") == before + 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"word": "朋友"}, "wordId"),
        ({"wordId": "", "word": "朋友"}, "wordId"),
        ({"wordId": "../x", "word": "朋友"}, "wordId"),
        ({"wordId": "x" * 129, "word": "朋友"}, "wordId"),
        ({"wordId": 7, "word": "朋友"}, "wordId"),
        ({"wordId": "x"}, "word"),
        ({"wordId": "x", "word": "a\nb"}, "word"),
    ],
)
def test_malformed_words_are_refused(backend: Service, body: dict[str, Any], field: str) -> None:
    """Naming the field."""
    answer = backend.post("/api/conversation/text/generate", body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"reason": "backendError"}, "朋友"),
        ({"reason": "rateLimitExceeded"}, "朋友"),
        ({"reason": "forbidden"}, "朋友"),
        ({}, "UNSAFE"),
    ],
)
def test_a_fallback_is_marked_and_not_kept(
    backend: Service, world: LocalCloud, word_id: str, fault: dict[str, str], word: str
) -> None:
    """Whatever Gemini does; it is asked again the next time."""
    if fault:
        world.faults.add(method="generativelanguage.models.generateContent", **fault)
    answer = _text(backend, word_id, word)
    assert (answer.status_code, answer.json()["generatorVersion"]) == (200, "fallback-1")
    assert answer.json()["turns"][0]["text"] == f"Can you use '{word}' in a sentence?"
    assert answer.json()["id"] == f"{word_id}-{_hash(word_id)}"
    world.faults.clear()
    assert _text(backend, word_id).json()["generatorVersion"] == "gemini-2.0-flash-lite-1"


def test_a_damaged_text_is_made_anew(backend: Service, world: LocalCloud, word_id: str) -> None:
    """And takes its place."""
    name = f"convo/{word_id}/{_hash(word_id)}.json"
    upload = f"storage.googleapis.com/upload/storage/v1/b/{TEXTS}/o"
    assert world.request("POST", upload, params={"uploadType": "media", "name": name}, data=b"{}").status_code == 200
    assert _text(backend, word_id).headers["X-Cache"] == "miss"
    assert _text(backend, word_id).headers["X-Cache"] == "hit"


def test_without_its_bucket_it_says_so(backend: Service, world: LocalCloud, word_id: str) -> None:
    """Nothing is made that cannot be kept."""
    world.faults.add(method="storage.objects.get", reason="forbidden")
    answer = _text(backend, word_id)
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_audio_is_made_on_request_and_once(backend: Service, world: LocalCloud, word_id: str) -> None:
    """Not before; then it is MP3 behind an address that opens for a while, without a token."""
    before = world.count(method="texttospeech.*")
    assert _audio(backend, word_id).json()["code"] == "no_conversation"
    text = _text(backend, word_id).json()
    assert world.count(method="texttospeech.*") == before
    first, second = _audio(backend, word_id), _audio(backend, word_id)
    assert first.status_code == 200, first.text
    body = first.json()
    assert set(body) == {"conversationId", "audioUrl", "voice", "bitrate", "isCached", "generatedAt"}
    assert (body["conversationId"], body["voice"], body["bitrate"]) == (text["id"], "cmn-CN-Standard-A", 128)
    assert (body["isCached"], second.json()["isCached"]) == (False, True)
    assert second.json()["generatedAt"] == body["generatedAt"]
    assert world.count(method="texttospeech.*") == before + 1
    opened = world.get(body["audioUrl"], token=None)
    assert (opened.status_code, opened.headers["Content-Type"]) == (200, "audio/mpeg")
    spoken = sum(len(turn["text"]) for turn in text["turns"])
    assert 0.1 * spoken < miniaudio.mp3_read_s16(opened.content).duration < 0.6 * spoken
    assert f"/{SOUNDS}/convo/{word_id}/{_hash(word_id)}.mp3?" in body["audioUrl"]
    assert world.get(body["audioUrl"].partition("?")[0], token=None).status_code == 403


def test_another_voice_is_another_audio(backend: Service, word_id: str) -> None:
    """Though it has the same name where the template has no voice in it."""
    _text(backend, word_id)
    voices = ("cmn-CN-Standard-A", "cmn-CN-Standard-B", "cmn-CN-Standard-B", "cmn-CN-Standard-A")
    assert [_audio(backend, word_id, voice=voice).json()["isCached"] for voice in voices] == [False, False, True, False]
    assert _audio(backend, word_id, voice="cmn-CN-Standard-A", bitrate=64).json()["isCached"] is False


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"voice": "loud"}, "voice"),
        ({"voice": "cmn-CN-Standard-Z"}, "voice"),
        ({"bitrate": 100}, "bitrate"),
        ({"bitrate": True}, "bitrate"),
        ({"bitrate": "128"}, "bitrate"),
        ({"format": "base64"}, "format"),
    ],
)
def test_malformed_audio_is_refused(backend: Service, word_id: str, more: dict[str, Any], field: str) -> None:
    """By this service, or in the words of Text-to-Speech."""
    _text(backend, word_id)
    answer = _audio(backend, word_id, **more)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize(
    ("fault", "speech", "status"),
    [("internalError", "normal", 502), ("rateLimitExceeded", "normal", 503), ("", "empty", 502)],
)
def test_failing_speech_is_said(
    backend: Service, world: LocalCloud, word_id: str, fault: str, speech: str, status: int
) -> None:
    """In the shape of the answer, and nothing is kept of it."""
    _text(backend, word_id)
    world.settings(speech=speech)
    if fault:
        world.faults.add(method="texttospeech.text.synthesize", reason=fault)
    answer = _audio(backend, word_id)
    assert (answer.status_code, answer.json()["audioUrl"], answer.json()["isCached"]) == (status, None, False)
    assert "Text-to-Speech failed" in answer.json()["error"]
    world.faults.clear()
    world.settings(speech="normal")
    assert _audio(backend, word_id).json()["isCached"] is False


def test_speech_can_be_switched_off(backend: Service, world: LocalCloud, word_id: str) -> None:
    """What is kept is still answered."""
    _text(backend, word_id)
    other = f"{word_id}-other"
    _text(backend, other)
    _audio(backend, other)
    with running_service("conversation-backend", **variables(world, DISABLE_TTS="true")) as silent:
        answer = _audio(silent, word_id)
        assert (answer.status_code, answer.json()["audioUrl"]) == (200, None)
        assert "DISABLE_TTS" in answer.json()["error"]
        assert _audio(silent, other).json()["isCached"] is True


def test_names_and_times_can_be_chosen(world: LocalCloud, word_id: str) -> None:
    """As newer images have them."""
    template = "audio/{conversationId}/{voice}/{bitrate}.mp3"
    chosen = variables(world, AUDIO_OBJECT_TEMPLATE=template, SIGNED_URL_SECONDS="1")
    with running_service("conversation-backend", **chosen) as service:
        identifier = _text(service, word_id).json()["id"]
        url = _audio(service, word_id, bitrate=64).json()["audioUrl"]
    assert f"/{SOUNDS}/audio/{identifier}/cmn-CN-Standard-A/64.mp3?" in url
    assert "X-Goog-Expires=1&" in url
    world.advance(3)
    expired = world.get(url, token=None)
    assert (expired.status_code, re.findall("<Code>(.*)</Code>", expired.text)) == (400, ["ExpiredToken"])
    world.admin.post("/clock", {"reset": True})


def test_the_scaffold_asks_nobody(world: LocalCloud) -> None:
    """It says what it is, and has no audio."""
    before = world.count()
    with running_service("conversation-backend") as service:
        assert service.get("/api/conversation/health").json()["mode"] == "scaffold"
        text = _text(service, "w").json()
        assert (text["generatorVersion"], text["id"]) == ("scaffold-1", f"w-{_hash('w')}")
        audio = _audio(service, "w").json()
        assert (audio["audioUrl"], audio["conversationId"]) == (None, text["id"])
        assert audio["error"]
    assert world.count() == before
