"""What counts as a conversation, how it is kept, and what its objects may be called."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation_backend import conversation
from conversation_backend.conversation import Conversation, Turn, Unusable, canned, hash_of, prompt_for, turns_of
from conversation_backend.settings import Settings
from service_kit.settings import SettingsError

GOOD = [{"speaker": "AB"[at % 2], "text": "x"} for at in range(3)]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(["turns", "speaker", "text"]), inner),
    max_leaves=12,
)


@given(JSON)
def test_anything_else_is_unusable(body: Any) -> None:
    """And nothing but that is raised."""
    try:
        turns = turns_of(body)
    except Unusable:
        return
    assert 3 <= len(turns) <= 5


@pytest.mark.parametrize(
    "turns",
    [
        GOOD[:2],
        GOOD * 2,
        [*GOOD[:2], {"speaker": "C", "text": "x"}],
        [*GOOD[:2], {"speaker": "A", "text": " "}],
        [*GOOD[:2], {"speaker": "A", "text": "x" * 501}],
        [*GOOD[:2], {"speaker": "A"}],
    ],
)
def test_wrong_turns_are_unusable(turns: list[dict[str, str]]) -> None:
    """Too few, too many, of somebody else, empty, too long."""
    with pytest.raises(Unusable, match="malformed"):
        turns_of({"turns": turns})


def test_a_conversation_is_kept_as_it_is_answered() -> None:
    """And is read back the same; not as another word's."""
    made = Conversation.new("w1", "朋友", "g", prompt_for("朋友", "Chinese"), turns_of({"turns": GOOD}))
    content = json.dumps(made.shown()).encode()
    assert Conversation.from_kept(content, "w1") == made
    assert Conversation.from_kept(content, "w2") is None
    assert Conversation.from_kept(content[:-1], "w1") is None
    assert made.id == f"w1-{hash_of('w1')}"
    assert len(hash_of("w1")) == 64


def test_canned_turns_are_a_conversation() -> None:
    """In the words that the field knows them by."""
    turns = canned("河")
    assert conversation.FEWEST <= len(turns) <= conversation.MOST
    assert turns[0] == Turn("A", "Can you use '河' in a sentence?")


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("AUDIO_OBJECT_TEMPLATE", "audio/{conversationId}/{voice}/{bitrate}.mp3"),
        ("TEXT_OBJECT_TEMPLATE", "{hash}"),
    ],
)
def test_templates(name: str, template: str) -> None:
    """Each word has an object of its own."""
    Settings.read({name: template})


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("AUDIO_OBJECT_TEMPLATE", "{voice}.mp3"),
        ("AUDIO_OBJECT_TEMPLATE", "/convo/{hash}"),
        ("AUDIO_OBJECT_TEMPLATE", "convo/{hash"),
        ("AUDIO_OBJECT_TEMPLATE", "convo/{hash!r}{}"),
        ("AUDIO_OBJECT_TEMPLATE", "convo/{hash.__class__}"),
        ("TEXT_OBJECT_TEMPLATE", "convo/{hash}/{voice}"),
        ("TEXT_OBJECT_TEMPLATE", "convo {hash}"),
    ],
)
def test_other_templates_are_refused(name: str, template: str) -> None:
    """Naming the variable."""
    with pytest.raises(SettingsError, match=name):
        Settings.read({name: template})
