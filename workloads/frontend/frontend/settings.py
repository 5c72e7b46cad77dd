"""What the frontend is told by its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from service_kit.settings import Environment, ServerSettings

PORT = 3000
_URL = r"https?://[A-Za-z0-9.-]+(:\d{1,5})?(/[A-Za-z0-9/_.-]*)?"
_ALLOWED = "an address such as https://app.example.com"


@dataclass(frozen=True)
class Settings:
    """Addresses have no slash at their end. A public one that is empty is the page's own origin."""

    server: ServerSettings
    public_auth_url: str
    public_conversation_url: str
    auth_url: str
    lead_import_url: str
    media_origins: frozenset[str]
    tenant: str
    environment: str
    version: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Settings:
        """From environment variables; SettingsError names each that is wrong."""
        environment = Environment(variables)
        public_auth = _url(environment, "NEXT_PUBLIC_AUTH_URL")
        settings = cls(
            server=ServerSettings.read(environment, port=PORT),
            public_auth_url=public_auth,
            public_conversation_url=_url(environment, "NEXT_PUBLIC_CONVERSATION_URL"),
            auth_url=_url(environment, "AUTH_SERVICE_URL") or public_auth,
            lead_import_url=_url(environment, "LEAD_IMPORT_URL"),
            media_origins=environment.origins("MEDIA_ORIGINS") or frozenset({"https://storage.googleapis.com"}),
            tenant=environment.text(
                "TENANT_ID", "crm", pattern=r"[A-Za-z0-9._@-]{1,128}", allowed="1 to 128 letters, digits and . _ @ -"
            ),
            environment=environment.text("ENVIRONMENT", "development"),
            # Cloud Run tells each revision its name.
            version=environment.text("VERSION", "") or environment.text("K_REVISION", "unknown"),
        )
        environment.finish()
        return settings

    @property
    def connect_origins(self) -> list[str]:
        """Origins that the page calls beside its own."""
        urls = (self.public_auth_url, self.public_conversation_url)
        return sorted({"{0.scheme}://{0.netloc}".format(urlsplit(url)) for url in urls if url})


def _url(environment: Environment, name: str) -> str:
    return environment.text(name, "", pattern=_URL, allowed=_ALLOWED).rstrip("/")
