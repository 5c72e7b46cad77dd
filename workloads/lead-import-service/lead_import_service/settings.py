"""What the lead-import-service is told by its environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from service_kit import mongo
from service_kit.settings import Environment, ServerSettings

PORT = 3005
# What ALLOWED_FILE_TYPES may name a kind of file by: with or without dot, or its media type.
NAMES = {
    "csv": "csv",
    ".csv": "csv",
    "text/csv": "csv",
    "xlsx": "xlsx",
    ".xlsx": "xlsx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}


@dataclass(frozen=True)
class Settings:
    """`max_file_size` is in bytes; `file_types` holds `csv`, `xlsx` or both; `health_path` is empty for none."""

    server: ServerSettings
    mongodb_uri: str
    max_file_size: int
    file_types: frozenset[str]
    health_path: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Settings:
        """From environment variables; SettingsError names each that is wrong."""
        environment = Environment(variables)
        settings = cls(
            server=ServerSettings.read(environment, port=PORT),
            mongodb_uri=mongo.address(environment, "MONGODB_URI", "DATABASE_URL"),
            max_file_size=environment.number("MAX_FILE_SIZE", 10_485_760, lowest=1, highest=104_857_600),
            file_types=_file_types(environment),
            health_path=environment.text(
                "HEALTH_PATH", "", pattern=r"/[A-Za-z0-9/_.-]*", allowed="a path such as /health"
            ),
        )
        environment.finish()
        return settings


def _file_types(environment: Environment) -> frozenset[str]:
    given = [part.strip().lower() for part in environment.text("ALLOWED_FILE_TYPES", ".csv,.xlsx").split(",")]
    for part in given:
        if part not in NAMES:
            environment.refuse("ALLOWED_FILE_TYPES", f"holds {part!r}; allowed are {', '.join(NAMES)}")
    return frozenset(NAMES[part] for part in given if part in NAMES)
