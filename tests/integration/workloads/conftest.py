"""A MongoDB-protocol server for the services of this directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.workload_services import SECRETS, Service, database_name, mongodb, running_service

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="package")
def server() -> Iterator[str]:
    """The server's address."""
    with mongodb() as address:
        yield address


@pytest.fixture(scope="module")
def auth(server: str) -> Iterator[Service]:
    """An auth-service that locks after three failed attempts."""
    origin = {"ALLOWED_ORIGINS": "https://app.example.com", "MAX_LOGIN_ATTEMPTS": "3", "LOGIN_LOCK_SECONDS": "600"}
    with running_service("auth-service", MONGODB_URI=f"{server}/{database_name()}", **SECRETS, **origin) as service:
        yield service
