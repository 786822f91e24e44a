"""SQLite's own: durable, private, and its faults in words; kill -9."""

import asyncio
import os
import random
import signal
import sqlite3
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.engine import Engine

from console.clock import StoppedClock, SystemClock
from console.domain.errors import StoreError
from console.domain.events import (
    LedgerEvent,
)
from console.ledger.ledger import Ledger
from tests.ledger.facts import all_of, ready

CHILD = Path(__file__).with_name("appending_child.py")
ROOT = Path(__file__).parents[2]


# ---------------------------------------------------------------- SQLite's own


async def test_the_file_belongs_to_its_owner_alone(sqlite_url: Callable[..., str], tmp_path: Path) -> None:
    ledger = await Ledger.open(sqlite_url())
    modes = {entry.name: stat.S_IMODE(entry.stat().st_mode) for entry in os.scandir(tmp_path)}
    assert set(modes.values()) == {0o600}, modes
    await ledger.close()


async def test_commits_are_durable(sqlite_url: Callable[..., str]) -> None:
    ledger = await Ledger.open(sqlite_url())

    def pragmas(connection: object) -> tuple[object, object]:
        run = connection.exec_driver_sql  # type: ignore[attr-defined]
        return run("PRAGMA journal_mode").scalar(), run("PRAGMA synchronous").scalar()

    assert await ledger.database.write(pragmas) == ("wal", 2)
    await ledger.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "named by a URL"),
        ("centre.sqlite", "named by a URL"),
        ("oracle9://x", "named by a URL"),
        ("mysql+pymysql://x", "needs the Python package pymysql"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("postgresql+psycopg://nobody@127.0.0.1:9/none", "cannot be reached"),
    ],
)
async def test_a_url_that_leads_nowhere_is_refused_in_words(url: str, words: str) -> None:
    with pytest.raises(StoreError, match=words):
        await Ledger.open(url)


async def test_a_folder_that_is_missing_is_told(sqlite_url: Callable[..., str]) -> None:
    with pytest.raises(StoreError, match="Does its folder exist"):
        await Ledger.open(sqlite_url("nowhere/centre.sqlite"))


@pytest.mark.parametrize(
    "junk", [b"this is no database at all, but text" * 200, b"SQLite format 3\0" + b"\xff" * 5000]
)
async def test_a_file_that_is_no_database_is_refused_and_left_alone(
    tmp_path: Path, sqlite_url: Callable[..., str], junk: bytes
) -> None:
    path = tmp_path / "centre.sqlite"
    path.write_bytes(junk)
    with pytest.raises(StoreError, match="damaged or is no Callboard database"):
        await Ledger.open(sqlite_url())
    assert path.read_bytes() == junk


async def test_a_database_damaged_in_the_middle_is_told_when_it_is_read(
    tmp_path: Path, sqlite_url: Callable[..., str]
) -> None:
    clock = SystemClock()
    ledger = await Ledger.open(sqlite_url())
    await ledger.append([ready(clock) for _ in range(2000)])
    await ledger.close()
    path = tmp_path / "centre.sqlite"
    pages = bytearray(path.read_bytes())
    pages[4096 * 10 : 4096 * 60] = random.Random(1).randbytes(4096 * 50)
    path.write_bytes(pages)

    async def read_again() -> None:
        again = await Ledger.open(sqlite_url())
        try:
            await all_of(again)
        finally:
            await again.close()

    with pytest.raises(StoreError, match="damaged"):
        await read_again()


async def test_a_newer_database_is_refused_and_left_alone(
    tmp_path: Path, sqlite_url: Callable[..., str]
) -> None:
    await (await Ledger.open(sqlite_url())).close()
    with sqlite3.connect(tmp_path / "centre.sqlite") as raw:
        raw.execute("UPDATE alembic_version SET version_num='9999'")
    raw.close()
    with pytest.raises(StoreError, match=r"newer Callboard.*9999.*Update this program"):
        await Ledger.open(sqlite_url())


async def test_a_row_of_a_newer_vocabulary_is_told(tmp_path: Path, sqlite_url: Callable[..., str]) -> None:
    ledger = await Ledger.open(sqlite_url())
    with sqlite3.connect(tmp_path / "centre.sqlite") as raw:
        raw.execute(
            "INSERT INTO events (sequence, id, type, at, body) VALUES (1, ?, 'New', '2026-01-01', ?)",
            ("0" * 32, '{"v":99,"type":"New"}'),
        )
    raw.close()
    with pytest.raises(StoreError, match="row 1 of the ledger cannot be read"):
        await all_of(ledger, until=1)
    await ledger.close()


async def test_a_read_only_database_is_told(
    tmp_path: Path, sqlite_url: Callable[..., str], clock: StoppedClock
) -> None:
    await (await Ledger.open(sqlite_url())).close()
    ledger = await Ledger.open(f"sqlite:///file:{tmp_path / 'centre.sqlite'}?mode=ro&uri=true")
    with pytest.raises(StoreError, match="it is read-only"):
        await ledger.append([ready(clock)])
    await ledger.close()


async def test_a_full_disk_loses_nothing_acknowledged_and_is_over_when_there_is_room(
    sqlite_url: Callable[..., str], clock: StoppedClock
) -> None:
    def small(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(
            "PRAGMA max_page_count=40"
        )  # SQLite's own limit gives SQLITE_FULL as a full disk does

    sqlalchemy_event.listen(Engine, "connect", small)
    try:
        ledger = await Ledger.open(sqlite_url())
    finally:
        sqlalchemy_event.remove(Engine, "connect", small)
    acknowledged: list[LedgerEvent] = []

    async def fill() -> None:
        while True:
            event = ready(clock)
            await ledger.append([event])
            acknowledged.append(event)

    with pytest.raises(StoreError, match="the disk is full or failing"):
        await fill()
    assert [event for _, event in await all_of(ledger)] == acknowledged
    await ledger.database.write(lambda connection: connection.exec_driver_sql("PRAGMA max_page_count=4000"))
    late = ready(clock)
    assert await ledger.append([late]) == [len(acknowledged) + 1]
    await ledger.close()


@pytest.mark.e2e
@pytest.mark.parametrize("seed", range(3))
async def test_kill_9_loses_nothing_acknowledged_and_doubles_nothing(
    sqlite_url: Callable[..., str], seed: int
) -> None:
    acknowledged: dict[int, str] = {}
    chance = random.Random(seed)
    for _ in range(3):
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            str(CHILD),
            sqlite_url(),
            stdout=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": str(ROOT)},
        )
        assert child.stdout is not None
        for _ in range(chance.randint(1, 400)):
            line = await child.stdout.readline()
            assert line.endswith(b"\n")
            number, key = line.decode().split()
            assert acknowledged.setdefault(int(number), key) == key
        child.send_signal(signal.SIGKILL)
        rest = await child.stdout.read()
        await child.wait()
        for line in rest.splitlines(keepends=True):
            if line.endswith(b"\n"):
                number, key = line.decode().split()
                assert acknowledged.setdefault(int(number), key) == key
    ledger = await Ledger.open(sqlite_url())
    found = await all_of(ledger)
    await ledger.close()
    numbers = [number for number, _ in found]
    assert numbers == list(range(1, len(found) + 1))
    assert len({event.id for _, event in found}) == len(found)
    kept = {number: str(event.id) for number, event in found}
    assert {number: kept.get(number) for number in acknowledged} == acknowledged
