"""Names: records with aliases and wildcards, services of clusters, and the name server on real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from dnslib import QTYPE, RCODE, DNSRecord

from local_cloud.data_plane.names.records import Records, service_names, short_name
from local_cloud.data_plane.names.responder import Responder
from tests.unit.data_plane.laboratory import run
from tests.unit.data_plane.test_service_addresses import free_port

RECORDS = Records(
    [
        {"name": "app.crm.example.", "type": "A", "rrdatas": ["203.0.113.7"]},
        {"name": "www.crm.example.", "type": "CNAME", "rrdatas": ["app.crm.example."]},
        {"name": "*.wild.example.", "type": "A", "rrdatas": ["203.0.113.8"]},
        {"name": "own.wild.example.", "type": "TXT", "rrdatas": ["x"]},
        {"name": "loop.example.", "type": "CNAME", "rrdatas": ["loop.example."]},
        {"name": "geo.example.", "type": "A", "routingPolicy": {"geo": {"items": [{"rrdatas": ["203.0.113.9"]}]}}},
    ]
)


def test_aliases_wildcards_and_policies_are_followed() -> None:
    assert RECORDS.addresses("APP.crm.example.") == ("203.0.113.7",)
    assert RECORDS.addresses("www.crm.example") == ("203.0.113.7",)
    assert RECORDS.addresses("any.wild.example") == ("203.0.113.8",)
    assert RECORDS.addresses("deep.any.wild.example") == ("203.0.113.8",)
    assert RECORDS.addresses("geo.example") == ("203.0.113.9",)
    # A name of its own hides the wildcard, whatever its type (RFC 4592, 3.3.1).
    assert RECORDS.addresses("own.wild.example") == ()
    assert RECORDS.addresses("loop.example") == ()
    assert RECORDS.addresses("nobody.example") == ()


def test_services_have_names_and_headless_ones_their_pods() -> None:
    plain = {"metadata": {"namespace": "crm", "name": "auth"}, "spec": {"clusterIP": "10.8.0.5"}}
    headless = {"metadata": {"namespace": "crm", "name": "db"}, "spec": {"clusterIP": "None"}}
    endpoints = [
        {"addresses": ["10.4.0.1"], "hostname": "db-0", "conditions": {"ready": True}},
        {"addresses": ["10.4.0.2"], "hostname": "db-1", "conditions": {"ready": False}},
    ]
    names = service_names([plain, headless], {("crm", "db"): [{"endpoints": endpoints}]})
    assert names == {"auth.crm": ["10.8.0.5"], "db.crm": ["10.4.0.1"], "db-0.db.crm": ["10.4.0.1"]}
    assert {short_name(name) for name in ("auth.crm", "auth.crm.svc", "auth.crm.svc.cluster.local")} == {"auth.crm"}


def test_the_name_server_answers_by_udp_and_tcp() -> None:
    def lookup(name: str) -> Sequence[str] | None:
        return {"auth.crm": ["10.8.0.5"], "empty.crm": []}.get(name)

    def by_udp(port: int, name: str, kind: str = "A") -> DNSRecord:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.settimeout(10)
            asker.sendto(DNSRecord.question(name, kind).pack(), ("127.0.0.1", port))
            return DNSRecord.parse(asker.recv(4096))

    async def scenario() -> None:
        responder, port = Responder(lookup), free_port()
        await responder.open("127.0.0.1", port)
        answer = await asyncio.to_thread(by_udp, port, "auth.crm")
        assert [str(one.rdata) for one in answer.rr] == ["10.8.0.5"]
        other = await asyncio.to_thread(by_udp, port, "auth.crm", "AAAA")
        assert (other.header.rcode, other.rr) == (RCODE.NOERROR, [])
        unknown = await asyncio.to_thread(by_udp, port, "nobody.crm")
        assert unknown.header.rcode == RCODE.NXDOMAIN
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        question = DNSRecord.question("auth.crm", "A").pack()
        for _ in range(2):
            writer.write(len(question).to_bytes(2, "big") + question)
            size = int.from_bytes(await reader.readexactly(2), "big")
            found = DNSRecord.parse(await reader.readexactly(size))
            assert [(one.rtype, str(one.rdata)) for one in found.rr] == [(QTYPE.A, "10.8.0.5")]
        writer.close()
        responder.close()
        await asyncio.sleep(0.05)

    run(scenario())
