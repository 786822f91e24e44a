"""The centre's pipeline: facts in, durable, decided, performed; also after a crash and on a full disk."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent, AgentState
from console.domain.errors import BadInput, Refused, StoreError
from console.domain.queue import Queue
from console.metrics.snapshot import Fold
from console.settings import CentreSettings, RoutingSettings
from tests.centre.doubles import CLOCK, CONTACT, Room

SETTINGS = CentreSettings(
    routing=RoutingSettings(grace_s=30.0, pause_reasons=("Lunch",)),
    queues=(Queue(key="support", name="Support", numbers=("100",), ring_timeout_s=30.0, wrap_up_s=30.0),),
    agents=(Agent(key="ada", name="Ada", queues=("support",)), Agent(key="ben", queues=("support",))),
)


async def _open(file: Path) -> Room:
    return await Room.open(file, SETTINGS)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    made = await _open(tmp_path / "centre.db")
    yield made
    await made.centre.stop()
    await made.ledger.close()


async def test_a_call_waits_with_music_and_rings_the_agent_who_becomes_ready(room: Room) -> None:
    interaction = await room.arrive()
    assert room.switch.told("music") == ["hold-music"]
    assert room.switch.told("play") == [("welcome", "please-hold")]
    assert room.switch.rings == []
    await room.link("ada")
    (ring,) = room.switch.rings
    assert (ring.interaction, ring.agent, ring.contact) == (interaction, "ada", CONTACT)
    assert ring.headers["X-Queue"] == "Support"
    assert float(ring.headers["X-Waited-S"]) >= 0
    assert (ring.caller_name, ring.caller_uri) == ("Maria", "sip:+4930@x.example")
    assert room.state("ada") is AgentState.OFFERED


async def test_what_is_performed_is_in_the_ledger_first(room: Room) -> None:
    await room.link("ada")
    kept: list[int] = []
    ring = room.switch.ring

    def noticing(order: object) -> None:
        kept.append(room.centre.board.sequence)
        ring(order)  # type: ignore[arg-type]

    room.switch.ring = noticing  # type: ignore[method-assign]
    await room.arrive()
    events = [event async for event in room.ledger.read()]
    offered = [sequence for sequence, event in events if isinstance(event, ev.InteractionOffered)]
    assert kept == offered


async def test_a_caller_is_rung_for_after_one_transaction(room: Room) -> None:
    await room.link("ada")
    written: list[int] = []
    room.ledger.on_written = lambda rows, seconds: written.append(rows)
    await room.arrive()
    assert len(room.switch.rings) == 1
    assert written == [3]  # it arrived, it waits, it is offered


async def test_a_fact_twice_in_one_batch_counts_once(room: Room) -> None:
    fact = ev.AgentPaused(id=CLOCK.new_id(), at=CLOCK.now(), agent="ada", reason="Lunch")
    await room.link("ada")
    await room.centre.submit_all([fact, fact])
    assert [event.id for event in await room.facts(ev.AgentPaused)] == [fact.id]  # type: ignore[attr-defined]


async def test_a_whole_call_ends_in_wrap_up_until_the_agent_ends_it(room: Room) -> None:
    await room.link("ada")
    interaction = await room.arrive()
    await room.answer()
    view = room.centre.agent_view("ada")
    assert view is not None
    assert view.state is AgentState.ON_CONTACT
    assert view.contact is not None
    assert view.contact.queue_name == "Support"
    assert view.contact.customer_name == "Maria"
    await room.end(interaction)
    view = room.centre.agent_view("ada")
    assert view is not None
    assert (view.state, view.wrap_up_interaction) == (AgentState.WRAP_UP, interaction)
    assert view.wrap_up_until is not None
    await room.centre.command("ada", "end_wrap_up", "")
    assert room.state("ada") is AgentState.READY
    with pytest.raises(Refused, match="no wrap-up"):
        await room.centre.command("ada", "end_wrap_up", "")


async def test_the_live_board_is_a_refold_of_the_ledger(room: Room) -> None:
    await room.link("ada")
    for _ in range(3):
        interaction = await room.arrive()
        if room.state("ada") is AgentState.OFFERED:
            await room.answer()
        await room.end(interaction)
    fold = Fold()
    async for sequence, event in room.ledger.read():
        fold.apply(event, sequence)
    live = room.centre.board.snapshot()
    again = fold.snapshot(live.at)
    assert live.queues == again.queues
    assert live.agents == again.agents
    assert live.total == again.total
    assert live.abandoned == again.abandoned


async def test_a_vanished_desk_lets_the_next_agent_ring_at_once_and_keeps_its_state(room: Room) -> None:
    await room.link("ada")
    await room.arrive()
    assert [ring.agent for ring in room.switch.rings] == ["ada"]
    await room.link("ben")
    await room.centre.desk_lost("ada", room.sessions["ada"])
    assert [ring.agent for ring in room.switch.rings] == ["ada", "ben"]
    assert len(room.switch.told("cancel")) == 1
    assert room.state("ada") is AgentState.READY
    await room.centre.desk_lost("ada", CLOCK.new_id())  # a session of before: nothing happens
    await room.link("ada", ready=False)
    assert room.state("ada") is AgentState.READY


@pytest.mark.parametrize(
    ("action", "argument", "told"),
    [("pause", "Nap", "no pause reason"), ("fly", "", "does not know"), ("end_wrap_up", "", "no wrap-up")],
)
async def test_what_cannot_be_is_refused_in_words(room: Room, action: str, argument: str, told: str) -> None:
    await room.link("ada")
    with pytest.raises(Refused, match=told):
        await room.centre.command("ada", action, argument)


async def test_only_a_signed_in_agent_may_command(room: Room) -> None:
    for user in ("ada", "nobody"):
        with pytest.raises(Refused, match="not signed in"):
            await room.centre.command(user, "ready", "")
    with pytest.raises(BadInput):
        await room.centre.desk_linked("ada", "sip:x@y\r\nVia: z", CLOCK.new_id())


async def test_a_transfer_to_nobody_of_ours_goes_outside(room: Room) -> None:
    await room.link("ada")
    interaction = await room.arrive()
    await room.answer()
    room.centre.sip_domain = "127.0.0.1:5060"

    def transferred(target: str) -> ev.InteractionTransferred:
        return ev.InteractionTransferred(
            id=CLOCK.new_id(), at=CLOCK.now(), interaction=interaction, agent="ada", target=target
        )

    room.switch.tell(transferred("+49301234"))
    await room.centre.settled()
    assert room.switch.told("connect") == ["sip:+49301234@127.0.0.1:5060"]


async def test_an_unknown_number_is_refused_and_told(room: Room) -> None:
    await room.arrive("999")
    assert room.switch.told("hang_up") == ["no such queue"]


async def test_a_new_centre_ends_what_a_dead_one_left_and_keeps_every_fact(tmp_path: Path) -> None:
    first = await _open(tmp_path / "centre.db")
    await first.link("ada")
    interaction = await first.arrive()
    await first.answer()
    before = await first.ledger.count()
    for task in first.centre._tasks:  # as a crash would: no word, no clean-up
        task.cancel()
    await first.ledger.close()
    second = await _open(tmp_path / "centre.db")
    try:
        events = [event async for _, event in second.ledger.read()]
        assert len(events) > before
        ends = [event for event in events if isinstance(event, ev.InteractionEnded)]
        assert [(end.interaction, end.by) for end in ends] == [(interaction, ev.EndedBy.CENTRE)]
        assert not second.centre.router.open_interactions()
        configured = [event for event in events if isinstance(event, ev.QueueConfigured)]
        assert len(configured) == 1  # the same settings are not written twice
    finally:
        await second.centre.stop()
        await second.ledger.close()


async def test_a_full_disk_holds_facts_up_and_loses_none(room: Room) -> None:
    await room.link("ada")
    append = room.ledger.append
    failures = iter([StoreError("the disk is full"), None])

    async def full_once(new: Sequence[ev.LedgerEvent]) -> list[int]:
        fault = next(failures, None)
        if fault is not None:
            raise fault
        return await append(new)

    room.ledger.append = full_once  # type: ignore[method-assign]
    interaction = await room.arrive()
    assert [ring.interaction for ring in room.switch.rings] == [interaction]


async def test_a_fact_delivered_twice_counts_once(room: Room) -> None:
    fact = ev.InteractionArrived(
        id=CLOCK.new_id(),
        at=CLOCK.now(),
        interaction=CLOCK.new_id(),
        customer=Address("sip:a@x.example"),
        called="100",
    )
    await room.centre.submit(fact)
    count = await room.ledger.count()
    await room.centre.submit(fact)
    assert await room.ledger.count() == count
    assert len(room.centre.router.open_interactions()) == 1
