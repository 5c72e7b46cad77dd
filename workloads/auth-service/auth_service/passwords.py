"""Passwords as they are kept: salted and hashed by scrypt, a few at a time, off the event loop."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets

# https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html: N=2^14, r=8, p=5 (16 MiB each)
_COST, _BLOCK, _PARALLEL = 2**14, 8, 5
_LENGTH = 32
# As many hashes at a time as fit into a small container beside everything else.
_AT_ONCE = 4


class Passwords:
    """Hashes and verifies."""

    def __init__(self) -> None:
        """No hash is under way."""
        self._turns = asyncio.Semaphore(_AT_ONCE)
        # Verified in place of the hash of an account that is not there, so that both take the same time.
        self._nobody = _hash(secrets.token_hex(), secrets.token_bytes(16))

    async def hash(self, password: str) -> str:
        """What is kept of a password: `scrypt$SALT$HASH`."""
        async with self._turns:
            return await asyncio.to_thread(_hash, password, secrets.token_bytes(16))

    async def verify(self, password: str, kept: str | None) -> bool:
        """Whether `password` is the one of `kept`; None (no such account) takes as long."""
        salt = base64.b64decode((kept or self._nobody).split("$")[1])
        async with self._turns:
            hashed = await asyncio.to_thread(_hash, password, salt)
        return kept is not None and hmac.compare_digest(hashed, kept)


def _hash(password: str, salt: bytes) -> str:
    hashed = hashlib.scrypt(
        password.encode(), salt=salt, n=_COST, r=_BLOCK, p=_PARALLEL, dklen=_LENGTH, maxmem=64 * 1024**2
    )
    return "$".join(["scrypt", base64.b64encode(salt).decode(), base64.b64encode(hashed).decode()])
