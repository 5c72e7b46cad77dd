"""The host table and what the daemon makes of a request's target."""

from __future__ import annotations

import gzip
from types import SimpleNamespace
from typing import Any, cast

import pytest

from local_cloud.emulator.http import Request
from local_cloud.exchange import address, decoded, kept_headers
from local_cloud.hosts import Answerer, HostTable


@pytest.mark.parametrize(
    ("host", "answerer"),
    [
        ("compute.googleapis.com", Answerer.GOOGLE),
        ("COMPUTE.GoogleApis.com.", Answerer.GOOGLE),
        ("www.googleapis.com", Answerer.GOOGLE),
        ("accounts.google.com", Answerer.GOOGLE),
        ("europe-docker.pkg.dev", Answerer.GOOGLE),
        ("gcr.io", Answerer.GOOGLE),
        ("eu.gcr.io", Answerer.GOOGLE),
        ("metadata.google.internal", Answerer.METADATA),
        ("169.254.169.254", Answerer.METADATA),
        ("registry.terraform.io", Answerer.PASSTHROUGH),
        ("registry.opentofu.org", Answerer.PASSTHROUGH),
        ("googleapis.com", Answerer.REFUSED),
        ("evilgoogleapis.com", Answerer.REFUSED),
        ("googleapis.com.evil.example", Answerer.REFUSED),
        ("www.google.com", Answerer.REFUSED),
        ("127.0.0.1", Answerer.REFUSED),
        ("10.4.0.7", Answerer.REFUSED),
        ("", Answerer.REFUSED),
    ],
)
def test_who_answers_for_a_host(host: str, answerer: Answerer) -> None:
    assert HostTable().answerer(host) is answerer


def received(target: str, host: str) -> Any:
    return cast("Any", SimpleNamespace(raw_path=target, headers={"Host": host}, method="GET"))


@pytest.mark.parametrize(
    ("target", "header", "expected"),
    [
        ("/v1/a%2Fb?x=%20", "pubsub.googleapis.com", ("pubsub.googleapis.com", "/v1/a%2Fb", "x=%20")),
        ("/v1", "Pubsub.GoogleApis.com:443", ("pubsub.googleapis.com", "/v1", "")),
        ("http://dns.googleapis.com/a?b", "other.example", ("dns.googleapis.com", "/a", "b")),
        ("http://dns.googleapis.com:80", "other.example", ("dns.googleapis.com", "/", "")),
        ("http://user:pw@dns.googleapis.com/a", "x", ("dns.googleapis.com", "/a", "")),
    ],
)
def test_host_path_and_query_of_a_target(target: str, header: str, expected: tuple[str, str, str]) -> None:
    request = address(received(target, header))
    assert (request.host, request.path, request.query) == expected


def test_a_packed_body_is_unpacked_but_an_upload_keeps_its_encoding() -> None:
    packed = gzip.compress(b'{"a": 1}')
    plain = decoded(Request("POST", "h", "/v1/x", headers={"content-encoding": "gzip"}, body=packed))
    assert (plain.body, dict(plain.headers)) == (b'{"a": 1}', {})
    upload = Request("POST", "h", "/upload/storage/v1/b/b/o", headers={"content-encoding": "gzip"}, body=packed)
    assert decoded(upload) is upload


def test_a_body_that_only_says_it_is_packed_is_an_error() -> None:
    with pytest.raises(gzip.BadGzipFile):
        decoded(Request("POST", "h", "/v1/x", headers={"content-encoding": "gzip"}, body=b"plain"))


def test_connection_headers_are_the_servers_own() -> None:
    given = {"Content-Length": "5", "Connection": "close", "ETag": "x"}
    assert kept_headers(given, is_head=False) == {"ETag": "x"}
    assert kept_headers(given, is_head=True) == {"Content-Length": "5", "ETag": "x"}
