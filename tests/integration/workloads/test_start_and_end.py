"""What all services have in common: settings that make no sense, logs with traces, metrics, and an end without loss."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from typing import Any

import pytest
import requests

from tests.workload_services import SECRETS, Service, database_name, environment, running_service, start_service

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"

# The metadata server is at an address where nothing answers.
NOWHERE = {"GCE_METADATA_HOST": "127.0.0.1:1", "GCE_METADATA_IP": "127.0.0.1:1"}
NO_IDENTITY = {"CONVERSATION_MODE": "real", "GCS_BUCKET_NAME": "texts", **NOWHERE}


def _entries(service: Service) -> list[dict[str, Any]]:
    return [json.loads(line) for line in service.lines]


@pytest.mark.parametrize(
    "header", [("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01"), ("X-Cloud-Trace-Context", f"{TRACE}/123;o=1")]
)
def test_entries_name_the_trace_of_their_request(header: tuple[str, str]) -> None:
    """In the spelling of Cloud Logging, without the query."""
    with running_service("frontend", GOOGLE_CLOUD_PROJECT="p") as service:
        assert service.get("/api/health?token=x", headers=dict([header])).status_code == 200
    (entry,) = [entry for entry in _entries(service) if "httpRequest" in entry]
    assert entry["logging.googleapis.com/trace"] == f"projects/p/traces/{TRACE}"
    assert entry["logging.googleapis.com/trace_sampled"] is True
    assert entry["httpRequest"]["requestUrl"] == "/api/health"
    assert (entry["severity"], entry["httpRequest"]["status"]) == ("INFO", 200)


def test_metrics_are_on_a_port_of_their_own() -> None:
    """By route, and not where the public asks."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running_service("frontend", METRICS_PORT=str(port)) as service:
        service.get("/api/health")
        assert service.get("/metrics").status_code == 404
        shown = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10, proxies={"http": ""}).text
    assert 'http_requests_total{method="GET",route="/api/health",status="200"} 1.0' in shown
    assert 'http_request_duration_seconds_count{method="GET",route="/api/health"} 1.0' in shown
    assert "process_resident_memory_bytes" in shown


@pytest.mark.parametrize(
    ("name", "variables", "said"),
    [
        ("auth-service", {}, "MONGODB_URI is missing"),
        ("auth-service", {"MONGODB_URI": "postgres://secret"}, "MONGODB_URI is no connection string"),
        ("auth-service", {"MONGODB_URI": "mongodb://crm:$(MONGODB_PASSWORD)@h"}, "MONGODB_URI holds $(…)"),
        ("auth-service", {"JWT_SECRET": "secret"}, "JWT_SECRET has 6 characters; wanted are at least 32"),
        ("auth-service", {"JWT_REFRESH_SECRET": "a" * 40}, "JWT_REFRESH_SECRET is the same as JWT_SECRET"),
        ("auth-service", {"MAX_LOGIN_ATTEMPTS": "many"}, "MAX_LOGIN_ATTEMPTS is 'many'; allowed are whole numbers"),
        ("auth-service", {"ALLOWED_ORIGINS": "*"}, "ALLOWED_ORIGINS holds '*'; allowed are origins such as"),
        ("auth-service", {"GOOGLE_CLIENT_ID": "crm"}, "GOOGLE_CLIENT_ID is 'crm'; allowed is an id that ends in"),
        ("lead-import-service", {"MAX_FILE_SIZE": "10 MB"}, "MAX_FILE_SIZE is '10 MB'; allowed are whole numbers"),
        ("lead-import-service", {"ALLOWED_FILE_TYPES": ".pdf"}, "ALLOWED_FILE_TYPES holds '.pdf'; allowed are"),
        (
            "conversation-backend",
            {"CONVERSATION_MODE": "live"},
            "CONVERSATION_MODE is 'live'; allowed are",
        ),
        ("conversation-backend", {"CONVERSATION_MODE": "real"}, "GCS_BUCKET_NAME is missing"),
        ("conversation-backend", NO_IDENTITY, "CONVERSATION_MODE is real, and there is no Google identity"),
        ("conversation-backend", {"DISABLE_TTS": "yes"}, "DISABLE_TTS is 'yes'; allowed are true and false"),
        ("conversation-backend", {"AUDIO_OBJECT_TEMPLATE": "x.mp3"}, "AUDIO_OBJECT_TEMPLATE is 'x.mp3'; allowed is"),
        ("frontend", {"LEAD_IMPORT_URL": "leads:3005"}, "LEAD_IMPORT_URL is 'leads:3005'; allowed is"),
        ("frontend", {"PORT": "70000"}, "PORT is '70000'; allowed are whole numbers from 0 to 65535"),
    ],
)
def test_settings_that_make_no_sense(name: str, variables: dict[str, str], said: str) -> None:
    """Are said in one line each, and no secret with them."""
    given = {**SECRETS, "MONGODB_URI": "mongodb://127.0.0.1:1/x", **variables} if variables else {}
    done = subprocess.run(
        [sys.executable, "-m", name.replace("-", "_")],
        env=environment(name, **given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 64, done.stderr
    assert f"{name}: {said}" in done.stderr
    assert "Traceback" not in done.stderr
    assert "postgres://secret" not in done.stderr


def test_a_service_says_that_it_ends_and_goes_on_answering(server: str) -> None:
    """Health is 503 and connections end with their answer, until the delay is over."""
    uri = f"{server}/{database_name()}"
    service = start_service("auth-service", MONGODB_URI=uri, SHUTDOWN_DELAY_SECONDS="3", **SECRETS)
    try:
        assert service.get("/api/auth/health").headers.get("Connection") != "close"
        service.process.send_signal(signal.SIGTERM)
        service.wait_for("ends: not ready any more")
        health = service.get("/api/auth/health")
        assert (health.status_code, health.headers["Connection"]) == (503, "close")
        assert health.json()["reason"] == "the service is ending"
        body = {"email": "late@example.com", "password": "long enough"}
        assert service.post("/api/auth/register", body).status_code == 201
    finally:
        assert service.end() == 0


def test_what_has_begun_is_finished(server: str) -> None:
    """A request whose body is still on its way when the signal comes gets its answer; nobody new gets in."""
    service = start_service("auth-service", MONGODB_URI=f"{server}/{database_name()}", **SECRETS)
    body = json.dumps({"email": "slow@example.com", "password": "long enough"}).encode()
    head = f"POST /api/auth/register HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    try:
        with socket.create_connection(("127.0.0.1", service.port)) as slow:
            slow.sendall(head + body[:5])
            # Another answer after the bytes were sent: the service has the request.
            assert service.get("/api/auth/health/live").status_code == 200
            service.session.close()
            service.process.send_signal(signal.SIGTERM)
            service.wait_for("ends: not ready any more")
            refused = _refused(service.port)
            slow.sendall(body[5:])
            assert slow.recv(65536).startswith(b"HTTP/1.1 201")
            assert refused
    finally:
        assert service.end() == 0


def _refused(port: int) -> bool:
    """Whether the port stops taking connections."""
    never = threading.Event()
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return True
        never.wait(0.02)
    return False
