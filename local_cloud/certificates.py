"""The certificate authority whose leaves the proxy shows for Google's hosts."""

from __future__ import annotations

import ssl
from pathlib import Path

import trustme

from local_cloud.state import StateDirectory, write_private

ORGANISATION = "Presidential Digs local cloud"

# Where Linux distributions and macOS keep the bundle of roots when OpenSSL's own default is not there.
SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class Authority:
    """An authority that outlives the daemon, and a cache of one server context per host."""

    def __init__(self, authority: trustme.CA) -> None:
        """Use `authority` for every leaf."""
        self._authority = authority
        self._contexts: dict[str, ssl.SSLContext] = {}

    @classmethod
    def open(cls, state: StateDirectory) -> Authority:
        """The authority kept in `state`, made on first use, with the bundle that clients are pointed to."""
        if state.ca_certificate.exists() and state.ca_key.exists():
            authority = trustme.CA.from_pem(state.ca_certificate.read_bytes(), state.ca_key.read_bytes())
        else:
            authority = trustme.CA(organization_name=ORGANISATION)
            write_private(state.ca_key, authority.private_key_pem.bytes())
            write_private(state.ca_certificate, authority.cert_pem.bytes())
        write_private(state.ca_bundle, system_roots(state) + authority.cert_pem.bytes())
        return cls(authority)

    @classmethod
    def read(cls, state: StateDirectory) -> Authority:
        """The authority that the daemon made in `state`, for its children; FileNotFoundError when there is none."""
        return cls(trustme.CA.from_pem(state.ca_certificate.read_bytes(), state.ca_key.read_bytes()))

    def context(self, host: str) -> ssl.SSLContext:
        """A server context with a leaf for `host`, speaking HTTP/1.1 only."""
        if host not in self._contexts:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.set_alpn_protocols(["http/1.1"])
            self._authority.issue_cert(host).configure_cert(context)
            self._contexts[host] = context
        return self._contexts[host]

    def leaf(self, host: str) -> tuple[bytes, bytes]:
        """A certificate for `host` with what leads to the authority, and its private key (PEM), for another server."""
        issued = self._authority.issue_cert(host)
        return b"".join(part.bytes() for part in issued.cert_chain_pems), issued.private_key_pem.bytes()


def system_roots(state: StateDirectory) -> bytes:
    """The roots this machine trusts (PEM); empty when it has none. A bundle of a local cloud does not count as one."""
    default = ssl.get_default_verify_paths().cafile
    for candidate in (default, *SYSTEM_BUNDLES):
        if candidate and Path(candidate).is_file() and Path(candidate).name != state.ca_bundle.name:
            return Path(candidate).read_bytes().rstrip() + b"\n"
    return b""
