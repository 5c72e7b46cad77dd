"""Encryption and decryption: AES-256-GCM under the key's versions, bound to the key and to the caller's data."""

from __future__ import annotations

import base64
import binascii
import secrets
import struct
from typing import TYPE_CHECKING

import google_crc32c
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from local_cloud.emulator.errors import failed_precondition, invalid
from local_cloud.emulator.profile import Body, Handler
from local_cloud.emulator.profiles.keys import keys, versions

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

# A ciphertext is this mark, the number of the version, the nonce, and what AES-GCM makes.
_MARK = b"LCK1"
_NONCE_BYTES = 12
_VERSION = struct.Struct(">I")
# https://cloud.google.com/kms/quotas: plaintext and additional data of a software key.
_MOST_BYTES = 64 * 1024


def _bytes(call: Call, key: str) -> bytes:
    """A field of bytes, with its checksum compared when there is one."""
    try:
        value = base64.b64decode(call.body.get(key, ""), validate=True)
    except (binascii.Error, ValueError):
        raise invalid(f"Invalid value at '{key}': it is not base64.", location=key) from None
    given = call.body.get(f"{key}Crc32c")
    if given is not None and int(given) != google_crc32c.value(value):
        raise invalid(f"The checksum in field {key}_crc32c did not match the data in field {key}.", location=key)
    if len(value) > _MOST_BYTES + 1024 * (key == "ciphertext"):
        raise invalid(f"The {key} is {len(value)} bytes long; at most {_MOST_BYTES} are allowed.", location=key)
    return value


def _bound(key: str, additional: bytes) -> bytes:
    return key.encode() + b"\0" + additional


def encrypt(call: Call) -> Body:
    """`cryptoKeys.encrypt`, with the primary version or with the version in the path."""
    key, _, named = call.name.partition("/cryptoKeyVersions/")
    body = keys.current(call, call.stored(key))
    version = f"{key}/cryptoKeyVersions/{named}" if named else body.get("primary", "")
    if not version:
        raise failed_precondition(f"{key} has no primary version.")
    plaintext, additional = _bytes(call, "plaintext"), _bytes(call, "additionalAuthenticatedData")
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = AESGCM(versions.material(call, version)).encrypt(nonce, plaintext, _bound(key, additional))
    ciphertext = _MARK + _VERSION.pack(int(version.rpartition("/")[2])) + nonce + sealed
    return {
        "name": version,
        "ciphertext": base64.b64encode(ciphertext).decode(),
        "ciphertextCrc32c": str(google_crc32c.value(ciphertext)),
        "protectionLevel": body["versionTemplate"]["protectionLevel"],
        **_verified(call, "plaintext"),
        **_verified(call, "additionalAuthenticatedData"),
    }


def _verified(call: Call, key: str) -> Body:
    return {f"verified{key[0].upper()}{key[1:]}Crc32c": True} if f"{key}Crc32c" in call.body else {}


def decrypt(call: Call) -> Body:
    """`cryptoKeys.decrypt`, with the version that the ciphertext names."""
    stored = call.stored()
    body = keys.current(call, stored)
    ciphertext, additional = _bytes(call, "ciphertext"), _bytes(call, "additionalAuthenticatedData")
    head = len(_MARK) + _VERSION.size
    refused = invalid("Decryption failed: the ciphertext is invalid.", location="ciphertext")
    if not ciphertext.startswith(_MARK) or len(ciphertext) < head + _NONCE_BYTES:
        raise refused
    number = _VERSION.unpack(ciphertext[len(_MARK) : head])[0]
    version = f"{stored.name}/cryptoKeyVersions/{number}"
    if call.store.get("cloudkms", version) is None:
        raise refused
    nonce, sealed = ciphertext[head : head + _NONCE_BYTES], ciphertext[head + _NONCE_BYTES :]
    try:
        plaintext = AESGCM(versions.material(call, version)).decrypt(nonce, sealed, _bound(stored.name, additional))
    except InvalidTag:
        raise refused from None
    return {
        "plaintext": base64.b64encode(plaintext).decode(),
        "plaintextCrc32c": str(google_crc32c.value(plaintext)),
        "usedPrimary": body.get("primary") == version,
        "protectionLevel": body["versionTemplate"]["protectionLevel"],
    }


METHODS: dict[str, Handler] = {f"{keys.COLLECTION}.encrypt": encrypt, f"{keys.COLLECTION}.decrypt": decrypt}
