import asyncio
import logging
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.clock import SystemClock
from console.domain.address import Address
from console.domain.call import CallEnd, Direction
from console.domain.errors import NetworkError
from console.domain.events import CallNoted, CallRecorded, HistoryChanged, LinkState
from console.history.queries import History
from console.history.rows import Delivery
from console.store import outbox as table
from console.store.outbox import OutboxCounts
from console.sync.backoff import Backoff
from console.sync.outbox import BATCH, Answer, Outbox
from tests.sync.rooms import Rooms
from tests.sync.small_centre import Facts, SmallCentre

CLOCK = SystemClock()
NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def record(agent: str = "anna") -> CallRecorded:
    return CallRecorded(
        id=CLOCK.new_id(),
        at=NOON,
        call=CLOCK.new_id(),
        agent=agent,
        direction=Direction.INCOMING,
        peer=Address("sip:+4930123@pbx.example", "Berta"),
        started_at=NOON,
        ended_at=NOON,
        end=CallEnd.MISSED,
    )


async def put(rooms: Rooms, *events: CallRecorded | CallNoted) -> None:
    await rooms.database.run(lambda db: [table.enqueue(db, event) for event in events])
    waiting = (await rooms.outbox.counts()).waiting
    call = events[-1].call
    rooms.bus.publish(HistoryChanged(id=CLOCK.new_id(), at=NOON, call=call, unsynced=waiting))


async def drained(rooms: Rooms) -> None:
    async with asyncio.timeout(20):
        await rooms.outbox.drained()


async def test_records_are_delivered_in_batches_in_order_and_told_of(
    centre: SmallCentre, rooms: Rooms
) -> None:
    events = [record() for _ in range(250)]
    await put(rooms, *events)
    await rooms.online(centre)
    await drained(rooms)
    assert [len(batch) for batch in centre.deliveries] == [BATCH, BATCH, 50]
    assert list(centre.ledger.values()) == events
    assert rooms.outbox.delivered == 250
    assert await rooms.outbox.counts() == OutboxCounts(0, 0)
    told = [event for event in rooms.facts.of(HistoryChanged) if event.unsynced == 0]
    assert {event.call for event in told} == {event.call for event in events[200:]}


