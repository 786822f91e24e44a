"""The ledger: order, idempotence, group commit, reading back, faults in words, kill -9."""

import asyncio
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from console.clock import StoppedClock
from console.domain.agent import Agent
from console.domain.errors import StoreError
from console.domain.events import (
    AgentConfigured,
    AgentPaused,
    CallNoted,
    InteractionArrived,
    QueueConfigured,
)
from console.domain.queue import Queue
from console.ledger.ledger import PAGE, Found, Ledger
from tests.ledger.facts import all_of, arrived, ready


async def test_what_is_appended_is_read_back_in_order(ledger: Ledger, clock: StoppedClock) -> None:
    events = [
        ready(clock),
        arrived(clock, clock.new_id()),
        QueueConfigured(id=clock.new_id(), at=clock.now(), queue=Queue(key="sales")),
    ]
    assert await ledger.append(events[:1]) == [1]
    assert await ledger.append(events[1:]) == [2, 3]
    assert await ledger.append([]) == []
    assert await all_of(ledger) == list(enumerate(events, start=1))
    assert await all_of(ledger, after=1, until=2) == [(2, events[1])]
    assert (await ledger.last_sequence(), await ledger.count()) == (3, 3)


async def test_a_known_id_keeps_its_number_and_is_not_doubled(ledger: Ledger, clock: StoppedClock) -> None:
    first, second, third = ready(clock), ready(clock), ready(clock)
    assert await ledger.append([first, second]) == [1, 2]
    assert await ledger.append([second, third, third, first]) == [2, 3, 3, 1]
    assert await ledger.append([third]) == [3]
    assert [event for _, event in await all_of(ledger)] == [first, second, third]


async def test_a_known_id_with_other_content_changes_nothing(ledger: Ledger, clock: StoppedClock) -> None:
    kept = ready(clock)
    other = AgentPaused(id=kept.id, at=kept.at, agent="ben", reason="Lunch")
    await ledger.append([kept])
    assert await ledger.append([other]) == [1]
    assert await all_of(ledger) == [(1, kept)]


async def test_concurrent_appends_keep_the_order_of_the_calls_and_share_transactions(
    ledger: Ledger, clock: StoppedClock
) -> None:
    transactions = 0
    write = ledger.database.write

    async def counting(work: Callable[..., object]) -> object:
        nonlocal transactions
        transactions += 1
        return await write(work)

    ledger.database.write = counting  # type: ignore[method-assign, assignment]
    events = [[ready(clock, f"a{number}")] * 1 for number in range(500)]
    numbers = await asyncio.gather(*(ledger.append(one) for one in events))
    assert [number for (number,) in numbers] == list(range(1, 501))
    assert [event for _, event in await all_of(ledger)] == [one[0] for one in events]
    assert transactions <= 3


