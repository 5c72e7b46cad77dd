"""PRIVATE to the collection: what a conversation service has to prove, each question with the fault it must notice."""

from __future__ import annotations

import hashlib
import json
import math
import re
from base64 import b64encode
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from ._conversation_evidence import EXPIRES, SIGNATURE, Evidence, Reply, digest
from ._sound import Sound, Undecodable, expected_seconds, measure, silence
from ._verdict import Fault, Gate, NoEvidence

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SPEAKERS = ("A", "B")
FEWEST_TURNS, MOST_TURNS = 3, 5
# What the service says when the model fails and it makes something up.
CANNED = re.compile(r"can you use [^\w\s].+[^\w\s] in a sentence", re.IGNORECASE)
QUIETEST_PEAK = 0.05
MOST_SILENCE = 0.6
SMALLEST_SAMPLE = 10
"""Fewer latencies than this say nothing about a 95th percentile."""
CONTENT_TYPES = {"text": "application/json", "audio": "audio/mpeg"}
REFUSED = (400, 401, 403, 404)


def _expect(holds: object, problem: str) -> None:
    if not holds:
        raise Fault(problem)


def _known(value: Any, what: str) -> Any:
    if value is None or value == {} or value == ():
        raise NoEvidence(f"{what}: nothing was collected")
    return value


def _with(reply: Reply, **changes: Any) -> Reply:
    """A copy of a JSON answer with other fields."""
    return replace(reply, content=json.dumps({**reply.json, **changes}).encode())


def _each(replies: Mapping[str, Reply], change: Callable[[Reply], Reply]) -> dict[str, Reply]:
    return {key: change(reply) for key, reply in _known(replies, "texts").items()}


# Mode


def _mode(evidence: Evidence) -> str:
    health = evidence.health
    _expect(health.status == 200, f"health answers {health.status}, expected 200")
    mode = health.json.get("mode")
    _expect(mode == evidence.plan.mode, f"mode is {mode!r}, expected {evidence.plan.mode!r}")
    return f"mode {mode}, up for {health.json.get('uptime')} s"


def _scaffold(evidence: Evidence) -> Evidence:
    return replace(evidence, health=_with(evidence.health, mode="planted"))


# Texts


def _text(evidence: Evidence) -> str:
    replies = _known(evidence.texts, "texts")
    for word_id, reply in replies.items():
        _expect(reply.status == 200, f"{word_id}: text answers {reply.status}, expected 200: {_short(reply)}")
        body = reply.json
        wanted = f"{word_id}-{digest(word_id)}"
        _expect(body.get("id") == wanted, f"{word_id}: id is {body.get('id')!r}, expected {wanted!r}")
        _expect(body.get("wordId") == word_id, f"{word_id}: wordId is {body.get('wordId')!r}")
        _expect(body.get("word") == evidence.plan.words[word_id], f"{word_id}: word is {body.get('word')!r}")
        for key in ("generatedAt", "generatorVersion", "prompt"):
            _expect(body.get(key), f"{word_id}: {key} is missing")
        _expect(_turns_hold(body.get("turns")), f"{word_id}: turns are not 3 to 5 of speaker A or B: {_short(reply)}")
    return f"{len(replies)} words, {', '.join(str(len(reply.json['turns'])) for reply in replies.values())} turns"


def _turns_hold(turns: Any) -> bool:
    return (
        isinstance(turns, list)
        and FEWEST_TURNS <= len(turns) <= MOST_TURNS
        and all(isinstance(turn, dict) and turn.get("speaker") in SPEAKERS and turn.get("text") for turn in turns)
    )


def _one_turn(evidence: Evidence) -> Evidence:
    return replace(
        evidence, texts=_each(evidence.texts, lambda reply: _with(reply, turns=(reply.json.get("turns") or [])[:1]))
    )


def _generated(evidence: Evidence) -> str:
    for word_id, reply in _known(evidence.texts, "texts").items():
        said = " ".join(str(turn.get("text", "")) for turn in reply.json.get("turns") or [])
        found = CANNED.search(said)
        _expect(not found, f"{word_id}: canned text instead of the model's: {found.group() if found else ''!r}")
        _expect(not reply.json.get("fallback"), f"{word_id}: the service says that this is its fallback")
        _expect(said, f"{word_id}: no text")
    return "no canned turn, no fallback marked"


