"""The Gemini API answers the same to the same prompt, in the shape that is asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.emulator.conftest import Cloud

URL = "generativelanguage/v1beta/models/gemini-2.0-flash-lite:generateContent"
TURN = {"type": "OBJECT", "properties": {"speaker": {"type": "STRING", "enum": ["A", "B"]}, "text": {"type": "STRING"}}}


def _body(prompt: str, **config: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": [{"text": prompt}]}], "generationConfig": config}


def _text(answer: dict[str, Any]) -> str:
    return str(answer["candidates"][0]["content"]["parts"][0]["text"])


@pytest.mark.parametrize("word", ["朋友", "harbour"])
def test_a_conversation_is_about_the_word(cloud: Cloud, word: str) -> None:
    """Three to five turns of A and B in turn, the same at every call."""
    body = _body(f"Write a conversation about “{word}”.")
    answer = cloud.ok("POST", URL, body)
    lines = _text(answer).splitlines()
    assert 3 <= len(lines) <= 5
    assert [line[:2] for line in lines] == [f"{'AB'[at % 2]}:" for at in range(len(lines))]
    assert word in _text(answer)
    assert (answer["candidates"][0]["finishReason"], answer["modelVersion"]) == ("STOP", "gemini-2.0-flash-lite")
    used = answer["usageMetadata"]
    assert used["totalTokenCount"] == used["promptTokenCount"] + used["candidatesTokenCount"]
    assert cloud.ok("POST", URL, body) == answer


def test_prompts_differ_in_their_answers(cloud: Cloud) -> None:
    """Lengths and sentences vary."""
    said = [_text(cloud.ok("POST", URL, _body(f"Talk about 'word {number}'"))) for number in range(20)]
    assert len(set(said)) == 20
    assert {len(text.splitlines()) for text in said} == {3, 4, 5}


def test_json_has_the_shape_of_the_schema(cloud: Cloud) -> None:
    """With enums by name or by number, as client libraries send them."""
    for kinds in (("OBJECT", "ARRAY"), (6, 5)):
        schema = {"type": kinds[0], "properties": {"turns": {"type": kinds[1], "items": TURN, "minItems": "3"}}}
        config = {"responseMimeType": "application/json", "responseSchema": schema}
        found = json.loads(_text(cloud.ok("POST", URL, _body("'朋友'", **config))))
        assert [turn["speaker"] for turn in found["turns"]] == [*"ABABA"][: len(found["turns"])]
        assert all(turn["text"] for turn in found["turns"])
    plain = json.loads(_text(cloud.ok("POST", URL, _body("'朋友'", responseMimeType="application/json"))))
    assert set(plain["turns"][0]) == {"speaker", "text"}


def test_an_answer_may_be_cut(cloud: Cloud) -> None:
    """By its length, and it says so."""
    candidate = cloud.ok("POST", URL, _body("'harbour'", maxOutputTokens=4))["candidates"][0]
    assert (candidate["finishReason"], len(candidate["content"]["parts"][0]["text"])) == ("MAX_TOKENS", 16)


def test_what_is_marked_unsafe_is_refused(cloud: Cloud) -> None:
    """Without a candidate."""
    answer = cloud.ok("POST", URL, _body("Talk about 'UNSAFE things'"))
    assert "candidates" not in answer
    assert answer["promptFeedback"]["blockReason"] == "SAFETY"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "contents is not specified"),
        ({"contents": [{"parts": []}]}, "must not be empty"),
        ({"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": ""}}]}]}, "inlineData"),
        (_body("x", responseMimeType="text/html"), "response_mime_type"),
        (_body("x", responseSchema=TURN), "response_schema"),
    ],
)
def test_malformed_requests_are_refused(cloud: Cloud, body: dict[str, Any], said: str) -> None:
    """With 400."""
    assert said in cloud.refused(400, "POST", URL, body)["message"]


def test_models(cloud: Cloud) -> None:
    """Are listed, and another is not found."""
    names = [model["name"] for model in cloud.ok("GET", "generativelanguage/v1beta/models")["models"]]
    assert cloud.ok("GET", f"generativelanguage/v1beta/{names[0]}")["name"] == names[0]
    url = "generativelanguage/v1beta/models/gemini-9:generateContent"
    assert "not found for API version" in cloud.refused(404, "POST", url, _body("x"))["message"]
