"""PRIVATE to the collection: measure spoken audio (format, length, silence, loudness), and make silence to plant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ._failure import Failure

if TYPE_CHECKING:
    from array import array

try:
    import miniaudio
except ImportError as error:
    MISSING_LIBRARY: ImportError | None = error
else:
    MISSING_LIBRARY = None

FULL_SCALE = 32768
"""Of 16-bit samples."""
WINDOW_SECONDS = 0.02
FIRST_IDEOGRAPH = "\u2e80"
"""From here on in Unicode a character is about a syllable; before, it is a letter."""
SYLLABLE_SECONDS, LETTER_SECONDS = 0.22, 0.07
"""About 270 syllables of Mandarin, or 150 words of English, a minute."""
QUIET_PEAK = 0.01
"""A window whose samples all stay below this part of full scale (-40 dBFS) is silent."""

# MPEG-1 Layer III, 128 kbit/s, 44.1 kHz, mono, no padding (ISO/IEC 11172-3): 144 * 128000 / 44100 bytes for 1152
# samples. Side information and main data of zeros decode to silence.
_FRAME = bytes([0xFF, 0xFB, 0x90, 0xC4]) + bytes(417 - 4)
_FRAME_SECONDS = 1152 / 44100


@dataclass(frozen=True)
class Sound:
    """`seconds` long, `peak` and `silent` (the part of windows that are silent) from 0 to 1."""

    format: str
    sample_rate: int
    channels: int
    seconds: float
    peak: float
    silent: float


class Undecodable(Exception):
    """The bytes are no whole audio; the message says why."""


def require_decoder() -> None:
    """`Failure` before the first call when the decoder is not installed."""
    if MISSING_LIBRARY is not None:
        raise Failure(
            "LIBRARY_MISSING",
            f"The Python that runs this module lacks a library: {MISSING_LIBRARY}.",
            hint="Install miniaudio for that Python, or point ansible_python_interpreter elsewhere.",
        )


def measure(content: bytes) -> Sound:
    """Decode `content` whole; `Undecodable` when it is not audio."""
    name = format_of(content)
    if not name:
        raise Undecodable(f"{len(content)} bytes that begin neither like MP3 nor like WAV")
    read = miniaudio.mp3_read_s16 if name == "mp3" else miniaudio.wav_read_s16
    try:
        decoded = read(content)
    except miniaudio.DecodeError as problem:
        raise Undecodable(f"{name} of {len(content)} bytes does not decode: {problem}") from problem
    samples = decoded.samples
    size = max(int(decoded.sample_rate * WINDOW_SECONDS) * decoded.nchannels, 1)
    peaks = [_peak(samples[start : start + size]) for start in range(0, len(samples), size)]
    return Sound(
        format=name,
        sample_rate=decoded.sample_rate,
        channels=decoded.nchannels,
        seconds=len(samples) / decoded.nchannels / decoded.sample_rate,
        peak=max(peaks, default=0.0),
        silent=sum(peak < QUIET_PEAK for peak in peaks) / len(peaks) if peaks else 1.0,
    )


def format_of(content: bytes) -> str:
    """`mp3`, `wav`, or empty when the bytes begin like neither."""
    if content[:4] == b"RIFF" and content[8:12] == b"WAVE":
        return "wav"
    # An ID3 tag, or the eleven set bits that begin an MPEG audio frame.
    if content[:3] == b"ID3" or (len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0):
        return "mp3"
    return ""


def expected_seconds(text: str) -> float:
    """How long it takes to say `text` at an ordinary pace; punctuation and spaces take no time of their own."""
    spoken = [character for character in text if character.isalnum()]
    syllables = sum(character >= FIRST_IDEOGRAPH for character in spoken)
    return syllables * SYLLABLE_SECONDS + (len(spoken) - syllables) * LETTER_SECONDS


def silence(seconds: float) -> bytes:
    """An MP3 of nothing, at least `seconds` long."""
    return _FRAME * (int(seconds / _FRAME_SECONDS) + 1)


def _peak(window: array[int]) -> float:
    highest, lowest = max(window), min(window)
    return max(highest, -lowest) / FULL_SCALE
