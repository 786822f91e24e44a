"""The desk's history beside bare sqlite3 at the same durability, in the same run; and what typing costs.

Run: python -m pytest tests/bench/bench_history.py -s
"""

import asyncio
import sqlite3
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from console.bus import Bus
from console.clock import SystemClock
from console.domain.address import Address
from console.domain.call import CallEnd, Quality
from console.domain.events import CallAnswered, CallArrived, CallEnded
from console.history.queries import History
from console.history.recorder import Recorder
from console.history.schema import history_migrations
from console.store.database import Database
from console.store.outbox import outbox_migrations

pytestmark = pytest.mark.bench

CALLS = 1000
TURNS = 5
ROWS = 100_000
PEERS = 100_000
CLOCK = SystemClock()
QUALITY = Quality(codec="PCMU", mos=4.3, sent=3000, received=2990, lost=10)
FIRST = ["Anna", "Berta", "Cäsar", "Dora", "Emil", "Friedrich", "Gustav", "Heinrich", "Ida", "Jürgen"]
LAST = [
    "Schmidt",
    "Müller",
    "Meier",
    "Schulze",
    "Hoffmann",
    "Wagner",
    "Becker",
    "Krämer",
    "Özdemir",
    "Łukasik",
]


def bare_rows_per_s(path: Path, *, at_once: int) -> float:
    """20 columns a row into bare sqlite3, WAL and FULL, so many rows a transaction."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    names = ", ".join(f"c{number}" for number in range(20))
    db.execute(f"CREATE TABLE call (number INTEGER PRIMARY KEY, {names})")
    row = tuple(f"value {number}" for number in range(20))
    marks = ", ".join("?" * 20)
    began = time.perf_counter()
    for _ in range(CALLS // at_once):
        db.execute("BEGIN")
        for _ in range(at_once):
            db.execute(f"INSERT INTO call ({names}) VALUES ({marks})", row)
        db.execute("COMMIT")
    took = time.perf_counter() - began
    db.close()
    return CALLS / took


def bare_same_rows_per_s(path: Path, *, at_once: int) -> float:
    """The very rows that the history writes (call, outbox, indices), made before, into bare sqlite3."""
    asyncio.run(history_rows_per_s(path.with_suffix(".pattern"), at_once=CALLS))
    pattern = sqlite3.connect(path.with_suffix(".pattern"))
    calls = pattern.execute("SELECT * FROM call").fetchall()
    records = pattern.execute("SELECT * FROM outbox").fetchall()
    schema = [
        sql
        for name, sql in pattern.execute("SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL")
        if name in {"call", "outbox"}
    ]
    pattern.close()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    for sql in schema:
        db.execute(sql)
    into_calls = f"INSERT INTO call VALUES ({', '.join('?' * len(calls[0]))})"
    into_outbox = f"INSERT INTO outbox VALUES ({', '.join('?' * len(records[0]))})"
    began = time.perf_counter()
    for first in range(0, CALLS, at_once):
        db.execute("BEGIN")
        db.executemany(into_calls, calls[first : first + at_once])
        db.executemany(into_outbox, records[first : first + at_once])
        db.execute("COMMIT")
    took = time.perf_counter() - began
    db.close()
    return CALLS / took


def call(bus: Bus, number: int) -> None:
    """A whole call: three facts."""
    id_, at = CLOCK.new_id(), CLOCK.now()
    peer = Address(
        f"sip:+4930{number % PEERS:07d}@pbx.example", f"{FIRST[number % 10]} {LAST[number // 10 % 10]}"
    )
    bus.publish(CallArrived(id=CLOCK.new_id(), at=at, call=id_, peer=peer, queue="Billing", waited_s=3.0))
    bus.publish(CallAnswered(id=CLOCK.new_id(), at=at, call=id_))
    bus.publish(
        CallEnded(
            id=CLOCK.new_id(), at=at, call=id_, end=CallEnd.HUNG_UP_THERE, sip_code=200, quality=QUALITY
        )
    )


async def history_rows_per_s(path: Path, *, at_once: int, count: int = CALLS) -> float:
    """Whole calls from the bus to the disk (row and outbox), waiting for the disk after so many."""
    database = Database.open(path, [outbox_migrations, history_migrations])
    bus = Bus()
    recorder = Recorder(bus, database, CLOCK, lambda: "anna")
    await recorder.start()
    began = time.perf_counter()
    for first in range(0, count, at_once):
        for number in range(first, min(first + at_once, count)):
            call(bus, number)
        await recorder.flush()
    took = time.perf_counter() - began
    await recorder.stop()
    await database.close()
    return count / took


def test_rows_per_second(tmp_path: Path) -> None:
    """Turn by turn, because other programs' use of the disk changes from second to second."""
    ratios = {}
    for at_once in (1, 100):
        turns = []
        for turn in range(TURNS):
            bare = bare_rows_per_s(tmp_path / f"bare-{at_once}-{turn}.db", at_once=at_once)
            ours = asyncio.run(history_rows_per_s(tmp_path / f"ours-{at_once}-{turn}.db", at_once=at_once))
            same = bare_same_rows_per_s(tmp_path / f"same-{at_once}-{turn}.db", at_once=at_once)
            turns.append((ours / bare, ours, bare, ours / same, same))
        ratios[at_once], ours, bare, of_same, same = sorted(turns)[TURNS // 2]
        print(
            f"\nhistory, {at_once} in a transaction: {ours:,.0f} whole calls/s beside {bare:,.0f} rows/s"
            f" of 20 columns into bare sqlite3 (WAL, FULL): ratio {ratios[at_once]:.2f}, median of {TURNS};"
            f" beside the same two rows with their indices, {same:,.0f} calls/s: {of_same:.2f}"
        )
    assert ratios[1] >= 1 / 3


async def median_ms(ask: Callable[[], Awaitable[object]], times: int = 21) -> tuple[float, float]:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), max(took)


