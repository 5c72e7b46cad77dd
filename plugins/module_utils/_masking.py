"""PRIVATE to the collection: keep secrets out of what a module returns, by the name of the key and by the value."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from ._secret_formats import HIDDEN, without_secrets

HIDDEN_CHANGED = "(hidden, changed)"

_SECRET_KEY = re.compile(
    r"(?:^|[^a-z])(?:password|passwd|passphrase|secret|token|credentials?|authorization|api_?key|"
    r"access_?key|private_?key(?:_?data)?|signing_?key|encryption_?key|hmac|kubeconfig|connection_?string)s?(?:$|[^a-z])"
)
_PUBLIC_KEY = re.compile(
    r"(?:uri|url|endpoint|name|names|type|kind|id|ids|ref|file|path|ttl|expiry|lifetime|count|version)s?$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def looks_secret(key: str) -> bool:
    """Whether a key's name says that its value is a secret: `clientSecret` and `db_password`, not `secret_id`."""
    words = _CAMEL.sub("_", key).lower()
    return bool(_SECRET_KEY.search(words)) and not _PUBLIC_KEY.search(words)


def masked(value: Any, secrets: Collection[str] = ()) -> Any:
    """A deep copy that hides values of secret-looking keys, any of `secrets`, and whatever has a secret's format."""
    if isinstance(value, Mapping):
        return {
            key: HIDDEN if looks_secret(str(key)) and _holds_something(item) else masked(item, secrets)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple, set, frozenset)):
        return [masked(item, secrets) for item in value]
    if isinstance(value, str):
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            value = value.replace(secret, HIDDEN)
        return without_secrets(value)
    return value


def masked_diff(before: Any, after: Any, secrets: Collection[str] = ()) -> dict[str, Any]:
    """`{before, after}` without secrets; a hidden value that differs still reads as a change."""
    return {"before": masked(before, secrets), "after": _masked_after(before, after, secrets)}


def _masked_after(before: Any, after: Any, secrets: Collection[str]) -> Any:
    if isinstance(after, Mapping):
        old = before if isinstance(before, Mapping) else {}
        shown: dict[Any, Any] = {}
        for key, item in after.items():
            if looks_secret(str(key)) and _holds_something(item):
                shown[key] = HIDDEN if old.get(key) == item else HIDDEN_CHANGED
            else:
                shown[key] = _masked_after(old.get(key), item, secrets)
        return shown
    if isinstance(after, (list, tuple)):
        old_items = before if isinstance(before, (list, tuple)) else ()
        return [
            _masked_after(old_items[index] if index < len(old_items) else None, item, secrets)
            for index, item in enumerate(after)
        ]
    hidden = masked(after, secrets)
    if hidden != after and before != after:
        return str(hidden).replace(HIDDEN, HIDDEN_CHANGED)
    return hidden


def _holds_something(value: Any) -> bool:
    """Whether there is anything to hide: a flag or an empty value under a secret-looking key tells nothing."""
    return not (value is None or isinstance(value, bool) or value in ("", [], {}))
