"""Retries, waits and headers, against a small HTTP server that answers what it is told and remembers requests."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from local_cloud.terraform_provider import client as client_module
from local_cloud.terraform_provider.client import Client, is_retried
from local_cloud.terraform_provider.credentials import FixedToken, proxy_for, token_source
from local_cloud.terraform_provider.failures import ApiError, ProviderError, Stopped
from local_cloud.terraform_provider.operations import wait
from local_cloud.terraform_provider.settings import Settings, SettingsError, settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

Answer = tuple[int, Any]
OK: Answer = (200, {"ok": True})


def error(status: int, message: str = "", reason: str = "") -> Answer:
    """A Google error body."""
    return status, {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}


class Recorder:
    """Answers in turn, the last one again and again."""

    def __init__(self, answers: list[Answer]) -> None:
        """`answers` are (status, JSON)."""
        self.answers = answers
        self.requests: list[web.Request] = []
        self.asked = asyncio.Event()
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        """One exchange."""
        await request.read()
        self.requests.append(request)
        self.asked.set()
        status, content = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return web.Response(status=status, text=json.dumps(content), content_type="application/json")


@asynccontextmanager
async def recording(*answers: Answer) -> AsyncIterator[Recorder]:
    """A server on a free port of the loopback."""
    recorder = Recorder(list(answers))
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", recorder.handle)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    recorder.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1/"
    try:
        yield recorder
    finally:
        await runner.cleanup()


@asynccontextmanager
async def connected(**chosen: Any) -> AsyncIterator[Client]:
    """A client with a fixed token and no proxy."""
    client = Client(Settings(environment={}, **chosen), FixedToken("t0ken"))
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between attempts, cut short."""
    monkeypatch.setattr(client_module, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(client_module, "_LONGEST_PAUSE", 0.002)


def run(work: Callable[[], Awaitable[None]]) -> None:
    """One coroutine to its end."""
    asyncio.run(asyncio.wait_for(work(), timeout=30))


RETRIED = [
    error(429),
    error(500),
    error(502),
    error(503),
    error(403, "Quota exceeded for quota metric 'Reads' and limit 'Reads per minute' of service 'compute'"),
    (403, {"error": {"message": "x", "details": [{"reason": "CONCURRENT_OPERATIONS_QUOTA_EXCEEDED"}]}}),
    error(400, "The resource projects/p/regions/r/subnetworks/s is not ready", "resourceNotReady"),
    error(409, "x", "operationInProgress"),
]
FINAL = [
    error(400, "bad", "invalid"),
    error(401),
    error(403, "x", "accessNotConfigured"),
    (403, {"error": {"message": "x", "details": [{"reason": "SERVICE_DISABLED"}]}}),
    error(404),
    error(409, "x", "alreadyExists"),
    error(412),
    error(501),
]


@pytest.mark.parametrize("answer", RETRIED, ids=lambda answer: f"{answer[0]}")
def test_what_is_retried(answer: Answer) -> None:
    """Until it works."""

    async def work() -> None:
        async with recording(answer, answer, OK) as server, connected() as client:
            assert await client.send("GET", f"{server.url}x") == {"ok": True}
            assert len(server.requests) == 3

    run(work)


@pytest.mark.parametrize("answer", FINAL, ids=lambda answer: f"{answer[0]}")
def test_what_is_not_retried(answer: Answer) -> None:
    """It is told at once."""

    async def work() -> None:
        async with recording(answer, OK) as server, connected() as client:
            with pytest.raises(ApiError):
                await client.send("GET", f"{server.url}x")
            assert len(server.requests) == 1

    run(work)


def test_retries_end_with_the_deadline() -> None:
    """And tell the last answer."""

    async def work() -> None:
        async with recording(error(503, "busy")) as server, connected() as client:
            with pytest.raises(ApiError, match="busy"):
                await client.send("GET", f"{server.url}x", deadline=0.05)
            assert len(server.requests) > 1

    run(work)


def test_a_server_that_is_not_there_is_named() -> None:
    """With what to check."""

    async def work() -> None:
        async with connected() as client:
            with pytest.raises(ProviderError, match=r"127\.0\.0\.1:9 cannot be reached") as told:
                await client.send("GET", "http://127.0.0.1:9/x", deadline=0.01)
            assert "HTTPS_PROXY" in told.value.detail

    run(work)


def test_stopping_ends_a_wait_between_attempts() -> None:
    """At once, not after the pause."""

    async def work() -> None:
        async with recording(error(503)) as server, connected() as client:
            asked = asyncio.create_task(client.send("GET", f"{server.url}x"))
            await server.asked.wait()
            client.stop()
            with pytest.raises(Stopped):
                await asked

    run(work)


def test_headers_say_who_asks_and_who_pays() -> None:
    """The quota project only when it is asked for."""

    async def work() -> None:
        async with recording(OK) as server, connected() as client:
            await client.send("GET", f"{server.url}x?a=b%2Fc", project="p", query={"q": "1"})
        request = server.requests[0]
        assert request.raw_path == "/v1/x?a=b%2Fc&q=1&alt=json"
        assert request.headers["Authorization"] == "Bearer t0ken"
        assert "X-Goog-User-Project" not in request.headers
        async with recording(OK) as server, connected(user_project_override=True) as client:
            await client.send("GET", server.url, project="p")
        assert server.requests[0].headers["X-Goog-User-Project"] == "p"
        async with recording(OK) as server, connected(user_project_override=True, billing_project="b") as client:
            await client.send("GET", server.url, project="p")
        assert server.requests[0].headers["X-Goog-User-Project"] == "b"

    run(work)


BASE = "/v1/projects/p"
DONE = {"name": "o", "status": "DONE"}


@pytest.mark.parametrize(
    ("dialect", "running", "done", "path"),
    [
        ("compute", {"name": "o", "status": "RUNNING", "zone": "x/zones/z"}, DONE, f"{BASE}/zones/z/operations/o"),
        (
            "compute",
            {"name": "o", "status": "RUNNING", "region": "x/regions/r"},
            DONE,
            f"{BASE}/regions/r/operations/o",
        ),
        ("compute", {"name": "o", "status": "PENDING"}, DONE, f"{BASE}/global/operations/o"),
        ("container", {"name": "o", "status": "RUNNING", "location": "r"}, DONE, f"{BASE}/locations/r/operations/o"),
        ("standard", {"name": "operations/o"}, {"name": "operations/o", "done": True}, "/v1/operations/o"),
    ],
)
def test_operations_are_polled_where_they_live(dialect: str, running: Any, done: Any, path: str) -> None:
    """A 404 is an operation that is not there yet."""

    async def work() -> None:
        async with (
            recording(error(404), (200, running), (200, done)) as server,
            connected(poll_interval=0.001) as client,
        ):
            found = await wait(client, dialect, running, base=server.url, project="p", doing="create X", deadline=10)
        assert found == done
        assert [request.path for request in server.requests] == [path] * 3

    run(work)


@pytest.mark.parametrize(
    ("dialect", "failed"),
    [
        ("compute", {"name": "o", "status": "DONE", "error": {"errors": [{"message": "no room"}]}}),
        ("container", {"name": "o", "status": "DONE", "error": {"message": "no room"}}),
        ("standard", {"name": "o", "done": True, "error": {"code": 8, "message": "no room"}}),
    ],
)
def test_a_failed_operation_tells_why(dialect: str, failed: Any) -> None:
    """In the words of its dialect; without a poll when it was done at once."""

    async def work() -> None:
        async with recording(OK) as server, connected() as client:
            with pytest.raises(ProviderError, match=r"Error waiting to create X: .*no room"):
                await wait(client, dialect, failed, base=server.url, project="p", doing="create X", deadline=10)
            assert server.requests == []

    run(work)


def test_an_operation_that_takes_too_long_is_given_up() -> None:
    """After the time of the resource."""

    async def work() -> None:
        async with recording((200, {"name": "o"})) as server, connected(poll_interval=0.001) as client:
            with pytest.raises(ProviderError, match="was not done after"):
                await wait(client, "standard", {"name": "o"}, base=server.url, project="p", doing="x", deadline=0.01)

    run(work)


def test_the_retried_answers_are_googles() -> None:
    """A page of a proxy is no answer of Google, but its status counts."""
    assert is_retried(ApiError(503, b"<html>"))
    assert not is_retried(ApiError(400, b"<html>"))


@pytest.mark.parametrize(
    ("config", "environment", "expected"),
    [
        ({"project": None}, {"GOOGLE_PROJECT": "e", "GOOGLE_CLOUD_PROJECT": "f"}, ("project", "e")),
        ({"project": "c"}, {"GOOGLE_PROJECT": "e"}, ("project", "c")),
        ({"region": "https://x/regions/r"}, {}, ("region", "r")),
        ({"user_project_override": None}, {"USER_PROJECT_OVERRIDE": "true"}, ("user_project_override", True)),
        ({"poll_interval": "500ms"}, {}, ("poll_interval", 0.5)),
        ({"access_token": None, "credentials": "{}"}, {"GOOGLE_OAUTH_ACCESS_TOKEN": "e"}, ("access_token", None)),
        ({"access_token": None}, {"GOOGLE_OAUTH_ACCESS_TOKEN": "e"}, ("access_token", "e")),
    ],
)
def test_the_provider_block_and_its_environment(config: Any, environment: Any, expected: tuple[str, Any]) -> None:
    """What is written beats what is set."""
    assert getattr(settings(config, environment, "1.11.4"), expected[0]) == expected[1]


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"poll_interval": "soon"}, "poll_interval: 'soon', allowed: a duration"),
        ({"deletion_policy": "KEEP"}, "deletion_policy: 'KEEP', allowed: DELETE, ABANDON, PREVENT"),
        ({"terraform_attribution_label_addition_strategy": "X"}, "allowed: CREATION_ONLY, PROACTIVE"),
    ],
)
def test_a_wrong_provider_block_is_named(config: Any, said: str) -> None:
    """With the argument and what is allowed."""
    with pytest.raises(SettingsError, match=said):
        settings(config, {}, "")


