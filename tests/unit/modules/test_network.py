"""The way to Google: proxy, certificates, what goes past the proxy, and what is said when there is no way."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from plugins.module_utils._client import Client
from plugins.module_utils._failure import Failure
from plugins.module_utils._network import Network, _bypasses
from tests.unit.modules.google_server import GoogleServer, Reply

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.modules.conftest import HandClock

HOST = "iam.googleapis.com"


def test_a_host_that_the_proxy_refuses_is_not_tried_again(google: GoogleServer, client: Client) -> None:
    google.refused_hosts.add(HOST)

    with pytest.raises(Failure, match=f"refused to connect to {HOST}") as caught:
        client.get(HOST, "/v1/x")

    assert caught.value.reason == "PROXY_REFUSED"


def test_a_certificate_that_is_not_trusted_names_the_option(google: GoogleServer, clock: HandClock) -> None:
    client = Client.from_params({**google.params, "ca_certificates": ""}, clock)

    with pytest.raises(Failure) as caught:
        client.get(HOST, "/v1/x")

    assert caught.value.reason == "CERTIFICATE_NOT_TRUSTED"
    assert "ca_certificates" in caught.value.hint
    assert clock.slept == []


def test_a_proxy_that_is_down_is_tried_for_as_long_as_a_restart_takes(clock: HandClock, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    params = {"access_token": "t", "proxy": f"http://127.0.0.1:{port}", "retry_timeout": 600}
    client = Client.from_params(params, clock)

    with pytest.raises(Failure, match="CONNECTION_FAILED") as caught:
        client.get(HOST, "/v1/x")

    assert 10 < clock.time <= 20
    assert caught.value.status is None


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"proxy": "127.0.0.1:3128"}, "proxy: '127.0.0.1:3128'"),
        ({"proxy": "socks5://127.0.0.1"}, "proxy: 'socks5://127.0.0.1'"),
        ({"ca_certificates": "/nowhere/ca.pem"}, "ca_certificates: '/nowhere/ca.pem'"),
    ],
)
def test_settings_that_cannot_work_are_refused(settings: dict[str, str], names: str) -> None:
    with pytest.raises(Failure, match=names):
        Network(settings.get("proxy", ""), settings.get("ca_certificates", "")).validate()


def test_a_proxys_password_is_in_no_message() -> None:
    with pytest.raises(Failure) as caught:
        Network(proxy="ftp://me:hunter2@127.0.0.1:1").validate()

    assert "hunter2" not in str(caught.value)


def test_the_metadata_server_and_no_proxy_go_past_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "localhost,.example.org")
    monkeypatch.setenv("GCE_METADATA_HOST", "127.0.0.9:8080")

    assert _bypasses("http://127.0.0.9:8080/computeMetadata/v1")
    assert _bypasses("http://metadata.google.internal/x")
    assert _bypasses("https://a.example.org/x")
    assert not _bypasses("https://iam.googleapis.com/x")


def test_an_answer_that_is_no_json_is_a_failure_and_not_a_crash(google: GoogleServer, client: Client) -> None:
    google.script = lambda _request: Reply(200, b"<html>")

    with pytest.raises(Failure, match="not JSON"):
        client.get(HOST, "/v1/x")
