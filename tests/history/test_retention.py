from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.domain.call import CallEnd
from console.history.retention import purge
from console.store import outbox
from tests.history.desk_calls import DeskCalls

DAY = 86400


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskCalls]:
    desk = DeskCalls(tmp_path / "desk.db")
    await desk.recorder.start()
    yield desk
    await desk.close()


async def deliver(desk: DeskCalls) -> None:
    kept = await desk.database.read(lambda db: outbox.waiting(db, "anna", 10_000))
    await desk.database.run(lambda db: outbox.take_out(db, [one.id for one in kept]))


async def test_old_calls_go_with_every_trace(desk: DeskCalls, tmp_path: Path) -> None:
    old = await desk.whole_call("sip:1@a", "Oldtimer")
    await desk.history.note(old, "", "Oldnote")
    await desk.whole_call("sip:2@a", "Regular")
    desk.clock.move(20 * DAY)
    await desk.whole_call("sip:2@a", "Regular")
    await deliver(desk)
    assert await purge(desk.database, desk.clock, 30) == 0
    assert await purge(desk.database, desk.clock, 10) == 2
    assert [row.peer.name for row in await desk.history.search()] == ["Regular"]
    assert await desk.history.search("oldtimer") == []
    assert [one.name for one in await desk.history.completions("")] == ["Regular"]
    assert await desk.history.completions("oldt") == []
    await desk.close()
    assert b"Oldtimer" not in (tmp_path / "desk.db").read_bytes()


async def test_what_the_centre_does_not_have_stays(desk: DeskCalls) -> None:
    sent = await desk.whole_call("sip:1@a", "Sent")
    await deliver(desk)
    await desk.whole_call("sip:2@a", "Waiting")
    noted = await desk.whole_call("sip:3@a", "Refused")
    kept = await desk.database.read(lambda db: outbox.waiting(db, "anna", 10))
    await desk.database.run(lambda db: outbox.park(db, [(kept[-1].id, "no")]))
    desk.clock.move(400 * DAY)
    assert await purge(desk.database, desk.clock, 365) == 1
    assert await desk.history.row(sent) is None
    assert await desk.history.row(noted) is not None
    assert [row.peer.name for row in await desk.history.search()] == ["Refused", "Waiting"]
    assert {one.name for one in await desk.history.completions("")} == {"Refused", "Waiting"}


async def test_a_call_that_goes_on_stays(desk: DeskCalls) -> None:
    desk.arrive("sip:1@a", "Long talker")
    await desk.recorder.flush()
    desk.clock.move(400 * DAY)
    assert await purge(desk.database, desk.clock, 1) == 0


async def test_zero_keeps_all(desk: DeskCalls) -> None:
    await desk.whole_call("sip:1@a")
    await deliver(desk)
    desk.clock.move(4000 * DAY)
    assert await purge(desk.database, desk.clock, 0) == 0


async def test_many_go_in_small_steps(desk: DeskCalls) -> None:
    for number in range(1300):
        desk.end(desk.arrive(f"sip:{number}@a"), CallEnd.MISSED)
    await desk.recorder.flush()
    await deliver(desk)
    desk.clock.move(40 * DAY)
    assert await purge(desk.database, desk.clock, 30) == 1300
    assert (await desk.history.totals()).rows == 0
    assert await desk.history.completions("") == []
