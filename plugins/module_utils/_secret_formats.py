"""PRIVATE to the collection: recognise secrets in running text by their shape, whatever sentence they stand in."""

from __future__ import annotations

import re

HIDDEN = "(hidden)"

_FORMATS = (
    # PEM private keys (RFC 7468); one that is cut off is still one, also with its line ends escaped in JSON.
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)",
    # Google: access tokens, API keys, OAuth client secrets, refresh tokens.
    r"\bya29\.[\w.~+/=-]+",
    r"\bAIza[\w-]{35}",
    r"\bGOCSPX-[\w-]{10,}",
    r"\b1//0[\w-]{20,}",
    # JSON web tokens (RFC 7519): header and payload both begin with `{"` in base64url; the signature may be missing.
    r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?",
    # GitHub and Slack, by the prefixes their documentation gives.
    r"\b(?:gh[pousr]_|github_pat_)\w{20,}",
    r"\bxox[abeoprs]-[\w-]{10,}",
)
_WHOLE = re.compile("|".join(f"(?:{pattern})" for pattern in _FORMATS), re.DOTALL)
_AUTHORIZATION = re.compile(r"(?i)\b(bearer|basic) +[\w.~+/=-]{8,}")
_URL_PASSWORD = re.compile(r"(?<=://)([^/\s:@]*):([^/\s@]+)@")
_ARGUMENT = re.compile(
    r"(?i)\b((?:access_?|refresh_?|id_?)?token|passw(?:or)?d|passphrase|client_?secret|secret|api_?key|x-goog-signature)"
    r"=(?!\()(\"[^\"]*\"|'[^']*'|[^&\s\"'<>,;]+)"
)


def without_secrets(text: str) -> str:
    """The text with every known format of secret replaced by `(hidden)`."""
    text = _WHOLE.sub(HIDDEN, text)
    text = _AUTHORIZATION.sub(rf"\1 {HIDDEN}", text)
    text = _URL_PASSWORD.sub(rf"\1:{HIDDEN}@", text)
    return _ARGUMENT.sub(rf"\1={HIDDEN}", text)
