"""A table of figures as CSV and as a spreadsheet. Pure: rows in, bytes out.

Text that a spreadsheet would take for a formula gets an apostrophe before it in CSV (OWASP, CSV injection);
in XLSX it is written as text. Shares are percent; a cell without a value is empty, never 0.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import xlsxwriter

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_SHEET_MOST = 31
_WIDEST = 40


class Kind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    MOMENT = "moment"
    COUNT = "count"
    SECONDS = "s"
    SHARE = "share"
    NUMBER = "number"


_UNITS = {Kind.SECONDS: "s", Kind.SHARE: "%"}
_FORMATS = {
    Kind.MOMENT: "yyyy-mm-dd hh:mm",
    Kind.COUNT: "0",
    Kind.SECONDS: "0.0",
    Kind.SHARE: "0.00%",
    Kind.NUMBER: "0.00",
}

Cell = str | int | float | datetime | None


class Column(msgspec.Struct, frozen=True):
    """A column: what stands above it, and what its cells hold; `unit` where the kind does not tell it."""

    name: str
    kind: Kind
    unit: str = ""


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Cells in rows under columns; moments are shown in `timezone` (an IANA name), which the header says."""

    title: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    timezone: str


def csv_of(table: Table) -> bytes:
    """The table as CSV (RFC 4180, UTF-8 with the mark that spreadsheets look for)."""
    zone = ZoneInfo(table.timezone)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_safe(_header(column, table.timezone)) for column in table.columns])
    for row in table.rows:
        writer.writerow(
            [_csv_cell(cell, column, zone) for cell, column in zip(row, table.columns, strict=True)]
        )
    return out.getvalue().encode("utf-8-sig")


def xlsx_of(table: Table) -> bytes:
    """The table as an XLSX workbook with typed cells, a filter, and the header kept in sight."""
    zone = ZoneInfo(table.timezone)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(_sheet_name(table.title))
    bold = book.add_format({"bold": True, "text_wrap": True, "valign": "top"})
    formats = {kind: book.add_format({"num_format": text}) for kind, text in _FORMATS.items()}
    number = 0
    for place, column in enumerate(table.columns):
        header = _header(column, table.timezone)
        sheet.write_string(0, place, header, bold)
        sheet.set_column(place, place, min(max(len(header), 10), _WIDEST))
    for number, row in enumerate(table.rows, start=1):
        for place, (cell, column) in enumerate(zip(row, table.columns, strict=True)):
            _write(sheet, (number, place), cell, (column.kind, formats.get(column.kind)), zone)
    sheet.freeze_panes(1, 0)
    sheet.autofilter(0, 0, number, max(0, len(table.columns) - 1))
    book.close()
    return out.getvalue()


def _write(sheet: Any, place: tuple[int, int], cell: Cell, shape: tuple[Kind, Any], zone: ZoneInfo) -> None:
    kind, form = shape
    if cell is None:
        return
    if isinstance(cell, datetime):
        sheet.write_datetime(*place, cell.astimezone(zone).replace(tzinfo=None), form)
    elif kind is Kind.TEXT or isinstance(cell, str):
        sheet.write_string(*place, str(cell))
    else:
        sheet.write_number(*place, cell, form)


def _header(column: Column, timezone: str) -> str:
    unit = timezone if column.kind is Kind.MOMENT else column.unit or _UNITS.get(column.kind, "")
    return f"{column.name} ({unit})" if unit else column.name


def _csv_cell(cell: Cell, column: Column, zone: ZoneInfo) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.astimezone(zone).isoformat()
    if isinstance(cell, str):
        return _safe(cell)
    if column.kind is Kind.SHARE:
        return f"{cell * 100:.12g}"
    return f"{cell:.12g}" if isinstance(cell, float) else str(cell)


def _safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _sheet_name(title: str) -> str:
    kept = "".join(sign for sign in title if sign not in "[]:*?/\\'")
    return kept[:_SHEET_MOST].strip() or "Figures"
