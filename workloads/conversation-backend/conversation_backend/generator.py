"""Conversations and their audio: what is kept is answered, what is not is made, kept and answered."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from dataclasses import dataclass
from weakref import WeakValueDictionary

from google.api_core.exceptions import BadRequest, TooManyRequests
from prometheus_client import CollectorRegistry, Counter

from conversation_backend.conversation import (
    FALLBACK,
    VERSION,
    Conversation,
    Turn,
    Unusable,
    canned,
    hash_of,
    prompt_for,
)
from conversation_backend.settings import Settings
from conversation_backend.upstreams import UPSTREAM_ERRORS, KeptAudio, Upstreams
from service_kit.refusal import Refusal
from service_kit.server import now

_LOG = logging.getLogger("conversation")


@dataclass(frozen=True)
class Spoken:
    """The audio of a conversation: `url` is None with an `error`; `status` is HTTP's."""

    conversation_id: str
    url: str | None
    is_cached: bool
    generated_at: str
    error: str = ""
    status: int = 200


class Generator:
    """Makes each conversation, and each audio of it, once at a time."""

    def __init__(self, settings: Settings, upstreams: Upstreams, registry: CollectorRegistry) -> None:
        """A generator over `upstreams` that counts in `registry`."""
        self._settings = settings
        self._upstreams = upstreams
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._texts = Counter("conversation_texts", "Texts answered, by origin", ("origin",), registry=registry)
        self._audio = Counter("conversation_audio", "Audio answered, by origin", ("origin",), registry=registry)

    async def text(self, word_id: str, word: str) -> tuple[Conversation, bool]:
        """The conversation of a word, and whether it was kept already."""
        name = self._settings.text_template.format(wordId=word_id, hash=hash_of(word_id))
        async with self._turn(name):
            content = await asyncio.to_thread(self._upstreams.text, name)
            kept = Conversation.from_kept(content, word_id) if content else None
            if kept:
                self._texts.labels("cache").inc()
                return kept, True
            prompt = prompt_for(word, self._settings.language)
            turns, generator = await self._made(word, prompt)
            made = Conversation.new(word_id, word, generator, prompt, turns)
            self._texts.labels("fallback" if generator == FALLBACK else "gemini").inc()
            if generator == FALLBACK:
                # Not kept: the next one who asks may get a conversation.
                return made, False
            fresh = json.dumps(made.shown(), ensure_ascii=False).encode()
            first = await asyncio.to_thread(self._upstreams.keep_text, name, fresh, replace=content is not None)
            return Conversation.from_kept(first, word_id) or made, False

    async def _made(self, word: str, prompt: str) -> tuple[list[Turn], str]:
        """Turns and who made them: Gemini, or nobody."""
        try:
            turns = await asyncio.to_thread(self._upstreams.generate, prompt)
        except (Unusable, *UPSTREAM_ERRORS) as error:
            reason = str(error) if isinstance(error, Unusable) else type(error).__name__
            _LOG.error("Gemini gave no conversation (%s): answering canned turns", reason)
            return canned(word), FALLBACK
        return turns, f"{self._settings.model}-{VERSION}"

    async def audio(self, word_id: str, voice: str, bitrate: int) -> Spoken:
        """The audio of a kept conversation; Refusal 404 when there is none, 400 for a voice that is not there."""
        text = self._settings.text_template.format(wordId=word_id, hash=hash_of(word_id))
        content = await asyncio.to_thread(self._upstreams.text, text)
        conversation = Conversation.from_kept(content, word_id) if content else None
        if conversation is None:
            raise Refusal(404, "no_conversation", "This word has no conversation yet: generate its text first.")
        name = self._settings.audio_template.format(
            wordId=word_id, hash=hash_of(word_id), conversationId=conversation.id, voice=voice, bitrate=bitrate
        )
        async with self._turn(name):
            return await self._spoken(conversation, name, voice, bitrate)

    async def _spoken(self, conversation: Conversation, name: str, voice: str, bitrate: int) -> Spoken:
        said = hashlib.sha256(conversation.spoken.encode()).hexdigest()
        facts = {"voice": voice, "bitrate": str(bitrate), "textHash": said}
        kept = await asyncio.to_thread(self._upstreams.audio, name)
        # Another voice may have the same name: the template decides. So may a text that was made anew.
        is_cached = kept is not None and kept.facts == facts
        if not is_cached and self._settings.disable_tts:
            self._audio.labels("disabled").inc()
            return Spoken(conversation.id, None, False, now(), "Speech is switched off (DISABLE_TTS).")
        if kept is None or not is_cached:
            try:
                content = await asyncio.to_thread(self._upstreams.speak, conversation.spoken, voice)
            except BadRequest as error:
                raise Refusal(400, "invalid_field", f"voice: {error.message}", field="voice") from None
            except UPSTREAM_ERRORS as error:
                return self._silent(conversation, error)
            if not content:
                return self._silent(conversation, None)
            kept = KeptAudio(now(), facts)
            await asyncio.to_thread(self._upstreams.keep_audio, name, content, kept)
        self._audio.labels("cache" if is_cached else "speech").inc()
        url = await asyncio.to_thread(self._upstreams.signed_url, name)
        return Spoken(conversation.id, url, is_cached, kept.generated_at)

    def _silent(self, conversation: Conversation, error: Exception | None) -> Spoken:
        """What is answered when Text-to-Speech gave nothing."""
        self._audio.labels("failed").inc()
        reason = type(error).__name__ if error else "no audio in the answer"
        _LOG.error("Text-to-Speech failed: %s", reason)
        status = 503 if isinstance(error, TooManyRequests) else 502
        return Spoken(conversation.id, None, False, now(), f"Text-to-Speech failed: {reason}.", status)

    def _turn(self, name: str) -> asyncio.Lock:
        lock = self._turns.get(name)
        if lock is None:
            lock = self._turns[name] = asyncio.Lock()
        return lock
