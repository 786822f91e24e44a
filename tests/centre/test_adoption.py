"""What a start makes of calls that went on without the centre."""

from datetime import timedelta
from pathlib import Path

from console.centre.aside import facts_of
from console.clock import SystemClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import AgentState
from console.domain.interaction import Phase
from console.routing.router import Router
from console.switch.switch import Known, Stray
from tests.centre.doubles import CLOCK, Room
from tests.centre.test_memory import SETTINGS, SturdySwitch


async def opened(file: Path) -> Room:
    return await Room.open(file, SETTINGS, SturdySwitch())


async def restarted(room: Room, file: Path) -> Room:
    await room.crash()
    return await opened(file)


def adopted(room: Room) -> list[Known]:
    (known,) = room.switch.told("adopt")
    assert isinstance(known, list)
    return known


async def test_who_talks_is_rung_and_waits_is_taken_up_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "centre.db"
    room = await opened(file)
    await room.link("ada")
    await room.link("ben")
    talks = await room.arrive()
    await room.answer()
    rings = await room.arrive()
    waits = await room.arrive()
    agents = {ring.interaction: ring for ring in room.switch.rings}
    room = await restarted(room, file)
    known = {one.interaction: one for one in adopted(room)}
    assert set(known) == {talks, rings, waits}
    assert (known[talks].agent, known[talks].offer) == (agents[talks].agent, agents[talks].offer)
    assert known[rings].offers == {agents[rings].offer: agents[rings].agent}
    assert (known[waits].agent, known[waits].offers, known[waits].queue) == ("", {}, "support")
    assert [standing.phase for standing in room.centre.router.open_interactions()] == [
        Phase.CONNECTED,
        Phase.OFFERED,
        Phase.WAITING,
    ]
    assert room.switch.rings == [], "nobody is rung twice"
    assert await room.facts(ev.DeskLost) == [], "the desks' phones are with the switch"
    await room.end(talks)
    assert room.state(agents[talks].agent) is AgentState.WRAP_UP
    await room.close()


async def test_a_farewell_that_was_not_said_is_said(tmp_path: Path) -> None:
    file = tmp_path / "centre.db"
    room = await opened(file)
    nowhere = await room.arrive("999")
    assert room.switch.told("hang_up")
    room = await restarted(room, file)
    assert [one.interaction for one in adopted(room)] == [nowhere]
    assert len(room.switch.told("hang_up")) == 1
    await room.close()


async def test_a_call_without_the_centre_is_told_whole_and_once(tmp_path: Path) -> None:
    room = await opened(tmp_path / "centre.db")
    await room.link("ada")
    now = CLOCK.now()
    stray = Stray(
        key="a.1@1", customer=Address("sip:4711@x.example"), called="200", agent="ada",
        arrived_at=now - timedelta(seconds=60), answered_at=now - timedelta(seconds=50),
        ended_at=now - timedelta(seconds=10),
    )  # fmt: skip
    assert stray.ended_at is not None
    for _ in range(2):
        await room.centre.submit_all(facts_of(stray, stray.ended_at, "north", room.centre.router))
    (arrived,) = await room.facts(ev.InteractionArrived)
    (queued,) = await room.facts(ev.InteractionQueued)
    (answered,) = await room.facts(ev.InteractionAnswered)
    (ended,) = await room.facts(ev.InteractionEnded)
    assert (arrived.at, answered.at, ended.at) == (stray.arrived_at, stray.answered_at, stray.ended_at)  # type: ignore[attr-defined]
    assert (queued.queue, answered.agent) == ("sales", "ada")  # type: ignore[attr-defined]
    assert room.state("ada") is AgentState.READY, "no wrap-up of a call that is long over"
    total = room.centre.board.snapshot().total
    assert total is not None
    assert (total.counts.offered, total.counts.answered) == (1, 1)
    assert room.centre.router.open_interactions() == []
    await room.close()


def test_the_same_call_has_the_same_ids_wherever_it_is_read() -> None:
    clock = SystemClock()
    stray = Stray(key="a.1@1", customer=Address("sip:1@x"), called="100", arrived_at=clock.now())
    router = Router(SETTINGS.routing, clock.new_id)
    ids = [[fact.id for fact in facts_of(stray, clock.now(), where, router)] for where in ("a", "a", "b")]
    assert ids[0] == ids[1]
    assert not set(ids[0]) & set(ids[2])
