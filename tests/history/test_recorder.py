import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlite_utils

from console.domain.address import Address
from console.domain.call import CallEnd, Direction, Quality
from console.domain.events import (
    CallEnded,
    CallHeld,
    CallQualityMeasured,
    CallRecorded,
    CallResumed,
)
from console.domain.queue import SkillNeed
from console.history.rows import Delivery
from console.store import outbox
from console.wire import decode_event
from tests.history.desk_calls import START, DeskCalls


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskCalls]:
    desk = DeskCalls(tmp_path / "desk.db")
    await desk.recorder.start()
    yield desk
    await desk.close()


async def records(desk: DeskCalls) -> list[CallRecorded]:
    kept = await desk.database.read(lambda db: outbox.waiting(db, "anna", 1000))
    return [event for one in kept if isinstance(event := decode_event(one.event), CallRecorded)]


async def failing(desk: DeskCalls) -> None:
    """Wait until the recorder has seen the disk refuse."""
    while not desk.recorder.failing:  # noqa: ASYNC110 - a property, there is nothing to await
        await asyncio.sleep(0)


async def test_a_row_stands_there_as_soon_as_a_call_rings(desk: DeskCalls) -> None:
    interaction = UUID(int=7)
    call = desk.arrive(
        "sip:+4930123456@pbx.example",
        "Berta",
        interaction=interaction,
        queue="Billing",
        waited_s=12.5,
        skills=(SkillNeed("english", 5),),
        account="centre",
    )
    await desk.recorder.flush()
    row = await desk.history.row(call)
    assert row is not None
    assert (row.peer, row.queue, row.interaction) == (
        Address("sip:+4930123456@pbx.example", "Berta"),
        "Billing",
        interaction,
    )
    assert (row.waited_s, row.skills, row.agent) == (12.5, (SkillNeed("english", 5),), "anna")
    assert (row.end, row.ended_at, row.delivery) == (None, None, Delivery.OPEN)
    assert row.direction is Direction.INCOMING
    assert await records(desk) == []
    assert [(change.call, change.unsynced) for change in desk.changes] == [(call, 0)]


async def test_a_call_that_the_centre_makes_for_us_is_ours(desk: DeskCalls) -> None:
    call = desk.arrive(outbound=True)
    await desk.recorder.flush()
    row = await desk.history.row(call)
    assert row is not None
    assert row.direction is Direction.OUTGOING


async def test_a_whole_call_is_recorded_with_holds_and_quality(desk: DeskCalls) -> None:
    call = desk.arrive()
    desk.clock.move(5)
    desk.answer(call)
    for _ in range(2):
        desk.clock.move(10)
        desk.bus.publish(CallHeld(id=desk.clock.new_id(), at=desk.clock.now(), call=call))
        desk.clock.move(3)
        desk.bus.publish(CallResumed(id=desk.clock.new_id(), at=desk.clock.now(), call=call))
    desk.bus.publish(CallHeld(id=desk.clock.new_id(), at=desk.clock.now(), call=call))
    desk.clock.move(4)
    quality = Quality(codec="PCMU", mos=4.2, sent=100, received=99, lost=1)
    desk.end(call, CallEnd.HUNG_UP_THERE, quality, reason="Normal")
    await desk.recorder.flush()
    row = await desk.history.row(call)
    assert row is not None
    assert (row.held_s, row.talk_s, row.quality, row.sip_code, row.reason) == (10, 30, quality, 200, "Normal")
    assert row.delivery is Delivery.WAITING
    (record,) = await records(desk)
    assert record.call == call
    assert (record.started_at, record.answered_at) == (START, START + timedelta(seconds=5))
    assert (record.ended_at, record.held_s, record.quality) == (START + timedelta(seconds=35), 10, quality)
    assert (record.agent, record.end, record.direction) == ("anna", CallEnd.HUNG_UP_THERE, Direction.INCOMING)
    assert desk.changes[-1].unsynced == 1


async def test_without_a_quality_at_the_end_the_last_measured_one_counts(desk: DeskCalls) -> None:
    call = desk.dial()
    desk.answer(call)
    measured = Quality(codec="G722", mos=float("nan"), jitter_ms=float("inf"), received=5)
    desk.bus.publish(
        CallQualityMeasured(id=desk.clock.new_id(), at=desk.clock.now(), call=call, quality=measured)
    )
    desk.end(call)
    await desk.recorder.flush()
    (record,) = await records(desk)
    assert record.quality == Quality(codec="G722", received=5)
    assert record.direction is Direction.OUTGOING


async def test_two_calls_at_once_are_kept_apart(desk: DeskCalls) -> None:
    first, second = desk.arrive("sip:1000@a"), desk.dial("sip:2000@a")
    desk.end(first, CallEnd.MISSED)
    desk.answer(second)
    desk.end(second, CallEnd.HUNG_UP_HERE)
    await desk.recorder.flush()
    rows = await desk.history.search()
    assert [(row.call, row.end, row.missed) for row in rows] == [
        (second, CallEnd.HUNG_UP_HERE, 0),
        (first, CallEnd.MISSED, 1),
    ]


