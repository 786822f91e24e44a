"""Checkpoints and intervals: whole or not at all, once, the newest few, found by range and key."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import DBAPIError

import console.ledger as ledger_package
from console.clock import StoppedClock
from console.domain.errors import BadInput, StoreError
from console.ledger.checkpoints import KEPT, Checkpoint, Checkpoints, Increment, Part
from console.ledger.database import Database
from console.ledger.ledger import Ledger
from tests.ledger.conftest import NOON
from tests.ledger.facts import all_of, ready

HOUR = timedelta(hours=1)


@pytest.fixture
def checkpoints(ledger: Ledger) -> Checkpoints:
    return Checkpoints(ledger.database)


def checkpoint(sequence: int, body: bytes = b"known", at: datetime = NOON) -> Checkpoint:
    parts = tuple(Part(kind=kind, version="1.0/7", body=body) for kind in ("board", "router"))
    return Checkpoint(sequence=sequence, made_at=at, parts=parts)


def increment(key: str, start: datetime = NOON, dimension: str = "queue", body: bytes = b"1") -> Increment:
    return Increment(start=start, minutes=15, dimension=dimension, key=key, body=body)


async def test_a_new_ledger_has_none(checkpoints: Checkpoints) -> None:
    assert [one async for one in checkpoints.newest()] == []
    assert await checkpoints.covered() == 0
    assert await checkpoints.intervals("queue", (NOON, NOON + HOUR)) == []


async def test_a_checkpoint_comes_back_whole_the_newest_first(checkpoints: Checkpoints) -> None:
    body = bytes(range(256)) * 2000
    await checkpoints.save(checkpoint(5, body))
    await checkpoints.save(checkpoint(9))
    found = [one async for one in checkpoints.newest()]
    assert [one.sequence for one in found] == [9, 5]
    assert found[1].made_at == NOON
    assert sorted(found[1].parts, key=lambda part: part.kind) == list(checkpoint(5, body).parts)


async def test_only_the_newest_few_are_kept(checkpoints: Checkpoints) -> None:
    for sequence in range(1, KEPT + 4):
        await checkpoints.save(checkpoint(sequence))
    assert [one.sequence async for one in checkpoints.newest()] == [KEPT + 3, KEPT + 2, KEPT + 1]


async def test_one_at_the_same_sequence_takes_the_place_of_the_first(checkpoints: Checkpoints) -> None:
    await checkpoints.save(checkpoint(5, b"before"))
    await checkpoints.save(checkpoint(5, b"after"))
    (found,) = [one async for one in checkpoints.newest()]
    assert {part.body for part in found.parts} == {b"after"}


async def test_a_damaged_one_is_left_out_and_told(
    ledger: Ledger, checkpoints: Checkpoints, caplog: pytest.LogCaptureFixture
) -> None:
    await checkpoints.save(checkpoint(5))
    await checkpoints.save(checkpoint(9))
    damage = text("UPDATE checkpoints SET body=:body WHERE sequence=9 AND kind='router'")
    await ledger.database.write(lambda connection: connection.execute(damage, {"body": b"damaged"}))
    with caplog.at_level(logging.WARNING):
        assert [one.sequence async for one in checkpoints.newest()] == [5]
    assert "router part of the checkpoint at 9 is damaged" in caplog.text


async def test_increments_come_with_a_checkpoint_and_are_found_by_range_and_key(
    checkpoints: Checkpoints,
) -> None:
    first, second = increment("sales"), increment("help", NOON + HOUR)
    agent = increment("anna", dimension="agent")
    await checkpoints.save(checkpoint(5), [second, first, agent], since=1)
    late = increment("sales", body=b"2")
    await checkpoints.save(checkpoint(9), [late], since=6)
    assert await checkpoints.covered() == 9
    assert await checkpoints.intervals("queue", (NOON, NOON + 2 * HOUR)) == [first, late, second]
    assert await checkpoints.intervals("queue", (NOON, NOON + HOUR)) == [first, late]
    assert await checkpoints.intervals("queue", (NOON, NOON + 2 * HOUR), ["help", "x"]) == [second]
    assert await checkpoints.intervals("agent", (NOON, NOON + HOUR), ["anna"]) == [agent]
    assert await checkpoints.intervals("queue", (NOON + HOUR, NOON)) == []
    assert await checkpoints.intervals("queue", (NOON, NOON + HOUR), until=8) == [first]


async def test_a_range_is_written_once_and_never_overlaps(checkpoints: Checkpoints) -> None:
    await checkpoints.save(checkpoint(5), [increment("sales")], since=1)
    await checkpoints.save(checkpoint(5), [increment("sales", body=b"again")], since=1)
    assert [one.body for one in await checkpoints.intervals("queue", (NOON, NOON + HOUR))] == [b"1"]
    for since, sequence in ((3, 9), (5, 6), (8, 7)):
        with pytest.raises(BadInput):
            await checkpoints.save(checkpoint(sequence, b"never"), [increment("sales")], since=since)
    assert [one.sequence async for one in checkpoints.newest()] == [5]
    assert await checkpoints.covered() == 5


async def test_a_checkpoint_whose_increments_fail_is_not_written(checkpoints: Checkpoints) -> None:
    doubled = [increment("sales"), increment("sales", body=b"2")]
    with pytest.raises((StoreError, DBAPIError)):
        await checkpoints.save(checkpoint(5), doubled, since=1)
    assert [one async for one in checkpoints.newest()] == []
    assert await checkpoints.covered() == 0


@pytest.mark.parametrize("statement", ["UPDATE intervals SET key='x'", "DELETE FROM intervals"])
async def test_the_database_itself_refuses_to_change_intervals(
    ledger: Ledger, checkpoints: Checkpoints, statement: str
) -> None:
    await checkpoints.save(checkpoint(5), [increment("sales")], since=1)
    with pytest.raises((StoreError, DBAPIError)) as refusal:
        await ledger.database.write(lambda connection: connection.execute(text(statement)))
    assert "append-only" in f"{refusal.value} {refusal.value.__cause__}"
    assert len(await checkpoints.intervals("queue", (NOON, NOON + HOUR))) == 1


async def test_keys_that_no_database_takes_are_cut_and_stay_apart(checkpoints: Checkpoints) -> None:
    keys = ["a\0b" + "x" * 300, "a\0b" + "x" * 299, "ab"]
    await checkpoints.save(checkpoint(5), [increment(key, body=key.encode()) for key in keys], since=1)
    for key in keys:
        (found,) = await checkpoints.intervals("queue", (NOON, NOON + HOUR), [key])
        assert found.body == key.encode()
        assert len(found.key) <= 255


async def test_a_ledger_of_before_gets_the_tables_and_keeps_its_events(
    sqlite_url: Callable[..., str], clock: StoppedClock
) -> None:
    database = Database(make_url(sqlite_url()))
    config = Config()
    config.set_main_option("script_location", str(Path(ledger_package.__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")

    def first_tables(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")

    await database.write(first_tables)
    old = Ledger(database, 0)
    event = ready(clock)
    await old.append([event])
    await old.close()
    opened = await Ledger.open(sqlite_url())
    assert await all_of(opened) == [(1, event)]
    await Checkpoints(opened.database).save(checkpoint(1), [increment("sales")], since=1)
    assert await Checkpoints(opened.database).covered() == 1
    await opened.close()
