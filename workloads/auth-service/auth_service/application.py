"""The endpoints of the auth-service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pymongo.errors import ConnectionFailure

from auth_service.accounts import Accounts, Attempts, Sessions, prepare
from auth_service.passwords import Passwords
from auth_service.settings import Settings
from auth_service.tokens import Tokens
from service_kit.mongo import Database, Document
from service_kit.refusal import Refusal, body_of, text_of
from service_kit.server import Service, now

NAME = "auth-service"
_ROOT = "/api/auth"
_COOKIE = "refresh_token"
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
_SHORTEST_PASSWORD, _LONGEST_PASSWORD = 8, 256


class Authentication:
    """Handlers over one database."""

    def __init__(self, service: Service, settings: Settings, database: Database) -> None:
        """Answer for `service`."""
        self._service = service
        self._database = database
        self._passwords = Passwords()
        self._accounts = Accounts(database.collections)
        self._sessions = Sessions(database.collections)
        self._attempts = Attempts(database.collections, settings.max_login_attempts, settings.lock_seconds)
        self._access = Tokens("access", settings.jwt_secret, settings.access_seconds)
        self._refresh = Tokens("refresh", settings.jwt_refresh_secret, settings.refresh_seconds)

    def routes(self) -> list[web.RouteDef]:
        """Paths and who answers them."""
        return [
            web.get(f"{_ROOT}/health", self.health),
            web.get(f"{_ROOT}/health/live", self.live),
            web.post(f"{_ROOT}/register", self.register),
            web.post(f"{_ROOT}/login", self.login),
            web.post(f"{_ROOT}/refresh", self.refresh),
            web.post(f"{_ROOT}/logout", self.logout),
            web.post(f"{_ROOT}/validate", self.validate),
            web.get(f"{_ROOT}/me", self.me),
        ]

    async def health(self, _request: web.Request) -> web.Response:
        """200 when requests are welcome, 503 with the reason otherwise."""
        reason = await self._service.unready()
        body = {"status": "unavailable" if reason else "ok", "timestamp": now(), "uptime": self._service.uptime}
        return web.json_response(body | ({"reason": reason} if reason else {}), status=503 if reason else 200)

    async def live(self, _request: web.Request) -> web.Response:
        """200 as long as the process answers, whatever the database does."""
        return web.json_response({"status": "ok", "uptime": self._service.uptime})

    async def register(self, request: web.Request) -> web.Response:
        """A new account, signed in."""
        body = await body_of(request)
        email = _email(body)
        password = _password(body)
        if len(password) < _SHORTEST_PASSWORD:
            message = f"password has at least {_SHORTEST_PASSWORD} characters."
            raise Refusal(400, "invalid_field", message, field="password")
        name = text_of(body, "name", longest=200, default=email.partition("@")[0])
        await self._database.require()
        user = await self._accounts.add(email, await self._passwords.hash(password), name)
        return await self._signed_in(user, 201)

    async def login(self, request: web.Request) -> web.Response:
        """Tokens for an address and its password; 401 when they do not belong together, 423 after too many of those."""
        body = await body_of(request)
        email, password = _email(body), _password(body)
        await self._attempts.begin(email)
        user = await self._accounts.of_email(email)
        if not await self._passwords.verify(password, user["password"] if user else None) or user is None:
            raise Refusal(401, "invalid_credentials", "Address or password is wrong.")
        await self._attempts.succeeded(email)
        return await self._signed_in(user, 200)

    async def refresh(self, request: web.Request) -> web.Response:
        """New tokens for a refresh token, which is used up."""
        used = self._refresh.read(await self._refresh_token(request))
        user = await self._accounts.of_id(used.user)
        if user is None:
            raise Refusal(401, "session_ended", "The account is not there any more.")
        token, following = self._refresh.issue(used.user, used.session)
        await self._sessions.rotate(used, following)
        return self._answer(user, used.session, token, 200)

    async def logout(self, request: web.Request) -> web.Response:
        """End the session of the refresh token, or else of the access token, which may have ended before."""
        if _COOKIE in request.cookies or "refreshToken" in await body_of(request):
            claims = self._refresh.read(await self._refresh_token(request))
        else:
            claims = self._access.read(_bearer(request))
        await self._sessions.close(claims.session)
        response = web.json_response({"success": True})
        response.del_cookie(_COOKIE, path=_ROOT)
        return response

    async def validate(self, request: web.Request) -> web.Response:
        """Whether an access token (`token` in the body, or the bearer) is good, for other services."""
        body = await body_of(request)
        token = text_of(body, "token", longest=8192) if "token" in body else _bearer(request)
        user, expires = await self._signed_in_user(token)
        return web.json_response({"valid": True, "user": _shown(user), "expiresAt": expires})

    async def me(self, request: web.Request) -> web.Response:
        """Whose access token it is."""
        user, _ = await self._signed_in_user(_bearer(request))
        return web.json_response(_shown(user))

    async def _signed_in_user(self, token: str) -> tuple[Document, str]:
        claims = self._access.read(token)
        user = await self._accounts.of_id(claims.user) if await self._sessions.is_open(claims.session) else None
        if user is None:
            raise Refusal(401, "session_ended", "The session has ended; sign in again.")
        return user, claims.expires.isoformat().replace("+00:00", "Z")

    async def _signed_in(self, user: Document, status: int) -> web.Response:
        token, claims = self._refresh.issue(user["_id"], self._sessions.new_id())
        await self._sessions.open(claims)
        return self._answer(user, claims.session, token, status)

    def _answer(self, user: Document, session: str, refresh: str, status: int) -> web.Response:
        access, _ = self._access.issue(user["_id"], session, email=user["email"])
        response = web.json_response(
            {
                "user": _shown(user),
                "accessToken": access,
                "refreshToken": refresh,
                "tokenType": "Bearer",
                "expiresIn": self._access.seconds,
            },
            status=status,
        )
        # For pages, which had better not keep it where a script can read it.
        response.set_cookie(
            _COOKIE, refresh, path=_ROOT, max_age=self._refresh.seconds, httponly=True, secure=True, samesite="Strict"
        )
        return response

    @staticmethod
    async def _refresh_token(request: web.Request) -> str:
        body = await body_of(request)
        if "refreshToken" in body or _COOKIE not in request.cookies:
            return text_of(body, "refreshToken", longest=8192)
        return request.cookies[_COOKIE]


def _email(body: Mapping[str, Any]) -> str:
    email = text_of(body, "email", longest=254).lower()
    if not _EMAIL.fullmatch(email):
        raise Refusal(400, "invalid_field", "email is no e-mail address.", field="email")
    return email


def _password(body: Mapping[str, Any]) -> str:
    text_of(body, "password", longest=_LONGEST_PASSWORD)
    return str(body["password"])


def _bearer(request: web.Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise Refusal(401, "token_missing", "Wanted is an Authorization header with a bearer token.")
    return token.strip()


def _shown(user: Document) -> dict[str, Any]:
    created = user["createdAt"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {"id": user["_id"], "email": user["email"], "name": user["name"], "createdAt": created}


def build(variables: Mapping[str, str]) -> Service:
    """The service that `variables` describe; SettingsError when they make no sense."""
    settings = Settings.read(variables)
    service = Service(NAME, settings.server)
    database = Database(settings.mongodb_uri, "crm", prepare)
    service.checks.append(database.unreachable)
    service.away = (ConnectionFailure,)
    service.application.add_routes(Authentication(service, settings, database).routes())

    async def close(_application: web.Application) -> None:
        await database.close()

    service.application.on_cleanup.append(close)
    return service
