"""Figures as CSV and XLSX: typed, with units and zone, and nothing in them that a spreadsheet would run."""

import csv
import io
import re
import zipfile
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.server.tables import Column, Kind, Table, csv_of, xlsx_of

COLUMNS = (
    Column("Queue", Kind.TEXT),
    Column("From", Kind.MOMENT),
    Column("Answered", Kind.COUNT),
    Column("Average speed of answer", Kind.SECONDS),
    Column("Service level", Kind.SHARE),
    Column("Contacts", Kind.NUMBER, "1/h"),
)
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def table(*rows: tuple[object, ...], timezone: str = "Europe/Berlin") -> Table:
    return Table(title="Figures by queue", columns=COLUMNS, rows=rows, timezone=timezone)  # type: ignore[arg-type]


def read(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_csv_says_units_and_zone_and_leaves_out_what_is_not_there() -> None:
    rows = read(csv_of(table(('Größe, "A"', NOON, 7, 12.5, 0.7292, 3.25), ("b", NOON, 0, None, None, None))))
    assert rows == [
        ["Queue", "From (Europe/Berlin)", "Answered", "Average speed of answer (s)", "Service level (%)",
         "Contacts (1/h)"],
        ['Größe, "A"', "2026-07-01T14:00:00+02:00", "7", "12.5", "72.92", "3.25"],
        ["b", "2026-07-01T14:00:00+02:00", "0", "", "", ""],
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\r=1", "=cmd|' /C calc'!A0"])
def test_nothing_in_csv_is_taken_for_a_formula(text: str) -> None:
    assert read(csv_of(table((text, NOON, 1, 1.0, 0.5, 1.0))))[1][0] == f"'{text}"


@given(st.text())
def test_no_text_begins_like_a_formula(text: str) -> None:
    data = csv_of(Table(title="x", columns=COLUMNS[:1], rows=[(text,)], timezone="UTC")).decode("utf-8-sig")
    cell = data.split("\r\n", 1)[1].lstrip('"')
    assert not cell.startswith(("=", "+", "-", "@", "\t"))


def parts(data: bytes) -> tuple[str, str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        return tuple(  # type: ignore[return-value]
            book.read(f"xl/{name}.xml").decode() for name in ("worksheets/sheet1", "sharedStrings", "styles")
        )


def test_a_sheet_has_typed_cells() -> None:
    sheet, strings, styles = parts(xlsx_of(table(("=1+1", NOON, 7, 12.5, 0.7292, None))))
    assert "<f>" not in sheet
    assert "<t>=1+1</t>" in strings
    assert "From (Europe/Berlin)" in strings
    cells = dict(re.findall(r'<c r="([A-Z]2)"[^>]*><v>([^<]*)</v></c>', sheet))
    assert (cells["C2"], cells["D2"], cells["E2"]) == ("7", "12.5", "0.7292")
    assert float(cells["B2"]) == pytest.approx(
        (datetime(2026, 7, 1, 14, tzinfo=UTC) - datetime(1899, 12, 30, tzinfo=UTC)).total_seconds() / 86400
    )
    assert "F2" not in cells
    assert 'formatCode="0.00%"' in styles or 'numFmtId="10"' in styles
    assert 'formatCode="yyyy\\-mm\\-dd\\ hh:mm"' in styles or "yyyy-mm-dd hh:mm" in styles
    assert '<autoFilter ref="A1:F2"/>' in sheet


def test_an_empty_table_has_its_header() -> None:
    assert len(read(csv_of(table()))) == 1
    assert "Queue" in parts(xlsx_of(table()))[1]


@pytest.mark.parametrize("title", ["a[b]:*?/\\c", "x" * 99, "", "'"])
def test_any_title_makes_a_sheet(title: str) -> None:
    assert xlsx_of(Table(title=title, columns=COLUMNS, rows=[], timezone="UTC"))
