"""HTTP digest authentication (RFC 7616, MD5) with one pair of API keys, as the Atlas Admin API asks for it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local_cloud.state import write_private

if TYPE_CHECKING:
    from pathlib import Path

    from local_cloud.emulator.http import Request

REALM = "MMS Public API"
# A nonce is good for so long, in seconds.
NONCE_SECONDS = 300
_PAIR = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\s]*))')


@dataclass(frozen=True)
class ApiKey:
    """A programmatic API key of the organisation."""

    public: str
    private: str

    @classmethod
    def open(cls, path: Path) -> ApiKey:
        """The key kept at `path`, made when there is none."""
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = {"public": secrets.token_hex(4), "private": secrets.token_hex(16)}
            write_private(path, json.dumps(made).encode())
        found = json.loads(path.read_text())
        return cls(found["public"], found["private"])


class Digest:
    """Challenges, and judges what answers them. Nonces carry their time and a signature: none is kept."""

    def __init__(self, key: ApiKey) -> None:
        """Let in whoever knows `key`."""
        self._key = key
        self._secret = secrets.token_bytes(32)

    def challenge(self) -> str:
        """The value of `WWW-Authenticate`."""
        stamp = f"{int(time.time()):x}"
        nonce = f"{stamp}.{self._sign(stamp)}"
        return f'Digest realm="{REALM}", domain="", nonce="{nonce}", algorithm=MD5, qop="auth", stale=false'

    def accepts(self, request: Request) -> bool:
        """Whether the request shows that its sender knows the key."""
        scheme, _, rest = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "digest":
            return False
        given = {name: quoted or plain for name, quoted, plain in _PAIR.findall(rest)}
        target = f"{request.path}?{request.query}" if request.query else request.path
        if given.get("username") != self._key.public or given.get("uri") != target:
            return False
        if not self._fresh(given.get("nonce", "")):
            return False
        first = _md5(f"{self._key.public}:{REALM}:{self._key.private}")
        second = _md5(f"{request.method}:{target}")
        parts = (given.get("nonce"), given.get("nc"), given.get("cnonce"), given.get("qop"))
        wanted = _md5(":".join((first, *(part or "" for part in parts), second)))
        return hmac.compare_digest(wanted, given.get("response", ""))

    def _fresh(self, nonce: str) -> bool:
        stamp, _, signature = nonce.partition(".")
        try:
            made = int(stamp, 16)
        except ValueError:
            return False
        return hmac.compare_digest(self._sign(stamp), signature) and time.time() - made <= NONCE_SECONDS

    def _sign(self, stamp: str) -> str:
        return hmac.new(self._secret, stamp.encode(), hashlib.sha256).hexdigest()[:32]


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
