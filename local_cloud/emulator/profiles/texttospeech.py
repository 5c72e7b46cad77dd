"""Cloud Text-to-Speech: real audio whose length follows the text, always the same for the same text."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.enablement import consumer_of
from local_cloud.emulator.errors import ApiError, invalid
from local_cloud.emulator.profile import Body, Profile
from local_cloud.emulator.profiles import cloudquotas
from local_cloud.emulator.profiles.speech import sound, syllables, voices
from local_cloud.emulator.settings import Speech

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profiles.speech.syllables import Sound
    from local_cloud.emulator.profiles.speech.voices import Voice

_SERVICE = "texttospeech.googleapis.com"
_QUOTA = "RequestsPerMinutePerProject"
# https://cloud.google.com/text-to-speech/quotas
_MOST_BYTES = 5000
_ENCODERS = {"LINEAR16": sound.wav, "MP3": sound.mp3, "PCM": lambda content, _rate: content}
# https://cloud.google.com/text-to-speech/docs/reference/rest/v1/AudioConfig
_RANGES = {
    "speakingRate": (0.25, 2.0),
    "pitch": (-20.0, 20.0),
    "volumeGainDb": (-96.0, 16.0),
    "sampleRateHertz": (8000, 48000),
}


def _synthesize(call: Call) -> Body:
    _require_quota(call)
    sounds = _sounds(call.body.get("input") or {})
    voice = _voice(call.body.get("voice") or {})
    config = call.body.get("audioConfig") or {}
    encode = _encoder(config)
    for name, (lowest, highest) in _RANGES.items():
        if config.get(name) and not lowest <= config[name] <= highest:
            raise invalid(f"Invalid {name}: {config[name]:g} is not within [{lowest:g}, {highest:g}].", location=name)
    rate = int(config.get("sampleRateHertz") or voices.NATURAL_RATE)
    pitch = round(voice.pitch * 2 ** (config.get("pitch", 0) / 12))
    content = sound.samples(sounds, pitch=pitch, speed=config.get("speakingRate") or 1.0, rate=rate)
    content = _misbehaved(sound.louder(content, config.get("volumeGainDb", 0)), call.emulator.settings.speech)
    audio = encode(content, rate) if content else b""
    if call.emulator.settings.speech is Speech.TRUNCATED:
        audio = audio[: len(audio) // 3]
    return {"audioContent": base64.b64encode(audio).decode()}


def _misbehaved(content: bytes, speech: Speech) -> bytes:
    """Nothing, silence of the same length, or what was said, as the setting `speech` asks."""
    if speech is Speech.EMPTY:
        return b""
    return bytes(len(content)) if speech is Speech.SILENT else content


def _require_quota(call: Call) -> None:
    """429 when the project made its requests of this minute; none of those that are refused count."""
    project = consumer_of(call)
    if not call.emulator.settings.quotas or not project:
        return
    limit = cloudquotas.granted(call.emulator, project, _SERVICE, _QUOTA, "")
    minute = int(call.now.timestamp()) // 60
    fact = f"speech-requests/{project}"
    kept = call.store.fact(fact) or {}
    used = kept["count"] if kept.get("minute") == minute else 0
    if used >= limit:
        number = call.emulator.project_number(project)
        message = (
            "Quota exceeded for quota metric 'All requests' and limit 'All requests per minute' of service"
            f" '{_SERVICE}' for consumer 'project_number:{number}'."
        )
        metadata = {
            "service": _SERVICE,
            "quota_metric": f"{_SERVICE}/all_requests",
            "quota_limit": _QUOTA,
            "quota_limit_value": str(limit),
            "consumer": f"projects/{number}",
        }
        info = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "domain": "googleapis.com", "metadata": metadata}
        raise ApiError(429, message, details=({**info, "reason": "RATE_LIMIT_EXCEEDED"},))
    call.store.put_fact(fact, {"minute": minute, "count": used + 1})


def _sounds(given: dict[str, Any]) -> list[Sound]:
    text, ssml = given.get("text"), given.get("ssml")
    if not text and not ssml:
        other = next((key for key in ("markup", "multiSpeakerMarkup", "prompt") if given.get(key)), "")
        if other:
            raise _missing(f"input.{other}")
        raise invalid("Invalid input. Either `input.text` or `input.ssml` must be set.", location="input")
    if len((text or ssml or "").encode()) > _MOST_BYTES:
        raise invalid(
            f"Either `input.text` or `input.ssml` is longer than the limit of {_MOST_BYTES} bytes. This limit is"
            " different from quotas. To fix, reduce the byte length of the characters in this request.",
            location="input",
        )
    try:
        return list(syllables.spoken(text) if text else syllables.spoken_ssml(ssml or ""))
    except ValueError as error:
        raise invalid(str(error), location="input.ssml") from None


def _voice(given: dict[str, Any]) -> Voice:
    name, language = given.get("name", ""), given.get("languageCode", "")
    if not language:
        raise invalid("Invalid voice. `voice.languageCode` must be set.", location="voice.languageCode")
    if not name:
        found = [
            voice for voice in voices.of_language(language) if given.get("ssmlGender", voice.gender) == voice.gender
        ]
        if not found:
            raise invalid(f"There is no voice of language {language!r}.", location="voice.languageCode")
        return found[0]
    voice = voices.VOICES.get(name)
    if voice is None:
        raise invalid(f"Voice '{name}' does not exist. Is it misspelled?", location="voice.name")
    if voice not in voices.of_language(language):
        raise invalid(
            f"Requested language code '{language}' doesn't match the voice '{name}''s language code"
            f" '{voice.language}'. Either change the requested language code or voice.",
            location="voice.languageCode",
        )
    return voice


def _encoder(config: dict[str, Any]) -> Any:
    encoding = config.get("audioEncoding", "AUDIO_ENCODING_UNSPECIFIED")
    if encoding == "AUDIO_ENCODING_UNSPECIFIED":
        raise invalid("`audio_config.audio_encoding` must be set.", location="audioConfig.audioEncoding")
    if encoding not in _ENCODERS:
        raise _missing(f"audioEncoding {encoding}")
    return _ENCODERS[encoding]


def _missing(what: str) -> ApiError:
    message = (
        f"The local cloud does not implement {what} of texttospeech.text.synthesize:"
        " local_cloud/emulator/profiles/texttospeech.py has no entry for it."
    )
    return ApiError(501, message)


def _list_voices(call: Call) -> Body:
    return {"voices": [voice.shown() for voice in voices.of_language(call.query.get("languageCode", ""))]}


PROFILE = Profile(
    api="texttospeech",
    enablement="consumer",
    # Whoever has a token may speak: there is no permission of this API.
    policy_names=lambda _call: None,
    permissions={"text.synthesize": (), "voices.list": ()},
    methods={"text.synthesize": _synthesize, "voices.list": _list_voices},
)
