"""Each gate of the conversation check is content with a healthy service and notices what it is there to notice."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from plugins.module_utils._conversation import check, plan_of
from plugins.module_utils._conversation_evidence import Evidence, Reply, common_start, digest, prolonged
from plugins.module_utils._conversation_gates import GATES, percentile
from plugins.module_utils._failure import Failure
from plugins.module_utils._sound import expected_seconds
from plugins.module_utils._verdict import Fault, Gate
from tests.unit.modules.conversation_samples import BUCKET, FIRST, OPTIONS, URL, audio, healthy, reply, text, tone
from tests.unit.modules.google_server import DROP

if TYPE_CHECKING:
    from tests.unit.modules.google_server import GoogleServer

Change = Callable[[Evidence], Evidence]


def verdicts(evidence: Evidence) -> dict[str, str]:
    """Verdict by gate."""
    return {entry["name"]: entry["verdict"] for entry in (gate.decide(evidence) for gate in GATES)}


def changed(answer: Reply, **fields: Any) -> Reply:
    """A JSON answer with other fields."""
    return replace(answer, content=json.dumps({**answer.json, **fields}).encode())


def with_text(**fields: Any) -> Change:
    """The text of the first word, in both answers, with other fields."""

    def change(evidence: Evidence) -> Evidence:
        texts = {**evidence.texts, FIRST: changed(text(FIRST), **fields)}
        return replace(evidence, texts=texts, repeats=texts)

    return change


def with_audio(**fields: Any) -> Change:
    """Both answers for audio with other fields, but for whether they come from the cache."""
    return lambda evidence: replace(
        evidence,
        audio=changed(audio(is_cached=False), **fields),
        audio_again=changed(audio(is_cached=True), **fields),
    )


def with_sound(content: bytes) -> Change:
    """Other audio, in the bucket as well."""

    def change(evidence: Evidence) -> Evidence:
        objects = {**evidence.objects, "audio": {"name": "convo/a.mp3", "contentType": "audio/mpeg"}}
        return replace(evidence, fetched=Reply(200, {}, content), objects=objects)

    return change


def with_bucket(**fields: Any) -> Change:
    """The audio bucket with other fields."""
    return lambda evidence: replace(evidence, buckets={**evidence.buckets, "audio": {**BUCKET, **fields}})


FAULTS: Mapping[str, tuple[Change, set[str]]] = {
    "scaffold mode": (lambda e: replace(e, health=reply(mode="scaffold")), {"mode"}),
    "no health": (lambda e: replace(e, health=reply(503, error="down")), {"mode"}),
    "an id of its own": (with_text(id="other"), {"text", "audio"}),
    "two turns": (with_text(turns=text(FIRST).json["turns"][:2]), {"text"}),
    "six turns": (with_text(turns=text(FIRST).json["turns"] * 2), {"text", "audio_length"}),
    "a third speaker": (
        with_text(turns=[{"speaker": "C", "text": "I would like to say something more."}] * 3),
        {"text"},
    ),
    "no prompt": (with_text(prompt=""), {"text"}),
    "canned turns": (
        with_text(turns=[{"speaker": "A", "text": 'Well now: can you use "lamp" in a sentence, please?'}] * 3),
        {"no_fallback"},
    ),
    "a marked fallback": (with_text(fallback=True), {"no_fallback"}),
    "another text each time": (lambda e: replace(e, repeats={FIRST: changed(text(FIRST), id="other")}), {"repeat"}),
    "bad input accepted": (lambda e: replace(e, refusals={"no wordId": reply(200)}), {"bad_input"}),
    "bad input breaks it": (lambda e: replace(e, refusals={"no wordId": reply(500)}), {"bad_input"}),
    "audio unasked": (lambda e: replace(e, unasked=("convo/a.mp3",)), {"audio_only_on_request"}),
    "text-to-speech off": (with_audio(audioUrl=None), {"audio", "signed_url"}),
    "another voice": (with_audio(voice="en-US-Standard-B"), {"audio"}),
    "an error beside audio": (with_audio(error="quota"), {"audio"}),
    "a bare URL": (with_audio(audioUrl=URL.partition("?")[0]), {"signed_url"}),
    "a URL for a week": (with_audio(audioUrl=URL.replace("=900", "=604800")), {"signed_url"}),
    "a URL that does not work": (lambda e: replace(e, fetched=replace(e.fetched, status=403)), {"signed_url"}),  # type: ignore[type-var]
    "a signature nobody reads": (lambda e: replace(e, prolonged=Reply(200, {}, b"")), {"signed_url"}),
    "empty audio": (with_sound(b""), {"audio_decodes", "audio_length", "audio_audible"}),
    "no audio but text": (with_sound(b"hello"), {"audio_decodes", "audio_length", "audio_audible"}),
    "silent audio": (with_sound(tone(8.0, 0.0)), {"audio_audible"}),
    "whispered audio": (with_sound(tone(8.0, 0.02)), {"audio_audible"}),
    "audio cut off": (with_sound(tone(1.0)), {"audio_length"}),
    "audio far too long": (with_sound(tone(60.0)), {"audio_length"}),
    "no cache": (lambda e: replace(e, audio_again=audio(is_cached=False)), {"audio_cache"}),
    "a cache that was not empty": (lambda e: replace(e, audio=audio(is_cached=True)), {"audio_cache"}),
    "no object": (lambda e: replace(e, objects={**e.objects, "text": None}), {"objects"}),
    "another object": (
        lambda e: replace(e, objects={**e.objects, "audio": {**(e.objects["audio"] or {}), "md5Hash": "AA=="}}),
        {"objects"},
    ),
    "a wrong content type": (
        lambda e: replace(e, objects={**e.objects, "text": {"name": "a", "contentType": "text/plain"}}),
        {"objects"},
    ),
    "no lifecycle": (with_bucket(lifecycle={}), {"lifecycle"}),
    "a long lifecycle": (
        with_bucket(lifecycle={"rule": [{"action": {"type": "Delete"}, "condition": {"age": 365}}]}),
        {"lifecycle"},
    ),
    "a lifecycle under a condition": (
        with_bucket(lifecycle={"rule": [{"action": {"type": "Delete"}, "condition": {"age": 30, "isLive": False}}]}),
        {"lifecycle"},
    ),
    "no bucket": (lambda e: replace(e, buckets={**e.buckets, "text": None}), {"lifecycle", "not_public"}),
    "public access": (
        with_bucket(iamConfiguration={**BUCKET["iamConfiguration"], "publicAccessPrevention": "inherited"}),
        {"not_public"},
    ),
    "access by object": (
        with_bucket(iamConfiguration={"publicAccessPrevention": "enforced"}),
        {"not_public"},
    ),
    "a public object": (lambda e: replace(e, unsigned=Reply(200, {}, b"")), {"not_public"}),
    "slow answers": (lambda e: replace(e, latencies=(*e.latencies, 3.0, 3.0)), {"latency"}),
    "something left": (lambda e: replace(e, remaining=("text: convo/a.json",)), {"removed"}),
}


def test_a_healthy_service_passes_every_gate() -> None:
    found = [gate.decide(healthy()) for gate in GATES]
    assert {entry["verdict"] for entry in found} == {"pass"}, found
    assert len({entry["name"] for entry in found}) == len(found)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_noticed_by_its_gates_and_by_no_other(name: str) -> None:
    change, noticing = FAULTS[name]
    found = verdicts(change(healthy()))
    assert {gate for gate, verdict in found.items() if verdict == "fail"} == noticing
    assert {verdict for gate, verdict in found.items() if gate not in noticing} == {"pass"}


def test_every_gate_has_a_fault_of_its_own_here() -> None:
    assert {gate.name for gate in GATES} == set().union(*(noticing for _, noticing in FAULTS.values()))


def test_what_was_not_collected_is_no_evidence() -> None:
    bare = Evidence(plan_of(OPTIONS), healthy().health, buckets=healthy().buckets)
    found = verdicts(bare)
    assert {name for name, verdict in found.items() if verdict == "pass"} == {"mode", "lifecycle", "not_public"}
    assert {verdict for name, verdict in found.items() if name not in ("mode", "lifecycle", "not_public")} == {
        "no-evidence"
    }


def test_few_samples_are_no_evidence() -> None:
    assert verdicts(replace(healthy(), latencies=(0.01,) * 9))["latency"] == "no-evidence"


def test_a_gate_that_misses_its_planted_fault_is_void() -> None:
    blind: Gate[int] = Gate("blind", lambda number: f"saw {number}", lambda number: number + 1)
    said = blind.decide(1)
    assert said["verdict"] == "no-evidence"
    assert "saw 2" in said["evidence"]


def test_a_gate_says_what_it_noticed() -> None:
    def judge(number: int) -> str:
        if number != 1:
            raise Fault(f"{number}, expected 1")
        return "one"

    gate: Gate[int] = Gate("one", judge, lambda number: number + 1)
    assert gate.decide(1) == {"name": "one", "verdict": "pass", "evidence": "one"}
    assert gate.decide(3) == {"name": "one", "verdict": "fail", "evidence": "3, expected 1"}


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("url", "app.example.org", "url"),
        ("words", {"synthetic-1": "lamp"}, "at least 2 words"),
        ("words", {"1": "lamp", "synthetic-1": "river"}, "at least 8 characters"),
        ("audio_object", "audio/{unknown}.mp3", "audio_object"),
        ("audio_object", "audio/fixed.mp3", "by which its objects are found"),
        ("shortest_audio", 5.0, "below 4.0"),
    ],
)
def test_bad_options_are_refused_by_name(option: str, value: object, said: str) -> None:
    with pytest.raises(Failure, match=said) as caught:
        plan_of({**OPTIONS, option: value})
    assert caught.value.reason == "INVALID_OPTION"


def test_names_of_objects() -> None:
    plan = plan_of({**OPTIONS, "audio_object": "audio/{conversation_id}/{voice}/{bitrate}.mp3"})
    assert plan.object_of("text", FIRST, "c") == f"convo/{FIRST}/{digest(FIRST)}.json"
    assert plan.object_of("audio", FIRST, "c") == "audio/c/cmn-CN-Standard-A/128.mp3"
    assert common_start({"synthetic-20-1": "", "synthetic-20-2": ""}) == "synthetic-20-"
    assert "X-Goog-Expires=901" in prolonged(URL)
    assert percentile((1.0, 2.0, 3.0, 4.0), 0.5) == 2.0
    assert percentile((1.0, 2.0, 3.0, 4.0), 0.95) == 4.0


def test_how_long_a_text_takes_to_say() -> None:
    assert expected_seconds("你好。") == pytest.approx(0.44)
    assert expected_seconds("Hi, you!") == pytest.approx(0.35)


@pytest.mark.parametrize("reason", ["nobody", "proxy"])
def test_check_mode_before_there_is_an_edge(reason: str, google: GoogleServer) -> None:
    """An earlier task may have only said that it would make the address; a run that is meant fails."""
    if reason == "proxy":
        google.refused_hosts.add(str(urlsplit(OPTIONS["url"]).hostname))
    else:
        google.script = lambda _request: DROP
    given = {**OPTIONS, "remove": True, **google.params, "retry_timeout": 1}

    foretold = check(SimpleNamespace(params=given, check_mode=True))

    assert {entry["verdict"] for entry in foretold["verdicts"]} == {"no-evidence"}
    assert [entry["name"] for entry in foretold["verdicts"]] == [gate.name for gate in GATES]
    with pytest.raises(Failure):
        check(SimpleNamespace(params=given, check_mode=False))
