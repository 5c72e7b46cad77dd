"""What a healthy conversation service answers, as evidence, for tests of the gates."""

from __future__ import annotations

import hashlib
import json
import math
from array import array
from base64 import b64encode
from functools import cache
from typing import Any

import lameenc

from plugins.module_utils._conversation import plan_of
from plugins.module_utils._conversation_evidence import Evidence, Reply, digest

FIRST, SECOND = "synthetic-1", "synthetic-2"
RATE = 24000
URL = (
    "https://storage.googleapis.com/audio/convo/a.mp3?X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Expires=900"
    "&X-Goog-Signature=00"
)
OPTIONS: dict[str, Any] = {
    "url": "https://app.example.org/api/conversation",
    "words": {FIRST: "lamp", SECOND: "river"},
    "text_bucket": "text",
    "audio_bucket": "audio",
    "text_object": "convo/{word_id}/{hash}.json",
    "audio_object": "convo/{word_id}/{hash}.mp3",
    "mode": "real",
    "voice": "cmn-CN-Standard-A",
    "bitrate": 128,
    "sample_rates": [24000],
    "shortest_audio": 0.65,
    "longest_audio": 4.0,
    "lifecycle_days": 30,
    "signed_url_lifetime": 3600,
    "latency_samples": 20,
    "latency_p95": 1.0,
}
BUCKET: dict[str, dict[str, Any]] = {
    "lifecycle": {"rule": [{"action": {"type": "Delete"}, "condition": {"age": 30}}]},
    "iamConfiguration": {"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": {"enabled": True}},
}


@cache
def tone(seconds: float, loudness: float = 0.5) -> bytes:
    """An MP3 of a beep that comes and goes."""
    samples = array("h")
    for number in range(int(RATE * seconds)):
        sounding = number % (RATE // 2) < RATE // 3
        samples.append(int(32767 * loudness * math.sin(number / 20)) if sounding else 0)
    encoder = lameenc.Encoder()
    encoder.set_in_sample_rate(RATE)
    encoder.set_channels(1)
    encoder.set_bit_rate(128)
    encoder.silence()
    return bytes(encoder.encode(samples.tobytes()) + encoder.flush())


def reply(status: int = 200, **body: Any) -> Reply:
    """An answer with a JSON body."""
    return Reply(status, {"content-type": "application/json"}, json.dumps(body).encode(), 0.01)


def text(word_id: str) -> Reply:
    """The text of a word."""
    turns = [
        {"speaker": speaker, "text": f"I would like to say something about it, {speaker}."}
        for speaker in ("A", "B", "A")
    ]
    return reply(
        id=f"{word_id}-{digest(word_id)}",
        generatedAt="2026-11-23T00:00:00Z",
        wordId=word_id,
        word=OPTIONS["words"][word_id],
        generatorVersion="1",
        prompt="Write a conversation.",
        turns=turns,
    )


def audio(*, is_cached: bool) -> Reply:
    """The audio of the first word."""
    return reply(
        conversationId=f"{FIRST}-{digest(FIRST)}",
        audioUrl=URL,
        voice=OPTIONS["voice"],
        bitrate=128,
        isCached=is_cached,
        generatedAt="2026-11-23T00:00:00Z",
    )


def healthy() -> Evidence:
    """Evidence with which every gate is content."""
    sound = tone(8.0)
    md5 = b64encode(hashlib.md5(sound, usedforsecurity=False).digest()).decode()
    texts = {word_id: text(word_id) for word_id in (FIRST, SECOND)}
    return Evidence(
        plan=plan_of(OPTIONS),
        health=reply(mode="real", timestamp="2026-11-23T00:00:00Z", uptime=1.5),
        texts=texts,
        repeats=dict(texts),
        refusals={"text without wordId": reply(400, error="wordId")},
        unasked=(),
        audio=audio(is_cached=False),
        audio_again=audio(is_cached=True),
        fetched=Reply(200, {}, sound),
        prolonged=Reply(403, {}, b""),
        unsigned=Reply(401, {}, b""),
        buckets={"text": BUCKET, "audio": BUCKET},
        objects={
            "text": {"name": "convo/a.json", "contentType": "application/json"},
            "audio": {"name": "convo/a.mp3", "contentType": "audio/mpeg", "md5Hash": md5},
        },
        latencies=tuple(0.01 for _ in range(20)),
        remaining=(),
    )