async def test_a_record_made_while_online_goes_out_at_once(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    await drained(rooms)
    one = record()
    await put(rooms, one)
    await rooms.facts.wait(lambda: rooms.outbox.delivered == 1)
    assert list(centre.ledger) == [one.id]


async def test_with_the_centre_away_records_wait_and_go_out_when_it_is_back(
    centre: SmallCentre, rooms: Rooms, caplog: pytest.LogCaptureFixture
) -> None:
    await rooms.online(centre)
    await centre.stop()
    await rooms.until(LinkState.LOST)
    events = [record() for _ in range(5)]
    await put(rooms, *events)
    while not rooms.outbox.fault:  # noqa: ASYNC110 - a property, there is nothing to await
        await asyncio.sleep(0.01)
    assert "nothing listens there" in rooms.outbox.fault
    await centre.start()
    await drained(rooms)
    assert list(centre.ledger.values()) == events
    assert rooms.outbox.fault == ""
    told = [entry.message for entry in caplog.records if entry.name == "console.sync.outbox"]
    assert [line.split(":")[0] for line in told] == [
        "records cannot be delivered, they wait",
        "records are delivered again",
    ]


async def test_what_waits_survives_a_restart(centre: SmallCentre, tmp_path: Path) -> None:
    before = Rooms(tmp_path / "desk.db")
    events = [record() for _ in range(3)]
    await put(before, *events)
    await before.database.close()
    after = Rooms(tmp_path / "desk.db")
    await after.online(centre)
    await drained(after)
    assert list(centre.ledger.values()) == events
    await after.link.stop()
    await after.database.close()


async def test_a_lost_answer_doubles_nothing(centre: SmallCentre, rooms: Rooms) -> None:
    """The centre commits but its answer is lost: the same ids come again, the ledger keeps one each."""
    lost = 2

    def lose(body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        nonlocal lost
        if lost:
            lost -= 1
            centre._records(body)
            return 502, {}, b"gateway lost it"
        return None

    centre.answer_records = lose
    events = [record() for _ in range(7)]
    await put(rooms, *events)
    await rooms.online(centre)
    await drained(rooms)
    assert len(centre.deliveries) == 3
    assert list(centre.ledger.values()) == events


async def test_a_refused_record_is_parked_and_blocks_nobody(centre: SmallCentre, rooms: Rooms) -> None:
    events = [record() for _ in range(3)]
    centre.refusing[events[1].id] = "The call is from the future."
    await put(rooms, *events)
    await rooms.online(centre)
    await drained(rooms)
    assert list(centre.ledger) == [events[0].id, events[2].id]
    assert await rooms.outbox.counts() == OutboxCounts(0, 1)
    deliveries = len(centre.deliveries)
    await drained(rooms)
    assert len(centre.deliveries) == deliveries
    centre.refusing.clear()
    assert await rooms.outbox.retry_parked() == 1
    await drained(rooms)
    assert set(centre.ledger) == {event.id for event in events}


async def test_a_refused_record_is_shown_in_its_row(centre: SmallCentre, rooms: Rooms) -> None:
    history = History(rooms.bus, rooms.database, CLOCK, lambda: "anna")
    one = record()
    await rooms.database.run(
        lambda db: db["call"].insert(
            {
                "call": str(one.call),
                "record": str(one.id),
                "agent": "anna",
                "incoming": 1,
                "uri": "sip:1@a",
                "name": "",
                "digits": "",
                "account": "",
                "queue": "",
                "skills": "[]",
                "started_at": NOON.isoformat(),
                "ended_at": NOON.isoformat(),
                "seen_at": NOON.isoformat(),
                "end": "missed",
                "deliver": 1,
            }
        )
    )
    centre.refusing[one.id] = "No such agent."
    await put(rooms, one)
    row = await history.row(one.call)
    assert row is not None
    assert row.delivery is Delivery.WAITING
    await rooms.online(centre)
    await drained(rooms)
    row = await history.row(one.call)
    assert row is not None
    assert (row.delivery, row.refused) == (Delivery.REFUSED, "No such agent.")


async def test_a_batch_that_is_refused_whole_is_halved_until_the_bad_one_stands_alone(
    centre: SmallCentre, rooms: Rooms
) -> None:
    events = [record() for _ in range(20)]
    bad = str(events[13].id).encode()
    centre.answer_records = lambda body: (400, {}, b'{"detail":"I choke on it"}') if bad in body else None
    await put(rooms, *events)
    await rooms.online(centre)
    await drained(rooms)
    assert set(centre.ledger) == {event.id for event in events} - {events[13].id}
    assert await rooms.outbox.counts() == OutboxCounts(0, 1)
    (reason,) = await rooms.database.read(lambda db: db.execute("SELECT refused FROM outbox").fetchone())
    assert "I choke on it" in reason


async def test_a_refused_token_stops_it_until_the_next_sign_in(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    centre.bad_tokens = True
    one = record()
    await put(rooms, one)
    await rooms.until(LinkState.REFUSED)
    assert "Sign in again" in rooms.link.reason
    assert await rooms.outbox.counts() == OutboxCounts(1, 0)
    centre.bad_tokens = False
    await rooms.online(centre)
    await drained(rooms)
    assert list(centre.ledger) == [one.id]


async def test_each_agent_of_a_shared_desk_delivers_the_own_records(
    centre: SmallCentre, rooms: Rooms
) -> None:
    annas, nobodys, svens = record("anna"), record(""), record("sven")
    await put(rooms, annas, nobodys, svens)
    await rooms.online(centre, "sven", "hidden")
    await drained(rooms)
    assert set(centre.ledger) == {nobodys.id, svens.id}
    await rooms.online(centre)
    await drained(rooms)
    assert set(centre.ledger) == {annas.id, nobodys.id, svens.id}


async def test_sign_out_delivers_what_waits_first(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    one = record()
    await rooms.database.run(lambda db: table.enqueue(db, one))
    await rooms.link.sign_out()
    assert list(centre.ledger) == [one.id]


ANSWERS = [
    (200, b"<html>Hotel Wi-Fi</html>"),
    (200, b"{}"),
    (200, b'{"acknowledged":["x"]}'),
    (200, b"[" * 100_000),
    (200, b'{"acknowledged":"all of them"}'),
    (200, b'{"acknowledged":["0192f0c1-0000-7000-8000-000000000000"],"refused":[{"id":"","reason":"?"}]}'),
    (204, b""),
    (302, b""),
    (403, b""),
    (404, b""),
    (500, b"\xff"),
    (503, b"x" * 5_000_000),
]


@pytest.mark.parametrize(("status", "body"), ANSWERS)
async def test_no_answer_of_any_shape_loses_a_record(
    centre: SmallCentre, rooms: Rooms, status: int, body: bytes
) -> None:
    asked = 0

    def answer(_: bytes) -> tuple[int, dict[str, str], bytes] | None:
        nonlocal asked
        asked += 1
        return (status, {}, body) if asked <= 3 else None

    centre.answer_records = answer
    one = record()
    await put(rooms, one)
    await rooms.online(centre)
    await drained(rooms)
    assert asked == 4
    assert list(centre.ledger) == [one.id]


async def test_retry_after_is_honoured(centre: SmallCentre, rooms: Rooms) -> None:
    loop = asyncio.get_running_loop()
    asked: list[float] = []

    def answer(_: bytes) -> tuple[int, dict[str, str], bytes] | None:
        asked.append(loop.time())
        return (503, {"retry-after": "1"}, b"") if len(asked) == 1 else None

    centre.answer_records = answer
    await put(rooms, record())
    await rooms.online(centre)
    await drained(rooms)
    assert asked[1] - asked[0] >= 1.0  # not sooner: the back-off of these rooms is at most 0.05 s


class DeadEnd:
    """A courier that reaches nobody, and counts."""

    agent = "anna"

    def __init__(self) -> None:
        self.tries = 0

    async def deliver(self, body: bytes) -> Answer:
        self.tries += 1
        raise NetworkError("nobody there")


async def test_it_can_be_stopped_while_it_waits_to_try_again(rooms: Rooms) -> None:
    slow = Outbox(rooms.bus, rooms.database, CLOCK, backoff=Backoff(1000.0, 1000.0, random.Random(3)))
    facts = Facts(rooms.bus)
    await put(rooms, record())
    courier = DeadEnd()
    slow.start(courier, lambda: None)
    while not slow.fault:  # noqa: ASYNC110 - a property, there is nothing to await
        await asyncio.sleep(0.01)
    with pytest.raises(RuntimeError):
        slow.start(courier, lambda: None)
    await slow.stop(0.05)
    assert courier.tries == 1
    await slow.stop()
    assert facts.of(HistoryChanged)


def test_an_event_is_put_in_once(tmp_path: Path) -> None:
    rooms = Rooms(tmp_path / "desk.db")
    one = record()

    async def twice() -> OutboxCounts:
        await rooms.database.run(lambda db: [table.enqueue(db, one), table.enqueue(db, one)])
        return await rooms.outbox.counts()

    assert asyncio.run(twice()) == OutboxCounts(1, 0)
    rooms.database.close_now()


async def test_nothing_is_logged_about_a_delivery_that_works(
    centre: SmallCentre, rooms: Rooms, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "console"):
        await put(rooms, record())
        await rooms.online(centre)
        await drained(rooms)
    assert [entry.message for entry in caplog.records if entry.name == "console.sync.outbox"] == []