def _canned(evidence: Evidence) -> Evidence:
    turn = {"speaker": "A", "text": "Can you use 'lamp' in a sentence?"}
    return replace(evidence, texts=_each(evidence.texts, lambda reply: _with(reply, turns=[turn] * FEWEST_TURNS)))


def _repeat(evidence: Evidence) -> str:
    first = _known(evidence.texts, "texts")
    for word_id, reply in _known(evidence.repeats, "repeats").items():
        for key in ("id", "generatedAt", "turns"):
            before, again = first[word_id].json.get(key), reply.json.get(key)
            _expect(before and before == again, f"{word_id}: {key} of the second answer differs: {again!r}")
    return f"{len(first)} words came back identical"


def _other_id(evidence: Evidence) -> Evidence:
    return replace(evidence, repeats=_each(evidence.repeats, lambda reply: _with(reply, id="planted")))


def _refuses(evidence: Evidence) -> str:
    replies = _known(evidence.refusals, "bad input")
    for name, reply in replies.items():
        _expect(reply.status == 400, f"{name} is answered {reply.status}, expected 400")
    return f"400 to {', '.join(replies)}"


def _accepts(evidence: Evidence) -> Evidence:
    return replace(evidence, refusals=_each(evidence.refusals, lambda reply: replace(reply, status=200)))


# Audio


def _on_request(evidence: Evidence) -> str:
    if evidence.unasked is None:
        raise NoEvidence("audio objects before audio was asked for: nothing was collected")
    _expect(not evidence.unasked, f"audio that nobody asked for: {', '.join(evidence.unasked)}")
    return "no audio object before the first request for audio"


def _unasked(evidence: Evidence) -> Evidence:
    return replace(evidence, unasked=("planted.mp3",))


def _audio(evidence: Evidence) -> str:
    reply = _known(evidence.audio, "audio")
    body = reply.json
    _expect(reply.status == 200, f"audio answers {reply.status}, expected 200: {_short(reply)}")
    _expect(not body.get("error"), f"audio has an error: {body.get('error')}")
    _expect(body.get("audioUrl"), "audioUrl is missing: no audio was made")
    wanted = {"voice": evidence.plan.voice, "bitrate": evidence.plan.bitrate}
    for key, value in wanted.items():
        _expect(body.get(key) == value, f"{key} is {body.get(key)!r}, expected {value!r}")
    text = next(iter(_known(evidence.texts, "texts").values())).json
    _expect(body.get("conversationId") == text.get("id"), f"conversationId is {body.get('conversationId')!r}")
    return f"voice {body['voice']}, {body['bitrate']} kbit/s, cached: {body.get('isCached')}"


def _no_audio(evidence: Evidence) -> Evidence:
    return replace(evidence, audio=_with(_known(evidence.audio, "audio"), audioUrl=None))


def _signed(evidence: Evidence) -> str:
    url = str(_known(evidence.audio, "audio").json.get("audioUrl") or "")
    query = dict(parse_qsl(urlsplit(url).query))
    _expect(url.startswith("https://"), "audioUrl is not an https URL")
    _expect(query.get(SIGNATURE), "audioUrl carries no signature")
    lifetime, most = int(query.get(EXPIRES) or 0), evidence.plan.signed_url_lifetime
    _expect(0 < lifetime <= most, f"audioUrl holds for {lifetime} s, expected at most {most}")
    fetched = _known(evidence.fetched, "fetched audio").status
    _expect(fetched == 200, f"audioUrl answers {fetched}, expected 200")
    prolonged = _known(evidence.prolonged, "prolonged URL").status
    _expect(prolonged in REFUSED, f"with another expiry the URL is answered {prolonged}: nobody looks at its signature")
    return f"holds for {lifetime} s; with another expiry {prolonged}"


def _endless(evidence: Evidence) -> Evidence:
    audio = _known(evidence.audio, "audio")
    return replace(evidence, audio=_with(audio, audioUrl=str(audio.json.get("audioUrl")).partition("?")[0]))


def _sound(evidence: Evidence) -> Sound:
    fetched = _known(evidence.fetched, "fetched audio")
    try:
        return measure(fetched.content)
    except Undecodable as problem:
        raise Fault(f"audio: {problem}") from problem


