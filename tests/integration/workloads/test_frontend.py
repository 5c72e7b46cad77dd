"""The frontend's own rules: what it serves and how, and that leads are imported in the name of who is signed in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.workload_services import Service, database_name, running_service

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS = "name,email\nAda,ada@example.com\n"


@pytest.fixture(scope="module")
def leads(server: str) -> Iterator[Service]:
    """The internal service."""
    with running_service("lead-import-service", MONGODB_URI=f"{server}/{database_name()}") as service:
        yield service


@pytest.fixture(scope="module")
def frontend(auth: Service, leads: Service) -> Iterator[Service]:
    """A frontend with both behind it."""
    urls = {"AUTH_SERVICE_URL": auth.url, "LEAD_IMPORT_URL": leads.url, "ENVIRONMENT": "test <1>", "VERSION": "7"}
    with running_service("frontend", NEXT_PUBLIC_CONVERSATION_URL="https://app.example.com", **urls) as service:
        yield service


@pytest.fixture(scope="module")
def account(auth: Service) -> Any:
    """Somebody who is signed in."""
    body = {"email": "frontend@example.com", "password": "long enough"}
    return auth.post("/api/auth/register", body).json()


def _bearer(account: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {account['accessToken']}"}


def test_health(frontend: Service) -> None:
    """As the contract has it."""
    health = frontend.get("/api/health").json()
    assert set(health) == {"status", "timestamp", "environment", "version"}
    assert (health["status"], health["environment"], health["version"]) == ("ok", "test <1>", "7")


def test_the_page_lets_nothing_else_in(frontend: Service) -> None:
    """Its policy names whom it talks to; what the environment says is text on it."""
    page = frontend.get("/")
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self' https://app.example.com;" in policy
    assert "media-src https://storage.googleapis.com" in policy
    assert "unsafe" not in policy
    assert (page.headers["X-Content-Type-Options"], page.headers["X-Frame-Options"]) == ("nosniff", "DENY")
    assert "test &lt;1&gt; · 7" in page.text
    assert "<script>" not in page.text
    assert not re.search(r"\son\w+=|style=", page.text)


def test_files_may_be_kept_for_good(frontend: Service) -> None:
    """Their addresses change with their content; nothing else of the disk is served."""
    addresses = re.findall(r'(?:src|href)="(/static/[^"]+)"', frontend.get("/").text)
    assert {address.rpartition(".")[2] for address in addresses} == {"js", "css", "svg"}
    for address in addresses:
        answer = frontend.get(address)
        assert (answer.status_code, "immutable" in answer.headers["Cache-Control"]) == (200, True)
    other = frontend.get("/static/other/app.js")
    assert (other.status_code, other.headers["Cache-Control"]) == (200, "no-cache")
    for address in ("/static/other/index.html", "/static/other/..%2Fsettings.py", "/nothing"):
        assert frontend.get(address).status_code == 404


def test_leads_are_imported_in_the_name_of_who_is_signed_in(frontend: Service, account: Any) -> None:
    """Whatever the page says; the progress is theirs too, and the trace goes along."""
    files = {"file": ("leads.csv", ROWS)}
    path = "/leads/import-export/import?tenantId=other&userId=other"
    answer = frontend.call("POST", path, files=files, headers=_bearer(account))
    assert answer.status_code == 202, answer.text
    identifier = answer.json()["importId"]
    progress = f"/leads/import-export/import/{identifier}/progress"
    assert frontend.get(progress, headers=_bearer(account)).json()["total"] == 1
    assert frontend.get(progress).status_code == 401


def test_tenant_and_user_are_put_in(frontend: Service, leads: Service, account: Any) -> None:
    """The tenant of this frontend: what another tenant has is no duplicate of it."""
    other = "/leads/import-export/import?tenantId=another&userId=u"
    assert leads.call("POST", other, files={"file": ("a.csv", "name,email\nO,own@example.com\n")}).status_code == 202
    mine = leads.call("POST", "/leads/import-export/import?tenantId=crm&userId=u", files={"file": ("a.csv", ROWS)})
    identifier = mine.json()["importId"]
    path = f"/leads/import-export/import/{identifier}/progress"
    assert frontend.get(path, headers=_bearer(account)).status_code == 200
    theirs = leads.call("POST", other, files={"file": ("a.csv", ROWS)}).json()["importId"]
    assert frontend.get(f"/leads/import-export/import/{theirs}/progress", headers=_bearer(account)).status_code == 404


def test_refusals_come_through(frontend: Service, account: Any) -> None:
    """In the service's words."""
    path = "/leads/import-export/validate"
    answer = frontend.call("POST", path, files={"file": ("a.csv", b"")}, headers=_bearer(account))
    assert (answer.status_code, answer.json()["code"]) == (400, "empty_file")
    large = frontend.call("POST", path, files={"file": ("a.csv", b"x" * 10_600_000)}, headers=_bearer(account))
    assert (large.status_code, large.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize("verb", ["import", "validate"])
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x"}])
def test_nobody_else_imports(frontend: Service, verb: str, headers: dict[str, str]) -> None:
    """401, and the internal service is not asked."""
    answer = frontend.call("POST", f"/leads/import-export/{verb}", files={"file": ("a.csv", ROWS)}, headers=headers)
    assert answer.status_code == 401


def test_anybody_may_have_the_template(frontend: Service) -> None:
    """With the name of the file."""
    answer = frontend.get("/leads/import-export/template")
    assert (answer.status_code, answer.text.splitlines()[0][:10]) == (200, "name,email")
    assert "leads-template.csv" in answer.headers["Content-Disposition"]


def test_services_that_are_away_are_said(auth: Service, account: Any) -> None:
    """The one that imports, the one that knows who calls, and addresses that were not given."""
    nowhere = "http://127.0.0.1:1"
    files = {"file": ("a.csv", ROWS)}
    path = "/leads/import-export/validate"
    for urls, status in (
        ({"AUTH_SERVICE_URL": auth.url, "LEAD_IMPORT_URL": nowhere}, 502),
        ({"AUTH_SERVICE_URL": nowhere, "LEAD_IMPORT_URL": nowhere}, 503),
        ({}, 503),
    ):
        with running_service("frontend", **urls) as service:
            answer = service.call("POST", path, files=files, headers=_bearer(account))
            assert (answer.status_code, answer.json()["code"]) == (
                status,
                {502: "bad_gateway", 503: "unavailable" if urls else "not_configured"}[status],
            )
