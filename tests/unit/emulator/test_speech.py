"""Text-to-Speech answers audio that decodes, says nothing twice in different ways, and refuses what Google refuses."""

from __future__ import annotations

import base64
import io
import wave
from array import array
from typing import Any

import miniaudio
import pytest

from local_cloud.emulator.profiles.speech import sound, syllables
from local_cloud.identity.principal import Principal
from tests.unit.emulator.conftest import FOREVER, PROJECT, Cloud

URL = "texttospeech/v1/text:synthesize"
SPEAKER = Principal(
    f"serviceAccount:s@{PROJECT}.iam.gserviceaccount.com", f"s@{PROJECT}.iam.gserviceaccount.com", "7", FOREVER
)


def _body(text: str = "你好。我们说话。", encoding: str = "MP3", **config: Any) -> dict[str, Any]:
    voice = {"languageCode": "cmn-CN", "name": "cmn-CN-Standard-A"}
    return {"input": {"text": text}, "voice": voice, "audioConfig": {"audioEncoding": encoding, **config}}


def _audio(cloud: Cloud, body: dict[str, Any]) -> bytes:
    return base64.b64decode(cloud.ok("POST", URL, body)["audioContent"])


def _decoded(audio: bytes) -> miniaudio.DecodedSoundFile:
    return miniaudio.mp3_read_s16(audio)


def _silence(decoded: miniaudio.DecodedSoundFile) -> float:
    """The share of 20 ms windows in which nothing is heard."""
    size = decoded.sample_rate // 50
    windows = [decoded.samples[at : at + size] for at in range(0, len(decoded.samples), size)]
    return float(sum(max(map(abs, window)) < 300 for window in windows) / len(windows))


def test_mp3_decodes_as_speech(cloud: Cloud) -> None:
    """One channel at the voice's rate, mostly sound, loud and not clipped; the same at every call."""
    audio = _audio(cloud, _body())
    decoded = _decoded(audio)
    assert (decoded.nchannels, decoded.sample_rate) == (1, 24_000)
    assert 0.05 < _silence(decoded) < 0.6
    assert 8_000 < max(map(abs, decoded.samples)) < 32_767
    assert _audio(cloud, _body()) == audio


@pytest.mark.parametrize("unit", ["你", "talking ", "7"])
def test_the_length_follows_the_text(cloud: Cloud, unit: str) -> None:
    """Ten times the text is ten times as long; half the speed is twice."""
    short, long = (_decoded(_audio(cloud, _body(unit * count))).duration for count in (10, 100))
    slow = _decoded(_audio(cloud, _body(unit * 10, speakingRate=0.5))).duration
    assert long / short == pytest.approx(10, rel=0.1)
    assert slow / short == pytest.approx(2, rel=0.1)


def test_linear16_is_a_wav_file(cloud: Cloud) -> None:
    """At the rate that was asked for."""
    with wave.open(io.BytesIO(_audio(cloud, _body(encoding="LINEAR16", sampleRateHertz=16_000)))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 16_000)
        assert file.getnframes() > 16_000


def test_voices_sound_different(cloud: Cloud) -> None:
    """And a gain is heard."""
    woman = _audio(cloud, _body(encoding="PCM"))
    body = _body(encoding="PCM")
    body["voice"]["name"] = "cmn-CN-Standard-B"
    assert _audio(cloud, body) != woman
    quiet = array("h", _audio(cloud, _body(encoding="PCM", volumeGainDb=-6)))
    assert max(quiet) == pytest.approx(max(array("h", woman)) / 2, rel=0.02)


