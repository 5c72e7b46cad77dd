"""Signed URLs of Google's own client library: what they open, to whom, how long, and how a wrong one is refused."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import Any

import pytest
from google.cloud.storage._signing import generate_signed_url_v4
from google.oauth2 import service_account

from local_cloud.emulator.http import Response
from local_cloud.emulator.settings import IamMode
from tests.unit.emulator.conftest import PROJECT, Cloud

BUCKET = "signed-bucket"
NAME = "convo/a b/ü.mp3"
PATH = f"/{BUCKET}/convo/a%20b/%C3%BC.mp3"
EMAIL = f"signer@{PROJECT}.iam.gserviceaccount.com"


@dataclass
class Signer:
    """Credentials that sign as the account `email` through `signBlob`, as those of a Google machine do."""

    cloud: Cloud
    signer_email: str = EMAIL

    def sign_bytes(self, message: bytes) -> bytes:
        """The account's signature."""
        url = f"iamcredentials/v1/projects/-/serviceAccounts/{self.signer_email}:signBlob"
        answer = self.cloud.ok("POST", url, {"payload": base64.b64encode(message).decode()})
        return base64.b64decode(answer["signedBlob"])


@pytest.fixture(autouse=True)
def world(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bucket with an object, and an account."""
    # The library wants instances of google-auth's own class; what counts is that they sign.
    monkeypatch.setattr("google.cloud.storage._signing.ensure_signed_credentials", lambda _credentials: None)
    cloud.project()
    access = {"publicAccessPrevention": "inherited", "uniformBucketLevelAccess": {"enabled": True}}
    cloud.ok("POST", f"storage/storage/v1/b?project={PROJECT}", {"name": BUCKET, "iamConfiguration": access})
    url = f"storage/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name=convo/a%20b/%C3%BC.mp3"
    assert cloud.send("POST", url, b"sound", {"content-type": "audio/mpeg"}).status == 200
    cloud.ok("POST", f"iam/v1/projects/{PROJECT}/serviceAccounts", {"accountId": "signer"})


def _url(cloud: Cloud, credentials: Any = None, **more: Any) -> str:
    settings = {"resource": PATH, "expiration": 600, "method": "GET", **more}
    stamp = cloud.clock.moment.strftime("%Y%m%dT%H%M%SZ")
    url = generate_signed_url_v4(credentials or Signer(cloud), _request_timestamp=stamp, **settings)
    return str(url).removeprefix("https://").replace("storage.googleapis.com", "storage", 1)


def _open(cloud: Cloud, url: str, method: str = "GET", body: bytes = b"", **headers: str) -> Response:
    """The answer to somebody without a token."""
    caller, cloud.caller = cloud.caller, None
    try:
        return cloud.send(method, url, body, {name.replace("_", "-"): value for name, value in headers.items()})
    finally:
        cloud.caller = caller


def _code(answer: Response) -> tuple[int, str]:
    found = re.search(r"<Code>(\w+)</Code>", answer.body.decode())
    return answer.status, found[1] if found else answer.body.decode()


def test_a_signed_url_opens_its_object(cloud: Cloud) -> None:
    """With content, type, length and hash; in part as well."""
    answer = _open(cloud, _url(cloud))
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"sound", "audio/mpeg")
    part = _open(cloud, _url(cloud), range="bytes=1-2")
    assert (part.status, part.body) == (206, b"ou")
    head = _open(cloud, _url(cloud, method="HEAD"), "HEAD")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "5")


def test_a_key_of_the_account_signs_as_well(cloud: Cloud) -> None:
    """As long as it is not disabled."""
    made = cloud.ok("POST", f"iam/v1/projects/{PROJECT}/serviceAccounts/{EMAIL}/keys", {})
    file = json.loads(base64.b64decode(made["privateKeyData"]))
    credentials = service_account.Credentials.from_service_account_info(file)  # type: ignore[no-untyped-call]
    assert _open(cloud, _url(cloud, credentials)).body == b"sound"
    cloud.ok("POST", f"iam/v1/{made['name']}:disable", {})
    assert _code(_open(cloud, _url(cloud, credentials))) == (403, "SignatureDoesNotMatch")


def test_it_expires_by_the_clock(cloud: Cloud) -> None:
    """A second later it is another's."""
    url = _url(cloud)
    cloud.clock.advance(600)
    assert _open(cloud, url).status == 200
    cloud.clock.advance(1)
    answer = _open(cloud, url)
    assert _code(answer) == (400, "ExpiredToken")
    assert b"2026-05-01T12:10:00" in answer.body


def test_it_is_good_for_what_was_signed_only(cloud: Cloud) -> None:
    """Neither for another object, method or answer."""
    url = _url(cloud)
    refused = (403, "SignatureDoesNotMatch")
    assert _code(_open(cloud, url.replace("%C3%BC", "other"))) == refused
    assert _code(_open(cloud, url, "DELETE")) == refused
    assert _code(_open(cloud, f"{url}&response-content-type=text/html")) == refused
    assert _code(_open(cloud, re.sub("X-Goog-Expires=600", "X-Goog-Expires=900", url))) == refused
    signature = re.search("X-Goog-Signature=(.)", url)
    assert signature is not None
    other = "0" if signature[1] != "0" else "1"
    assert _code(_open(cloud, url.replace(signature[0], f"X-Goog-Signature={other}"))) == refused


def test_signed_headers_must_come(cloud: Cloud) -> None:
    """As they were signed."""
    url = _url(cloud, headers={"x-goog-meta-who": "me"})
    assert _open(cloud, url, x_goog_meta_who="me").status == 200
    assert _code(_open(cloud, url, x_goog_meta_who="you")) == (403, "SignatureDoesNotMatch")
    assert _code(_open(cloud, url)) == (400, "MalformedSecurityHeader")


def test_it_may_choose_how_the_answer_is_shown(cloud: Cloud) -> None:
    """Type and disposition, when they were signed."""
    url = _url(cloud, response_type="audio/x", response_disposition="attachment")
    headers = _open(cloud, url).headers
    assert (headers["Content-Type"], headers["Content-Disposition"]) == ("audio/x", "attachment")


def test_it_may_write_and_delete(cloud: Cloud) -> None:
    """With the type that was signed."""
    url = _url(cloud, method="PUT", resource=f"/{BUCKET}/new", content_type="text/plain")
    assert _open(cloud, url, "PUT", b"text", content_type="text/plain").status == 200
    kept = cloud.ok("GET", f"storage/storage/v1/b/{BUCKET}/o/new")
    assert (kept["size"], kept["contentType"]) == ("4", "text/plain")
    assert _open(cloud, _url(cloud, method="DELETE", resource=f"/{BUCKET}/new"), "DELETE").status == 204
    assert _code(_open(cloud, _url(cloud, resource=f"/{BUCKET}/new"))) == (404, "NoSuchKey")


def test_a_bucket_may_be_the_host(cloud: Cloud) -> None:
    """The other style of addresses."""
    endpoint = f"https://{BUCKET}.storage.googleapis.com"
    stamp = cloud.clock.moment.strftime("%Y%m%dT%H%M%SZ")
    url = generate_signed_url_v4(
        Signer(cloud), "/convo/a%20b/%C3%BC.mp3", 600, api_access_endpoint=endpoint, _request_timestamp=stamp
    )
    assert _open(cloud, url.removeprefix("https://").replace(".googleapis.com", "", 1)).body == b"sound"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Goog-Algorithm", "GOOG4-HMAC-SHA256"),
        ("X-Goog-Credential", "me"),
        ("X-Goog-Date", "20260502T120000Z"),
        ("X-Goog-Date", "today"),
        ("X-Goog-Expires", "604801"),
        ("X-Goog-Expires", "0"),
        ("X-Goog-SignedHeaders", "x-other"),
        ("X-Goog-Signature", "zz"),
        ("X-Goog-Signature", ""),
    ],
)
def test_malformed_ones_are_refused(cloud: Cloud, name: str, value: str) -> None:
    """With 400."""
    answer = _open(cloud, re.sub(f"{name}=[^&]*", f"{name}={value}", _url(cloud)))
    assert _code(answer) == (400, "AuthorizationQueryParametersError")


