"""Sound that is like speech: a tone for each syllable, with the resonances of a vowel and a consonant before it."""

from __future__ import annotations

import io
import math
import random
import wave
from array import array
from collections.abc import Iterable
from functools import lru_cache

import lameenc

from local_cloud.emulator.profiles.speech.syllables import Sound

# First and second resonance of a vowel, in Hz (Peterson and Barney 1952, rounded).
_FORMANTS = ((730, 1090), (530, 1840), (270, 2290), (570, 840), (300, 870))
# How the pitch moves within a syllable, as shares of it at its start and its end.
_CONTOURS = ((1.0, 1.0), (0.85, 1.15), (0.95, 0.8), (1.2, 0.8))
_TABLE = 1024
_LOUDNESS = 0.5
_FADE_MS = 15
_CONSONANT_MS = 25
# Google's MP3 is 32 kbit/s (https://cloud.google.com/text-to-speech/docs/reference/rest/v1/AudioEncoding).
_KILOBITS = 32


@lru_cache(maxsize=64)
def _period(vowel: int, pitch: int) -> tuple[float, ...]:
    """One period of a vowel: harmonics of the pitch, those near a resonance louder; the peak is 1."""
    count = max(2, min(24, 4000 // pitch))
    gains = [
        sum(1 / (1 + ((number * pitch - formant) / 120) ** 2) for formant in _FORMANTS[vowel]) + 0.15 / number
        for number in range(1, count + 1)
    ]
    step = 2 * math.pi / _TABLE
    samples = [sum(gain * math.sin(step * at * number) for number, gain in enumerate(gains, 1)) for at in range(_TABLE)]
    peak = max(abs(sample) for sample in samples)
    return tuple(sample / peak for sample in samples)


@lru_cache(maxsize=512)
def _syllable(vowel: int, contour: int, pitch: int, milliseconds: int, rate: int) -> bytes:
    table = _period(vowel, pitch)
    start, end = _CONTOURS[contour]
    count = milliseconds * rate // 1000
    fade = max(1, min(_FADE_MS * rate // 1000, count // 4))
    noise = random.Random(vowel * 4 + contour)  # noqa: S311 - the same at every run, for sound
    consonant = min(_CONSONANT_MS * rate // 1000, count // 4)
    samples = array("h", bytes(2 * count))
    phase = 0.0
    for at in range(count):
        phase += pitch * (start + (end - start) * at / count) * _TABLE / rate
        level = min(1.0, at / fade, (count - at) / fade)
        value = noise.uniform(-0.3, 0.3) if at < consonant else table[int(phase) % _TABLE]
        samples[at] = int(32767 * _LOUDNESS * level * value)
    return samples.tobytes()


def samples(sounds: Iterable[Sound], *, pitch: int, speed: float, rate: int) -> bytes:
    """16 bit samples, one channel, at `rate` Hz; `speed` 2.0 is twice as fast. The same sounds give the same bytes."""
    pieces: list[bytes] = []
    for sound in sounds:
        milliseconds = round(sound.milliseconds / speed)
        if not sound.key:
            pieces.append(bytes(2 * (milliseconds * rate // 1000)))
            continue
        number = sum(sound.key.encode())
        vowel, contour = number % len(_FORMANTS), number // len(_FORMANTS) % len(_CONTOURS)
        pieces.append(_syllable(vowel, contour, pitch, milliseconds, rate))
    return b"".join(pieces)


def louder(content: bytes, decibels: float) -> bytes:
    """The samples with a gain, clipped."""
    if not decibels:
        return content
    factor = 10 ** (decibels / 20)
    return array("h", (max(-32768, min(32767, int(one * factor))) for one in array("h", content))).tobytes()


def wav(content: bytes, rate: int) -> bytes:
    """Samples as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(rate)
        written.writeframes(content)
    return file.getvalue()


def mp3(content: bytes, rate: int) -> bytes:
    """Samples as an MP3 file."""
    encoder = lameenc.Encoder()
    encoder.silence()
    encoder.set_bit_rate(_KILOBITS)
    encoder.set_in_sample_rate(rate)
    encoder.set_out_sample_rate(rate)
    encoder.set_channels(1)
    encoder.set_quality(7)
    return bytes(encoder.encode(content)) + bytes(encoder.flush())
