"""Rows of an uploaded file: what it is by its content, how its text is encoded, where its columns end."""

from __future__ import annotations

import csv
import io
import logging
import struct
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import islice
from pathlib import PurePosixPath
from typing import Any

import openpyxl

from service_kit.refusal import Refusal

_LOG = logging.getLogger("files")
# A workbook of 10 MB may hold this much once unpacked; more is meant to exhaust who opens it.
_LARGEST_UNPACKED = 200 * 1024**2
MOST_ROWS = 100_000
_LONGEST_CELL = 10_000
_DELIMITERS = ",;\t|"
# Byte order marks, the longer first.
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def kind_of(content: bytes) -> str:
    """`csv`, `xlsx`, or nothing for what is neither."""
    if content.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as packed:
                return "xlsx" if "xl/workbook.xml" in packed.namelist() else ""
        except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error):
            return ""
    return "csv" if _text(content) is not None else ""


def rows_of(name: str, content: bytes, allowed: frozenset[str]) -> list[tuple[int, list[str]]]:
    """The rows of a file called `name`, each with its number, the header first; blank rows are counted and left out.

    Refusal 415 for a kind that is not `allowed`, 400 for a file that is not what its name says, is empty or damaged.
    """
    if not content:
        raise Refusal(400, "empty_file", "The file is empty.")
    kind = kind_of(content)
    if kind not in allowed:
        wanted = " and ".join(sorted(allowed)).upper()
        raise Refusal(415, "unsupported_file", f"The file is no {wanted} file by its content.", allowed=sorted(allowed))
    suffix = PurePosixPath(name).suffix.lower().lstrip(".")
    if suffix and suffix != kind:
        raise Refusal(400, "file_mismatch", f"The file is called .{suffix} and holds {kind.upper()}.")
    found = _workbook(content) if kind == "xlsx" else _table(content)
    rows = [(number, row) for number, row in enumerate(islice(found, MOST_ROWS + 2), 1) if any(row)]
    if not rows:
        raise Refusal(400, "empty_file", "The file has no rows.")
    if len(rows) > MOST_ROWS + 1:
        raise Refusal(413, "too_many_rows", f"The file has more than {MOST_ROWS} rows.")
    return rows


def _text(content: bytes) -> str | None:
    encodings = [encoding for mark, encoding in _MARKS if content.startswith(mark)] or ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        # Text has no control characters but these; what has others is some other format.
        return text if all(char >= " " or char in "\t\r\n\f" for char in text[:65536]) else None
    return None


def _table(content: bytes) -> Iterator[list[str]]:
    text = _text(content) or ""
    header = text.lstrip("\r\n").splitlines()[0] if text.strip() else ""
    delimiter = max(_DELIMITERS, key=header.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            yield [cell.strip()[:_LONGEST_CELL] for cell in row]
    except csv.Error as error:
        raise Refusal(400, "damaged_file", f"The file cannot be read as CSV: {error}.") from None


def _workbook(content: bytes) -> Iterator[list[str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        if sum(entry.file_size for entry in packed.infolist()) > _LARGEST_UNPACKED:
            raise Refusal(413, "too_large", "The workbook is too large once unpacked.")
    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for row in book.worksheets[0].iter_rows(values_only=True):
            yield [_cell(value) for value in _without_tail(row)]
    except Exception as error:  # noqa: BLE001 - openpyxl tells of damage in whatever way the part at hand fails
        _LOG.info("a workbook cannot be read: %s", type(error).__name__)
        raise Refusal(400, "damaged_file", "The file cannot be read as XLSX.") from None


def _without_tail(row: Sequence[Any]) -> Sequence[Any]:
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value).strip()[:_LONGEST_CELL]
