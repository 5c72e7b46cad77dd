"""Lists in pages: filter, order, size and an opaque token."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local_cloud.emulator.errors import invalid
from local_cloud.emulator.filters import compile_filter

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.profile import Body

DEFAULT_SIZE = 500


def page(call: Call, items: Sequence[Any], key: str, show: Callable[[Any], Any] | None = None) -> Body:
    """One page of `items` under `key`, with `nextPageToken` when there are more; an empty list leaves the key out, as
    the APIs do. `show` makes what is listed of an item: of each one only where a filter or an order needs them all."""
    if show and (call.query.get("filter") or call.query.get("orderBy")):
        items, show = [show(item) for item in items], None
    accepts = compile_filter(call.query.get("filter", ""))
    chosen = _ordered([item for item in items if accepts(item)], call.query.get("orderBy", ""))
    start, size = _start(call.query.get("pageToken", "")), _size(call.query)
    body: Body = {}
    if chosen[start : start + size]:
        body[key] = [show(item) if show else item for item in chosen[start : start + size]]
    if start + size < len(chosen):
        body["nextPageToken"] = base64.urlsafe_b64encode(f"offset:{start + size}".encode()).decode()
    return body


def _ordered(items: list[Mapping[str, Any]], order: str) -> list[Mapping[str, Any]]:
    for clause in reversed([part.split() for part in order.split(",") if part.strip()]):
        items = sorted(items, key=lambda item: str(item.get(clause[0], "")), reverse=clause[1:] == ["desc"])
    return items


def _start(token: str) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("offset:"))
    except (ValueError, binascii.Error):
        raise invalid(f"Invalid value for field 'pageToken': '{token}'.", location="pageToken") from None


def _size(query: Mapping[str, str]) -> int:
    for name in ("maxResults", "pageSize"):
        if query.get(name):
            try:
                size = int(query[name])
            except ValueError:
                raise invalid(f"Invalid value for field '{name}': '{query[name]}'.", location=name) from None
            if size < 0:
                raise invalid(f"Invalid value for field '{name}': '{size}'. Must be at least 0.", location=name)
            return size or DEFAULT_SIZE
    return DEFAULT_SIZE
