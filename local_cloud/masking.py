"""Removes what looks like a secret from text that goes into the request log."""

from __future__ import annotations

import re

MASK = "********"

# Body text kept per exchange, in characters.
KEPT_BODY = 65_536

# Values that are secrets by their own look: access and refresh tokens, JWTs, PEM private keys.
TOKEN_LIKE = re.compile(
    r"ya29\.[\w.~-]+"
    r"|1//[\w-]{20,}"
    r"|eyJ[\w-]+\.[\w-]+\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
    re.DOTALL,
)

SECRET_NAMES = (
    *("access_token", "accessToken", "refresh_token", "refreshToken", "id_token", "idToken", "token", "assertion"),
    *("subject_token", "subjectToken", "client_secret", "clientSecret", "private_key", "privateKey", "privateKeyData"),
    *("signedJwt", "signedBlob", "password", "rootPassword", "secret", "apiKey", "api_key", "authToken", "auth_token"),
    *("serviceKey",),
)

JSON_FIELD = re.compile(rf'("(?:{"|".join(SECRET_NAMES)})"\s*:\s*)"(?:[^"\\]|\\.)*"')
# The payload of a secret version, asked for or answered; its checksum says nothing that helps without it.
PAYLOAD_DATA = re.compile(r'("payload"\s*:\s*\{[^{}]*?"data"\s*:\s*)"[^"]*"')
FORM_FIELD = re.compile(rf"((?:^|[?&])(?:{'|'.join(SECRET_NAMES)}|key|X-Goog-Signature|upload_id)=)[^&\s]+")


def masked(text: str) -> str:
    """`text` with every token-like value and every value of a secret-looking field replaced."""
    text = JSON_FIELD.sub(rf'\1"{MASK}"', text)
    text = PAYLOAD_DATA.sub(rf'\1"{MASK}"', text)
    text = FORM_FIELD.sub(rf"\1{MASK}", text)
    return TOKEN_LIKE.sub(MASK, text)


def readable(body: bytes) -> str:
    """A body as masked text, shortened; what is not text says how long it is."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"<{len(body)} bytes>"
    text = masked(text)
    return text if len(text) <= KEPT_BODY else f"{text[:KEPT_BODY]}… ({len(body)} bytes)"
