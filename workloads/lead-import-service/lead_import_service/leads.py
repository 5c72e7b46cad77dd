"""What a lead is: its columns, their other names, and the rules a row keeps."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from service_kit.refusal import Refusal

# Column → its other names, in lower case without blanks, dots, dashes and underscores.
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("name", "fullname", "leadname", "contact"),
    "email": ("email", "emailaddress", "mail"),
    "phone": ("phone", "phonenumber", "telephone", "mobile"),
    "company": ("company", "organisation", "organization", "account"),
    "source": ("source", "leadsource"),
    "notes": ("notes", "note", "comment", "comments"),
}
REQUIRED = ("name", "email")
_LONGEST = {"name": 200, "email": 254, "phone": 40, "company": 200, "source": 100, "notes": 5000}
_EMAIL = re.compile(r"[^@\s,;<>]{1,64}@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{4,38}[0-9]")
EXAMPLES = (
    ("Ada Lovelace", "ada@example.com", "+44 20 7946 0000", "Analytical Engines", "Trade fair", "Prefers e-mail"),
    ("Alan Turing", "alan@example.com", "", "Bletchley", "Web", ""),
)


@dataclass(frozen=True)
class RowError:
    """`row` is the line as a spreadsheet counts it, from 1."""

    row: int
    column: str
    message: str

    def shown(self) -> dict[str, int | str]:
        """As answers have it."""
        return {"row": self.row, "column": self.column, "message": self.message}


@dataclass(frozen=True)
class Row:
    """One row: its number, its values by column, and what is wrong with it."""

    number: int
    values: dict[str, str]
    errors: list[RowError] = field(default_factory=list)


def columns_of(header: Sequence[str]) -> dict[str, int]:
    """Column → position; Refusal 400 naming what is missing or there twice. Columns of other names are passed over."""
    found: dict[str, int] = {}
    for position, title in enumerate(header):
        plain = re.sub(r"[\s._-]", "", title).lower()
        column = next((column for column, names in COLUMNS.items() if plain in names), None)
        if column is None:
            continue
        if column in found:
            raise Refusal(400, "duplicate_column", f"The header has the column {column} twice.", column=column)
        found[column] = position
    missing = [column for column in REQUIRED if column not in found]
    if missing:
        message = f"The header has no column {' and no column '.join(missing)}."
        raise Refusal(400, "missing_column", message, missing=missing, columns=list(COLUMNS))
    return found


def rows_of(table: Sequence[tuple[int, Sequence[str]]]) -> Iterator[Row]:
    """The rows below the header, each with what is wrong with it; a repeated address is no error but a duplicate."""
    columns = columns_of(table[0][1])
    for number, cells in table[1:]:
        values = {column: cells[at] for column, at in columns.items() if at < len(cells) and cells[at]}
        if "email" in values:
            values["email"] = values["email"].lower()
        yield Row(number, values, list(_errors(number, values)))


def _errors(number: int, values: dict[str, str]) -> Iterator[RowError]:
    for column in REQUIRED:
        if column not in values:
            yield RowError(number, column, f"{column} is missing")
    for column, value in values.items():
        if len(value) > _LONGEST[column]:
            yield RowError(number, column, f"{column} has more than {_LONGEST[column]} characters")
        elif column == "email" and not _EMAIL.fullmatch(value):
            yield RowError(number, column, "email is no e-mail address")
        elif column == "phone" and not _PHONE.fullmatch(value):
            yield RowError(number, column, "phone is no telephone number")


def template() -> str:
    """A CSV file with every column and two examples."""
    lines = [",".join(COLUMNS), *(",".join(example) for example in EXAMPLES)]
    return "".join(f"{line}\r\n" for line in lines)
