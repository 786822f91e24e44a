"""The part of the contract suite about callbacks (see `contract`): first the agent, then the customer."""

from urllib.parse import unquote
from uuid import uuid4

import pytest

from console.demo.robots import Plan
from console.domain.events import (
    CallbackDialled,
    CustomerNotReached,
    DigitReceived,
    EndedBy,
    InteractionAnswered,
    InteractionEnded,
    InteractionHeld,
    InteractionResumed,
    InteractionTransferred,
    OfferEnded,
    OfferEndReason,
    OfferRinging,
)
from console.switch.switch import Capability
from tests.switch.world import AGENT, CUSTOMER, MUSIC, OTHER_AGENT, RINGBACK, RINGS, SOON, World

REACHED = ["OfferRinging", "CallbackDialled", "InteractionAnswered"]


class CallingBack:
    """A customer who is called when the turn has come."""

    async def test_first_the_agent_then_the_customer(self, world: World) -> None:
        assert Capability.ORIGINATE in world.switch.capabilities
        agent, phone = await world.agent(), await world.phone(Plan(answer_after_s=0.5))
        interaction, offer = world.call_back(
            agent, phone, headers={"X-Queue": "Sales"}, caller_name="Anna", caller_uri="sip:4711@home.example"
        )
        await world.fact(CallbackDialled)
        await world.agent_hears(agent, RINGBACK)
        await world.fact(InteractionAnswered)
        await world.agent_hears(agent, CUSTOMER)
        rang = agent.ear_of_last.heard[RINGBACK]
        await world.agent_hears(phone, AGENT)
        await world.agent_hears(agent, CUSTOMER, times=6)
        assert agent.ear_of_last.heard[RINGBACK] == rang, "it goes on ringing in the agent's ear"
        assert world.names() == REACHED
        dialled, answered = world.of(CallbackDialled)[0], world.of(InteractionAnswered)[0]
        assert (dialled.interaction, dialled.offer, dialled.agent) == (interaction, offer, "anna")
        assert (answered.interaction, answered.offer) == (interaction, offer)
        assert (answered.agent, answered.queue) == ("anna", "sales")
        desk = agent.calls[0]
        assert desk.interaction == interaction
        assert (desk.headers["X-Callback"], desk.headers["X-Queue"]) == ("1", "Sales")
        assert "sip:4711@" in desk.caller, "whose host is there depends on the switch"
        assert "X-Interaction-Id" not in phone.calls[0].headers, "what is ours is not the customer's business"
        phone.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER
        await world.over(desk)

    async def test_what_the_customer_sees(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone()
        await world.called_back(agent, phone, call_out_from="+49 30 / 123-0", call_out_name="Änne & Co")
        assert "sip:+49301230@" in phone.calls[0].caller
        phone.hang_up()
        await world.ended()
        other = await world.phone(number="2")
        agent.calls.clear()
        await world.called_back(agent, other)
        assert "sip:sales@" in unquote(other.calls[0].caller), "without a number it is the queue's name"

    @pytest.mark.parametrize("tcp", [False, True])
    async def test_the_agent_hangs_up_in_a_callback(self, world: World, *, tcp: bool) -> None:
        agent, phone = await world.agent(tcp=tcp), await world.phone(tcp=tcp)
        await world.called_back(agent, phone)
        agent.hang_up()
        assert (await world.ended()).by is EndedBy.AGENT
        await world.over(phone.calls[0])
        assert phone.calls[0].ended_by == "switch"

    async def test_hold_digits_and_transfer_in_a_callback(self, world: World) -> None:
        agent, other = await world.agent(), await world.agent(tone=OTHER_AGENT)
        phone = await world.phone()
        interaction = await world.called_back(agent, phone)
        agent.hold(on=True)
        assert (await world.fact(InteractionHeld)).agent == "anna"
        await world.agent_hears(phone, MUSIC)
        agent.hold(on=False)
        await world.fact(InteractionResumed)
        await world.agent_hears(phone, AGENT)
        phone.press("5")
        assert (await world.fact(DigitReceived)).digit == "5"
        agent.transfer(f"sip:billing@{world.udp}")
        assert (await world.fact(InteractionTransferred)).target == "billing"
        await world.agent_hears(phone, MUSIC)
        await world.over(agent.calls[0])
        world.ring(interaction, other.contact, agent="bert", call_out=phone.contact)
        await world.agent_hears(phone, OTHER_AGENT)
        assert len(phone.calls) == 1, "who is here already is not called again"
        assert "X-Callback" not in other.calls[0].headers
        phone.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER

    @pytest.mark.parametrize(("desk", "customer"), [("PCMU", "PCMA"), ("G722", "PCMU"), ("PCMA", "G722")])
    async def test_codecs_that_differ_in_a_callback(self, world: World, desk: str, customer: str) -> None:
        if Capability.TRANSCODING in world.switch.capabilities:
            await world.called_back(await world.agent(codecs=(desk,)), await world.phone(codecs=(customer,)))

    @pytest.mark.parametrize("codec", ["PCMU", "G722"])
    async def test_the_agent_hears_what_the_customers_side_says_before_it_answers(
        self, world: World, codec: str
    ) -> None:
        agent = await world.agent(codecs=("PCMA",))
        phone = await world.phone(Plan(early=True, answer_after_s=1.5), codecs=(codec,))
        world.call_back(agent, phone)
        await world.fact(CallbackDialled)
        await world.agent_hears(agent, CUSTOMER)
        assert world.of(InteractionAnswered) == []
        await world.fact(InteractionAnswered)
        await world.agent_hears(agent, CUSTOMER)
        await world.agent_hears(phone, AGENT)

    @pytest.mark.parametrize(
        ("code", "reason"),
        [(486, "busy"), (600, "busy"), (603, "refused"), (480, "no answer"), (404, "failed")],
    )
    async def test_a_customer_who_is_not_reached(self, world: World, code: int, reason: str) -> None:
        agent, phone = await world.agent(), await world.phone(Plan(decline=code))
        interaction, _ = world.call_back(agent, phone)
        fact = await world.fact(CustomerNotReached)
        assert (fact.interaction, fact.agent, fact.reason) == (interaction, "anna", reason)
        await world.over(agent.calls[0])
        assert agent.calls[0].ended_by == "switch"
        assert world.names() == ["OfferRinging", "CallbackDialled", "CustomerNotReached"]

    async def test_a_customer_who_does_not_answer_in_time_and_the_next_try(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone(RINGS)
        interaction, _ = world.call_back(agent, phone, call_out_s=0.3)
        assert (await world.fact(CustomerNotReached)).reason == "no answer"
        await world.over(phone.calls[0])
        await world.over(agent.calls[0])
        assert phone.calls[0].ended_by == "cancelled"
        at_home = await world.phone()
        world.ring(interaction, agent.contact, call_out=at_home.contact)
        await world.agent_hears(at_home, AGENT)
        assert world.of(InteractionAnswered)[0].interaction == interaction

    @pytest.mark.parametrize(
        "out", ["sip:4711@127.0.0.1:99999", "+49301230", "anna", "mailto:anna@x.example"]
    )
    async def test_what_cannot_be_called_back(self, world: World, out: str) -> None:
        agent = await world.agent()
        world.call_back(agent, out)
        assert (await world.fact(CustomerNotReached)).reason == "failed"
        await world.over(agent.calls[0])

    @pytest.mark.parametrize("transport", ["", ";transport=tcp"])
    async def test_nobody_is_at_the_customers_address(
        self, world: World, free_port: int, transport: str
    ) -> None:
        agent = await world.agent()
        world.call_back(agent, f"sip:4711@127.0.0.1:{free_port}{transport}")
        # Over UDP a switch may not hear that nobody is there, and give up in the end.
        reasons = {"failed"} if transport else {"failed", "no answer"}
        assert (await world.fact(CustomerNotReached)).reason in reasons
        await world.over(agent.calls[0])

    async def test_no_common_codec_with_the_customer(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone(codecs=())
        world.call_back(agent, phone)
        assert (await world.fact(CustomerNotReached)).reason == "failed"
        await world.over(agent.calls[0])


class CallingBackInVain:
    """Who hangs up when, before the two are joined."""

    async def test_an_agent_who_declines_a_callback(self, world: World) -> None:
        agent, phone = await world.agent(Plan(decline=603)), await world.phone()
        interaction, offer = world.call_back(agent, phone)
        fact = await world.fact(OfferEnded)
        assert (fact.interaction, fact.offer, fact.reason) == (interaction, offer, OfferEndReason.DECLINED)
        other = await world.agent(tone=OTHER_AGENT)
        world.ring(interaction, other.contact, agent="bert", call_out=phone.contact)
        await world.agent_hears(phone, OTHER_AGENT)
        assert len(phone.calls) == 1

    async def test_the_offer_of_a_callback_is_withdrawn(self, world: World) -> None:
        agent, phone = await world.agent(RINGS), await world.phone()
        interaction, offer = world.call_back(agent, phone)
        await world.fact(OfferRinging)
        world.switch.cancel(offer)
        await world.over(agent.calls[0])
        assert agent.calls[0].ended_by == "cancelled"
        world.switch.hang_up(interaction)
        assert (phone.calls, world.names()) == ([], ["OfferRinging"])

    async def test_an_offer_that_is_withdrawn_while_the_customer_rings(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone(RINGS)
        _, offer = world.call_back(agent, phone)
        await world.until(lambda: bool(phone.calls))
        world.switch.cancel(offer)
        assert (await world.fact(CustomerNotReached)).reason == "withdrawn"
        await world.over(agent.calls[0])
        await world.over(phone.calls[0])

    async def test_several_desks_ring_and_one_has_the_callback(self, world: World) -> None:
        slow, quick = await world.agent(RINGS), await world.agent(SOON, tone=OTHER_AGENT)
        phone = await world.phone()
        interaction, _ = world.call_back(slow, phone)
        world.ring(interaction, quick.contact, agent="bert", call_out=phone.contact)
        await world.agent_hears(phone, OTHER_AGENT)
        await world.over(slow.calls[0])
        assert [fact.agent for fact in world.of(CallbackDialled)] == ["bert"]
        assert [fact.agent for fact in world.of(InteractionAnswered)] == ["bert"]
        assert len(phone.calls) == 1

    async def test_two_desks_answer_a_callback_in_the_same_moment(self, world: World) -> None:
        agents = [await world.agent(SOON), await world.agent(SOON, tone=OTHER_AGENT)]
        phone = await world.phone()
        interaction, _ = world.call_back(agents[0], phone)
        world.ring(interaction, agents[1].contact, agent="bert", call_out=phone.contact)
        await world.fact(InteractionAnswered)
        await world.until(lambda: any(call.ended_by for agent in agents for call in agent.calls))
        assert len(world.of(CallbackDialled)) == len(world.of(InteractionAnswered)) == len(phone.calls) == 1

    @pytest.mark.parametrize("tcp", [False, True])
    async def test_the_agent_leaves_while_the_customer_rings(self, world: World, *, tcp: bool) -> None:
        agent, phone = await world.agent(tcp=tcp), await world.phone(RINGS, tcp=tcp)
        world.call_back(agent, phone)
        await world.until(lambda: bool(phone.calls))
        agent.hang_up()
        fact = await world.fact(CustomerNotReached)
        assert (fact.agent, fact.reason) == ("anna", "agent left")
        await world.over(phone.calls[0])
        assert phone.calls[0].ended_by == "cancelled"

    @pytest.mark.parametrize("first", ["the answer", "the goodbye"])
    async def test_the_customer_answers_in_the_moment_the_agent_leaves(
        self, world: World, first: str
    ) -> None:
        """200 and BYE are under way at once, in either order: nobody is left alone in a call."""
        for turn in range(1, 11):
            agent, phone = await world.agent(), await world.phone()
            if first == "the answer":
                phone.on_change = lambda call, agent=agent: (  # type: ignore[misc]
                    agent.hang_up() if call.answered and not call.ended_by else None
                )
            else:
                phone.plan = lambda call, agent=agent: agent.hang_up() or Plan()  # type: ignore[misc]
            interaction, _ = world.call_back(agent, phone)
            await world.until(
                lambda turn=turn: (  # type: ignore[misc]
                    len(world.of(CustomerNotReached)) + len(world.of(InteractionEnded)) == turn
                )
            )
            await world.until(lambda phone=phone: bool(phone.calls[0].ended_by))  # type: ignore[misc]
            told = [type(fact).__name__ for fact in world.facts if fact.interaction == interaction]
            assert ("InteractionAnswered" in told) == ("InteractionEnded" in told), told

    async def test_the_centre_ends_a_callback_in_every_phase(self, world: World) -> None:
        ringing, phone = await world.agent(RINGS), await world.phone(RINGS)
        first, _ = world.call_back(ringing, phone)
        await world.fact(OfferRinging)
        world.switch.hang_up(first, reason="one", after=["one"])
        assert ((await world.ended()).by, world.of(InteractionEnded)[0].reason) == (EndedBy.CENTRE, "one")
        await world.over(ringing.calls[0])
        assert phone.calls == []

        agent = await world.agent()
        second, _ = world.call_back(agent, phone)
        await world.until(lambda: bool(phone.calls))
        world.switch.hang_up(second, reason="two")
        assert (await world.ended(2)).reason == "two"
        await world.over(agent.calls[0])
        await world.over(phone.calls[0])

        third = await world.called_back(agent, at_home := await world.phone())
        world.switch.hang_up(third, reason="three", after=["one"])
        assert (await world.ended(3)).reason == "three"
        await world.over(agent.calls[1])
        await world.over(at_home.calls[0])
        assert world.of(CustomerNotReached) == []

    async def test_the_centre_ends_it_in_the_moment_it_hears_of_it(self, world: World) -> None:
        """A listener that commands from within the fact."""
        agent, phone = await world.agent(), await world.phone()
        for kind in (CallbackDialled, InteractionAnswered):
            world.on_fact = lambda fact, kind=kind: (  # type: ignore[misc]
                world.switch.hang_up(fact.interaction, reason="at once") if isinstance(fact, kind) else None
            )
            ended = len(world.of(InteractionEnded))
            world.call_back(agent, phone)
            assert (await world.ended(ended + 1)).reason == "at once"
            await world.over(agent.calls[-1])
        await world.over(phone.calls[-1])
        assert len(phone.calls) == 1, "the first was ended before the customer was called"

    async def test_releasing_the_agent_gives_a_callback_up(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone(RINGS)
        interaction, _ = world.call_back(agent, phone)
        await world.until(lambda: bool(phone.calls))
        world.switch.release_agent(interaction)
        assert (await world.fact(CustomerNotReached)).reason == "agent left"
        await world.over(phone.calls[0])

    async def test_a_desk_that_holds_and_transfers_before_the_customer_is_there(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone(Plan(answer_after_s=0.6))
        world.call_back(agent, phone)
        await world.until(lambda: bool(phone.calls))
        agent.transfer(f"sip:billing@{world.udp}")
        agent.hold(on=True)
        await world.fact(InteractionHeld)
        await world.agent_hears(phone, MUSIC)
        assert world.names() == [*REACHED, "InteractionHeld"]
        agent.hold(on=False)
        await world.agent_hears(phone, AGENT)

    async def test_commands_that_mean_nothing_to_a_callback(self, world: World) -> None:
        agent, phone = await world.agent(), await world.phone(Plan(answer_after_s=0.5))
        interaction, offer = world.call_back(agent, phone)
        await world.fact(CallbackDialled)
        world.switch.play(interaction, ["one"])
        world.switch.music(interaction, "hold-music")
        world.switch.hold(interaction)
        world.switch.resume(interaction)
        world.switch.connect(interaction, phone.contact)
        world.switch.cancel(uuid4())
        world.ring(interaction, agent.contact, call_out=phone.contact)
        await world.agent_hears(phone, AGENT)
        world.switch.cancel(offer)
        await world.agent_hears(phone, AGENT)
        assert (world.names(), len(phone.calls), len(agent.calls)) == (REACHED, 1, 1)

    async def test_stopping_keeps_the_place_of_those_not_yet_reached(self, world: World) -> None:
        rings, agent, phone = await world.agent(RINGS), await world.agent(), await world.phone(RINGS)
        first, offer = world.call_back(rings, phone)
        await world.fact(OfferRinging)
        second, _ = world.call_back(agent, phone)
        await world.until(lambda: bool(phone.calls))
        await world.switch.stop()
        assert [(fact.offer, fact.reason) for fact in world.of(OfferEnded)] == [
            (offer, OfferEndReason.WITHDRAWN)
        ]
        fact = world.of(CustomerNotReached)[0]
        assert (fact.interaction, fact.reason) == (second, "switch stopped")
        assert world.of(InteractionEnded) == []
        for call in (rings.calls[0], agent.calls[0], phone.calls[0]):
            await world.over(call)
        assert first != second