async def test_facts_that_do_not_fit_are_noted_and_harm_nothing(
    desk: DeskCalls, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = desk.clock.new_id()
    desk.answer(stranger)
    desk.end(stranger)
    call = desk.arrive()
    desk.bus.publish(CallResumed(id=desk.clock.new_id(), at=desk.clock.now(), call=call))
    desk.answer(call)
    desk.answer(call)
    desk.end(call)
    desk.end(call)
    await desk.recorder.flush()
    assert len(await desk.history.search()) == 1
    assert len(await records(desk)) == 1
    assert "ended without having begun" in caplog.text


@pytest.mark.parametrize(
    "name", ["\ud800 lone", "a\0b", "\u202eevil", "x" * 100_000, "'; DROP TABLE call; --", "\n\r\t"]
)
async def test_a_hostile_name_is_kept_and_can_be_sent(desk: DeskCalls, name: str) -> None:
    call = await desk.whole_call("sip:\ud800@pbx.example", name)
    row = await desk.history.row(call)
    assert row is not None
    assert len(row.peer.name) <= 200
    assert row.peer.name.isprintable()
    (record,) = await records(desk)
    assert record.peer == row.peer


async def test_rows_left_open_by_a_dead_program_become_lost(tmp_path: Path) -> None:
    dead = DeskCalls(tmp_path / "desk.db")
    await dead.recorder.start()
    ringing, talking = dead.arrive("sip:1@a", "Ringing"), dead.arrive("sip:2@a", "Talking")
    dead.clock.move(5)
    dead.answer(talking)
    quality = Quality(codec="PCMA", mos=4.0)
    dead.clock.move(20)
    dead.bus.publish(
        CallQualityMeasured(id=dead.clock.new_id(), at=dead.clock.now(), call=talking, quality=quality)
    )
    last = dead.clock.now()
    await dead.recorder.flush()
    await dead.close()

    desk = DeskCalls(tmp_path / "desk.db", start=last + timedelta(hours=1))
    assert await desk.recorder.start() == 2
    row = await desk.history.row(talking)
    assert row is not None
    assert (row.end, row.ended_at, row.talk_s, row.quality, row.missed) == (
        CallEnd.LOST,
        last,
        20,
        quality,
        0,
    )
    missed = await desk.history.search(only="missed")
    assert [row.call for row in missed] == [ringing]
    lost = await records(desk)
    assert [(record.call, record.end) for record in lost] == [
        (ringing, CallEnd.LOST),
        (talking, CallEnd.LOST),
    ]
    assert [change.call for change in desk.changes] == [ringing, talking]
    await desk.close()

    third = DeskCalls(tmp_path / "desk.db", start=last + timedelta(hours=2))
    assert await third.recorder.start() == 0
    assert [record.id for record in await records(third)] == [record.id for record in lost]
    await third.close()


async def test_while_the_disk_is_full_rows_wait_in_memory_and_nothing_is_lost(
    desk: DeskCalls, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.whole_call("sip:1@a")
    pages = await desk.database.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await desk.database.run(lambda db: db.execute(f"PRAGMA max_page_count={pages}").fetchall())
    calls = []
    with caplog.at_level(logging.WARNING):
        for number in range(60):
            call = desk.arrive(f"sip:{number}@a", "Somebody with a long name " * 7)
            desk.end(call, CallEnd.MISSED, reason="x" * 200)
            calls.append(call)
        async with asyncio.timeout(20):
            await failing(desk)
        assert desk.recorder.unwritten > 0
        assert len(await desk.history.search()) == 1
        await desk.database.run(lambda db: db.execute("PRAGMA max_page_count=1000000").fetchall())
        await desk.recorder.flush()
    assert desk.recorder.unwritten == 0
    assert not desk.recorder.failing
    assert [row.call for row in await desk.history.search(limit=60)] == calls[::-1]
    assert len(await records(desk)) == 61
    told = [entry.message for entry in caplog.records if entry.name == "console.history.recorder"]
    assert len(told) == 2
    assert "kept in memory" in told[0]
    assert "nothing was lost" in told[1]


async def test_stop_says_what_it_could_not_write(desk: DeskCalls, caplog: pytest.LogCaptureFixture) -> None:
    await desk.whole_call("sip:1@a")
    pages = await desk.database.run(lambda db: db.execute("PRAGMA page_count").fetchone()[0])
    await desk.database.run(lambda db: db.execute(f"PRAGMA max_page_count={pages}").fetchall())
    for number in range(60):
        desk.end(desk.arrive(f"sip:{number}@a", "Somebody with a long name " * 7), CallEnd.MISSED)
    assert await desk.recorder.stop(0.3) == 60
    assert "could not be written" in caplog.text


async def test_without_a_centre_nothing_waits_for_one(tmp_path: Path) -> None:
    desk = DeskCalls(tmp_path / "desk.db", deliver=False)
    await desk.recorder.start()
    call = await desk.whole_call("sip:1@a")
    row = await desk.history.note(call, "Solved", "all good")
    assert (row.delivery, row.note) == (Delivery.LOCAL, "all good")
    assert await records(desk) == []
    assert (await desk.history.totals()).unsynced == 0
    await desk.close()


async def test_a_stopped_recorder_hears_nothing(desk: DeskCalls) -> None:
    assert await desk.recorder.stop() == 0
    assert await desk.recorder.stop() == 0
    desk.bus.publish(
        CallEnded(id=desk.clock.new_id(), at=desk.clock.now(), call=desk.clock.new_id(), end=CallEnd.MISSED)
    )
    desk.arrive()
    assert desk.recorder.unwritten == 0


async def test_one_transaction_takes_all_that_waits(desk: DeskCalls) -> None:
    begun: list[int] = []
    original = desk.database.run

    async def counted(job: Callable[[sqlite_utils.Database], int]) -> int:
        begun.append(1)
        return await original(job)

    desk.database.run = counted
    for number in range(200):
        desk.end(desk.arrive(f"sip:{number}@a"), CallEnd.MISSED)
    await desk.recorder.flush()
    assert len(await records(desk)) == 200
    assert len(begun) <= 3
