"""What the auth-service is told by its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service_kit import mongo
from service_kit.settings import Environment, ServerSettings

PORT = 3001
# HMAC with SHA-256 wants a key as long as its hash (RFC 7518, section 3.2).
_SHORTEST_KEY = 32
_CLIENT = r"[A-Za-z0-9._-]+\.apps\.googleusercontent\.com"


@dataclass(frozen=True)
class Settings:
    """Times are in seconds. `google_client_id` and `google_client_secret` are empty without Google sign-in."""

    server: ServerSettings
    mongodb_uri: str
    jwt_secret: str
    jwt_refresh_secret: str
    access_seconds: int
    refresh_seconds: int
    max_login_attempts: int
    lock_seconds: int
    google_client_id: str
    google_client_secret: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Settings:
        """From environment variables; SettingsError names each that is wrong."""
        environment = Environment(variables)
        settings = cls(
            server=ServerSettings.read(environment, port=PORT),
            mongodb_uri=mongo.address(environment, "MONGODB_URI"),
            jwt_secret=environment.secret("JWT_SECRET", shortest=_SHORTEST_KEY),
            jwt_refresh_secret=environment.secret("JWT_REFRESH_SECRET", shortest=_SHORTEST_KEY),
            access_seconds=environment.number("ACCESS_TOKEN_SECONDS", 900, lowest=1, highest=86_400),
            refresh_seconds=environment.number("REFRESH_TOKEN_SECONDS", 604_800, lowest=1, highest=31_536_000),
            max_login_attempts=environment.number("MAX_LOGIN_ATTEMPTS", 5, lowest=1, highest=100),
            lock_seconds=environment.number("LOGIN_LOCK_SECONDS", 900, lowest=1, highest=86_400),
            google_client_id=environment.text(
                "GOOGLE_CLIENT_ID", "", pattern=_CLIENT, allowed="an id that ends in .apps.googleusercontent.com"
            ),
            google_client_secret=environment.secret("GOOGLE_CLIENT_SECRET", ""),
        )
        if settings.jwt_secret and settings.jwt_secret == settings.jwt_refresh_secret:
            environment.refuse("JWT_REFRESH_SECRET", "is the same as JWT_SECRET: tokens of one pass for the other")
        if settings.google_client_secret and not settings.google_client_id:
            environment.refuse("GOOGLE_CLIENT_ID", "is missing, and GOOGLE_CLIENT_SECRET is set")
        environment.finish()
        return settings
