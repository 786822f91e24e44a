"""Rows a second into the ledger, beside bare sqlite3 with the same table and durability in the same run.

One by one (each row awaited before the next), many callers at once (group commit), and batches of 100.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from time import perf_counter

import pytest

from console.clock import SystemClock
from console.domain.address import Address
from console.domain.call import CallEnd, Direction
from console.domain.events import CallRecorded
from console.ledger.ledger import Ledger
from console.ledger.tables import LOOKED_UP_BY, lookup
from console.wire import encode_event

SECONDS = 1.5
ROUNDS = 2
BATCH = 100
CALLERS = 50
AT_LEAST = 1 / 3
CLOCK = SystemClock()


def record() -> CallRecorded:
    """A row as desks deliver them, some 400 bytes."""
    now = CLOCK.now()
    return CallRecorded(
        id=CLOCK.new_id(),
        at=now,
        call=CLOCK.new_id(),
        agent="agent0042",
        interaction=CLOCK.new_id(),
        direction=Direction.INCOMING,
        peer=Address("sip:+4930123456@example.org", "Somebody"),
        queue="sales",
        started_at=now,
        answered_at=now,
        ended_at=now,
        end=CallEnd.HUNG_UP_THERE,
    )


def batches(size: int) -> Iterator[list[CallRecorded]]:
    """Rows without end, made before they are timed a few thousand at a time."""
    while True:
        ready = [[record() for _ in range(size)] for _ in range(max(1, 2000 // size))]
        yield from ready


class Bare:
    """The same rows into the same table with nothing between: one connection, synchronous=FULL, WAL."""

    COLUMNS = ("sequence", *LOOKED_UP_BY, "body")

    def __init__(self, path: Path, schema: list[str]) -> None:
        self.connection = sqlite3.connect(path, isolation_level=None)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", *schema):
            self.connection.execute(statement)
        self.sql = (
            f"INSERT INTO events ({', '.join(self.COLUMNS)}) VALUES ({', '.join('?' * len(self.COLUMNS))})"
        )
        self.last = 0

    def write(self, events: list[CallRecorded]) -> None:
        rows = []
        for event in events:
            self.last += 1
            key, kind, at, interaction, agent, queue, call = lookup(event)
            body = encode_event(event).decode()
            rows.append(
                (self.last, key.hex, kind, at.isoformat(" "), interaction.hex, agent, queue, call.hex, body)
            )
        self.connection.execute("BEGIN IMMEDIATE")
        self.connection.executemany(self.sql, rows)
        self.connection.execute("COMMIT")

    def rate(self, size: int) -> float:
        source, written, begun = batches(size), 0, perf_counter()
        spent = 0.0
        while perf_counter() - begun < SECONDS:
            batch = next(source)
            start = perf_counter()
            self.write(batch)
            spent += perf_counter() - start
            written += size
        return written / spent


async def one_by_one(ledger: Ledger, size: int) -> float:
    source, written, spent, begun = batches(size), 0, 0.0, perf_counter()
    while perf_counter() - begun < SECONDS:
        batch = next(source)
        start = perf_counter()
        await ledger.append(batch)
        spent += perf_counter() - start
        written += size
    return written / spent


async def at_once(ledger: Ledger, callers: int) -> float:
    source, written, spent, begun = batches(1), 0, 0.0, perf_counter()
    while perf_counter() - begun < SECONDS:
        rows = [next(source) for _ in range(callers * 10)]

        async def caller(number: int, rows: list[list[CallRecorded]]) -> None:
            for row in rows[number::callers]:
                await ledger.append(row)

        start = perf_counter()
        await asyncio.gather(*(caller(number, rows) for number in range(callers)))
        spent += perf_counter() - start
        written += len(rows)
    return written / spent


@pytest.mark.bench
async def test_rows_a_second(tmp_path: Path) -> None:
    ledger = await Ledger.open(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    with sqlite3.connect(tmp_path / "ledger.sqlite") as reader:
        schema = [row[0] for row in reader.execute("SELECT sql FROM sqlite_master WHERE tbl_name='events'")]
    reader.close()
    bare = Bare(tmp_path / "bare.sqlite", schema)
    kinds: dict[str, tuple[Callable[[], Awaitable[float]], Callable[[], float]]] = {
        "one by one": (lambda: one_by_one(ledger, 1), lambda: bare.rate(1)),
        f"{CALLERS} callers at once": (lambda: at_once(ledger, CALLERS), lambda: bare.rate(1)),
        f"batches of {BATCH}": (lambda: one_by_one(ledger, BATCH), lambda: bare.rate(BATCH)),
    }
    ratios = {}
    print()
    for name, (ours, theirs) in kinds.items():
        rates = [(await ours(), theirs()) for _ in range(ROUNDS)]
        mine, bares = (max(column) for column in zip(*rates, strict=True))
        ratios[name] = mine / bares
        print(
            f"ledger {name}: {mine:,.0f} rows/s, bare sqlite3 {bares:,.0f} rows/s, ratio {mine / bares:.2f}"
        )
    bare.connection.close()
    await ledger.close()
    assert all(ratio >= AT_LEAST for ratio in ratios.values()), ratios
