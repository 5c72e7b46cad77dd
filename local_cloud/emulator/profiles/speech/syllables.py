"""A text as it is spoken: syllables and pauses, each with its length in milliseconds."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass

_PAUSES = {
    **dict.fromkeys(",;:、，；：", 180),
    **dict.fromkeys(".!?。！？…\n", 350),
}
# Chinese, Japanese and Korean characters are a syllable each.
_CHARACTER = r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
_TOKEN = re.compile(
    rf"(?P<character>{_CHARACTER})|(?P<digit>\d)|(?P<word>[^\W\d_]+?(?={_CHARACTER})|[^\W\d_]+)|(?P<mark>.)", re.DOTALL
)
_VOWELS = re.compile(r"[aeiouyàâäáãåæèêëéìîïíòôöóõøœùûüúÿ]+", re.IGNORECASE)
_CHARACTER_MS, _DIGIT_MS, _SYLLABLE_MS = 220, 260, 180
_LONGEST_PAUSE_MS = 10_000


@dataclass(frozen=True)
class Sound:
    """One syllable, or (`key` is empty) a pause; `key` decides what it sounds like."""

    milliseconds: int
    key: str = ""


def spoken(text: str) -> Iterator[Sound]:
    """The sounds of a plain text."""
    for match in _TOKEN.finditer(text):
        token = match[0]
        if match["character"]:
            yield Sound(_CHARACTER_MS, token)
        elif match["digit"]:
            yield Sound(_DIGIT_MS, token)
        elif match["word"]:
            for number, vowel in enumerate(_VOWELS.findall(token) or [token]):
                yield Sound(_SYLLABLE_MS, f"{vowel}{number % 3}")
            yield Sound(30)
        elif token in _PAUSES:
            yield Sound(_PAUSES[token])


def spoken_ssml(ssml: str) -> Iterator[Sound]:
    """The sounds of a document in SSML: text, and `break` for its time; ValueError for what is no such document."""
    try:
        root = ET.fromstring(ssml)  # noqa: S314 - expat of every supported Python bounds entity expansion
    except ET.ParseError as error:
        raise ValueError(f"Invalid SSML. Newer voices like Neural2 require valid SSML. {error}") from None
    if root.tag.rpartition("}")[2] != "speak":
        raise ValueError("Invalid SSML: the outermost element is not <speak>.")
    yield from _element(root)


def _element(element: ET.Element) -> Iterator[Sound]:
    if element.tag.rpartition("}")[2] == "break":
        match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s)", element.get("time", "350ms"))
        milliseconds = float(match[1]) * (1000 if match[2] == "s" else 1) if match else 350
        yield Sound(min(int(milliseconds), _LONGEST_PAUSE_MS))
    yield from spoken(element.text or "")
    for child in element:
        yield from _element(child)
        yield from spoken(child.tail or "")