def test_credentials_are_looked_for_in_order(tmp_path: Any) -> None:
    """A token, a file, the well-known file, the metadata server; a secret is never part of the complaint."""

    async def work() -> None:
        assert await token_source(Settings(environment={}, access_token="a")).token() == "a"
        for environment, said in (
            ({"HOME": str(tmp_path)}, "No credentials for Google"),
            ({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "none")}, "Cannot read the credentials file"),
        ):
            with pytest.raises(ProviderError, match=said):
                token_source(Settings(environment=environment))
        with pytest.raises(ProviderError) as told:
            token_source(Settings(environment={}, credentials='{"private_key": "s3cret"'))
        assert "s3cret" not in f"{told.value} {told.value.detail}"

    run(work)


def test_the_metadata_server_gives_a_token() -> None:
    """Asked once while the token lasts."""

    async def work() -> None:
        async with recording((200, {"access_token": "m", "expires_in": 3600})) as server:
            host = server.url.removeprefix("http://").removesuffix("/v1/")
            tokens = token_source(Settings(environment={"GCE_METADATA_HOST": host, "HOME": "/nowhere"}))
            assert [await tokens.token(), await tokens.token()] == ["m", "m"]
        assert [request.headers["Metadata-Flavor"] for request in server.requests] == ["Google"]

    run(work)


def test_the_proxy_of_the_caller_is_used() -> None:
    """But not for what it excludes."""
    environment = {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "localhost,.internal"}
    assert proxy_for(environment, "compute.googleapis.com") == "http://127.0.0.1:1"
    assert proxy_for(environment, "a.internal") is None
    assert proxy_for({}, "compute.googleapis.com") is None