async def find_all(path: Path) -> None:
    database = Database.open(path, [outbox_migrations, history_migrations])
    await History(Bus(), database, CLOCK, lambda: "anna").completions("")
    await database.run(lambda db: db.execute("DELETE FROM outbox"))
    await database.close()


async def measure_queries(path: Path) -> dict[str, float]:
    database = Database.open(path, [outbox_migrations, history_migrations])
    history = History(Bus(), database, CLOCK, lambda: "anna")
    medians = {}
    for prefix in ("", "a", "m", "mu", "müller", "anna s", "0", "49", "+4930", "+49300001", "zzz"):
        median, most = await median_ms(lambda prefix=prefix: history.completions(prefix))
        medians[f"complete {prefix!r}"] = median
        print(f"completions({prefix!r}): median {median:.2f} ms, most {most:.2f} ms")
    for text in ("", "a", "müller", "anna schmidt", "+4930", "0001234", "zzz"):
        median, most = await median_ms(lambda text=text: history.search(text, 50))
        medians[f"search {text!r}"] = median
        print(f"search({text!r}, 50): median {median:.2f} ms, most {most:.2f} ms")
    scan = "SELECT count(*) FROM peer WHERE name LIKE '%zzz%' OR digits LIKE '%999999%'"
    medians["scan"], _ = await median_ms(lambda: database.read(lambda db: db.execute(scan).fetchall()))
    median, most = await median_ms(history.totals)
    print(f"totals(): median {median:.2f} ms, most {most:.2f} ms")
    await database.close()
    return medians


def test_typing_at_100_000_rows(tmp_path: Path) -> None:
    path = tmp_path / "big.db"
    rate = asyncio.run(history_rows_per_s(path, at_once=5000, count=ROWS))
    print(f"\n{ROWS:,} rows at {rate:,.0f}/s")
    began = time.perf_counter()
    asyncio.run(find_all(path))
    print(
        f"making them findable: {ROWS / (time.perf_counter() - began):,.0f} calls/s,"
        f" {path.stat().st_size / 1e6:.0f} MB"
    )
    began = time.perf_counter()
    Database.open(path, [outbox_migrations, history_migrations]).close_now()
    print(f"opening and checking it: {(time.perf_counter() - began) * 1000:.0f} ms")
    medians = asyncio.run(measure_queries(path))
    # As a ratio, for a busy machine: no worse than looking at every peer a few times.
    slowest = max(took for name, took in medians.items() if name.startswith("complete"))
    print(f"slowest completion beside a look at every peer: {slowest / medians['scan']:.2f}")
    assert slowest < 5 * medians["scan"]
