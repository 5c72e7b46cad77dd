"""Messages of the MongoDB wire protocol, as far as a front must understand them: who asks for what, and answers."""

from __future__ import annotations

import asyncio
import itertools
import struct
from dataclasses import dataclass
from typing import Any

import bson

_HEADER = struct.Struct("<iiii")
OP_REPLY = 1
OP_QUERY = 2004
OP_MSG = 2013
# maxMessageSizeBytes of every MongoDB.
LARGEST = 48_000_000
_numbers = itertools.count(1)


class WireError(ValueError):
    """Bytes that are no message of the protocol."""


@dataclass(frozen=True)
class Message:
    """One message; `raw` are all its bytes."""

    raw: bytes

    @property
    def number(self) -> int:
        return int(_HEADER.unpack_from(self.raw)[1])

    @property
    def answered(self) -> int:
        """The number of the request that this is the answer to."""
        return int(_HEADER.unpack_from(self.raw)[2])

    @property
    def kind(self) -> int:
        return int(_HEADER.unpack_from(self.raw)[3])

    @property
    def wants_no_answer(self) -> bool:
        """Whether more follows before anything is answered (flag `moreToCome` of OP_MSG)."""
        return self.kind == OP_MSG and bool(struct.unpack_from("<I", self.raw, 16)[0] & 2)

    def command(self) -> dict[str, Any]:
        """The command, with `$db`; WireError for a message of another kind."""
        if self.kind == OP_MSG:
            return self._body(20)
        if self.kind != OP_QUERY:
            raise WireError(f"messages of kind {self.kind} are not taken")
        end = self.raw.index(b"\0", 20)
        database = self.raw[20:end].decode().partition(".")[0]
        found = _document(self.raw, end + 9)
        return {**found.get("$query", found), "$db": database}

    def reply(self) -> dict[str, Any]:
        """The document of an answer."""
        return self._body(20) if self.kind == OP_MSG else _document(self.raw, 36)

    def _body(self, offset: int) -> dict[str, Any]:
        """The section of kind 0 of an OP_MSG."""
        while offset < len(self.raw):
            if self.raw[offset] == 0:
                return _document(self.raw, offset + 1)
            offset += 1 + int(struct.unpack_from("<i", self.raw, offset + 1)[0])
        raise WireError("a message without a body")


def _document(raw: bytes, offset: int) -> dict[str, Any]:
    try:
        size = int(struct.unpack_from("<i", raw, offset)[0])
        return dict(bson.decode(raw[offset : offset + size]))
    except (struct.error, bson.errors.InvalidBSON) as error:
        raise WireError(str(error)) from error


def answer_to(request: Message, document: dict[str, Any]) -> bytes:
    """The bytes that answer `request`."""
    encoded = bson.encode(document)
    if request.kind == OP_MSG:
        body, kind = struct.pack("<IB", 0, 0) + encoded, OP_MSG
    else:
        body, kind = struct.pack("<iqii", 8, 0, 0, 1) + encoded, OP_REPLY
    return _HEADER.pack(16 + len(body), next(_numbers), request.number, kind) + body


async def read(reader: asyncio.StreamReader) -> Message | None:
    """The next message; None at the end. WireError for what is none."""
    try:
        head = await reader.readexactly(16)
        (length,) = struct.unpack_from("<i", head)
        if not 16 <= length <= LARGEST:
            raise WireError(f"a message of {length} bytes")
        return Message(head + await reader.readexactly(length - 16))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
