"""The endpoints of the conversation-backend, in both of its modes."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from conversation_backend.conversation import SCAFFOLD, Conversation, canned, hash_of, prompt_for
from conversation_backend.settings import VOICE, Settings
from service_kit.refusal import Refusal, body_of, text_of
from service_kit.server import Service, now
from service_kit.settings import SettingsError

if TYPE_CHECKING:
    from conversation_backend.generator import Generator

NAME = "conversation-backend"
_ROOT = "/api/conversation"
_WORD_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_LONGEST_WORD = 100
# Kilobits per second. Text-to-Speech makes MP3 at one rate of its own; this one is part of an object's name and facts.
BITRATES = (32, 64, 96, 128, 192, 256, 320)


class Conversations:
    """Handlers; without a generator they answer what the scaffold mode does."""

    def __init__(self, service: Service, settings: Settings, generator: Generator | None) -> None:
        """Answer for `service`."""
        self._service = service
        self._settings = settings
        self._generator = generator

    def routes(self) -> list[web.RouteDef]:
        """Paths and who answers them."""
        return [
            web.get(f"{_ROOT}/health", self.health),
            web.post(f"{_ROOT}/text/generate", self.text),
            web.post(f"{_ROOT}/audio/generate", self.audio),
        ]

    async def health(self, _request: web.Request) -> web.Response:
        """The mode; 503 once the service ends."""
        reason = await self._service.unready()
        mode = "real" if self._settings.is_real else "scaffold"
        body: dict[str, Any] = {"mode": mode, "timestamp": now(), "uptime": self._service.uptime}
        return web.json_response(body | ({"reason": reason} if reason else {}), status=503 if reason else 200)

    async def text(self, request: web.Request) -> web.Response:
        """The conversation of a word; the header X-Cache says whether it was kept already."""
        body = await body_of(request)
        word_id, word = _word_id(body), _word(body)
        if self._generator is None:
            prompt = prompt_for(word, self._settings.language)
            made, is_cached = Conversation.new(word_id, word, SCAFFOLD, prompt, canned(word)), False
        else:
            made, is_cached = await self._generator.text(word_id, word)
        return web.json_response(made.shown(), headers={"X-Cache": "hit" if is_cached else "miss"})

    async def audio(self, request: web.Request) -> web.Response:
        """The audio of a word's conversation, as an address that opens for a while."""
        body = await body_of(request)
        word_id, voice, bitrate = _word_id(body), self._voice(body), _bitrate(body)
        if body.get("format", "url") != "url":
            raise Refusal(400, "invalid_field", "format is url, the only one there is.", field="format")
        answer: dict[str, Any] = {"voice": voice, "bitrate": bitrate}
        if self._generator is None:
            nothing = {"audioUrl": None, "isCached": False, "generatedAt": now(), "error": "The scaffold has no audio."}
            return web.json_response({"conversationId": f"{word_id}-{hash_of(word_id)}", **answer, **nothing})
        spoken = await self._generator.audio(word_id, voice, bitrate)
        answer = {"conversationId": spoken.conversation_id, "audioUrl": spoken.url, **answer}
        answer |= {"isCached": spoken.is_cached, "generatedAt": spoken.generated_at}
        return web.json_response(answer | ({"error": spoken.error} if spoken.error else {}), status=spoken.status)

    def _voice(self, body: Mapping[str, Any]) -> str:
        voice = text_of(body, "voice", longest=64, default=self._settings.default_voice)
        if not re.fullmatch(VOICE, voice):
            raise Refusal(400, "invalid_field", "voice is a name such as cmn-CN-Standard-A.", field="voice")
        return voice


def _word_id(body: Mapping[str, Any]) -> str:
    word_id = text_of(body, "wordId", longest=128)
    if not _WORD_ID.fullmatch(word_id):
        message = "wordId is 1 to 128 letters, digits, dots, dashes and underscores, a letter or digit first."
        raise Refusal(400, "invalid_field", message, field="wordId")
    return word_id


def _word(body: Mapping[str, Any]) -> str:
    word = text_of(body, "word", longest=_LONGEST_WORD)
    if not word.isprintable():
        raise Refusal(400, "invalid_field", "word is a text without control characters.", field="word")
    return word


def _bitrate(body: Mapping[str, Any]) -> int:
    bitrate = body.get("bitrate", 128)
    if isinstance(bitrate, bool) or bitrate not in BITRATES:
        allowed = ", ".join(str(rate) for rate in BITRATES)
        raise Refusal(400, "invalid_field", f"bitrate is one of {allowed}.", field="bitrate")
    return int(bitrate)


def build(variables: Mapping[str, str]) -> Service:
    """The service that `variables` describe; SettingsError when they make no sense."""
    settings = Settings.read(variables)
    service = Service(NAME, settings.server)
    generator = _generator(service, settings) if settings.is_real else None
    service.application.add_routes(Conversations(service, settings, generator).routes())
    return service


def _generator(service: Service, settings: Settings) -> Generator:
    # They tell of the end of a Python version a year ahead, at each start.
    warnings.filterwarnings("ignore", "You are using a Python version", FutureWarning)
    # Google's libraries take a second to import, which the scaffold mode need not wait for.
    from google.auth.exceptions import DefaultCredentialsError

    from conversation_backend.generator import Generator
    from conversation_backend.upstreams import UPSTREAM_ERRORS, Upstreams

    service.away = UPSTREAM_ERRORS
    try:
        upstreams = Upstreams(settings)
    except DefaultCredentialsError as error:
        raise SettingsError(f"CONVERSATION_MODE is real, and there is no Google identity: {error}") from None
    return Generator(settings, upstreams, service.metrics.registry)