def _decodes(evidence: Evidence) -> str:
    sound = _sound(evidence)
    _expect(sound.format == "mp3", f"audio is {sound.format}, expected mp3")
    rates = evidence.plan.sample_rates
    _expect(sound.sample_rate in rates, f"sample rate is {sound.sample_rate} Hz, expected one of {rates}")
    return f"{sound.format}, {sound.sample_rate} Hz, {sound.channels} channel(s), {sound.seconds:.1f} s"


def _empty(evidence: Evidence) -> Evidence:
    return replace(evidence, fetched=replace(_known(evidence.fetched, "fetched audio"), content=b""))


def _length(evidence: Evidence) -> str:
    sound, expected = _sound(evidence), expected_seconds(_spoken(evidence))
    least, most = (bound * expected for bound in evidence.plan.length_bounds)
    _expect(
        least <= sound.seconds <= most,
        f"{sound.seconds:.1f} s of audio for a text of about {expected:.1f} s, expected {least:.1f} to {most:.1f} s",
    )
    return f"{sound.seconds:.1f} s for a text of about {expected:.1f} s"


def _spoken(evidence: Evidence) -> str:
    """What the first word's turns say."""
    turns = next(iter(_known(evidence.texts, "texts").values())).json.get("turns") or []
    return " ".join(str(turn.get("text", "")) for turn in turns)


def _truncated(evidence: Evidence) -> Evidence:
    """Audio that ends half-way to the least; of silence, because sound cannot be cut without encoding it anew."""
    least = evidence.plan.length_bounds[0] * expected_seconds(_spoken(evidence))
    fetched = _known(evidence.fetched, "fetched audio")
    return replace(evidence, fetched=replace(fetched, content=silence(least / 2)))


def _audible(evidence: Evidence) -> str:
    sound = _sound(evidence)
    _expect(sound.peak >= QUIETEST_PEAK, f"the loudest sample is {sound.peak:.3f} of full scale: nothing to hear")
    _expect(sound.silent <= MOST_SILENCE, f"{sound.silent:.0%} of the audio is silent, expected at most 60%")
    return f"peak {sound.peak:.2f} of full scale, {sound.silent:.0%} silent"


def _silent(evidence: Evidence) -> Evidence:
    return replace(evidence, fetched=replace(_known(evidence.fetched, "fetched audio"), content=silence(5.0)))


def _cached(evidence: Evidence) -> str:
    first, again = _known(evidence.audio, "audio").json, _known(evidence.audio_again, "second audio").json
    _expect(first.get("isCached") is False, f"isCached of the first audio is {first.get('isCached')!r}, expected False")
    _expect(again.get("isCached") is True, f"isCached of the second audio is {again.get('isCached')!r}, expected True")
    return "the second request is answered from the cache"


def _uncached(evidence: Evidence) -> Evidence:
    return replace(evidence, audio_again=_with(_known(evidence.audio_again, "second audio"), isCached=False))


# Buckets


def _objects(evidence: Evidence) -> str:
    found = _known(evidence.objects, "objects")
    for kind, wanted in CONTENT_TYPES.items():
        stored = found[kind]
        _expect(stored, f"{kind}: there is no object where the service should keep it")
        held = str((stored or {}).get("contentType", "")).partition(";")[0]
        _expect(held == wanted, f"{kind}: content type is {held!r}, expected {wanted!r}")
    if evidence.fetched is not None and found["audio"] and found["audio"].get("md5Hash"):
        md5 = b64encode(hashlib.md5(evidence.fetched.content, usedforsecurity=False).digest()).decode()
        _expect(md5 == found["audio"]["md5Hash"], "what the signed URL gives is not what the bucket holds")
    return ", ".join(f"{kind}: {stored['name']}" for kind, stored in found.items() if stored)


def _wrong_type(evidence: Evidence) -> Evidence:
    found = _known(evidence.objects, "objects")
    return replace(
        evidence, objects={kind: {**(stored or {}), "contentType": "planted"} for kind, stored in found.items()}
    )


