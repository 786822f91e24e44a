"""The history as a file: CSV for a spreadsheet (RFC 4180), JSON for a program.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula, and names come from strangers:
such a cell gets an apostrophe in front. A plain number like +4930123456 cannot do harm and is left as it is.
"""

import csv
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO
from uuid import UUID

import msgspec

from console.domain.errors import StoreError
from console.history import index, rows
from console.history.queries import Only, condition
from console.history.rows import HistoryRow
from console.store.database import Connection, Database

COLUMNS = (
    "started_at",
    "answered_at",
    "ended_at",
    "direction",
    "name",
    "number",
    "uri",
    "queue",
    "waited_s",
    "talk_s",
    "held_s",
    "end",
    "sip_code",
    "reason",
    "mos",
    "codec",
    "loss_percent",
    "jitter_ms",
    "rtt_ms",
    "disposition",
    "note",
    "agent",
    "call",
    "interaction",
    "delivery",
)
"""The columns of the CSV file, and of each JSON object.

Times are ISO 8601, UTC; `_s` seconds, `_ms` milliseconds.
"""

_PAGE = 1000
_FORMULA = re.compile(r"^\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20\t\r\n]")
_NUMBER = re.compile(r"^\+?[0-9]+$")
_Write = Callable[[Iterator[HistoryRow], TextIO], int]


async def export_csv(
    database: Database, path: Path, *, text: str = "", only: Only | str | None = None, bom: bool = False
) -> int:
    """Write what a search finds (all of it), the newest first, as CSV; how many calls that were.

    `bom` puts a byte order mark in front, without which Excel takes UTF-8 for something else. The file
    appears whole or not at all, readable by this user only. Raises StoreError when it cannot be written,
    BadInput for an `only` that there is not.
    """

    def write(found: Iterator[HistoryRow], file: TextIO) -> int:
        if bom:
            file.write("\ufeff")
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        count = 0
        for row in found:
            writer.writerow([_cell(value) for value in _values(row)])
            count += 1
        return count

    return await _export(database, path, write, text, only)


async def export_json(
    database: Database, path: Path, *, text: str = "", only: Only | str | None = None
) -> int:
    """Write what a search finds as one JSON array of objects, one a line; otherwise like `export_csv`."""
    encode = msgspec.json.Encoder().encode

    def write(found: Iterator[HistoryRow], file: TextIO) -> int:
        count = 0
        for row in found:
            file.write(",\n" if count else "[\n")
            file.write(encode(dict(zip(COLUMNS, _values(row), strict=True))).decode())
            count += 1
        file.write("\n]\n" if count else "[]\n")
        return count

    return await _export(database, path, write, text, only)


async def _export(database: Database, path: Path, write: _Write, text: str, only: Only | str | None) -> int:
    where, values = condition(text, only)
    if text:
        while await database.run(index.catch_up):
            pass
    path = path.resolve()  # noqa: ASYNC240 - one look at the folder the person just chose

    def job(db: Connection) -> int:
        if path.exists() and not path.is_file():
            raise StoreError(f"{path}: this is a folder or a device. Name a file for the export.")
        part = path.with_name(path.name + ".part")
        try:
            with open(part, "w", encoding="utf-8", newline="", opener=_private) as file:
                count = write(_found(db, where, values), file)
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as fault:
            part.unlink(missing_ok=True)
            raise StoreError(
                f"{path}: the export cannot be written: {fault.strerror}. Choose another place."
            ) from fault
        return count

    return await database.read(job)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _found(db: Connection, where: str, values: list[Any]) -> Iterator[HistoryRow]:
    """The rows, newest first, fetched in pages within the one read transaction of the job."""
    sql = f"SELECT {rows.COLUMNS} FROM call WHERE {where} ORDER BY call.number DESC"  # noqa: S608 - our own text
    cursor = db.execute(sql, values)
    while page := cursor.fetchmany(_PAGE):
        yield from rows.as_rows(page)


def _values(row: HistoryRow) -> tuple[Any, ...]:
    quality = row.quality
    return (
        row.started_at,
        row.answered_at,
        row.ended_at,
        row.direction.value,
        row.peer.name,
        row.number,
        row.peer.uri,
        row.queue,
        row.waited_s,
        row.talk_s,
        row.held_s,
        row.end.value if row.end else None,
        row.sip_code or None,
        row.reason,
        quality.mos if quality else None,
        quality.codec if quality else None,
        quality.loss_percent if quality else None,
        quality.jitter_ms if quality else None,
        quality.rtt_ms if quality else None,
        row.disposition,
        row.note,
        row.agent,
        row.call,
        row.interaction,
        row.delivery.value,
    )


def _cell(value: Any) -> Any:
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.match(value):
        return "'" + value
    return value
