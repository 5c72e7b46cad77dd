"""PRIVATE to the collection: ask a conversation service what it is there for, and keep every answer as evidence."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from ._failure import Failure
from ._network import Answer, Dropped, Network, Unreachable
from ._progress import report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ._client import Client

STORAGE = "storage.googleapis.com"
SIGNATURE = "X-Goog-Signature"
EXPIRES = "X-Goog-Expires"

# What a service must refuse: name → (path below the service, body).
BAD_INPUT: Mapping[str, tuple[str, dict[str, Any]]] = {
    "text without wordId": ("/text/generate", {"word": "lamp"}),
    "text with an empty wordId": ("/text/generate", {"wordId": "", "word": "lamp"}),
    "audio without wordId": ("/audio/generate", {}),
}


@dataclass(frozen=True)
class Reply:
    """One answer of the service; `seconds` from the first byte sent to the last received."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    seconds: float = 0.0

    @property
    def json(self) -> dict[str, Any]:
        """The body as an object; empty when it is none."""
        try:
            found = json.loads(self.content)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


@dataclass(frozen=True)
class Plan:
    """What is asked of which service; names and meanings are those of the module's options."""

    url: str
    words: Mapping[str, str]
    voice: str
    bitrate: int
    text_bucket: str
    audio_bucket: str
    text_object: str
    audio_object: str
    mode: str
    lifecycle_days: int
    signed_url_lifetime: int
    latency_samples: int
    latency_p95: float
    sample_rates: tuple[int, ...]
    # Least and most of the audio's length in proportion to what its text takes to say.
    length_bounds: tuple[float, float]

    def object_of(self, kind: str, word_id: str, conversation_id: str) -> str:
        """The name of a word's `text` or `audio` object."""
        template = self.text_object if kind == "text" else self.audio_object
        return template.format(
            word_id=word_id,
            hash=digest(word_id),
            conversation_id=conversation_id,
            voice=self.voice,
            bitrate=self.bitrate,
        )


@dataclass(frozen=True)
class Evidence:
    """Every answer, as it came. Where a word matters the key is its id; None: there was nothing to ask for."""

    plan: Plan
    health: Reply
    texts: Mapping[str, Reply] = field(default_factory=dict)
    repeats: Mapping[str, Reply] = field(default_factory=dict)
    refusals: Mapping[str, Reply] = field(default_factory=dict)
    # Names of audio objects of the words before anybody asked for audio.
    unasked: tuple[str, ...] | None = None
    audio: Reply | None = None
    audio_again: Reply | None = None
    # The signed URL as given, with another expiry, and without its signature.
    fetched: Reply | None = None
    prolonged: Reply | None = None
    unsigned: Reply | None = None
    # Bucket resources and object resources (None: not there) by `text` and `audio`.
    buckets: Mapping[str, dict[str, Any] | None] = field(default_factory=dict)
    objects: Mapping[str, dict[str, Any] | None] = field(default_factory=dict)
    latencies: tuple[float, ...] = ()
    # Names of synthetic objects that are still there after they were removed; None: they were left on purpose.
    remaining: tuple[str, ...] | None = None


def digest(word_id: str) -> str:
    """What names a word's objects: SHA-256, hexadecimal."""
    return hashlib.sha256(word_id.encode()).hexdigest()


