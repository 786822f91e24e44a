"""Calls that agents make: what is refused in words, how the agent stands meanwhile, and what is counted."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from console.centre.outbound import CANNOT, NO_TRUNK
from console.domain import events as ev
from console.domain.agent import Agent, AgentState
from console.domain.errors import NotThere, Refused, TooLate
from console.domain.queue import Queue
from console.settings import CentreSettings, SwitchSettings
from console.switch.switch import Capability, Ring
from tests.centre.doubles import CLOCK, CONTACT, Room, SpySwitch

SETTINGS = CentreSettings(
    queues=(
        Queue(key="sales", name="Sales", numbers=("+49301230",), wrap_up_s=60, ring_timeout_s=12),
        Queue(key="help", numbers=("200",)),
    ),
    agents=(
        Agent(key="anna", queues=("sales",)),
        Agent(key="bert", name="Bert Klein", queues=("help",)),
        Agent(key="dora", queues=()),
    ),
    switch=SwitchSettings(trunk="gateway.example"),
)
NUMBER = "030 765-4321"


class OutboundSpy(SpySwitch):
    """A spy that can make calls for agents."""

    capabilities = frozenset({Capability.ORIGINATE, Capability.OUTBOUND})

    def say(self, kind: type, order: Ring, **more: object) -> None:
        """Tell a fact about an order's interaction."""
        fields = {"id": CLOCK.new_id(), "at": CLOCK.now(), "interaction": order.interaction, **more}
        self.tell(kind(**fields))


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    opened = await Room.open(tmp_path / "centre.db", SETTINGS, OutboundSpy())
    opened.centre.sip_domain = "pbx.example"
    await opened.link("anna", ready=False)
    yield opened
    await opened.close()


async def dial(room: Room, agent: str = "anna", **more: str) -> Ring:
    """What the switch is told for a call."""
    interaction = await room.centre.outbound.dial(agent, NUMBER, **more)
    order = room.switch.rings[-1]
    assert order.interaction == interaction
    return order


async def reached(room: Room, order: Ring) -> None:
    """The agent is there, then the customer."""
    about = {"offer": order.offer, "agent": order.agent}
    room.switch.say(ev.OfferRinging, order, **about)
    room.switch.say(ev.CallbackDialled, order, **about)
    room.switch.say(ev.InteractionAnswered, order, queue=order.queue, **about)
    await room.centre.settled()


async def over(room: Room, order: Ring, by: ev.EndedBy = ev.EndedBy.CUSTOMER, reason: str = "") -> None:
    room.switch.say(ev.InteractionEnded, order, by=by, reason=reason)
    await room.centre.settled()


async def test_an_agent_calls_and_is_at_work_from_the_first_ring_to_the_wrap_up(room: Room) -> None:
    assert room.state("anna") is AgentState.PAUSED
    order = await dial(room)
    assert (order.contact, order.call_out) == (CONTACT, "sip:0307654321@pbx.example")
    assert (order.caller_uri, order.caller_name) == ("sip:0307654321@pbx.example", "0307654321")
    assert (order.call_out_from, order.call_out_name) == ("+49301230", "Sales")
    assert order.outbound
    assert order.ring_s == 12
    assert order.headers["Answer-Mode"] == "Auto"
    assert room.state("anna") is AgentState.ON_CONTACT
    view = room.centre.agent_view("anna")
    assert view is not None
    assert view.dials
    assert view.contact is not None
    assert (view.contact.outbound, view.contact.dialled) == (True, True)
    await reached(room, order)
    view = room.centre.agent_view("anna")
    assert view is not None
    assert view.contact is not None
    assert not view.contact.dialled
    assert room.state("anna") is AgentState.ON_CONTACT
    await over(room, order)
    assert room.state("anna") is AgentState.WRAP_UP
    told = [type(fact).__name__ for _, fact in await room.ledger.of_interaction(order.interaction)]
    assert told == [
        *("OutboundRequested", "OfferRinging", "CallbackDialled", "InteractionAnswered", "InteractionEnded"),
        "WrapUpStarted",
    ]
    await room.centre.command("anna", "end_wrap_up", "")
    assert room.state("anna") is AgentState.PAUSED


async def test_it_counts_as_nothing_that_came(room: Room) -> None:
    order = await dial(room)
    await reached(room, order)
    await over(room, order)
    await room.centre.command("anna", "end_wrap_up", "")
    busy = await dial(room)
    await over(room, busy, reason="busy")
    assert room.state("anna") is AgentState.PAUSED, "nobody was talked with: there is no wrap-up"
    counts = next(one for one in room.centre.board.snapshot().queues if one.queue.key == "sales").counts
    assert (counts.outbound, counts.outbound_reached) == (2, 1)
    assert counts.outbound_s > 0
    assert (counts.offered, counts.answered, counts.abandoned, counts.level_of) == (0, 0, 0, 0)
    assert (counts.talk_s, counts.wrap_up_s, counts.callbacks_failed, counts.flowed_out) == (0, 0, 0, 0)


async def test_the_desk_asks_over_its_link(room: Room) -> None:
    await room.centre.command("anna", "dial", NUMBER)
    assert room.switch.rings[-1].outbound
    with pytest.raises(Refused, match="on a call already"):
        await room.centre.command("anna", "dial", NUMBER)


