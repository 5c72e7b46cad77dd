"""The lead-import-service keeps its contract: what it takes, what it refuses, progress, duplicates, and its end."""

from __future__ import annotations

import io
import signal
import threading
import time
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from pymongo import MongoClient

from tests.workload_services import PATIENCE, Service, database_name, running_service, start_service

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = "/leads/import-export"
HEADER = "name,email,phone\n"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture(scope="module")
def leads(server: str) -> Iterator[Service]:
    """A service that reads its database from the other variable."""
    with running_service("lead-import-service", DATABASE_URL=f"{server}/{database_name()}") as service:
        yield service


def _send(service: Service, verb: str, content: bytes | str, name: str = "leads.csv", tenant: str = "t") -> Any:
    query = f"?tenantId={tenant}&userId=u" if verb == "import" else ""
    return service.call("POST", f"{ROOT}/{verb}{query}", files={"file": (name, content)})


def _finished(service: Service, content: bytes | str, name: str = "leads.csv", tenant: str = "t") -> dict[str, Any]:
    """The progress of an import once it is over."""
    answer = _send(service, "import", content, name, tenant)
    assert answer.status_code == 202, answer.text
    return _over(service, answer.json()["importId"])


def _over(service: Service, identifier: str) -> dict[str, Any]:
    never = threading.Event()
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        progress = dict(service.get(f"{ROOT}/import/{identifier}/progress").json())
        if progress["status"] != "processing":
            return progress
        never.wait(0.05)
    raise AssertionError(progress)


def _workbook(*rows: tuple[Any, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_rows_become_leads(leads: Service) -> None:
    """Good ones; wrong ones are named by row and column and do not keep the others out."""
    good = "Ada,ada@example.com,+44 20 7946 0000\n", "Bob,bob@example.com\n"
    content = HEADER + good[0] + ",no@example.com,\n\n" + good[1] + "Eve,not an address,12\n"
    progress = _finished(leads, content, tenant="rows")
    numbers = {key: progress[key] for key in ("status", "total", "processed", "imported", "failed", "duplicates")}
    assert numbers == {
        "status": "completed",
        "total": 4,
        "processed": 4,
        "imported": 2,
        "failed": 2,
        "duplicates": 0,
    }
    assert progress["progress"] == 100
    places = [(error["row"], error["column"]) for error in progress["errors"]]
    assert places == [(3, "name"), (6, "email"), (6, "phone")]


def test_duplicates_are_counted(leads: Service) -> None:
    """Within a file, with what the tenant has, in any case; another tenant has leads of its own."""
    first = _finished(leads, HEADER + "A,a@example.com\nB,A@EXAMPLE.com\n", tenant="one")
    assert (first["imported"], first["duplicates"]) == (1, 1)
    second = _finished(leads, HEADER + "A,a@example.com\nC,c@example.com\n", tenant="one")
    assert (second["imported"], second["duplicates"]) == (1, 1)
    assert _finished(leads, HEADER + "A,a@example.com\n", tenant="two")["imported"] == 1


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (_workbook(("E-Mail", "Full Name", "Unknown"), ("ada@example.com", "Ada", 7)), "leads.xlsx"),
        ("Name;E-mail\nJosé;ada@example.com\n".encode("utf-16"), "leads.csv"),
        ("Name;E-mail\nJosé;ada@example.com\n".encode("cp1252"), "leads.csv"),
        ("\ufeffname\temail\nAda\tada@example.com\n".encode(), "leads"),
        (b'name,email\r\n"Ada, Countess\nof Lovelace",ada@example.com\r\n', "LEADS.CSV"),
    ],
    ids=["xlsx", "utf-16", "windows", "tabs", "quoted"],
)
def test_files_of_any_make(leads: Service, content: bytes, name: str) -> None:
    """Encodings, delimiters and columns under other names."""
    answer = _send(leads, "validate", content, name).json()
    assert (answer["valid"], answer["total"]) == (True, 1)
    assert answer["preview"][0]["email"] == "ada@example.com"
    assert answer["preview"][0]["name"] in ("Ada", "José", "Ada, Countess\nof Lovelace")


def _archive(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name.replace("__", "/"), data)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "status", "code"),
    [
        (b"", "leads.csv", 400, "empty_file"),
        (b"\n\n", "leads.csv", 400, "empty_file"),
        (HEADER.encode(), "leads.csv", 400, "empty_file"),
        (b"name,phone\nAda,1\n", "leads.csv", 400, "missing_column"),
        (b"name,email,Mail\nAda,a@example.com,b@example.com\n", "leads.csv", 400, "duplicate_column"),
        (b'name,email\n"Ada,ada@example.com\n', "leads.csv", 400, "damaged_file"),
        (HEADER.encode() + b"Ada,a@example.com\n", "leads.xlsx", 400, "file_mismatch"),
        (_workbook(("name", "email")), "leads.csv", 400, "file_mismatch"),
        (_archive(xl__workbook=b"no"), "leads.xlsx", 415, "unsupported_file"),
        (_archive(**{"xl__workbook.xml": b"<x"}), "leads.xlsx", 400, "damaged_file"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "leads.csv", 415, "unsupported_file"),
        (b"%PDF-1.7\x00", "leads.csv", 415, "unsupported_file"),
    ],
)
def test_other_files_are_refused(leads: Service, content: bytes, name: str, status: int, code: str) -> None:
    """By both ways, with the same word."""
    for verb in ("import", "validate"):
        answer = _send(leads, verb, content, name)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize("query", ["", "?tenantId=t", "?tenantId=t&userId=", "?tenantId=$ne&userId=u"])