def test_ssml_is_spoken_with_its_breaks(cloud: Cloud) -> None:
    """A break is as long as it says."""
    body = _body(encoding="PCM")
    texts = "<speak>你好</speak>", '<speak>你<break time="2s"/>好</speak>'
    lengths = [len(_audio(cloud, body | {"input": {"ssml": text}})) for text in texts]
    assert lengths[1] - lengths[0] == 2 * 24_000 * 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"input": {}}, "must be set"),
        ({"input": {"text": "你" * 1667}}, "longer than the limit of 5000 bytes"),
        ({"input": {"ssml": "<speak>"}}, "Invalid SSML"),
        ({"voice": {"languageCode": "cmn-CN", "name": "cmn-CN-Standard-Z"}}, "does not exist. Is it misspelled?"),
        ({"voice": {"languageCode": "en-US", "name": "cmn-CN-Standard-A"}}, "doesn't match the voice"),
        ({"voice": {"name": "cmn-CN-Standard-A"}}, "languageCode"),
        ({"audioConfig": {}}, "audio_encoding"),
        ({"audioConfig": {"audioEncoding": "MP3", "speakingRate": 9}}, "speakingRate"),
        ({"audioConfig": {"audioEncoding": "MP3", "sampleRateHertz": 100}}, "sampleRateHertz"),
    ],
)
def test_what_google_refuses_is_refused(cloud: Cloud, change: dict[str, Any], said: str) -> None:
    """With 400."""
    assert said in cloud.refused(400, "POST", URL, _body() | change)["message"]


def test_what_is_not_implemented_is_said(cloud: Cloud) -> None:
    """Naming the profile."""
    assert "texttospeech.py" in cloud.refused(501, "POST", URL, _body(encoding="OGG_OPUS"))["message"]


def test_requests_of_a_minute_are_counted(cloud: Cloud) -> None:
    """By what the project prefers; the next minute counts anew, refusals do not count, another project has its own."""
    cloud.project()
    quotas = f"cloudquotas/v1/projects/{PROJECT}/locations/global/quotaPreferences?quotaPreferenceId=tts"
    quota = {"service": "texttospeech.googleapis.com", "quotaId": "RequestsPerMinutePerProject"}
    url = f"{quotas}&ignoreSafetyChecks=QUOTA_DECREASE_PERCENTAGE_TOO_HIGH"
    cloud.ok("POST", url, {**quota, "quotaConfig": {"preferredValue": "2"}})
    cloud.caller = SPEAKER
    cloud.refused(400, "POST", URL, _body() | {"input": {}})
    for _ in range(2):
        cloud.ok("POST", URL, _body())
    error = cloud.refused(429, "POST", URL, _body())
    assert (error["status"], error["details"][0]["reason"]) == ("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED")
    cloud.clock.advance(60)
    cloud.ok("POST", URL, _body())


def test_it_misbehaves_on_request(cloud: Cloud) -> None:
    """Nothing, silence of the same length, or a file that breaks off."""
    whole = _audio(cloud, _body())
    cloud.settings.update({"speech": "empty"})
    assert _audio(cloud, _body()) == b""
    cloud.settings.update({"speech": "silent"})
    silent = _decoded(_audio(cloud, _body()))
    assert _silence(silent) == 1
    assert silent.duration == pytest.approx(_decoded(whole).duration, rel=0.02)
    cloud.settings.update({"speech": "truncated"})
    assert _audio(cloud, _body()) == whole[: len(whole) // 3]


def test_voices_are_listed(cloud: Cloud) -> None:
    """All, or those of a language."""
    everything = cloud.ok("GET", "texttospeech/v1/voices")["voices"]
    chinese = cloud.ok("GET", "texttospeech/v1/voices?languageCode=cmn-CN")["voices"]
    assert {voice["name"] for voice in chinese} < {voice["name"] for voice in everything}
    assert {voice["languageCodes"][0] for voice in chinese} == {"cmn-CN"}


def test_a_long_text_is_made_within_reason() -> None:
    """Syllables are made once: the same ones again cost next to nothing."""
    spoken = list(syllables.spoken("你好吗" * 500))
    sound.samples(spoken, pitch=190, speed=1.0, rate=24_000)
    assert sound._syllable.cache_info().currsize <= 512
    assert len(sound.samples(spoken, pitch=190, speed=1.0, rate=24_000)) == 1500 * 220 * 24 * 2
