"""Voices: a table by language; a name is language, kind and letter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

# Language → letter → whether the voice is female (https://cloud.google.com/text-to-speech/docs/list-voices-and-types).
_LETTERS: Mapping[str, Mapping[str, bool]] = {
    "cmn-CN": {"A": True, "B": False, "C": False, "D": True},
    "cmn-TW": {"A": True, "B": False, "C": False},
    "de-DE": {"A": True, "B": False, "C": True, "D": False, "E": False, "F": True},
    "en-GB": {"A": True, "B": False, "C": True, "D": False, "F": True},
    "en-US": {letter: letter in "CEFGH" for letter in "ABCDEFGHIJ"},
    "es-ES": {"A": True, "B": False, "C": True, "D": True},
    "fr-FR": {"A": True, "B": False, "C": True, "D": False, "E": True},
    "it-IT": {"A": True, "B": True, "C": False, "D": False},
    "ja-JP": {"A": True, "B": True, "C": False, "D": False},
    "ko-KR": {"A": True, "B": True, "C": False, "D": False},
    "yue-HK": {"A": True, "B": False, "C": True, "D": False},
}
_KINDS = ("Standard", "Wavenet")
NATURAL_RATE = 24_000


@dataclass(frozen=True)
class Voice:
    """One voice; `pitch` is the frequency in Hz it speaks at."""

    name: str
    language: str
    female: bool

    @property
    def gender(self) -> str:
        """As the API has it."""
        return "FEMALE" if self.female else "MALE"

    @property
    def pitch(self) -> int:
        """Voices differ by letter: 110 to 155 Hz for men, 190 to 235 Hz for women."""
        return (190 if self.female else 110) + 5 * (ord(self.name[-1]) - ord("A"))

    def shown(self) -> dict[str, object]:
        """As `voices.list` has it."""
        return {
            "languageCodes": [self.language],
            "name": self.name,
            "ssmlGender": self.gender,
            "naturalSampleRateHertz": NATURAL_RATE,
        }


VOICES: Mapping[str, Voice] = {
    voice.name: voice
    for language, letters in _LETTERS.items()
    for kind in _KINDS
    for letter, female in letters.items()
    for voice in [Voice(f"{language}-{kind}-{letter}", language, female)]
}


def of_language(code: str) -> list[Voice]:
    """Voices of `cmn-CN`, of any language `cmn`, or all for an empty code; case does not matter."""
    wanted = code.lower()
    return [
        voice
        for voice in VOICES.values()
        if not wanted or voice.language.lower() == wanted or voice.language.lower().startswith(f"{wanted}-")
    ]
