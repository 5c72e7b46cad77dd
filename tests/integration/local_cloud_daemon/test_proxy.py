"""The forward proxy: what it answers, what it refuses, and how it carries bodies."""

from __future__ import annotations

import gzip
import http.client
import ipaddress
import json
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import psutil
import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.local_cloud import LocalCloud

PROJECTS = "cloudresourcemanager.googleapis.com/v1/projects"
BUCKET = "storage.googleapis.com/storage/v1/b"


def tunnel(cloud: LocalCloud, host: str) -> ssl.SSLSocket:
    """A TLS connection to `host` through the proxy, as any client makes it."""
    plain = socket.create_connection(("127.0.0.1", cloud.port), timeout=30)
    plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        head += plain.recv(1)
    assert head.startswith(b"HTTP/1.1 200 "), head
    context = ssl.create_default_context(cafile=cloud.env["SSL_CERT_FILE"])
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context.wrap_socket(plain, server_hostname=host)


def head_of(cloud: LocalCloud, request: bytes) -> bytes:
    """What the proxy answers to raw bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", cloud.port), timeout=30) as plain:
        plain.sendall(request)
        answer = b""
        while chunk := plain.recv(65536):
            answer += chunk
    return answer


def test_a_google_api_answers_at_its_own_name(clean_cloud: LocalCloud) -> None:
    answer = clean_cloud.get(PROJECTS)
    assert (answer.status_code, answer.json()) == (200, {})
    [entry] = clean_cloud.journal(service="cloudresourcemanager")
    assert (entry["method_id"], entry["status"]) == ("cloudresourcemanager.projects.list", 200)
    assert entry["principal"] == "user:owner@presidential-digs.example"
    assert entry["response_bytes"] == len(answer.content)


@pytest.mark.parametrize("token", [None, "ya29.nobody"])
def test_without_a_valid_token_the_answer_is_googles_401(clean_cloud: LocalCloud, token: str | None) -> None:
    answer = clean_cloud.get(PROJECTS, token=token)
    assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "target", ["example.com:443", "www.google.com:443", "10.4.0.7:443", "127.0.0.1:443", "compute.googleapis.com:22"]
)
def test_a_tunnel_to_any_other_host_is_refused_at_once(clean_cloud: LocalCloud, target: str) -> None:
    answer = head_of(clean_cloud, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert b"The local cloud refuses" in answer
    [entry] = clean_cloud.journal(refused="yes")
    assert (entry["verb"], f"{entry['host']}{entry['path']}", entry["status"]) == ("CONNECT", target, 403)


def test_a_plain_request_to_any_other_host_is_refused(clean_cloud: LocalCloud) -> None:
    answer = clean_cloud.get("http://example.com/x?token=planted-secret", token=None)
    assert answer.status_code == 403
    [entry] = clean_cloud.journal(refused="yes")
    assert (entry["host"], entry["path"]) == ("example.com", "/x?token=********")


def test_a_tunnel_is_no_way_around_the_table(clean_cloud: LocalCloud) -> None:
    with closing(tunnel(clean_cloud, "compute.googleapis.com")) as secure:
        secure.sendall(b"GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n")
        assert secure.recv(65536).startswith(b"HTTP/1.1 403 ")
    assert clean_cloud.count(refused="yes", host="example.com") == 1


@pytest.mark.parametrize(
    "request_line",
    [b"CONNECT nonsense HTTP/1.1\r\n\r\n", b"CONNECT a:b HTTP/1.1\r\n\r\n", b"CONNECT  HTTP/1.1\r\n\r\n"],
)
def test_a_tunnel_to_nowhere_is_a_bad_request(cloud: LocalCloud, request_line: bytes) -> None:
    assert head_of(cloud, request_line).startswith(b"HTTP/1.1 400 ")


def test_a_passthrough_host_that_cannot_be_reached_says_so(clean_cloud: LocalCloud) -> None:
    target = "objects.githubusercontent.com"
    answer = head_of(clean_cloud, f"CONNECT {target}:443 HTTP/1.1\r\nHost: {target}\r\n\r\n".encode()[:-2] + b"\r\n")
    [entry] = clean_cloud.journal(host=target)
    assert entry["status"] in {200, 502}
    assert answer.startswith(f"HTTP/1.1 {entry['status']} ".encode())
    assert not entry["refused"]


def test_clients_that_do_not_trust_the_authority_are_not_served(cloud: LocalCloud) -> None:
    with requests.Session() as session:
        session.trust_env = False
        with pytest.raises(requests.exceptions.SSLError):
            session.get(f"https://{PROJECTS}", proxies={"https": cloud.env["HTTPS_PROXY"]}, timeout=30)


def test_tls_names_the_host_and_speaks_http_1(cloud: LocalCloud) -> None:
    with closing(tunnel(cloud, "europe-docker.pkg.dev")) as secure:
        assert secure.selected_alpn_protocol() == "http/1.1"
        certificate = secure.getpeercert()
        assert certificate is not None
        assert ("DNS", "europe-docker.pkg.dev") in certificate["subjectAltName"]


def test_one_connection_carries_many_requests_even_at_once(clean_cloud: LocalCloud) -> None:
    request = f"GET /v1/projects HTTP/1.1\r\nHost: {PROJECTS.partition('/')[0]}\r\n"
    request += f"Authorization: Bearer {clean_cloud.token}\r\n\r\n"
    with closing(tunnel(clean_cloud, PROJECTS.partition("/")[0])) as secure:
        secure.sendall(request.encode() * 3)
        for _ in range(3):
            answer = http.client.HTTPResponse(secure)
            answer.begin()
            assert (answer.status, json.loads(answer.read())) == (200, {})
    assert clean_cloud.count(service="cloudresourcemanager") == 3


def test_requests_side_by_side_are_all_answered(clean_cloud: LocalCloud) -> None:
    def create(number: int) -> int:
        return clean_cloud.post(PROJECTS, {"projectId": f"side-by-side-{number}", "name": "x"}).status_code

    assert clean_cloud.env
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(create, range(24))) == {200}
    assert len(clean_cloud.get(PROJECTS).json()["projects"]) == 24


def test_a_chunked_body_arrives_whole(clean_cloud: LocalCloud) -> None:
    def parts() -> Iterator[bytes]:
        yield b'{"projectId": "chunk'
        yield b'ed-project", "name": "x"}'

    answer = clean_cloud.post(PROJECTS, data=parts(), headers={"Content-Type": "application/json"})
    assert answer.json()["response"]["projectId"] == "chunked-project"


def test_a_packed_body_is_unpacked(clean_cloud: LocalCloud) -> None:
    body = gzip.compress(b'{"projectId": "packed-project", "name": "x"}')
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = clean_cloud.post(PROJECTS, data=body, headers=headers)
    assert answer.json()["response"]["projectId"] == "packed-project"
    spoilt = clean_cloud.post(PROJECTS, data=b"not packed", headers=headers)
    assert spoilt.status_code == 400
    assert clean_cloud.journal()[-1]["status"] == 400


def test_a_client_that_waits_to_be_asked_is_asked(clean_cloud: LocalCloud) -> None:
    body = b'{"projectId": "expected-project", "name": "x"}'
    host = PROJECTS.partition("/")[0]
    head = f"POST /v1/projects HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {clean_cloud.token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    with closing(tunnel(clean_cloud, host)) as secure:
        secure.sendall(head.encode())
        assert secure.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        secure.sendall(body)
        answer = http.client.HTTPResponse(secure)
        answer.begin()
        assert json.loads(answer.read())["response"]["projectId"] == "expected-project"


def test_a_plain_absolute_request_reaches_an_api(clean_cloud: LocalCloud) -> None:
    assert clean_cloud.get(f"http://{PROJECTS}").json() == {}


def test_head_and_no_content_have_no_body(clean_cloud: LocalCloud) -> None:
    host = "www.googleapis.com"
    with closing(tunnel(clean_cloud, host)) as secure:
        secure.sendall(f"HEAD /oauth2/v3/certs HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while chunk := secure.recv(65536):
            answer += chunk
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert answer.endswith(b"\r\n\r\n")


def test_an_object_of_120_megabytes_goes_in_and_comes_out(clean_cloud: LocalCloud) -> None:
    clean_cloud.post(PROJECTS, {"projectId": "large-objects", "name": "x"})
    clean_cloud.post("serviceusage.googleapis.com/v1/projects/large-objects/services/storage.googleapis.com:enable", {})
    made = clean_cloud.post(f"{BUCKET}?project=large-objects", {"name": "large-objects-bucket"})
    assert made.status_code == 200, made.text
    content = bytes(range(256)) * (120 * 1024 * 4)
    url = "storage.googleapis.com/upload/storage/v1/b/large-objects-bucket/o?uploadType=media&name=big"
    stored = clean_cloud.post(url, data=content, headers={"Content-Type": "application/octet-stream"})
    assert stored.status_code == 200, stored.text
    assert int(stored.json()["size"]) == len(content)
    read = clean_cloud.get(f"{BUCKET}/large-objects-bucket/o/big?alt=media")
    assert read.content == content
    entry = clean_cloud.journal(method="storage.objects.insert")[0]
    assert entry["request_bytes"] == len(content)


def test_nothing_listens_outside_loopback(cloud: LocalCloud) -> None:
    assert cloud.env
    daemon = psutil.Process(cloud.pid)
    listening = [
        connection.laddr.ip
        for process in [daemon, *daemon.children(recursive=True)]
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert listening
    assert all(ipaddress.ip_address(address).is_loopback for address in listening)
