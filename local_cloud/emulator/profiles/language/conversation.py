"""A short conversation about the word of a prompt, always the same for the same prompt."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_QUOTED = re.compile(r"[“\"「『‘'`]([^“”\"「」『』‘’'`\n]{1,200})[”\"」』’'`]")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_FEWEST, _MOST = 3, 5
_LINES = {
    "chinese": (
        ("你知道“{word}”是什么意思吗?", "你今天有没有听到“{word}”?", "我们来说一说“{word}”吧。"),
        ("知道,昨天我的老师用了“{word}”。", "听到了,大家都在说“{word}”。", "好啊,我常常想到{word}。"),
        ("真的吗?你可以再说一次吗?", "太好了,我也想学一学。", "那么你觉得怎么样?"),
        ("当然可以,“{word}”很有用。", "我觉得{word}很有意思。", "没问题,我们一起练习{word}。"),
        ("谢谢你,我现在明白了。", "好的,明天我们再说。", "那我们下次见。"),
    ),
    "english": (
        ("Have you ever come across {word}?", "I read about {word} this morning.", "Tell me something about {word}."),
        (
            "Yes, my neighbour talks about {word} all the time.",
            "Really? What did they say about {word}?",
            "Gladly: {word} is worth knowing.",
        ),
        ("That sounds interesting, go on.", "I would like to hear more.", "And what do you make of it?"),
        (
            "Well, I think {word} matters to all of us.",
            "Let us look at {word} together.",
            "For me {word} is a good start.",
        ),
        ("Thank you, now I understand.", "Good, we shall talk again tomorrow.", "Then I shall remember it."),
    ),
}


@dataclass(frozen=True)
class Turn:
    """What one of two people says; `speaker` is A or B."""

    speaker: str
    text: str


def word_of(prompt: str) -> str:
    """What a prompt is about: its first quoted text, else its last word."""
    quoted = _QUOTED.search(prompt)
    if quoted:
        return quoted[1].strip()
    words = re.findall(r"\w+", prompt)
    return words[-1] if words else "silence"


def turns(prompt: str) -> list[Turn]:
    """Three to five turns of A and B, in Chinese where the word or the prompt is Chinese, else in English."""
    word = word_of(prompt)
    chance = hashlib.sha256(prompt.encode()).digest()
    lines = _LINES["chinese" if _CHINESE.search(word) or "Chinese" in prompt or "Mandarin" in prompt else "english"]
    count = _FEWEST + chance[0] % (_MOST - _FEWEST + 1)
    return [Turn("AB"[at % 2], lines[at][chance[at + 1] % len(lines[at])].format(word=word)) for at in range(count)]
