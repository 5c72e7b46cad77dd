"""Fixtures of the daemon's unit tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from local_cloud.clock import AdjustableClock
from local_cloud.identity.doors import FederationProvider
from local_cloud.identity.id_tokens import IdTokenSigner
from local_cloud.identity.tokens import TokenStore
from local_cloud.state import StateDirectory
from tests.unit.local_cloud_daemon.identity_world import ISSUER, KEY, PROVIDER, Providers, World, key_set

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def signing_key(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The key that signs ID tokens, made once: making one takes longer than the tests that use it."""
    state = StateDirectory(tmp_path_factory.mktemp("signer"))
    IdTokenSigner.open(state)
    return state.signing_key.read_bytes()


@pytest.fixture
def world(tmp_path: Path, signing_key: bytes) -> Iterator[World]:
    """Everything identity, on a fresh state directory."""
    state = StateDirectory(tmp_path)
    state.signing_key.write_bytes(signing_key)
    clock = AdjustableClock(state.clock)
    signer = IdTokenSigner.open(state)
    provider = FederationProvider(
        name=PROVIDER,
        issuer=ISSUER,
        jwks=key_set(KEY, "g1"),
        attribute_mapping={
            "google.subject": "assertion.sub",
            "attribute.repository": "assertion.repository",
            "attribute.branch": "assertion.ref.extract('refs/heads/{branch}')",
            "google.groups": "assertion.teams",
        },
        attribute_condition="assertion.repository_owner == 'presidential-digs' && google.subject.startsWith('repo:')",
    )
    tokens = TokenStore(state.tokens, clock, signer)
    yield World(clock, tokens, signer, Providers(provider))
    tokens.close()
