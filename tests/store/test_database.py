import asyncio
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlite_utils

from console.clock import StoppedClock
from console.domain.errors import StoreError
from console.store.database import Database, Migrations

CLOCK = StoppedClock(datetime(2026, 11, 22, 9, 0, tzinfo=UTC))

things = Migrations("things")


@things()
def m001_thing(db: sqlite_utils.Database) -> None:
    db.execute("CREATE TABLE thing (name TEXT NOT NULL)")


def opened(path: Path, *more: Migrations) -> Database:
    return Database.open(path, [things, *more], clock=CLOCK)


def put(name: str) -> Callable[[sqlite_utils.Database], object]:
    return lambda db: db.execute("INSERT INTO thing VALUES (?)", [name])


def names(db: sqlite_utils.Database) -> list[str]:
    return [row[0] for row in db.execute("SELECT name FROM thing ORDER BY rowid").fetchall()]


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_what_was_written_is_read_by_both_threads_and_by_the_next_program(tmp_path: Path) -> None:
    database = opened(tmp_path / "deep" / "desk.db")
    await database.run(put("a"))
    assert await database.read(names) == ["a"]
    assert await database.run(names) == ["a"]
    await database.close()
    await database.close()
    again = opened(tmp_path / "deep" / "desk.db")
    assert await again.read(names) == ["a"]
    assert again.notice == ""
    await again.close()


async def test_the_file_is_of_this_user_alone_durable_and_in_wal(tmp_path: Path) -> None:
    database = opened(tmp_path / "desk.db")
    await database.run(put("a"))
    for file in files(tmp_path):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
    assert await database.run(lambda db: db.execute("PRAGMA synchronous").fetchone()[0]) == 2
    assert await database.run(lambda db: db.journal_mode) == "wal"
    await database.close()


async def test_a_function_that_fails_leaves_nothing_and_disturbs_nobody(tmp_path: Path) -> None:
    database = opened(tmp_path / "desk.db")

    def half(db: sqlite_utils.Database) -> None:
        put("half")(db)
        raise KeyError("no")

    results = await asyncio.gather(
        database.run(put("a")), database.run(half), database.run(put("b")), return_exceptions=True
    )
    assert isinstance(results[1], KeyError)
    assert await database.read(names) == ["a", "b"]
    await database.close()


async def test_the_reading_thread_cannot_write(tmp_path: Path) -> None:
    database = opened(tmp_path / "desk.db")
    with pytest.raises(StoreError, match="read-only"):
        await database.read(put("a"))
    assert await database.read(names) == []
    await database.close()


async def test_our_own_mistake_in_sql_is_no_store_error(tmp_path: Path) -> None:
    database = opened(tmp_path / "desk.db")
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await database.run(lambda db: db.execute("SELECT * FROM nowhere"))
    await database.close()


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = opened(tmp_path / "desk.db")
    await database.close()
    with pytest.raises(StoreError, match="closed"):
        await database.run(names)


async def test_close_does_what_is_queued_first(tmp_path: Path) -> None:
    database = opened(tmp_path / "desk.db")
    writes = [asyncio.ensure_future(database.run(put(str(n)))) for n in range(50)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    again = opened(tmp_path / "desk.db")
    assert len(await again.read(names)) == 50
    await again.close()


async def test_a_waiter_who_left_disturbs_nobody(tmp_path: Path) -> None:
    database = opened(tmp_path / "desk.db")
    write = asyncio.ensure_future(database.run(put("a")))
    await asyncio.sleep(0)
    write.cancel()
    await asyncio.gather(write, return_exceptions=True)
    await database.run(put("b"))
    assert "b" in await database.read(names)
    await database.close()


@pytest.mark.parametrize("damage", ["text", "header", "page", "cut"])
async def test_a_damaged_file_is_set_aside_and_told_of(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "desk.db"
    database = opened(path)
    await database.run(lambda db: [put("x" * 500)(db) for _ in range(100)])
    await database.close()
    whole = path.read_bytes()
    spoiled = {
        "text": b"this is no database, it is a letter to a friend",
        "header": b"\0" * 100 + whole[100:],
        "page": whole[:4096] + b"\xff" * 4096 + whole[8192:],
        "cut": whole[: len(whole) // 2],
    }[damage]
    path.write_bytes(spoiled)
    again = opened(path)
    aside = [file for file in files(tmp_path) if ".damaged-20261122T090000" in file.name]
    assert [file.read_bytes() for file in aside if not file.name.endswith(("-wal", "-shm"))] == [spoiled]
    assert "damaged" in again.notice
    assert aside[0].name in again.notice
    assert await again.read(names) == []
    await again.run(put("new"))
    await again.close()


async def test_a_newer_database_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    newer = Migrations("things")
    newer()(m001_thing)

    @newer()
    def m002_more(db: sqlite_utils.Database) -> None:
        db.execute("ALTER TABLE thing ADD COLUMN more")

    path = tmp_path / "desk.db"
    await Database.open(path, [newer], clock=CLOCK).close()
    with pytest.raises(StoreError, match=r"newer Callboard.*Update"):
        opened(path)
    database = Database.open(path, [newer], clock=CLOCK)
    assert await database.read(lambda db: list(db["thing"].columns_dict)) == ["name", "more"]
    await database.close()


async def test_an_older_database_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    database = opened(path)
    await database.run(put("kept"))
    await database.close()
    more = Migrations("more")

    @more()
    def m001_more(db: sqlite_utils.Database) -> None:
        db.execute("ALTER TABLE thing ADD COLUMN more")

    database = opened(path, more)
    assert await database.read(names) == ["kept"]
    await database.close()


async def test_a_database_of_another_program_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE thing (whatever)")
    other.commit()
    other.close()
    with pytest.raises(StoreError, match="not Callboard's"):
        opened(path)


def test_a_folder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="folder"):
        opened(tmp_path)


def test_a_path_below_a_file_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be used"):
        opened(tmp_path / "file" / "desk.db")


async def test_a_second_opening_in_the_same_program_is_refused(tmp_path: Path) -> None:
    database = opened(tmp_path / "desk.db")
    with pytest.raises(StoreError, match="already running"):
        opened(tmp_path / "desk.db")
    await database.close()
    await opened(tmp_path / "desk.db").close()


def test_a_second_program_is_refused_and_one_that_was_killed_leaves_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    script = (
        "import sys; from pathlib import Path; from console.store.database import Database, Migrations\n"
        "Database.open(Path(sys.argv[1]), []); print('open', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == b"open\n"
            with pytest.raises(StoreError, match="already running"):
                opened(path)
            looking = sqlite3.connect(path)
            assert looking.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            looking.close()
        finally:
            child.kill()
    opened(path).close_now()


async def test_a_full_disk_is_told_in_words_and_over_when_there_is_room(tmp_path: Path) -> None:
    database = opened(tmp_path / "desk.db")
    await database.run(put("before"))
    pages = await database.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await database.run(lambda db: db.execute(f"PRAGMA max_page_count={pages}").fetchall())
    with pytest.raises(StoreError, match="disk is full"):
        await database.run(put("x" * 100_000))
    assert await database.read(names) == ["before"]
    await database.run(lambda db: db.execute("PRAGMA max_page_count=100000").fetchall())
    await database.run(put("after"))
    assert await database.read(names) == ["before", "after"]
    await database.close()
