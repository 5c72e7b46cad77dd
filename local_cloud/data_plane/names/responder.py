"""A small DNS server for containers: what kube-dns is to a cluster, over UDP and TCP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from dnslib import QTYPE, RCODE, RR, A, DNSError, DNSRecord

_LOG = logging.getLogger(__name__)

TTL = 5
Lookup = Callable[[str], Sequence[str] | None]


def answer(question: bytes, lookup: Lookup) -> bytes:
    """The answer to a query: addresses for A, nothing for other types of known names, NXDOMAIN for unknown ones.

    ValueError when it is no query.
    """
    try:
        asked = DNSRecord.parse(question)
    except DNSError as error:
        raise ValueError(f"no DNS message: {error}") from error
    reply = asked.reply()
    name = str(asked.q.qname).rstrip(".").lower()
    addresses = lookup(name)
    if addresses is None:
        reply.header.rcode = RCODE.NXDOMAIN
    elif asked.q.qtype in (QTYPE.A, QTYPE.ANY):
        for address in addresses:
            reply.add_answer(RR(asked.q.qname, QTYPE.A, ttl=TTL, rdata=A(address)))
    packed: bytes = reply.pack()
    return packed


class _Datagrams(asyncio.DatagramProtocol):
    """Queries by UDP."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; uvloop's is no subclass of asyncio's."""
        self._transport = transport  # type: ignore[assignment]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer, or say nothing to what is no query."""
        assert self._transport is not None
        try:
            self._transport.sendto(answer(data, self._lookup), addr)
        except ValueError as error:
            _LOG.info("%s:%d sent %s", *addr, error)


class Responder:
    """Answers at one address."""

    def __init__(self, lookup: Lookup) -> None:
        """`lookup` gives the addresses of a name, an empty list for a name without any, None for an unknown one."""
        self._lookup = lookup
        self._transport: asyncio.BaseTransport | None = None
        self._server: asyncio.Server | None = None

    async def open(self, address: str, port: int) -> None:
        """Listen; OSError when the address is taken."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._lookup), local_addr=(address, port)
        )
        self._server = await asyncio.start_server(self._converse, address, port)

    def close(self) -> None:
        """Stop listening."""
        if self._transport is not None:
            self._transport.close()
        if self._server is not None:
            self._server.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Queries by TCP, each with its length in front (RFC 1035, 4.2.2)."""
        try:
            while True:
                size = int.from_bytes(await reader.readexactly(2), "big")
                reply = answer(await reader.readexactly(size), self._lookup)
                writer.write(len(reply).to_bytes(2, "big") + reply)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError):
            writer.close()
