"""V4 signed URLs: whoever has one acts as the service account that signed it, for that request and until it expires.

https://cloud.google.com/storage/docs/authentication/signatures
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from local_cloud.emulator.profiles.buckets.xml_errors import XmlError
from local_cloud.emulator.profiles.identities import accounts, signing
from local_cloud.identity.principal import Principal

if TYPE_CHECKING:
    from local_cloud.emulator.engine import Emulator
    from local_cloud.emulator.http import Request

_ALGORITHM = "GOOG4-RSA-SHA256"
_PARAMETERS = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
_CREDENTIAL = re.compile(r"(?P<email>[^/]+)/(?P<scope>(?P<day>\d{8})/[a-z0-9-]+/storage/goog4_request)")
_DATE = "%Y%m%dT%H%M%SZ"
_LONGEST = 604_800
# A signer's clock may run ahead by this much.
_SKEW = timedelta(minutes=15)


@dataclass(frozen=True)
class _Signature:
    """The parts of a signature, as the query gives them."""

    email: str
    scope: str
    date: str
    begins: datetime
    seconds: int
    headers: tuple[str, ...]
    signature: bytes


def is_signed(request: Request) -> bool:
    """Whether the query holds a V4 signature."""
    return "x-goog-algorithm=" in request.query.lower()


def signer(emulator: Emulator, request: Request, host: str) -> Principal:
    """The service account that signed `request` to `host`; XmlError 400 or 403 when it may not pass."""
    given = _parsed(request)
    now = emulator.clock.now()
    if given.begins > now + _SKEW:
        raise XmlError(
            403, "RequestTimeTooSkewed", "The difference between the request time and the server's time is too large."
        )
    ends = given.begins + timedelta(seconds=given.seconds)
    if now > ends:
        stamp = ends.strftime("%Y-%m-%dT%H:%M:%S+00:00")
        details = f"The provided token has expired. Request signature expired at: {stamp}"
        raise XmlError(400, "ExpiredToken", "Invalid argument.", Details=details)
    canonical = _canonical_request(request, host, given)
    wanted = "\n".join([_ALGORITHM, given.date, given.scope, hashlib.sha256(canonical.encode()).hexdigest()])
    account = accounts.by_email(emulator, given.email)
    keys = [] if account is None or account.get("disabled") else signing.public_keys(emulator, account)
    for key in keys:
        try:
            key.verify(given.signature, wanted.encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            continue
        assert account is not None
        return Principal(f"serviceAccount:{given.email}", given.email, account["uniqueId"], ends)
    raise XmlError(
        403,
        "SignatureDoesNotMatch",
        "Access denied.",
        Details="The request signature we calculated does not match the signature you provided. Check your Google"
        " secret key and signing method.",
        StringToSign=wanted,
        CanonicalRequest=canonical,
    )


def _parsed(request: Request) -> _Signature:
    query = {name.lower(): value for name, value in parse_qsl(request.query, keep_blank_values=True)}
    found = {name: query.get(f"x-goog-{name.lower()}", "") for name in _PARAMETERS}
    for name, value in found.items():
        if not value:
            raise _malformed(f"The query parameter X-Goog-{name} is missing.")
    if found["Algorithm"] != _ALGORITHM:
        raise _malformed(f"Invalid algorithm: {found['Algorithm']}.")
    credential = _CREDENTIAL.fullmatch(found["Credential"])
    if credential is None:
        raise _malformed(f"Invalid credential: {found['Credential']}.")
    try:
        begins = datetime.strptime(found["Date"], _DATE).replace(tzinfo=UTC)
        signature = bytes.fromhex(found["Signature"])
    except ValueError:
        raise _malformed(f"Invalid date or signature: {found['Date']}.") from None
    if not found["Date"].startswith(credential["day"]):
        raise _malformed(f"Date in credential scope, {credential['day']}, is not that of X-Goog-Date, {found['Date']}.")
    if not found["Expires"].isdigit() or not 0 < int(found["Expires"]) <= _LONGEST:
        raise _malformed(f"X-Goog-Expires must be between 1 and {_LONGEST}, not {found['Expires']}.")
    headers = tuple(found["SignedHeaders"].split(";"))
    if "host" not in headers:
        raise _malformed("The host header must be a signed header.")
    for name in headers:
        if name != "host" and name not in request.headers:
            raise XmlError(
                400,
                "MalformedSecurityHeader",
                "Your request has a malformed header.",
                ParameterName=name,
                Details="Header was included in signedheaders, but not in the request.",
            )
    seconds = int(found["Expires"])
    return _Signature(credential["email"], credential["scope"], found["Date"], begins, seconds, headers, signature)


def _malformed(details: str) -> XmlError:
    return XmlError(400, "AuthorizationQueryParametersError", "Invalid argument.", Details=details)


def _canonical_request(request: Request, host: str, given: _Signature) -> str:
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(request.query, keep_blank_values=True)
        if name.lower() != "x-goog-signature"
    )
    values = {name: " ".join(request.headers.get(name, "").split()) for name in given.headers} | {"host": host}
    payload = values.get("x-goog-content-sha256", "UNSIGNED-PAYLOAD")
    return "\n".join(
        [
            request.method,
            request.path,
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{values[name]}" for name in given.headers),
            "",
            ";".join(given.headers),
            payload,
        ]
    )