async def test_an_agent_who_rings_is_left_alone_by_that(room: Room) -> None:
    await room.centre.command("anna", "ready", "")
    await room.arrive("+49301230")
    ringing = room.switch.rings[-1]
    order = await dial(room)
    assert order.outbound
    assert room.switch.told("cancel") == [ringing.offer]
    assert room.state("anna") is AgentState.ON_CONTACT
    assert len(room.switch.rings) == 2, "who makes a call is offered nothing"
    await over(room, order, ev.EndedBy.AGENT, "own phone declined")
    assert room.switch.rings[-1].interaction == ringing.interaction


async def test_a_supervisor_has_an_agent_call_for_any_queue(room: Room) -> None:
    order = await dial(room, queue="200", by="sue")
    assert order.queue == "help"
    assert "Answer-Mode" not in order.headers, "who did not ask takes the call"
    facts = await room.facts(ev.OutboundRequested)
    assert isinstance(facts[0], ev.OutboundRequested)
    assert facts[0].by == "sue"


@pytest.mark.parametrize(
    ("agent", "number", "queue", "words"),
    [
        ("anna", "", "", "Enter a number"),
        ("anna", "a b", "", "neither a colleague, a queue nor a number"),
        ("anna", "nobody", "", "neither a colleague, a queue nor a number"),
        ("anna", "bert", "", "a colleague or a queue"),
        ("anna", "200", "", "a colleague or a queue"),
        ("anna", "0900 123456", "", r"must not be called from here \(such numbers are barred"),
        ("anna", "sip:0900123456@x.example", "", r"must not be called from here \(such numbers are barred"),
        ("anna", "+1 212 5550100", "", r"must not be called from here \(numbers abroad"),
        ("anna", NUMBER, "help", "You do not serve"),
        ("anna", NUMBER, "nowhere", "There is no queue"),
        ("bert", NUMBER, "", "not signed in"),
        ("nobody", NUMBER, "", "no agent"),
    ],
)
async def test_what_is_refused_in_words(room: Room, agent: str, number: str, queue: str, words: str) -> None:
    with pytest.raises((Refused, NotThere), match=words):
        await room.centre.outbound.dial(agent, number, queue)
    assert room.switch.rings == []
    assert await room.facts(ev.OutboundRequested) == []


async def test_help_is_called_whatever_the_rule_says(room: Room) -> None:
    await room.centre.outbound.dial("anna", "112")
    assert room.switch.rings[-1].call_out == "sip:112@pbx.example"


async def test_who_serves_no_queue_says_for_which(room: Room) -> None:
    await room.link("dora")
    with pytest.raises(Refused, match="for which queue"):
        await room.centre.outbound.dial("dora", NUMBER)


async def test_a_switch_that_cannot_and_a_centre_without_a_trunk(tmp_path: Path) -> None:
    room = await Room.open(tmp_path / "centre.db", SETTINGS)
    await room.link("anna")
    with pytest.raises(Refused, match=CANNOT):
        await room.centre.command("anna", "dial", NUMBER)
    view = room.centre.agent_view("anna")
    assert view is not None
    assert not view.dials
    await room.close()
    settings = CentreSettings(queues=SETTINGS.queues, agents=SETTINGS.agents)
    room = await Room.open(tmp_path / "other.db", settings, OutboundSpy())
    await room.link("anna")
    with pytest.raises(Refused) as caught:
        await room.centre.command("anna", "dial", NUMBER)
    assert str(caught.value) == NO_TRUNK
    await room.centre.command("anna", "dial", "sip:x@example.org")
    assert room.switch.rings[-1].call_out == "sip:x@example.org"
    await room.close()


async def test_a_call_that_comes_first_wins(room: Room) -> None:
    """Two orders at the same moment: one is made, the other is told."""
    known = room.centre.router.agent("anna")
    assert known is not None
    first = room.centre.outbound.dial("anna", NUMBER)
    second = room.centre.outbound.dial("anna", NUMBER)
    done = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(one) for one in done] == [UUID, TooLate]
    assert len(room.switch.rings) == 1


async def test_the_agent_ends_it(room: Room) -> None:
    with pytest.raises(NotThere):
        room.centre.outbound.cancel("anna")
    await dial(room)
    room.centre.outbound.cancel("anna")
    assert room.switch.told("hang_up") == ["cancelled"]


async def test_a_switch_that_fails_keeps_nobody_busy(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(order: Ring) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(room.switch, "ring", fails)
    await room.centre.outbound.dial("anna", NUMBER)
    await asyncio.gather(*room.centre.outbound._tasks)
    assert room.state("anna") is AgentState.PAUSED
    assert [type(one) for one in await room.facts(ev.InteractionEnded)] == [ev.InteractionEnded]


async def test_a_restart_ends_it(tmp_path: Path) -> None:
    room = await Room.open(tmp_path / "centre.db", SETTINGS, OutboundSpy())
    await room.link("anna")
    room.centre.sip_domain = "pbx.example"
    await dial(room)
    await room.crash()
    room = await Room.open(tmp_path / "centre.db", SETTINGS, OutboundSpy())
    ended = await room.facts(ev.InteractionEnded)
    assert [(one.by, one.reason) for one in ended] == [(ev.EndedBy.CENTRE, "centre restarted")]  # type: ignore[attr-defined]
    assert room.switch.rings == []
    await room.close()
