"""Keys of service accounts: made here with a real RSA pair, or uploaded."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from local_cloud.emulator.errors import ApiError, invalid, not_found
from local_cloud.emulator.profile import Body, ResourceType
from local_cloud.emulator.profiles.identities import accounts
from local_cloud.identity.doors import ServiceAccountKey

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call
    from local_cloud.emulator.engine import Emulator

COLLECTION = "projects.serviceAccounts.keys"
_NEVER = "9999-12-31T23:59:59Z"
_PUBLIC_PEM = "publicKeyPem"
_BITS = {"KEY_ALG_RSA_2048": 2048, "KEY_ALG_RSA_1024": 1024}


def create(call: Call) -> Body:
    """`keys.create`: the private key is in this answer and nowhere else."""
    account = _account(call)
    if accounts.most_keys_reached(call, _parent(call)):
        raise ApiError(
            429,
            "Precondition check failed: the service account has its 10 keys.",
            status="FAILED_PRECONDITION",
            reason="failedPrecondition",
        )
    algorithm = call.body.get("keyAlgorithm") or "KEY_ALG_RSA_2048"
    if algorithm not in _BITS:
        raise invalid(f"Invalid value at 'key_algorithm': '{algorithm}' is not one of {', '.join(_BITS)}.")
    private = new_pair(_BITS[algorithm])
    key_id = hashlib.sha1(call.number().encode(), usedforsecurity=False).hexdigest()
    body = _keep(
        call,
        key_id,
        algorithm,
        _public_pem(private.public_key()),
        "GOOGLE_PROVIDED",
        certificate(private, account["email"], call.now),
    )
    file = _credentials_file(account, call.project, key_id, private)
    shown = {key: value for key, value in body.items() if key not in (_PUBLIC_PEM, "publicKeyData")}
    return {
        **shown,
        "privateKeyType": call.body.get("privateKeyType") or "TYPE_GOOGLE_CREDENTIALS_FILE",
        "privateKeyData": base64.b64encode(json.dumps(file, indent=2).encode()).decode(),
    }


def _credentials_file(account: Body, project: str, key_id: str, private: rsa.RSAPrivateKey) -> Body:
    """What a client library reads as GOOGLE_APPLICATION_CREDENTIALS."""
    return {
        "type": "service_account",
        "project_id": project,
        "private_key_id": key_id,
        "private_key": private_pem(private),
        "client_email": account["email"],
        "client_id": account["uniqueId"],
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
        "universe_domain": "googleapis.com",
    }


def upload(call: Call) -> Body:
    """`keys.upload`: a certificate whose private half stays with its owner."""
    _account(call)
    try:
        pem = base64.b64decode(str(call.required("publicKeyData")))
        key = public_key_of(pem.decode())
    except ValueError as error:
        raise invalid(
            f"publicKeyData is not an X.509 certificate of an RSA key in PEM, base64 encoded: {error}",
            location="publicKeyData",
        ) from None
    key_id = hashlib.sha1(pem, usedforsecurity=False).hexdigest()
    body = _keep(call, key_id, f"KEY_ALG_RSA_{key.key_size}", _public_pem(key), "USER_PROVIDED", pem.decode())
    return {name: value for name, value in body.items() if name not in (_PUBLIC_PEM, "publicKeyData")}


def _parent(call: Call) -> str:
    return "/".join(call.name.split("/")[:4])


def _account(call: Call) -> Body:
    stored = call.store.get("iam", _parent(call))
    if stored is None:
        raise not_found("Unknown service account")
    return stored.body


def _keep(call: Call, key_id: str, algorithm: str, public: str, origin: str, pem: str) -> Body:
    name = f"{_parent(call)}/keys/{key_id}"
    body: Body = {
        "name": name,
        "validAfterTime": call.now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "validBeforeTime": _NEVER,
        "keyAlgorithm": algorithm,
        "keyOrigin": origin,
        "keyType": "USER_MANAGED",
        "publicKeyData": base64.b64encode(pem.encode()).decode(),
        _PUBLIC_PEM: public,
    }
    call.store.put("iam", name, COLLECTION, body)
    return body


def _public_pem(key: rsa.RSAPublicKey) -> str:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def new_pair(bits: int) -> rsa.RSAPrivateKey:
    """A fresh RSA key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def private_pem(private: rsa.RSAPrivateKey) -> str:
    """The key in PKCS #8, not encrypted."""
    return private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def certificate(private: rsa.RSAPrivateKey, email: str, now: datetime) -> str:
    """A self-signed certificate in PEM that says whose key it is."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, email[:64])])
    builder = x509.CertificateBuilder(
        name, name, private.public_key(), x509.random_serial_number(), now, datetime(9999, 12, 31, tzinfo=UTC)
    )
    return builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def public_key_of(pem: str) -> rsa.RSAPublicKey:
    """The RSA key of a certificate; ValueError when it has none."""
    key = x509.load_pem_x509_certificate(pem.encode()).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("the certificate holds no RSA key")
    return key


def view(call: Call, body: Body) -> Body:
    """The public key only when it is asked for."""
    hidden = (
        {_PUBLIC_PEM}
        if call.query.get("publicKeyType") in ("TYPE_X509_PEM_FILE", "TYPE_RAW_PUBLIC_KEY")
        else {_PUBLIC_PEM, "publicKeyData"}
    )
    return {key: value for key, value in body.items() if key not in hidden}


def set_disabled(call: Call) -> Body:
    """`keys:enable` and `keys:disable`."""
    stored = call.stored()
    call.store.put("iam", stored.name, COLLECTION, {**stored.body, "disabled": call.method.verb == "disable"})
    return {}


class Lookup:
    """Public keys for whoever checks a signature (identity's ServiceAccountKeys)."""

    def __init__(self, emulator: Emulator) -> None:
        """Keys come from `emulator`'s store."""
        self._emulator = emulator

    def lookup(self, email: str, key_id: str) -> ServiceAccountKey | None:
        """The key; None when account or key is missing, disabled, deleted or out of its validity."""
        account = accounts.by_email(self._emulator, email)
        if account is None or account.get("disabled"):
            return None
        stored = self._emulator.store.get("iam", f"{account['name']}/keys/{key_id}")
        if stored is None or stored.body.get("disabled"):
            return None
        started = datetime.fromisoformat(stored.body["validAfterTime"])
        # Stamps are whole seconds: a key is good from the second it was made in.
        if self._emulator.clock.now() < started - timedelta(seconds=1):
            return None
        return ServiceAccountKey(stored.body[_PUBLIC_PEM], account["uniqueId"])


TYPE = ResourceType(COLLECTION, label="key", view=view, not_found="Service account key {id} does not exist.")
METHODS = {
    f"{COLLECTION}.create": create,
    f"{COLLECTION}.upload": upload,
    f"{COLLECTION}.enable": set_disabled,
    f"{COLLECTION}.disable": set_disabled,
}
