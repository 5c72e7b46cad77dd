"""Files are known by their content, and nothing in one makes the reader fail in another way than refusing it."""

from __future__ import annotations

import csv
import io
import zipfile
from contextlib import suppress
from datetime import date

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lead_import_service import files, leads
from service_kit.refusal import Refusal

BOTH = frozenset({"csv", "xlsx"})


def _workbook(*rows: tuple[object, ...]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


@given(st.binary(max_size=400))
@example(b"PK\x03\x04")
@example(b"\xff\xfe")
@example(b'"')
def test_any_content_is_read_or_refused(content: bytes) -> None:
    """Whatever it is."""
    with suppress(Refusal):
        table = files.rows_of("", content, BOTH)
        assert all(any(row) for _, row in table)
        list(leads.rows_of(table))


WORKBOOK = _workbook(("name", "email"), ("Ada", "ada@example.com"))


@example(4460, 64)
@given(st.integers(0, len(WORKBOOK) - 1), st.integers(1, 255))
def test_any_damage_to_a_workbook_is_refused(at: int, change: int) -> None:
    """Or does not matter."""
    content = bytearray(WORKBOOK)
    content[at] ^= change
    with suppress(Refusal):
        files.rows_of("", bytes(content), BOTH)


# A text that begins with = is a formula to a workbook, and its value is not known before it was opened by a person.
PLAIN = st.characters(categories=("L", "N", "P", "S"))
TEXT = st.text(PLAIN, min_size=1, max_size=12).filter(lambda text: text[0] != "=")


@given(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=4))
def test_both_kinds_hold_the_same(rows: list[tuple[str, str]]) -> None:
    """Whatever is in a cell."""
    table = [("name", "email"), *rows]
    text = io.StringIO()
    csv.writer(text).writerows(table)
    from_csv = files.rows_of("a.csv", text.getvalue().encode(), BOTH)
    from_book = files.rows_of("a.xlsx", _workbook(*table), BOTH)
    assert from_csv == from_book == [(at, list(row)) for at, row in enumerate(table, 1)]


def test_cells_are_text() -> None:
    """Numbers without a point of their own, days as ISO 8601."""
    table = files.rows_of("a.xlsx", _workbook(("n", 5.0, 1.5, True, date(2026, 1, 2), None)), BOTH)
    assert table == [(1, ["n", "5", "1.5", "True", "2026-01-02T00:00:00"])]


def test_a_workbook_that_grows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it is unpacked."""
    monkeypatch.setattr(files, "_LARGEST_UNPACKED", 1_000_000)
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", b"0" * 2_000_000)
    with pytest.raises(Refusal, match="too large once unpacked"):
        files.rows_of("a.xlsx", content.getvalue(), BOTH)


def test_rows_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """One more is too many."""
    monkeypatch.setattr(files, "MOST_ROWS", 3)
    assert len(files.rows_of("a.csv", b"name\n1\n2\n3\n", BOTH)) == 4
    with pytest.raises(Refusal) as refused:
        files.rows_of("a.csv", b"name\n1\n2\n3\n4\n", BOTH)
    assert refused.value.status == 413


@pytest.mark.parametrize(
    ("header", "columns"),
    [
        (["Name", "E-Mail"], {"name": 0, "email": 1}),
        (["email_address", "x", "Full Name", "Mobile"], {"email": 0, "name": 2, "phone": 3}),
    ],
)
def test_columns_have_other_names(header: list[str], columns: dict[str, int]) -> None:
    """Others are passed over."""
    assert leads.columns_of(header) == columns