class Service:
    """The conversation service at its public address."""

    def __init__(self, plan: Plan, network: Network) -> None:
        self._plan = plan
        self._network = network

    def ask(self, path: str, body: Mapping[str, Any] | None = None) -> Reply:
        """GET, or POST of a JSON body, below the service's path."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Accept": "application/json"} | ({"Content-Type": "application/json"} if content else {})
        return self.fetch("GET" if content is None else "POST", f"{self._plan.url}{path}", headers, content)

    def fetch(
        self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Reply:
        """One request; `Failure` CONNECTION_FAILED when no whole answer comes."""
        begun = time.perf_counter()
        try:
            answer: Answer = self._network.send(method, url, headers or {}, body)
        except (Unreachable, Dropped) as problem:
            where = urlunsplit(urlsplit(url)._replace(query=""))
            raise Failure(
                "CONNECTION_FAILED",
                f"{method} {where} got no answer: {problem}",
                hint="Check that the service is rolled out and that its public name resolves from here.",
            ) from problem
        return Reply(answer.status, answer.headers, answer.body, time.perf_counter() - begun)


def collect(plan: Plan, client: Client, network: Network, *, read_only: bool, remove: bool) -> Evidence:
    """Ask everything. `read_only` asks nothing that makes data; `remove` deletes the synthetic objects at the end."""
    service = Service(plan, network)
    facts: dict[str, Any] = {"health": service.ask("/health")}
    facts["buckets"] = {kind: _bucket(client, name) for kind, name in _buckets(plan).items()}
    if read_only:
        return Evidence(plan, **facts)
    try:
        facts |= _texts(plan, service)
        facts["unasked"] = tuple(_objects_of_words(client, plan, "audio"))
        facts |= _audio(plan, service)
        facts |= _stored(plan, client, facts["texts"])
        facts["latencies"] = _latencies(plan, service)
    finally:
        if remove:
            remaining = _removed(plan, client)
    return Evidence(plan, **facts, remaining=remaining if remove else None)


def _buckets(plan: Plan) -> dict[str, str]:
    return {"text": plan.text_bucket, "audio": plan.audio_bucket}


def _texts(plan: Plan, service: Service) -> dict[str, Any]:
    report("conversation", "texts", 0, len(plan.words))
    bodies = {word_id: {"wordId": word_id, "word": word} for word_id, word in plan.words.items()}
    return {
        "texts": {word_id: service.ask("/text/generate", body) for word_id, body in bodies.items()},
        "repeats": {word_id: service.ask("/text/generate", body) for word_id, body in bodies.items()},
        "refusals": {name: service.ask(path, body) for name, (path, body) in BAD_INPUT.items()},
    }


def _audio(plan: Plan, service: Service) -> dict[str, Any]:
    report("conversation", "audio")
    word_id = next(iter(plan.words))
    body = {"wordId": word_id, "voice": plan.voice, "bitrate": plan.bitrate, "format": "url"}
    found: dict[str, Any] = {
        "audio": service.ask("/audio/generate", body),
        "audio_again": service.ask("/audio/generate", body),
    }
    url = found["audio"].json.get("audioUrl")
    if isinstance(url, str) and url.startswith("https://"):
        found["fetched"] = service.fetch("GET", url)
        found["prolonged"] = service.fetch("GET", prolonged(url))
        found["unsigned"] = service.fetch("GET", url.partition("?")[0])
    return found


def prolonged(url: str) -> str:
    """A signed URL that claims to hold a second longer than was signed."""
    parts = urlsplit(url)
    pairs = [(key, str(int(value) + 1) if key == EXPIRES else value) for key, value in parse_qsl(parts.query)]
    return urlunsplit(parts._replace(query=urlencode(pairs)))


def _stored(plan: Plan, client: Client, texts: Mapping[str, Reply]) -> dict[str, Any]:
    word_id = next(iter(plan.words))
    conversation_id = str(texts[word_id].json.get("id", ""))
    return {
        "objects": {
            kind: client.find(STORAGE, _object_path(name, plan.object_of(kind, word_id, conversation_id)))
            for kind, name in _buckets(plan).items()
        }
    }


def _latencies(plan: Plan, service: Service) -> tuple[float, ...]:
    """Seconds of cached texts, asked for one after the other."""
    word_id, word = next(iter(plan.words.items()))
    seconds = []
    for number in range(plan.latency_samples):
        report("conversation", "latency samples", number, plan.latency_samples)
        seconds.append(service.ask("/text/generate", {"wordId": word_id, "word": word}).seconds)
    return tuple(seconds)


def _bucket(client: Client, name: str) -> dict[str, Any] | None:
    return client.find(STORAGE, f"/storage/v1/b/{quote(name, safe='')}")


def _object_path(bucket: str, name: str) -> str:
    return f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"


def _objects_of_words(client: Client, plan: Plan, kind: str) -> Iterator[str]:
    """Names of a kind's objects that belong to one of the words, wherever the id stands in them."""
    bucket = _buckets(plan)[kind]
    prefix = plan.object_of(kind, "\0", "\0").partition("\0")[0]
    query = {"prefix": f"{prefix}{common_start(plan.words)}", "fields": "items(name),nextPageToken"}
    for found in client.items(STORAGE, f"/storage/v1/b/{quote(bucket, safe='')}/o", "items", query=query):
        if any(word_id in found["name"] for word_id in plan.words):
            yield found["name"]


def common_start(words: Mapping[str, str]) -> str:
    """What all ids begin with."""
    first, last = min(words), max(words)
    length = next((at for at, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), len(first))
    return first[:length]


def _removed(plan: Plan, client: Client) -> tuple[str, ...]:
    """Delete what belongs to the words; what is still there."""
    report("conversation", "removal of synthetic data")
    for kind, bucket in _buckets(plan).items():
        for name in list(_objects_of_words(client, plan, kind)):
            client.delete(STORAGE, _object_path(bucket, name))
    return tuple(f"{kind}: {name}" for kind in _buckets(plan) for name in _objects_of_words(client, plan, kind))
