"""Cloud KMS: keys that really encrypt, versions that come and go, rings that stay."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import google_crc32c
import pytest

from tests.unit.emulator.conftest import PROJECT, Cloud

RINGS = f"cloudkms/v1/projects/{PROJECT}/locations/us-central1/keyRings"
KEY = f"{RINGS}/crm/cryptoKeys/registry"
DAY = 86_400


@pytest.fixture
def kms(cloud: Cloud) -> Cloud:
    """A project with one key."""
    cloud.project()
    cloud.ok("POST", f"{RINGS}?keyRingId=crm", {})
    cloud.ok("POST", f"{RINGS}/crm/cryptoKeys?cryptoKeyId=registry", {"purpose": "ENCRYPT_DECRYPT"})
    return cloud


def encrypted(kms: Cloud, text: str, **more: str) -> str:
    """The ciphertext of `text`."""
    body = {"plaintext": base64.b64encode(text.encode()).decode(), **more}
    found: str = kms.ok("POST", f"{KEY}:encrypt", body)["ciphertext"]
    return found


def decrypted(kms: Cloud, ciphertext: str, **more: str) -> dict[str, Any]:
    """The whole answer."""
    found: dict[str, Any] = kms.ok("POST", f"{KEY}:decrypt", {"ciphertext": ciphertext, **more})
    return found


def test_what_is_encrypted_comes_back_and_only_under_the_same_data(kms: Cloud) -> None:
    """Bound to the key and to the additional data; changed ciphertext is refused."""
    data = base64.b64encode(b"tenant 1").decode()
    first, second = encrypted(kms, "mandate", additionalAuthenticatedData=data), encrypted(kms, "mandate")
    assert first != second
    assert b"mandate" not in base64.b64decode(first)
    answer = decrypted(kms, first, additionalAuthenticatedData=data)
    assert base64.b64decode(answer["plaintext"]) == b"mandate"
    assert answer["plaintextCrc32c"] == str(google_crc32c.value(b"mandate"))
    assert answer["usedPrimary"] is True
    assert kms.send("POST", f"{KEY}:decrypt", {"ciphertext": first}).status == 400
    raw = bytearray(base64.b64decode(second))
    raw[-1] ^= 1
    assert kms.send("POST", f"{KEY}:decrypt", {"ciphertext": base64.b64encode(raw).decode()}).status == 400
    wrong = {"plaintext": base64.b64encode(b"x").decode(), "plaintextCrc32c": "1"}
    assert kms.send("POST", f"{KEY}:encrypt", wrong).status == 400


def test_rotation_makes_a_new_primary_and_old_texts_stay_readable(kms: Cloud) -> None:
    """By hand, and when the period has passed."""
    old = encrypted(kms, "before")
    version = kms.ok("POST", f"{KEY}/cryptoKeyVersions", {})["name"]
    assert version.endswith("/2")
    kms.ok("POST", f"{KEY}:updatePrimaryVersion", {"cryptoKeyVersionId": "2"})
    assert decrypted(kms, old)["usedPrimary"] is False
    due = (kms.clock.moment + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    kms.ok("PATCH", f"{KEY}?updateMask=rotationPeriod,nextRotationTime",
           {"rotationPeriod": f"{DAY}s", "nextRotationTime": due})  # fmt: skip
    kms.clock.advance(2 * DAY)
    assert kms.ok("GET", KEY)["primary"]["name"].endswith("/3")
    assert base64.b64decode(decrypted(kms, old)["plaintext"]) == b"before"
    assert kms.send("PATCH", f"{KEY}?updateMask=rotationPeriod", {"rotationPeriod": "60s"}).status == 400


def test_a_version_is_destroyed_after_its_wait_and_until_then_comes_back_switched_off(kms: Cloud) -> None:
    """Scheduled, restored, enabled; scheduled again and gone with everything it encrypted."""
    text = encrypted(kms, "secret")
    version = f"{KEY}/cryptoKeyVersions/1"
    assert kms.ok("POST", f"{version}:destroy", {})["state"] == "DESTROY_SCHEDULED"
    assert kms.send("POST", f"{KEY}:decrypt", {"ciphertext": text}).status == 400
    assert kms.ok("GET", KEY)["primary"]["state"] == "DESTROY_SCHEDULED"
    assert kms.ok("POST", f"{version}:restore", {})["state"] == "DISABLED"
    assert kms.send("POST", f"{KEY}:decrypt", {"ciphertext": text}).status == 400
    kms.ok("PATCH", f"{version}?updateMask=state", {"state": "ENABLED"})
    assert base64.b64decode(decrypted(kms, text)["plaintext"]) == b"secret"
    kms.ok("POST", f"{version}:destroy", {})
    kms.clock.advance(31 * DAY)
    assert kms.ok("GET", version)["state"] == "DESTROYED"
    assert kms.send("POST", f"{version}:restore", {}).status == 400
    assert kms.send("POST", f"{KEY}:decrypt", {"ciphertext": text}).status == 400


def test_rings_and_keys_stay(kms: Cloud) -> None:
    """Neither can be deleted, and a name is taken for ever."""
    assert kms.send("DELETE", f"{RINGS}/crm").status == 400
    assert kms.send("DELETE", KEY).status == 400
    assert kms.send("POST", f"{RINGS}?keyRingId=crm", {}).status == 409
    assert kms.ok("GET", f"{KEY}/cryptoKeyVersions")["cryptoKeyVersions"][0]["state"] == "ENABLED"


def test_a_key_that_the_emulator_cannot_use_is_not_made(kms: Cloud) -> None:
    """Signing keys are not there, and it says so."""
    signing = {"purpose": "ASYMMETRIC_SIGN", "versionTemplate": {"algorithm": "EC_SIGN_P256_SHA256"}}
    assert kms.send("POST", f"{RINGS}/crm/cryptoKeys?cryptoKeyId=signing", signing).status == 501
    assert kms.send("POST", f"{RINGS}/crm/cryptoKeys?cryptoKeyId=none", {}).status == 400
