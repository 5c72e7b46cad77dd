"""What a conversation is: three to five turns of two people about a word, and where it comes from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from service_kit.server import now

FEWEST, MOST = 3, 5
SPEAKERS = ("A", "B")
_LONGEST_TURN = 500
# Made otherwise when this changes: kept conversations of before stay as they are.
VERSION = "1"
FALLBACK, SCAFFOLD = f"fallback-{VERSION}", f"scaffold-{VERSION}"


class Unusable(Exception):
    """Gemini answered something that is no conversation, or refused; the message is one word for it."""


@dataclass(frozen=True)
class Turn:
    """What `speaker` (A or B) says."""

    speaker: str
    text: str


def hash_of(word_id: str) -> str:
    """The hash that the contract names objects by: SHA-256 of the id of the word, hexadecimal."""
    return hashlib.sha256(word_id.encode()).hexdigest()


@dataclass(frozen=True)
class Conversation:
    """One conversation as it is answered and kept; `generator` says who made it."""

    word_id: str
    word: str
    generated_at: str
    generator: str
    prompt: str
    turns: tuple[Turn, ...]

    @classmethod
    def new(cls, word_id: str, word: str, generator: str, prompt: str, turns: Sequence[Turn]) -> Self:
        """A conversation made now."""
        return cls(word_id, word, now(), generator, prompt, tuple(turns))

    @property
    def id(self) -> str:
        """`WORDID-HASH`: the same for a word whenever it is asked for."""
        return f"{self.word_id}-{hash_of(self.word_id)}"

    @property
    def spoken(self) -> str:
        """What is heard, a turn a line."""
        return "\n".join(turn.text for turn in self.turns)

    def shown(self) -> dict[str, Any]:
        """As the contract has it."""
        return {
            "id": self.id,
            "generatedAt": self.generated_at,
            "wordId": self.word_id,
            "word": self.word,
            "generatorVersion": self.generator,
            "prompt": self.prompt,
            "turns": [{"speaker": turn.speaker, "text": turn.text} for turn in self.turns],
        }

    @classmethod
    def from_kept(cls, content: bytes, word_id: str) -> Self | None:
        """What `shown` was kept as; None when it is damaged or another word's."""
        try:
            body = json.loads(content)
            turns = turns_of(body)
            found = cls(
                str(body["wordId"]),
                str(body["word"]),
                str(body["generatedAt"]),
                str(body["generatorVersion"]),
                str(body["prompt"]),
                tuple(turns),
            )
        except (ValueError, KeyError, TypeError, Unusable):
            return None
        return found if found.word_id == word_id else None


def turns_of(body: Any) -> list[Turn]:
    """The turns of `{"turns": [{"speaker", "text"}]}`; Unusable when it is not that."""
    found = body.get("turns") if isinstance(body, Mapping) else None
    if not isinstance(found, list) or not FEWEST <= len(found) <= MOST:
        raise Unusable("malformed")
    turns = []
    for one in found:
        speaker, text = (one.get("speaker"), one.get("text")) if isinstance(one, Mapping) else (None, None)
        if speaker not in SPEAKERS or not isinstance(text, str) or not 0 < len(text.strip()) <= _LONGEST_TURN:
            raise Unusable("malformed")
        turns.append(Turn(str(speaker), text.strip()))
    return turns


def prompt_for(word: str, language: str) -> str:
    """What Gemini is asked."""
    return (
        f"Use the word “{word}” at least once in a short, natural conversation in {language} between two people, A and"
        f" B, for learners of the language. It has {FEWEST} to {MOST} turns of one or two short sentences each, A"
        " begins. Answer with JSON only: an object whose list turns holds objects with speaker (A or B) and text."
    )


def canned(word: str) -> list[Turn]:
    """What is said about a word when Gemini says nothing."""
    return [
        Turn("A", f"Can you use '{word}' in a sentence?"),
        Turn("B", f"Let me think about '{word}' for a moment."),
        Turn("A", f"Take your time, '{word}' is not an easy one."),
    ]
