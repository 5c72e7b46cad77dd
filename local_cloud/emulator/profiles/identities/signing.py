"""Signatures of a service account by the key that Google manages for it, and the certificates that verify them."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from local_cloud.emulator.errors import ApiError, invalid, not_found
from local_cloud.emulator.http import Request, Response
from local_cloud.emulator.profiles.identities import accounts, keys

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator
    from local_cloud.emulator.profile import Body

# https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/signJwt
_LONGEST = timedelta(hours=12)
_CERTIFICATES = "/service_accounts/v1/metadata/x509/"
_JWKS = "/service_accounts/v1/jwk/"


def account_of(call: Call) -> Body:
    """The live, enabled service account in the path."""
    email = call.name.rpartition("/")[2]
    account = accounts.by_email(call.emulator, email)
    if account is None:
        raise not_found(f"Not found; Gaia id not found for email {email}")
    if account.get("disabled"):
        raise ApiError(403, f"The service account {email} is disabled.")
    return account


def _managed_key(call: Call, account: Body) -> tuple[str, rsa.RSAPrivateKey]:
    """(id, key) that signs for `account`, made at its first signature."""
    fact = f"managed-key/{account['uniqueId']}"
    kept = call.store.fact(fact)
    if kept is None:
        private = keys.new_pair(2048)
        kept = {
            "id": hashlib.sha1(call.number().encode(), usedforsecurity=False).hexdigest(),
            "private": keys.private_pem(private),
            "certificate": keys.certificate(private, account["email"], call.now),
        }
        call.store.put_fact(fact, kept)
    loaded = serialization.load_pem_private_key(kept["private"].encode(), password=None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    return kept["id"], loaded


def _bytes(call: Call, field: str) -> bytes:
    try:
        return base64.b64decode(str(call.required(field)), validate=True)
    except binascii.Error:
        raise invalid(f"Invalid value at '{field}' (TYPE_BYTES), Base64 decoding failed") from None


def _signed(call: Call, content: bytes) -> tuple[str, str]:
    key_id, private = _managed_key(call, account_of(call))
    return key_id, base64.b64encode(private.sign(content, padding.PKCS1v15(), hashes.SHA256())).decode()


def sign_blob(call: Call) -> Body:
    """`signBlob` of IAM Credentials."""
    key_id, signature = _signed(call, _bytes(call, "payload"))
    return {"keyId": key_id, "signedBlob": signature}


def sign_blob_of_iam(call: Call) -> Body:
    """`signBlob` of IAM, which came first."""
    key_id, signature = _signed(call, _bytes(call, "bytesToSign"))
    return {"keyId": key_id, "signature": signature}


def sign_jwt(call: Call) -> Body:
    """`signJwt`: the payload is a JSON object that expires within twelve hours."""
    try:
        claims = json.loads(str(call.required("payload")))
    except ValueError:
        raise invalid("The JWT payload is not a JSON object.", location="payload") from None
    if not isinstance(claims, dict):
        raise invalid("The JWT payload is not a JSON object.", location="payload")
    limit = (call.now + _LONGEST).timestamp()
    expires = claims.get("exp", 0)
    if not isinstance(expires, int | float) or expires > limit:
        raise invalid("The JWT payload's exp is more than twelve hours in the future.", location="payload")
    key_id, private = _managed_key(call, account_of(call))
    return {"keyId": key_id, "signedJwt": jwt.encode(claims, private, algorithm="RS256", headers={"kid": key_id})}


def published(emulator: Emulator, request: Request) -> Response | None:
    """`www.googleapis.com/service_accounts/v1/metadata/x509/EMAIL` and `…/jwk/EMAIL`, which anybody may read."""
    if request.host != "www.googleapis.com" or request.method != "GET":
        return None
    path = next((path for path in (_CERTIFICATES, _JWKS) if request.path.startswith(path)), None)
    if path is None:
        return None
    email = request.path.removeprefix(path).replace("%40", "@")
    account = accounts.by_email(emulator, email)
    if account is None:
        return not_found("Service account not found").response("aip")
    certificates = _certificates(emulator, account)
    return Response.json(200, certificates if path == _CERTIFICATES else {"keys": _jwks(certificates)})


def _certificates(emulator: Emulator, account: Body) -> dict[str, str]:
    """Key id → certificate, of the managed key and of every key that was made or uploaded."""
    found = {
        item.name.rpartition("/")[2]: base64.b64decode(item.body["publicKeyData"]).decode()
        for item in emulator.store.children("iam", keys.COLLECTION, f"{account['name']}/keys")
        if not item.body.get("disabled")
    }
    managed = emulator.store.fact(f"managed-key/{account['uniqueId']}")
    return {**found, **({managed["id"]: managed["certificate"]} if managed else {})}


def public_keys(emulator: Emulator, account: Body) -> list[rsa.RSAPublicKey]:
    """Every key whose signature is the account's: the managed one, and those made or uploaded that are not disabled."""
    return [keys.public_key_of(pem) for pem in _certificates(emulator, account).values()]


def _jwks(certificates: dict[str, str]) -> list[dict[str, Any]]:
    found = []
    for key_id, pem in certificates.items():
        key = keys.public_key_of(pem)
        found.append({**json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key)), "kid": key_id, "use": "sig"})
    return found
