"""What stands in a PEM certificate that somebody uploads."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography import x509

from local_cloud.emulator.errors import invalid

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

# How long a managed certificate is valid: https://cloud.google.com/load-balancing/docs/ssl-certificates
_MANAGED_DAYS = 90


def parsed(pem: str, field: str) -> x509.Certificate:
    """The leaf of a PEM chain; ApiError 400 naming `field` when it is none."""
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        raise invalid(f"The SSL certificate could not be parsed: field '{field}'.", location=field) from None


def names_of(pem: str, field: str) -> list[str]:
    """The DNS names that a certificate is for."""
    try:
        extension = parsed(pem, field).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return extension.value.get_values_for_type(x509.DNSName)


def expiry(call: Call, pem: str | None) -> str:
    """When a certificate ends; a managed one lives 90 days from now."""
    if pem:
        return call.stamp(parsed(pem, "certificate").not_valid_after_utc)
    return call.stamp(call.now + timedelta(days=_MANAGED_DAYS))
