"""What support may see of the last calls (how they went and sounded, not with whom), and whose names to hide.

Read from the file itself, beside the program that has it open or in its absence.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from console.domain.call import Quality
from console.domain.errors import StoreError

_CALLS = (
    'SELECT started_at, answered_at, ended_at, incoming, "end", sip_code, held_s, waited_s, quality '
    "FROM call ORDER BY number DESC LIMIT ?"
)
_PEOPLE = "SELECT name FROM peer UNION SELECT user FROM peer UNION SELECT digits FROM peer"


def last_calls(file: Path, most: int) -> list[dict[str, Any]]:
    """The newest calls: times, how they ended, and their quality. Raises StoreError."""
    with _looking(file) as history:
        return [_call(row) for row in history.execute(_CALLS, (most,))]


def people(file: Path) -> list[str]:
    """Names, users and numbers of everybody in the history. Raises StoreError."""
    with _looking(file) as history:
        return [row[0] for row in history.execute(_PEOPLE) if row[0]]


def _call(row: tuple[Any, ...]) -> dict[str, Any]:
    started, answered, ended, incoming, end, code, held, waited, quality = row
    measured = msgspec.json.decode(quality, type=Quality) if quality else None
    return {
        "started_at": started,
        "answered_at": answered,
        "ended_at": ended,
        "incoming": bool(incoming),
        "end": end,
        "sip_code": code,
        "held_s": held,
        "waited_s": waited,
        "quality": msgspec.to_builtins(measured) if measured is not None else None,
    }


@contextmanager
def _looking(file: Path) -> Iterator[sqlite3.Connection]:
    address = f"file:{quote(str(file.absolute()))}?mode=ro"
    try:
        with closing(sqlite3.connect(address, uri=True)) as history:
            yield history
    except (sqlite3.Error, msgspec.MsgspecError) as fault:
        raise StoreError(f"{file} cannot be read: {fault}") from fault
