"""IAM Credentials: tokens and signatures of a service account for whoever may impersonate it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from local_cloud.emulator.errors import invalid
from local_cloud.emulator.profile import Body, Profile
from local_cloud.emulator.profiles.identities import accounts, signing
from local_cloud.identity.principal import Principal

if TYPE_CHECKING:
    from local_cloud.emulator.call import Call

# https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken
_LONGEST = timedelta(hours=12)
_DEFAULT = timedelta(hours=1)


def _principal(account: Body) -> Principal:
    return Principal(
        f"serviceAccount:{account['email']}", account["email"], account["uniqueId"], datetime.max.replace(tzinfo=UTC)
    )


def _lifetime(call: Call) -> timedelta:
    text = str(call.body.get("lifetime") or "")
    if not text:
        return _DEFAULT
    match = re.fullmatch(r"(\d+)(?:\.\d+)?s", text)
    if not match or not timedelta() < timedelta(seconds=int(match[1])) <= _LONGEST:
        raise invalid(
            f"Invalid value at 'lifetime' (type.googleapis.com/google.protobuf.Duration), \"{text}\": 1s to"
            f" {int(_LONGEST.total_seconds())}s"
        )
    return timedelta(seconds=int(match[1]))


def _access_token(call: Call) -> Body:
    account = signing.account_of(call)
    if not call.body.get("scope"):
        raise invalid("Request contains an invalid argument: scope is required.")
    token = call.emulator.tokens.issue(_principal(account), _lifetime(call), tuple(call.body["scope"]))
    return {"accessToken": token.token, "expireTime": token.expires.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _id_token(call: Call) -> Body:
    account = signing.account_of(call)
    audience = str(call.required("audience"))
    return {
        "token": call.emulator.tokens.issue_id_token(
            _principal(account), audience, include_email=bool(call.body.get("includeEmail"))
        )
    }


PROFILE = Profile(
    # Who may act as an account stands in the account's own policy, which IAM keeps.
    policy_names=lambda call: [("iam", call.name)],
    permissions={
        "projects.serviceAccounts.generateAccessToken": ("iam.serviceAccounts.getAccessToken",),
        "projects.serviceAccounts.generateIdToken": ("iam.serviceAccounts.getOpenIdToken",),
        "projects.serviceAccounts.signBlob": ("iam.serviceAccounts.signBlob",),
        "projects.serviceAccounts.signJwt": ("iam.serviceAccounts.signJwt",),
    },
    api="iamcredentials",
    enablement="consumer",
    canonical_name=accounts.canonical_name,
    raw=signing.published,
    methods={
        "projects.serviceAccounts.generateAccessToken": _access_token,
        "projects.serviceAccounts.generateIdToken": _id_token,
        "projects.serviceAccounts.signBlob": signing.sign_blob,
        "projects.serviceAccounts.signJwt": signing.sign_jwt,
    },
)
