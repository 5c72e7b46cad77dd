"""What the conversation-backend is told by its environment."""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass

from service_kit.settings import Environment, ServerSettings

PORT = 3001
_BUCKET = r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]"
_ACCOUNT = r"[^@\s]+@[^@\s]+\.gserviceaccount\.com"
# What an object's name may be made of; the text has no voice.
_TEXT_NAMES = frozenset({"wordId", "hash"})
_AUDIO_NAMES = _TEXT_NAMES | {"conversationId", "voice", "bitrate"}


@dataclass(frozen=True)
class Settings:
    """Times are in seconds; templates make object names from `{wordId}` and the like."""

    server: ServerSettings
    is_real: bool
    text_bucket: str
    audio_bucket: str
    text_template: str
    audio_template: str
    model: str
    api_key: str
    language: str
    default_voice: str
    disable_tts: bool
    signed_url_seconds: int
    signing_account: str
    upstream_seconds: int

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Settings:
        """From environment variables; SettingsError names each that is wrong."""
        environment = Environment(variables)
        real = environment.choice("CONVERSATION_MODE", "scaffold", ("scaffold", "real")) == "real"
        bucket = _bucket(environment, "GCS_BUCKET_NAME", None if real else "")
        settings = cls(
            server=ServerSettings.read(environment, port=PORT),
            is_real=real,
            text_bucket=bucket,
            audio_bucket=_bucket(environment, "GCS_AUDIO_BUCKET_NAME", bucket),
            text_template=_template(
                environment, "TEXT_OBJECT_TEMPLATE", "convo/{wordId}/{hash}.json", _TEXT_NAMES, ("hash", "wordId")
            ),
            audio_template=_template(
                environment,
                "AUDIO_OBJECT_TEMPLATE",
                "convo/{wordId}/{hash}.mp3",
                _AUDIO_NAMES,
                ("hash", "wordId", "conversationId"),
            ),
            model=environment.text(
                "GEMINI_MODEL", "gemini-2.0-flash-lite", pattern=r"[a-z0-9.-]+", allowed="a model's name"
            ),
            api_key=environment.secret("GEMINI_API_KEY", ""),
            language=environment.text("CONVERSATION_LANGUAGE", "Mandarin Chinese"),
            default_voice=environment.text(
                "TTS_VOICE", "cmn-CN-Standard-A", pattern=VOICE, allowed="a voice such as cmn-CN-Standard-A"
            ),
            disable_tts=environment.flag("DISABLE_TTS"),
            signed_url_seconds=environment.number("SIGNED_URL_SECONDS", 3600, lowest=1, highest=604_800),
            signing_account=environment.text(
                "SIGNING_SERVICE_ACCOUNT", "", pattern=_ACCOUNT, allowed="the address of a service account"
            ),
            upstream_seconds=environment.number("UPSTREAM_TIMEOUT_SECONDS", 15, lowest=1, highest=120),
        )
        environment.finish()
        return settings


VOICE = r"[a-z]{2,3}-[A-Z]{2}(-[A-Za-z0-9]+){1,3}"


def _bucket(environment: Environment, name: str, default: str | None) -> str:
    return environment.text(name, default, pattern=_BUCKET, allowed="the name of a bucket")


def _template(environment: Environment, name: str, default: str, known: frozenset[str], one_of: tuple[str, ...]) -> str:
    """A template whose names are `known`, with one of `one_of`: objects of two words may not be the same."""
    template = environment.text(name, default)
    try:
        used = {field for _, field, form, _ in string.Formatter().parse(template) if field is not None and not form}
    except ValueError:
        used = {"{"}
    allowed = f"a path with {' or '.join(f'{{{one}}}' for one in one_of)}, of {', '.join(sorted(known))}"
    plain = re.sub(r"\{\w*\}", "", template)
    if used - known or not used & set(one_of) or template.startswith("/") or re.search(r"[\s{}?#*\[\]]", plain):
        environment.refuse(name, f"is {template!r}; allowed is {allowed}")
    return template
