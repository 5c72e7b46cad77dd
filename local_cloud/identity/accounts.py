"""The one user of the empty cloud and the ids that identities get."""

from __future__ import annotations

import hashlib

from local_cloud.identity.principal import NEVER, Principal

OWNER_EMAIL = "owner@presidential-digs.example"


def unique_id(email: str) -> str:
    """A user's unique id: 21 digits as Google gives them, the same for the same address."""
    digest = int.from_bytes(hashlib.sha256(email.encode()).digest()[:8], "big")
    return f"1{digest % 10**20:020d}"


def user(email: str) -> Principal:
    """The principal of the Google account `email`; a token gives it its end."""
    return Principal(f"user:{email}", email, unique_id(email), NEVER)


OWNER = user(OWNER_EMAIL)