def _lifecycle(evidence: Evidence) -> str:
    days = evidence.plan.lifecycle_days
    for kind, bucket in _known(evidence.buckets, "buckets").items():
        _expect(bucket, f"{kind}: the bucket does not exist")
        ages = [
            rule["condition"]["age"]
            for rule in (bucket.get("lifecycle") or {}).get("rule", [])
            if rule.get("action", {}).get("type") == "Delete" and set(rule.get("condition", {})) == {"age"}
        ]
        _expect(ages, f"{kind}: no lifecycle rule deletes what is old")
        _expect(min(ages) == days, f"{kind}: objects are deleted after {min(ages)} days, expected {days}")
    return f"both buckets delete after {days} days"


def _everlasting(evidence: Evidence) -> Evidence:
    found = _known(evidence.buckets, "buckets")
    return replace(evidence, buckets={kind: {**(bucket or {}), "lifecycle": {}} for kind, bucket in found.items()})


def _private(evidence: Evidence) -> str:
    for kind, bucket in _known(evidence.buckets, "buckets").items():
        configuration = (bucket or {}).get("iamConfiguration", {})
        _expect(configuration.get("publicAccessPrevention") == "enforced", f"{kind}: public access is not prevented")
        uniform = configuration.get("uniformBucketLevelAccess", {}).get("enabled")
        _expect(uniform, f"{kind}: access is not uniform; an object may have readers of its own")
    unsigned = evidence.unsigned
    if unsigned is None:
        return "both buckets prevent public access"
    _expect(unsigned.status in REFUSED, f"the object is public: without a signature it is answered {unsigned.status}")
    return f"without a signature the object is answered {unsigned.status}"


def _public(evidence: Evidence) -> Evidence:
    found = _known(evidence.buckets, "buckets")
    return replace(
        evidence, buckets={kind: {**(bucket or {}), "iamConfiguration": {}} for kind, bucket in found.items()}
    )


# Speed and tidiness


def percentile(values: tuple[float, ...], part: float) -> float:
    """The nearest-rank percentile: the smallest value that `part` (0 to 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(math.ceil(part * len(ordered)), 1) - 1]


def _latency(evidence: Evidence) -> str:
    values = evidence.latencies
    if len(values) < SMALLEST_SAMPLE:
        raise NoEvidence(f"{len(values)} latencies, expected at least {SMALLEST_SAMPLE}")
    p95, most = percentile(values, 0.95), evidence.plan.latency_p95
    _expect(p95 <= most, f"95% of cached texts take up to {p95:.3f} s, expected at most {most:g} s")
    shown = ", ".join(f"p{part:g} {percentile(values, part / 100) * 1000:.0f} ms" for part in (50, 95, 99))
    return f"{len(values)} cached texts: {shown}"


def _slow(evidence: Evidence) -> Evidence:
    return replace(evidence, latencies=tuple(value + evidence.plan.latency_p95 for value in evidence.latencies))


def _tidy(evidence: Evidence) -> str:
    if evidence.remaining is None:
        raise NoEvidence("the synthetic data was left where it is")
    _expect(not evidence.remaining, f"synthetic data is still there: {', '.join(evidence.remaining)}")
    return f"nothing is left of {', '.join(evidence.plan.words)}"


def _left(evidence: Evidence) -> Evidence:
    return evidence if evidence.remaining is None else replace(evidence, remaining=("planted",))


def _short(reply: Reply) -> str:
    return reply.content[:200].decode("utf-8", "replace")


GATES: tuple[Gate[Evidence], ...] = (
    Gate("mode", _mode, _scaffold),
    Gate("text", _text, _one_turn),
    Gate("no_fallback", _generated, _canned),
    Gate("repeat", _repeat, _other_id),
    Gate("bad_input", _refuses, _accepts),
    Gate("audio_only_on_request", _on_request, _unasked),
    Gate("audio", _audio, _no_audio),
    Gate("signed_url", _signed, _endless),
    Gate("audio_decodes", _decodes, _empty),
    Gate("audio_length", _length, _truncated),
    Gate("audio_audible", _audible, _silent),
    Gate("audio_cache", _cached, _uncached),
    Gate("objects", _objects, _wrong_type),
    Gate("lifecycle", _lifecycle, _everlasting),
    Gate("not_public", _private, _public),
    Gate("latency", _latency, _slow),
    Gate("removed", _tidy, _left),
)