async def test_a_cancelled_caller_does_not_take_the_others_with_it(
    ledger: Ledger, clock: StoppedClock
) -> None:
    tasks = [asyncio.create_task(ledger.append([ready(clock)])) for _ in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert outcomes[0] == [1]
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert outcomes[2] == [3]
    assert await ledger.count() == 3


async def test_reading_goes_page_by_page(ledger: Ledger, clock: StoppedClock) -> None:
    events = [ready(clock) for _ in range(2 * PAGE + 1)]
    await ledger.append(events)
    assert [event for _, event in await all_of(ledger)] == events
    assert len(await all_of(ledger, until=PAGE)) == PAGE


async def test_reading_by_interaction_agent_type_and_time(ledger: Ledger, clock: StoppedClock) -> None:
    first, second = clock.new_id(), clock.new_id()
    one = arrived(clock, first)
    clock.move(60)
    two, three = arrived(clock, second), ready(clock)
    clock.move(60)
    four = AgentConfigured(id=clock.new_id(), at=clock.now(), agent=Agent(key="anna"))
    await ledger.append([one, two, three, four])
    assert await ledger.of_interaction(second) == [(2, two)]
    assert await ledger.of_interaction(clock.new_id()) == []
    assert await ledger.of_agent("anna") == [(3, three), (4, four)]
    assert await ledger.of_types([InteractionArrived], after=1) == [(2, two)]
    assert await ledger.between(two.at, four.at) == [(2, two), (3, three)]
    assert await ledger.between(two.at, four.at + timedelta(microseconds=1), limit=1) == [(2, two)]
    berlin = two.at.astimezone()
    assert await ledger.between(berlin, berlin + timedelta(seconds=1)) == [(2, two), (3, three)]


async def test_the_newest_that_fit_come_first(ledger: Ledger, clock: StoppedClock) -> None:
    call = clock.new_id()
    events = []
    for agent in ("anna", "ben", "anna"):
        clock.move(1)
        events.append(CallNoted(id=clock.new_id(), at=clock.now(), call=call, agent=agent, note=agent))
    await ledger.append(events)
    assert [number for number, _ in await ledger.newest(Found(types=("CallNoted",)), 2)] == [3, 2]
    assert [number for number, _ in await ledger.newest(Found(agent="anna", before=3), 9)] == [1]
    assert [number for number, _ in await ledger.newest(Found(start=events[1].at, end=events[2].at), 9)] == [
        2
    ]
    assert await ledger.newest(Found(queue="sales"), 9) == []
    assert len(await ledger.of_calls([call])) == 3
    assert await ledger.of_calls([]) == []


async def test_times_keep_their_microseconds_and_come_back_in_utc(
    ledger: Ledger, clock: StoppedClock
) -> None:
    clock.move(0.123456)
    event = ready(clock)
    await ledger.append([event])
    ((_, found),) = await ledger.of_agent("anna")
    assert found.at == event.at
    assert found.at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("statement", ["UPDATE events SET agent='eve'", "DELETE FROM events"])
async def test_the_database_itself_refuses_to_change_what_was_written(
    ledger: Ledger, clock: StoppedClock, statement: str
) -> None:
    await ledger.append([ready(clock)])
    with pytest.raises((StoreError, DBAPIError)) as refusal:
        await ledger.database.write(lambda connection: connection.execute(text(statement)))
    assert "append-only" in f"{refusal.value} {refusal.value.__cause__}"
    assert await ledger.count() == 1


async def test_it_goes_on_where_it_stopped(url: str, clock: StoppedClock) -> None:
    ledger = await Ledger.open(url)
    first = ready(clock)
    await ledger.append([first])
    await ledger.close()
    await ledger.close()
    with pytest.raises(StoreError, match="closed"):
        await ledger.append([ready(clock)])
    again = await Ledger.open(url)
    second = ready(clock)
    assert await again.append([first, second]) == [1, 2]
    await again.close()


async def test_closing_writes_what_was_handed_in(url: str, clock: StoppedClock) -> None:
    ledger = await Ledger.open(url)
    waiting = [asyncio.create_task(ledger.append([ready(clock)])) for _ in range(20)]
    await asyncio.sleep(0)
    await ledger.close()
    assert [number for (number,) in await asyncio.gather(*waiting)] == list(range(1, 21))


async def test_nothing_runs_on_after_closing(sqlite_url: Callable[..., str], clock: StoppedClock) -> None:
    before = set(threading.enumerate())
    ledger = await Ledger.open(sqlite_url())
    await ledger.append([ready(clock)])
    await ledger.count()
    await ledger.close()
    left = {thread.name for thread in set(threading.enumerate()) - before}
    assert not {name for name in left if name.startswith("ledger")}


async def test_a_second_writer_is_noticed(url: str, clock: StoppedClock) -> None:
    one, other = await Ledger.open(url), await Ledger.open(url)
    await one.append([ready(clock)])
    with pytest.raises(StoreError, match="another program writes to this ledger"):
        await other.append([ready(clock)])
    assert await one.append([ready(clock)]) == [2]
    await one.close()
    await other.close()


@pytest.mark.e2e
async def test_a_postgresql_that_went_away_is_told_and_found_again(
    postgres: Any, clock: StoppedClock
) -> None:
    ledger = await Ledger.open(postgres.fresh())
    first, lost, last = ready(clock), ready(clock), ready(clock)
    await ledger.append([first])
    await asyncio.to_thread(postgres.restart)
    with pytest.raises(StoreError, match="cannot be reached"):
        await ledger.append([lost])
    assert await ledger.append([last]) == [2]
    assert [event for _, event in await all_of(ledger)] == [first, last]
    await ledger.close()
