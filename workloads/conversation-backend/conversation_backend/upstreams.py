"""Gemini, Text-to-Speech and Cloud Storage through Google's own client libraries, over HTTPS.

The clients are made for REST, so that a proxy and a certificate authority of the environment (`HTTPS_PROXY`,
`REQUESTS_CA_BUNDLE`) count for all of them. Everything here blocks: it is called in threads.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import google.auth
import google.auth.transport.requests
from google.ai import generativelanguage_v1beta as gemini
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import GoogleAPIError, NotFound, PreconditionFailed, ServiceUnavailable
from google.api_core.retry import Retry, if_exception_type
from google.auth.exceptions import GoogleAuthError
from google.cloud import texttospeech_v1 as tts
from google.cloud.storage import Blob, Client
from google.cloud.storage.retry import DEFAULT_RETRY
from requests.exceptions import RequestException

from conversation_backend.conversation import FEWEST, MOST, SPEAKERS, Turn, Unusable, turns_of
from conversation_backend.settings import Settings

_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
# What any of the clients raises when Google refuses or cannot be reached.
UPSTREAM_ERRORS = (GoogleAPIError, GoogleAuthError, RequestException)
# A request to Text-to-Speech may hold this many bytes (https://cloud.google.com/text-to-speech/quotas).
_MOST_BYTES = 5000
# Asked again when it is away for a moment, in seconds; whoever waits for an answer does not wait long.
_RETRY = Retry(predicate=if_exception_type(ServiceUnavailable), initial=0.2, maximum=1.0, timeout=4.0)


def _turn_schema() -> gemini.Schema:
    text = gemini.Schema(type_=gemini.Type.STRING)
    speaker = gemini.Schema(type_=gemini.Type.STRING, format_="enum", enum=list(SPEAKERS))
    properties = {"speaker": speaker, "text": text}
    turn = gemini.Schema(type_=gemini.Type.OBJECT, properties=properties, required=["speaker", "text"])
    turns = gemini.Schema(type_=gemini.Type.ARRAY, items=turn, min_items=FEWEST, max_items=MOST)
    return gemini.Schema(type_=gemini.Type.OBJECT, properties={"turns": turns}, required=["turns"])


@dataclass(frozen=True)
class KeptAudio:
    """An audio object: when it was made, and of what."""

    generated_at: str
    facts: dict[str, str]


class Upstreams:
    """The three services for one identity: that of the environment (Workload Identity, or a credentials file)."""

    def __init__(self, settings: Settings) -> None:
        """Clients for the buckets and the model of `settings`; google.auth's error when there is no identity."""
        self._settings = settings
        self._patience: dict[str, Any] = {
            "timeout": settings.upstream_seconds,
            "retry": DEFAULT_RETRY.with_timeout(settings.upstream_seconds),
        }
        self._credentials, project = google.auth.default(scopes=[_SCOPE])
        self._storage = Client(project=settings.server.project or project, credentials=self._credentials)
        options = ClientOptions(api_key=settings.api_key) if settings.api_key else None
        credentials = None if settings.api_key else self._credentials
        self._gemini = gemini.GenerativeServiceClient(credentials=credentials, transport="rest", client_options=options)
        self._speech = tts.TextToSpeechClient(credentials=self._credentials, transport="rest")

    def generate(self, prompt: str) -> list[Turn]:
        """The turns that Gemini answers; Unusable when it refuses or answers something else."""
        request = gemini.GenerateContentRequest(
            model=f"models/{self._settings.model}",
            contents=[gemini.Content(role="user", parts=[gemini.Part(text=prompt)])],
            generation_config=gemini.GenerationConfig(
                temperature=0.7,
                max_output_tokens=1024,
                response_mime_type="application/json",
                response_schema=_turn_schema(),
            ),
        )
        answer = self._gemini.generate_content(request, retry=_RETRY, timeout=self._settings.upstream_seconds)
        if not answer.candidates:
            raise Unusable("refused")
        text = "".join(part.text for part in answer.candidates[0].content.parts)
        try:
            return turns_of(json.loads(text))
        except ValueError:
            raise Unusable("malformed") from None

    def speak(self, text: str, voice: str) -> bytes:
        """`text` (a turn a line) as MP3; long ones in several requests, whose frames follow each other."""
        language = "-".join(voice.split("-")[:2])
        pieces = []
        for piece in _pieces(text):
            answer = self._speech.synthesize_speech(
                input=tts.SynthesisInput(text=piece),
                voice=tts.VoiceSelectionParams(language_code=language, name=voice),
                audio_config=tts.AudioConfig(audio_encoding=tts.AudioEncoding.MP3),
                retry=_RETRY,
                timeout=self._settings.upstream_seconds,
            )
            pieces.append(bytes(answer.audio_content))
        return b"".join(pieces)

    def text(self, name: str) -> bytes | None:
        """The text object `name`, or None."""
        try:
            content: bytes = self._blob(self._settings.text_bucket, name).download_as_bytes(**self._patience)
        except NotFound:
            return None
        return content

    def keep_text(self, name: str, content: bytes, *, replace: bool) -> bytes:
        """Keep a text and return what is kept: another's, when it was first and `replace` is not asked for."""
        blob = self._blob(self._settings.text_bucket, name)
        try:
            blob.upload_from_string(
                content,
                content_type="application/json",
                if_generation_match=None if replace else 0,
                **self._patience,
            )
        except PreconditionFailed:
            return self.text(name) or content
        return content

    def audio(self, name: str) -> KeptAudio | None:
        """What is known of the audio object `name`, or None."""
        blob = self._storage.bucket(self._settings.audio_bucket).get_blob(name, **self._patience)
        if blob is None or not blob.size:
            return None
        facts = dict(blob.metadata or {})
        return KeptAudio(facts.pop("generatedAt", ""), facts)

    def keep_audio(self, name: str, content: bytes, kept: KeptAudio) -> None:
        """Keep an audio object, in the place of what was there."""
        blob = self._blob(self._settings.audio_bucket, name)
        blob.metadata = {"generatedAt": kept.generated_at, **kept.facts}
        blob.cache_control = "private, max-age=3600"
        blob.upload_from_string(content, content_type="audio/mpeg", **self._patience)

    def signed_url(self, name: str) -> str:
        """An address that opens the audio object for a while, signed by the service's own account (IAM signBlob)."""
        credentials: Any = self._credentials
        more: dict[str, str] = {}
        if self._settings.signing_account or not hasattr(credentials, "sign_bytes") or _is_machine(credentials):
            if not credentials.valid:
                credentials.refresh(google.auth.transport.requests.Request())
            account = self._settings.signing_account or getattr(credentials, "service_account_email", "")
            more = {"service_account_email": account, "access_token": credentials.token}
        url: str = self._blob(self._settings.audio_bucket, name).generate_signed_url(
            version="v4", method="GET", expiration=timedelta(seconds=self._settings.signed_url_seconds), **more
        )
        return url

    def _blob(self, bucket: str, name: str) -> Blob:
        return self._storage.bucket(bucket).blob(name)


def _is_machine(credentials: Any) -> bool:
    """Whether these are a machine's, whose key stays with Google."""
    return type(credentials).__module__.startswith("google.auth.compute_engine")


def _pieces(text: str) -> list[str]:
    """Lines joined as long as a request may hold them."""
    pieces: list[str] = []
    for line in text.splitlines():
        if pieces and len(f"{pieces[-1]}\n{line}".encode()) <= _MOST_BYTES:
            pieces[-1] = f"{pieces[-1]}\n{line}"
        else:
            pieces.append(line)
    return pieces
