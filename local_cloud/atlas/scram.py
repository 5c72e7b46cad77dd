"""SCRAM (RFC 5802, RFC 7677) on the server's side: what is kept of a password, and the conversation that proves it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Mechanism → (hash, iterations): what MongoDB uses by default.
MECHANISMS: Mapping[str, tuple[str, int]] = {"SCRAM-SHA-256": ("sha256", 15_000), "SCRAM-SHA-1": ("sha1", 10_000)}


class ScramError(ValueError):
    """The client does not know the password, or does not speak the protocol."""


def verifiers(user: str, password: str) -> dict[str, dict[str, Any]]:
    """What is kept of a password: mechanism → salt, iterations and two keys, from which it cannot be had back."""
    found = {}
    for mechanism, (name, iterations) in MECHANISMS.items():
        salt = secrets.token_bytes(28 if name == "sha256" else 16)
        salted = hashlib.pbkdf2_hmac(name, _prepared(name, user, password), salt, iterations)
        client = hmac.new(salted, b"Client Key", name).digest()
        found[mechanism] = {
            "salt": _text(salt),
            "iterations": iterations,
            "stored_key": _text(hashlib.new(name, client).digest()),
            "server_key": _text(hmac.new(salted, b"Server Key", name).digest()),
        }
    return found


def _prepared(name: str, user: str, password: str) -> bytes:
    """MongoDB's SHA-1 mechanism is over its older digest of user and password."""
    if name == "sha256":
        return password.encode()
    return hashlib.md5(f"{user}:mongo:{password}".encode(), usedforsecurity=False).hexdigest().encode()


@dataclass
class Conversation:
    """One login; `users` maps names to `verifiers`."""

    mechanism: str
    users: Mapping[str, Mapping[str, Mapping[str, Any]]]
    user: str = ""
    done: bool = False
    _first: str = field(default="", init=False)
    _nonce: str = field(default="", init=False)
    _challenge: str = field(default="", init=False)

    def answer(self, payload: bytes) -> bytes:
        """The server's next message; ScramError ends the login."""
        message = payload.decode("utf-8", "strict")
        return (self._begin(message) if not self._first else self._finish(message)).encode()

    def _begin(self, message: str) -> str:
        if not message.startswith("n,,"):
            raise ScramError("channel binding is not supported")
        self._first = message[3:]
        said = _attributes(self._first)
        self.user = said.get("n", "").replace("=2C", ",").replace("=3D", "=")
        if not said.get("r"):
            raise ScramError("no nonce")
        kept = self._kept()
        self._nonce = said["r"] + secrets.token_urlsafe(18)
        self._challenge = f"r={self._nonce},s={kept['salt']},i={kept['iterations']}"
        return self._challenge

    def _finish(self, message: str) -> str:
        said = _attributes(message)
        without_proof = message.rpartition(",p=")[0]
        if said.get("r") != self._nonce or said.get("c") != "biws":
            raise ScramError("another nonce")
        name, kept = MECHANISMS[self.mechanism][0], self._kept()
        exchanged = f"{self._first},{self._challenge},{without_proof}".encode()
        stored = base64.b64decode(kept["stored_key"])
        signature = hmac.new(stored, exchanged, name).digest()
        try:
            proof = base64.b64decode(said.get("p", ""), validate=True)
        except ValueError as error:
            raise ScramError("no proof") from error
        client = bytes(a ^ b for a, b in zip(proof, signature, strict=False))
        if not hmac.compare_digest(hashlib.new(name, client).digest(), stored):
            raise ScramError("wrong password")
        self.done = True
        return f"v={_text(hmac.new(base64.b64decode(kept['server_key']), exchanged, name).digest())}"

    def _kept(self) -> Mapping[str, Any]:
        try:
            return self.users[self.user][self.mechanism]
        except KeyError as error:
            raise ScramError("no such user") from error


def _attributes(message: str) -> dict[str, str]:
    return dict(part.partition("=")[::2] for part in message.split(","))


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