def test_the_signer_needs_the_permission(cloud: Cloud) -> None:
    """Its own, at the time of the request; without the account it opens nothing."""
    url = _url(cloud)
    cloud.settings.iam = IamMode.ENFORCE
    answer = _open(cloud, url)
    assert _code(answer) == (403, "AccessDenied")
    assert f"{EMAIL} does not have storage.objects.get access" in answer.body.decode()
    cloud.settings.iam = IamMode.OFF
    viewer = {"bindings": [{"role": "roles/storage.objectViewer", "members": [f"serviceAccount:{EMAIL}"]}]}
    cloud.ok("PUT", f"storage/storage/v1/b/{BUCKET}/iam", viewer)
    cloud.settings.iam = IamMode.ENFORCE
    assert _open(cloud, url).status == 200
    cloud.settings.iam = IamMode.OFF
    cloud.ok("DELETE", f"iam/v1/projects/{PROJECT}/serviceAccounts/{EMAIL}")
    assert _code(_open(cloud, url)) == (403, "SignatureDoesNotMatch")


def test_nobody_reads_without_token_or_signature(cloud: Cloud) -> None:
    """Unless all may; whether there is such an object is not told."""
    for path in (f"storage{PATH}", f"storage/{BUCKET}/nothing"):
        assert _code(_open(cloud, path)) == (403, "AccessDenied")
    assert _code(_open(cloud, "storage/no-such-bucket/x")) == (404, "NoSuchBucket")


@pytest.mark.parametrize("mode", list(IamMode))
def test_public_objects_are_read_by_all(cloud: Cloud, mode: IamMode) -> None:
    """By the bucket's policy, and not where public access is prevented."""
    public = {"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]}
    cloud.ok("PUT", f"storage/storage/v1/b/{BUCKET}/iam", public)
    cloud.settings.iam = mode
    assert _open(cloud, f"storage{PATH}").body == b"sound"
    assert _code(_open(cloud, f"storage{PATH}", "DELETE")) == (403, "AccessDenied")
    cloud.settings.iam = IamMode.OFF
    prevented = {"iamConfiguration": {"publicAccessPrevention": "enforced"}}
    cloud.ok("PATCH", f"storage/storage/v1/b/{BUCKET}", prevented)
    assert _code(_open(cloud, f"storage{PATH}")) == (403, "AccessDenied")


def test_an_object_may_be_public_by_its_list(cloud: Cloud) -> None:
    """Where access is not uniform."""
    cloud.ok("POST", f"storage/storage/v1/b?project={PROJECT}", {"name": "listed-bucket"})
    cloud.send("POST", "storage/upload/storage/v1/b/listed-bucket/o?uploadType=media&name=a%20b", b"sound")
    assert _open(cloud, "storage/listed-bucket/a%20b").status == 403
    entry = {"entity": "allUsers", "role": "READER"}
    cloud.ok("POST", "storage/storage/v1/b/listed-bucket/o/a%20b/acl", entry)
    assert _open(cloud, "storage/listed-bucket/a%20b").body == b"sound"
