"""The part of the contract suite about calls that agents make: first the own phone, then the customer.

For a switch with Capability.OUTBOUND.
"""

import pytest

from console.clock import SystemClock
from console.demo.robots import Plan
from console.domain.events import (
    CallbackDialled,
    EndedBy,
    InteractionAnswered,
    InteractionEnded,
    InteractionHeld,
    InteractionTransferred,
    OfferRinging,
)
from console.switch.switch import Capability, Guarded
from tests.switch.world import AGENT, CUSTOMER, MUSIC, OTHER_AGENT, RINGBACK, RINGS, World

DIALLED = ["OfferRinging", "CallbackDialled"]


class CallingOut:
    """A customer whom an agent calls."""

    async def test_an_agent_calls_a_customer(self, world: World) -> None:
        assert Capability.OUTBOUND in world.switch.capabilities
        agent, phone = await world.agent(), await world.phone(Plan(answer_after_s=0.5))
        interaction, offer = world.call_back(
            agent, phone, outbound=True, headers={"X-Queue": "Sales"}, caller_uri="sip:4711@home.example",
            call_out_from="+49301230", call_out_name="Sales",
        )  # fmt: skip
        await world.fact(CallbackDialled)
        await world.agent_hears(agent, RINGBACK)
        await world.agent_hears(agent, CUSTOMER)
        await world.agent_hears(phone, AGENT)
        assert world.names() == [*DIALLED, "InteractionAnswered"]
        answered = world.of(InteractionAnswered)[0]
        assert (answered.interaction, answered.offer) == (interaction, offer)
        assert (answered.agent, answered.queue) == ("anna", "sales")
        desk = agent.calls[0]
        assert desk.interaction == interaction
        assert (desk.headers["X-Outbound"], desk.headers["X-Queue"]) == ("1", "Sales")
        assert "X-Callback" not in desk.headers
        assert "sip:4711@" in desk.caller, "the display shows whom the agent calls"
        assert "sip:+49301230@" in phone.calls[0].caller, "the customer sees the centre"
        phone.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER
        await world.over(desk)

    async def test_the_agent_ends_it_and_meanwhile_holds_and_transfers(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone()
        await world.called_back(agent, phone, outbound=True)
        agent.hold(on=True)
        assert (await world.fact(InteractionHeld)).agent == "anna"
        await world.agent_hears(phone, MUSIC)
        agent.hold(on=False)
        await world.agent_hears(phone, AGENT)
        agent.hang_up()
        assert (await world.ended()).by is EndedBy.AGENT
        await world.over(phone.calls[0])
        other = await world.agent(tone=OTHER_AGENT)
        world.facts.clear()
        interaction = await world.called_back(agent, phone, outbound=True)
        agent.transfer(f"sip:billing@{world.udp}")
        assert (await world.fact(InteractionTransferred)).target == "billing"
        world.ring(interaction, other.contact, agent="bert")
        await world.agent_hears(phone, OTHER_AGENT)
        phone.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER

    async def test_the_agent_hears_what_comes_before_the_answer(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone(Plan(early=True, answer_after_s=1.0))
        world.call_back(agent, phone, outbound=True)
        await world.fact(CallbackDialled)
        await world.agent_hears(agent, CUSTOMER)
        assert world.of(InteractionAnswered) == []
        await world.fact(InteractionAnswered)
        await world.agent_hears(phone, AGENT)

    @pytest.mark.parametrize(
        ("code", "reason", "by"),
        [
            (486, "busy", EndedBy.CUSTOMER),
            (603, "refused", EndedBy.CUSTOMER),
            (480, "no answer", EndedBy.CENTRE),
            (404, "failed", EndedBy.CENTRE),
        ],
    )
    async def test_a_customer_who_is_not_there(
        self, world: World, code: int, reason: str, by: EndedBy
    ) -> None:
        agent, phone = await world.agent(), await world.phone(Plan(decline=code))
        interaction, _ = world.call_back(agent, phone, outbound=True)
        fact = await world.ended()
        assert (fact.interaction, fact.by, fact.reason) == (interaction, by, reason)
        await world.over(agent.calls[0])
        assert world.names() == [*DIALLED, "InteractionEnded"]

    async def test_a_customer_who_does_not_answer_in_time(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone(RINGS)
        world.call_back(agent, phone, outbound=True, call_out_s=0.3)
        fact = await world.ended()
        assert (fact.by, fact.reason) == (EndedBy.CENTRE, "no answer")
        await world.over(phone.calls[0])
        await world.over(agent.calls[0])

    @pytest.mark.parametrize(
        ("code", "reason"),
        [(486, "own phone busy"), (603, "own phone declined"), (480, "own phone not reached")],
    )
    async def test_an_own_phone_that_does_not_want(self, world: World, code: int, reason: str) -> None:
        agent, phone = await world.agent(Plan(decline=code)), await world.phone()
        world.call_back(agent, phone, outbound=True)
        fact = await world.ended()
        assert (fact.by, fact.reason) == (EndedBy.AGENT, reason)
        assert phone.calls == []
        assert world.names()[-1:] == ["InteractionEnded"]

    async def test_an_own_phone_that_rings_too_long(self, world: World) -> None:
        agent, phone = await world.agent(RINGS), await world.phone()
        world.call_back(agent, phone, outbound=True, ring_s=0.5)
        fact = await world.ended()
        assert (fact.by, fact.reason) == (EndedBy.AGENT, "own phone not answered")
        await world.over(agent.calls[0])
        assert phone.calls == []

    @pytest.mark.parametrize("contact", ["sip:nobody@127.0.0.1:9", "sip:x@127.0.0.1:99999"])
    async def test_an_own_phone_that_is_not_there(self, world: World, contact: str) -> None:
        phone = await world.phone()
        interaction = SystemClock().new_id()
        world.ring(interaction, contact, call_out=phone.contact, outbound=True, ring_s=0.5)
        fact = await world.ended()
        assert fact.by is EndedBy.AGENT
        assert fact.reason in {"own phone not reached", "own phone not answered"}

    async def test_the_agent_gives_up_while_the_customer_rings(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone(RINGS)
        world.call_back(agent, phone, outbound=True)
        await world.until(lambda: bool(phone.calls), "the ring at the customer's")
        agent.hang_up()
        fact = await world.ended()
        assert (fact.by, fact.reason) == (EndedBy.AGENT, "agent left")
        await world.over(phone.calls[0])
        assert phone.calls[0].ended_by == "cancelled"

    @pytest.mark.parametrize("phase", ["own phone rings", "customer rings", "both talk"])
    async def test_the_centre_ends_it(self, world: World, phase: str) -> None:
        agent = await world.agent(RINGS if phase == "own phone rings" else None)
        phone = await world.phone(RINGS if phase == "customer rings" else None)
        interaction, _ = world.call_back(agent, phone, outbound=True)
        if phase == "own phone rings":
            await world.fact(OfferRinging)
        elif phase == "customer rings":
            await world.until(lambda: bool(phone.calls), "the ring at the customer's")
        else:
            await world.fact(InteractionAnswered)
        world.switch.hang_up(interaction, reason="cancelled")
        fact = await world.ended()
        assert (fact.by, fact.reason) == (EndedBy.CENTRE, "cancelled")
        for call in (*agent.calls, *phone.calls):
            await world.over(call)
        assert len(world.of(InteractionEnded)) == 1

    async def test_a_number_that_must_not_be_called(self, world: World) -> None:
        assert isinstance(world.switch, Guarded)
        world.switch.guard(lambda target: "denied")
        agent, phone = await world.agent(), await world.phone()
        world.call_back(agent, phone, outbound=True)
        assert (await world.ended()).reason == "failed"
        assert phone.calls == []

    async def test_it_ends_with_the_switch(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone(RINGS)
        world.call_back(agent, phone, outbound=True)
        await world.until(lambda: bool(phone.calls), "the ring at the customer's")
        await world.switch.stop()
        assert (await world.ended()).reason == "switch stopped"
        await world.over(phone.calls[0])
