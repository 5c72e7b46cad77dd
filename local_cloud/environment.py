"""The environment with which unmodified clients reach the local cloud."""

from __future__ import annotations

import json
import os
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from local_cloud.atlas.kinds import ORGANISATION
from local_cloud.hosts import LOOPBACK
from local_cloud.identity.accounts import OWNER
from local_cloud.identity.tokens import OWNER_LIFETIME
from local_cloud.state import STATE_VARIABLE, StateDirectory, write_private
from local_cloud.tunnel import upstream_proxy
from local_cloud.twins import LANE_VARIABLE

if TYPE_CHECKING:
    from local_cloud.cloud import Cloud

NO_PROXY = "localhost,127.0.0.1,127.0.0.0/8,::1"

# What clients would tell their makers; it would be refused, and only clutter the record of what was refused.
SILENCE = {
    "CHECKPOINT_DISABLE": "1",
    "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING": "true",
    "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK": "true",
}

# The OAuth client of the owner's credentials; like gcloud's own it is public, and so is its secret.
CLIENT_ID = "local-cloud.apps.googleusercontent.com"
SCOPES = (
    "openid",
    "https://www.googleapis.com/auth/userinfo.email",
    "https://www.googleapis.com/auth/cloud-platform",
)

# A token with less than this left is replaced by a new one.
ENOUGH_LIFETIME = timedelta(hours=6)


def variables(state: StateDirectory, cloud: Cloud, port: int) -> dict[str, str]:
    """Every variable but those of the Terraform provider; the token and credentials files are written on the way."""
    proxy = f"http://{LOOPBACK}:{port}"
    bundle = str(state.ca_bundle)
    found = {STATE_VARIABLE: str(state.root), LANE_VARIABLE: os.environ[LANE_VARIABLE]}
    for name, value in (("HTTPS_PROXY", proxy), ("HTTP_PROXY", proxy), ("NO_PROXY", NO_PROXY)):
        # curl reads http_proxy in lower case only, and lower case wins elsewhere.
        found |= {name: value, name.lower(): value}
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPLIB2_CA_CERTS"):
        found[name] = bundle
    return (
        found
        | SILENCE
        | {
            "NODE_EXTRA_CA_CERTS": str(state.ca_certificate),
            "CLOUDSDK_PROXY_TYPE": "http",
            "CLOUDSDK_PROXY_ADDRESS": LOOPBACK,
            "CLOUDSDK_PROXY_PORT": str(port),
            "CLOUDSDK_CORE_CUSTOM_CA_CERTS_FILE": bundle,
            "CLOUDSDK_AUTH_ACCESS_TOKEN_FILE": str(state.token_file),
            "GOOGLE_OAUTH_ACCESS_TOKEN": owner_token(state, cloud),
            "GOOGLE_APPLICATION_CREDENTIALS": credentials(state, cloud),
            "GCE_METADATA_HOST": f"{LOOPBACK}:{port}",
            "MONGODB_ATLAS_PUBLIC_API_KEY": cloud.atlas.key.public,
            "MONGODB_ATLAS_PRIVATE_API_KEY": cloud.atlas.key.private,
            "MONGODB_ATLAS_ORG_ID": ORGANISATION,
            # Package registries are no part of the cloud: the module `image` goes the machine's own way to them.
            "PRESIDENTIAL_DIGS_PACKAGES_PROXY": upstream_proxy() or "",
        }
    )


def owner_token(state: StateDirectory, cloud: Cloud) -> str:
    """An access token of the organisation's owner that holds for hours, also in the file that gcloud reads."""
    if state.token_file.exists():
        token = state.token_file.read_text().strip()
        grant = cloud.tokens.find(token)
        if grant is not None and grant.principal.expires - cloud.clock.now() > ENOUGH_LIFETIME:
            return token
    token = cloud.tokens.issue(OWNER, OWNER_LIFETIME, SCOPES, CLIENT_ID).token
    write_private(state.token_file, f"{token}\n".encode())
    return token


def credentials(state: StateDirectory, cloud: Cloud) -> str:
    """The path of the owner's credentials file, as `gcloud auth application-default login` writes it."""
    if state.credentials_file.exists():
        kept = json.loads(state.credentials_file.read_text())
        if cloud.tokens.find_refresh_token(kept["refresh_token"]) is not None:
            return str(state.credentials_file)
    content = {
        "account": OWNER.email,
        "client_id": CLIENT_ID,
        "client_secret": secrets.token_urlsafe(18),
        "refresh_token": cloud.tokens.issue_refresh_token(OWNER, CLIENT_ID, SCOPES),
        "type": "authorized_user",
        "universe_domain": "googleapis.com",
    }
    write_private(state.credentials_file, json.dumps(content, indent=2).encode() + b"\n")
    return str(state.credentials_file)