def test_who_imports_must_be_said(leads: Service, query: str) -> None:
    """Both tenant and user."""
    answer = leads.call("POST", f"{ROOT}/import{query}", files={"file": ("a.csv", HEADER)})
    assert answer.status_code == 400


def test_forms_without_a_file_are_refused(leads: Service) -> None:
    """No form, a form without it, a damaged one."""
    path = f"{ROOT}/validate"
    assert leads.post(path, {"file": "x"}).status_code == 415
    assert leads.call("POST", path, files={"other": ("a.csv", HEADER)}).json()["field"] == "file"
    damaged = leads.call("POST", path, data=b"x", headers={"Content-Type": "multipart/form-data; boundary=y"})
    assert damaged.status_code == 400


def test_files_that_are_too_large_are_refused(server: str) -> None:
    """One byte more than allowed, said in the length of the body or not; exactly that much is taken."""
    content = (HEADER + "Ada,ada@example.com\n").encode()
    uri, size = f"{server}/{database_name()}", str(len(content))
    with running_service("lead-import-service", MONGODB_URI=uri, MAX_FILE_SIZE=size) as service:
        assert _send(service, "validate", content).status_code == 200
        for more in (b"\n", b"\n" * 100_000):
            answer = _send(service, "validate", content + more)
            assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_ten_megabytes_are_taken(leads: Service) -> None:
    """The limit of the contract holds a file of 40,000 rows."""
    rows = "".join(f"Person {number},p{number}@example.com,{'0' * 30}\n" for number in range(40_000))
    answer = _send(leads, "validate", (HEADER + rows).ljust(10_485_760, "\n"))
    assert (answer.status_code, answer.json()["validRows"]) == (200, 40_000)
    assert _send(leads, "validate", (HEADER + rows).ljust(10_485_761, "\n")).status_code == 413


def test_only_allowed_kinds_are_taken(server: str) -> None:
    """Whatever the file is called."""
    uri = f"{server}/{database_name()}"
    with running_service("lead-import-service", MONGODB_URI=uri, ALLOWED_FILE_TYPES="text/csv") as service:
        answer = _send(service, "validate", _workbook(("name", "email")), "leads")
        assert (answer.status_code, answer.json()["allowed"]) == (415, ["csv"])


def test_the_template_can_be_imported(leads: Service) -> None:
    """As it is."""
    template = leads.get(f"{ROOT}/template")
    assert template.headers["Content-Type"].startswith("text/csv")
    assert _send(leads, "validate", template.content).json()["valid"] is True


def test_progress_of_nothing(leads: Service) -> None:
    """404 for an id that is not there, and for another tenant's."""
    assert leads.get(f"{ROOT}/import/000000000000000000000000/progress").status_code == 404
    identifier = _finished(leads, HEADER + "A,a@example.com\n", tenant="mine")["importId"]
    assert leads.get(f"{ROOT}/import/{identifier}/progress?tenantId=other").status_code == 404


def test_health_only_where_it_is_asked_for(leads: Service, server: str) -> None:
    """Images in the field have none."""
    assert leads.get("/health").status_code == 404
    uri = f"{server}/{database_name()}"
    with running_service("lead-import-service", MONGODB_URI=uri, HEALTH_PATH="/health") as service:
        assert service.get("/health").json()["status"] == "ok"


ROWS = HEADER + "".join(f"P,p{number}@example.com\n" for number in range(4_000))


@pytest.mark.parametrize(("seconds", "status"), [("50", "completed"), ("1", "failed")])
def test_an_end_leaves_no_import_open(server: str, seconds: str, status: str) -> None:
    """What can be finished in time is, the rest is marked failed and may be imported again."""
    uri = f"{server}/{database_name()}"
    service = start_service("lead-import-service", MONGODB_URI=uri, SHUTDOWN_TIMEOUT_SECONDS=seconds)
    try:
        count = 1_000 if status == "completed" else 90_000
        rows = HEADER + "".join(f"P,p{number}@example.com\n" for number in range(count))
        identifier = _send(service, "import", rows).json()["importId"]
    finally:
        assert service.end() == 0
    with running_service("lead-import-service", MONGODB_URI=uri) as again:
        progress = again.get(f"{ROOT}/import/{identifier}/progress").json()
    assert progress["status"] == status, progress
    assert ("reason" in progress) == (status == "failed")
    assert (progress["processed"] == progress["total"]) == (status == "completed")


def test_a_kill_fails_the_import_after_a_while(server: str) -> None:
    """Nobody works on it any more: the time since its last sign of life says so."""
    name = database_name()
    service = start_service("lead-import-service", MONGODB_URI=f"{server}/{name}")
    identifier = _send(service, "import", ROWS).json()["importId"]
    service.end(signal.SIGKILL)
    client: MongoClient[dict[str, Any]] = MongoClient(server)
    with client, running_service("lead-import-service", MONGODB_URI=f"{server}/{name}") as again:
        kept = client[name].imports.find_one({"_id": identifier})
        assert kept is not None
        path = f"{ROOT}/import/{identifier}/progress"
        assert again.get(path).json()["status"] == "processing"
        long_ago = kept["heardAt"].replace(year=2020)
        client[name].imports.update_one({"_id": identifier}, {"$set": {"heardAt": long_ago}})
        progress = again.get(path).json()
        assert progress["status"] == "failed"
        assert "import the file again" in progress["reason"]
        again_progress = _finished(again, ROWS)
        assert again_progress["imported"] + again_progress["duplicates"] == 4_000
