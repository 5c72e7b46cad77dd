"""SPDY/3.1 between the agent's side and a client made from the same words."""

from __future__ import annotations

import asyncio
import struct
import zlib

from local_cloud.kubernetes.node.kubelet import spdy
from local_cloud.kubernetes.node.kubelet.spdy import DICTIONARY, SpdyConnection, Stream


def test_the_dictionary_is_the_protocols() -> None:
    """Adler-32 of the dictionary of SPDY/3, as every compressed block names it."""
    assert zlib.adler32(DICTIONARY) == 0xE3C6A7C2


class Client:
    """Writes frames by hand."""

    def __init__(self) -> None:
        self._deflate = zlib.compressobj(zdict=DICTIONARY)

    def open(self, number: int, **headers: str) -> bytes:
        block = struct.pack("!I", len(headers))
        for name, value in headers.items():
            for text in (name, value):
                block += struct.pack("!I", len(text)) + text.encode()
        packed = self._deflate.compress(block) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        return self._control(spdy.SYN_STREAM, struct.pack("!IIH", number, 0, 0) + packed)

    @staticmethod
    def data(number: int, content: bytes, flags: int = 0) -> bytes:
        return struct.pack("!II", number, flags << 24 | len(content)) + content

    @staticmethod
    def _control(kind: int, content: bytes) -> bytes:
        return struct.pack("!II", 0x80030000 | kind, len(content)) + content

    def ping(self, number: int) -> bytes:
        return self._control(spdy.PING, struct.pack("!I", number))


def test_streams_carry_both_ways_however_the_bytes_are_cut() -> None:
    async def whole() -> None:
        streams: list[Stream] = []
        answers = bytearray()

        class Transport(asyncio.Transport):
            def get_protocol(self) -> asyncio.BaseProtocol:
                return asyncio.Protocol()

            def write(self, data: bytes | bytearray | memoryview) -> None:
                answers.extend(data)

            def is_closing(self) -> bool:
                return False

        connection = SpdyConnection(Transport(), streams.append)
        client = Client()
        sent = client.open(1, streamtype="error") + client.open(3, streamType="stdin", port="80") + client.ping(5)
        sent += client.data(3, b"hello") + client.data(3, b"", spdy.FIN)
        for byte in sent:
            connection.data_received(bytes([byte]))
        assert [stream.headers for stream in streams] == [
            {"streamtype": "error"},
            {"streamtype": "stdin", "port": "80"},
        ]
        assert await streams[1].read() == b"hello"
        assert await streams[1].read() == b""
        assert client.ping(5) in answers
        await streams[0].write(b"x" * (spdy.CHUNK + 1))
        assert answers.endswith(client.data(1, b"x"))
        streams[0].close()
        assert answers.endswith(client.data(1, b"", spdy.FIN))
        connection.connection_lost(None)
        assert await streams[0].read() == b""

    asyncio.run(whole())
