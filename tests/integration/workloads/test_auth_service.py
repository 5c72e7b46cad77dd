"""The auth-service keeps its contract: accounts, tokens and their rotation, lock-out, a database that goes away."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.cookies import SimpleCookie
from typing import Any

import jwt
import pytest

from tests.workload_services import SECRETS, Service, database_name, mongodb, running_service

_NUMBERS = itertools.count()
PASSWORD = "correct horse"


@pytest.fixture
def email() -> str:
    """An address nobody has used."""
    return f"person-{next(_NUMBERS)}@example.com"


@pytest.fixture
def account(auth: Service, email: str) -> dict[str, Any]:
    """What registering answered."""
    answer = auth.post("/api/auth/register", {"email": email, "password": PASSWORD, "name": "Ada"})
    assert answer.status_code == 201, answer.text
    auth.session.cookies.clear()
    return dict(answer.json())


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _refresh(auth: Service, token: str) -> Any:
    auth.session.cookies.clear()
    return auth.post("/api/auth/refresh", {"refreshToken": token})


def test_health(auth: Service) -> None:
    """Ready and alive."""
    health = auth.get("/api/auth/health")
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    assert auth.get("/api/auth/health/live").status_code == 200


def test_an_account_signs_in(auth: Service, account: dict[str, Any], email: str) -> None:
    """With its address in any case, and is told who it is."""
    answer = auth.post("/api/auth/login", {"email": email.upper(), "password": PASSWORD})
    assert answer.status_code == 200
    shown = auth.get("/api/auth/me", headers=_bearer(answer.json()["accessToken"])).json()
    assert shown == account["user"]
    assert (shown["email"], shown["name"]) == (email, "Ada")
    valid = auth.post("/api/auth/validate", {"token": answer.json()["accessToken"]})
    assert (valid.status_code, valid.json()["valid"], valid.json()["user"]) == (200, True, shown)


def test_an_address_has_one_account(auth: Service, account: dict[str, Any], email: str) -> None:
    """A second is refused."""
    answer = auth.post("/api/auth/register", {"email": email, "password": "another one"})
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": PASSWORD}, "email"),
        ({"email": "nobody", "password": PASSWORD}, "email"),
        ({"email": {"$gt": ""}, "password": PASSWORD}, "email"),
        ({"email": "a@example.com"}, "password"),
        ({"email": "a@example.com", "password": "short"}, "password"),
        ({"email": "a@example.com", "password": PASSWORD, "name": 7}, "name"),
    ],
)
def test_malformed_accounts_are_refused(auth: Service, body: dict[str, Any], field: str) -> None:
    """Naming the field."""
    answer = auth.post("/api/auth/register", body)
    assert (answer.status_code, answer.json()["field"]) == (400, field)


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"'])
def test_other_bodies_are_refused(auth: Service, body: bytes) -> None:
    """They are no JSON objects."""
    answer = auth.post("/api/auth/login", data=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


def test_refresh_rotates(auth: Service, account: dict[str, Any]) -> None:
    """Each refresh token is good once; the second use ends the session, also for who used it first."""
    first = _refresh(auth, account["refreshToken"])
    assert first.status_code == 200
    assert first.json()["refreshToken"] != account["refreshToken"]
    again = _refresh(auth, account["refreshToken"])
    assert (again.status_code, again.json()["code"]) == (401, "refresh_reused")
    assert _refresh(auth, first.json()["refreshToken"]).status_code == 401
    assert auth.get("/api/auth/me", headers=_bearer(first.json()["accessToken"])).status_code == 401


def test_a_refresh_token_is_good_for_one_of_many(auth: Service, account: dict[str, Any]) -> None:
    """Even when they come at the same time."""
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: _refresh(auth, account["refreshToken"]).status_code, range(6)))
    assert sorted(answers) == [200, 401, 401, 401, 401, 401]


def test_logout_ends_the_session(auth: Service, account: dict[str, Any]) -> None:
    """For its access token as well."""
    assert auth.post("/api/auth/logout", headers=_bearer(account["accessToken"])).json() == {"success": True}
    assert auth.get("/api/auth/me", headers=_bearer(account["accessToken"])).status_code == 401
    assert _refresh(auth, account["refreshToken"]).json()["code"] == "session_ended"


def test_logout_by_the_refresh_token(auth: Service, account: dict[str, Any]) -> None:
    """Works when the access token has ended."""
    body = {"refreshToken": account["refreshToken"]}
    ended = _bearer("ended")
    assert auth.post("/api/auth/logout", body, headers=ended).json() == {"success": True}
    assert auth.get("/api/auth/me", headers=_bearer(account["accessToken"])).status_code == 401
    assert auth.post("/api/auth/logout", {}).json()["code"] == "token_missing"


def test_pages_get_the_refresh_token_as_a_cookie(auth: Service, account: dict[str, Any], email: str) -> None:
    """That no script can read, and that is enough to refresh."""
    answer = auth.post("/api/auth/login", {"email": email, "password": PASSWORD})
    (cookie,) = SimpleCookie(answer.headers["Set-Cookie"]).values()
    assert (cookie["httponly"], cookie["secure"], cookie["samesite"], cookie["path"]) == (
        True,
        True,
        "Strict",
        "/api/auth",
    )
    auth.session.cookies.clear()
    refreshed = auth.post("/api/auth/refresh", headers={"Cookie": f"refresh_token={cookie.value}"})
    assert refreshed.status_code == 200


def test_tokens_of_others_are_refused(auth: Service, account: dict[str, Any]) -> None:
    """Of another key, of the other kind, unsigned, or none at all."""
    claims = jwt.decode(account["accessToken"], options={"verify_signature": False})
    forged = jwt.encode(claims, "c" * 40, algorithm="HS256")
    unsigned = jwt.encode(claims, "", algorithm="none")
    for token in (forged, unsigned, account["refreshToken"], "x"):
        assert auth.get("/api/auth/me", headers=_bearer(token)).json()["code"] == "token_invalid"
    ended = jwt.encode(claims | {"exp": 1}, SECRETS["JWT_SECRET"], algorithm="HS256")
    assert auth.get("/api/auth/me", headers=_bearer(ended)).json()["code"] == "token_expired"
    assert auth.get("/api/auth/me").json()["code"] == "token_missing"


def test_too_many_failures_lock_out(auth: Service, account: dict[str, Any], email: str) -> None:
    """The right password does not help then, and others are not touched."""
    wrong = {"email": email, "password": "wrong password"}
    assert [auth.post("/api/auth/login", wrong).status_code for _ in range(4)] == [401, 401, 401, 423]
    answer = auth.post("/api/auth/login", {"email": email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (423, "account_locked")
    assert 0 < int(answer.headers["Retry-After"]) <= 600
    other = {"email": f"other-{email}", "password": "wrong password"}
    assert [auth.post("/api/auth/login", other).status_code for _ in range(4)] == [401, 401, 401, 423]


def test_many_at_once_get_no_more_attempts(auth: Service, account: dict[str, Any], email: str) -> None:
    """Attempts are counted before passwords are looked at."""
    wrong = {"email": email, "password": "wrong password"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: auth.post("/api/auth/login", wrong).status_code, range(8)))
    assert sorted(answers) == [401] * 3 + [423] * 5


def test_success_forgets_failures(auth: Service, account: dict[str, Any], email: str) -> None:
    """Two, a success, and two more are not four in a row."""
    right, wrong = ({"email": email, "password": password} for password in (PASSWORD, "wrong password"))
    statuses = [auth.post("/api/auth/login", body).status_code for body in (wrong, wrong, right, wrong, wrong, right)]
    assert statuses == [401, 401, 200, 401, 401, 200]


@pytest.mark.parametrize(("origin", "allowed"), [("https://app.example.com", True), ("https://evil.example", False)])
def test_pages_of_other_origins(auth: Service, origin: str, allowed: bool) -> None:
    """Only those of the list may call, with credentials."""
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    preflight = auth.call("OPTIONS", "/api/auth/login", headers=headers)
    answer = auth.get("/api/auth/health", headers={"Origin": origin})
    for one in (preflight, answer):
        assert one.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        assert ("Access-Control-Allow-Credentials" in one.headers) == allowed
        assert "Origin" in one.headers["Vary"]


def test_without_its_database_it_is_not_ready() -> None:
    """It starts, says so, refuses what needs the database, and is ready once it is there."""
    address = "mongodb://127.0.0.1:1/none?serverSelectionTimeoutMS=200"
    with running_service("auth-service", MONGODB_URI=address, **SECRETS) as service:
        assert service.get("/api/auth/health").status_code == 503
        assert service.get("/api/auth/health/live").status_code == 200
        answer = service.post("/api/auth/login", {"email": "a@example.com", "password": PASSWORD})
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


def test_accounts_outlive_the_service(server: str, email: str) -> None:
    """And its tokens do, under the same keys."""
    address = f"{server}/{database_name()}"
    with running_service("auth-service", MONGODB_URI=address, **SECRETS) as service:
        token = service.post("/api/auth/register", {"email": email, "password": PASSWORD}).json()["accessToken"]
    with running_service("auth-service", MONGODB_URI=address, **SECRETS) as service:
        assert service.get("/api/auth/me", headers=_bearer(token)).json()["email"] == email


def test_a_database_that_comes_back(email: str) -> None:
    """Readiness follows it without a restart."""
    with ExitStack() as stack:
        with mongodb() as server:
            uri = f"{server}/crm?serverSelectionTimeoutMS=2000"
            service = stack.enter_context(running_service("auth-service", MONGODB_URI=uri, **SECRETS))
            assert service.get("/api/auth/health").status_code == 200
        assert service.post("/api/auth/login", {"email": email, "password": PASSWORD}).status_code == 503
        with mongodb("--port", server.rpartition(":")[2]):
            assert service.post("/api/auth/register", {"email": email, "password": PASSWORD}).status_code == 201
