"""What every voice switch does, shown with foreign SIP user agents.

A module that has a fixture `world` runs it by

class TestMySwitch(SwitchContract): ...
"""

from uuid import uuid4

import pytest

from console.demo.robots import Plan
from console.domain.events import (
    DigitReceived,
    EndedBy,
    InteractionAnswered,
    InteractionArrived,
    OfferEnded,
    OfferEndReason,
    OfferRinging,
)
from tests.switch.contract_callback import CallingBack, CallingBackInVain
from tests.switch.contract_consult import Telling
from tests.switch.contract_talking import Talking, Together, Transferring
from tests.switch.contract_voicemail import LeavingAMessage
from tests.switch.world import AGENT, CUSTOMER, MUSIC, ONE, OTHER_AGENT, RINGS, SOON, TWO, World


class Arriving:
    """Before an agent is there."""

    async def test_a_call_arrives_with_who_and_what(self, world: World) -> None:
        await world.arrived(called="sales", number="030123", name="Änne Müller")
        fact = world.of(InteractionArrived)[0]
        assert fact.customer.user == "030123"
        assert fact.customer.name == "Änne Müller"
        assert fact.called == "sales"

    async def test_what_the_settings_name_comes_along(self, world: World) -> None:
        headers = {"X-Customer-Id": "47 & 11=ä, %41", "X-Other": "not asked for", "X-Long": "l" * 400}
        await world.arrived(headers=headers)
        assert world.of(InteractionArrived)[0].attached == {
            "X-Customer-Id": "47 & 11=ä, %41",
            "X-Long": "l" * 255,
        }

    async def test_what_is_dialled_is_unescaped(self, world: World) -> None:
        await world.arrived(called="caf%C3%A9%20bar")
        assert world.of(InteractionArrived)[0].called == "café bar"

    @pytest.mark.parametrize("codec", ["PCMU", "PCMA", "G722"])
    async def test_music_and_prompts_are_heard_in_order(self, world: World, codec: str) -> None:
        customer, interaction = await world.arrived(codec=codec)
        world.switch.music(interaction, "hold-music")
        await world.hears(customer, MUSIC)
        world.switch.play(interaction, ["one", "two"])
        await world.hears(customer, ONE)
        heard_one = customer.ear.heard[ONE]
        await world.hears(customer, TWO)
        assert customer.ear.heard[ONE] <= heard_one + 2, "the second prompt began before the first had ended"
        await world.hears(customer, MUSIC)

    async def test_silence_can_be_ordered(self, world: World) -> None:
        customer, interaction = await world.arrived()
        world.switch.music(interaction, "hold-music")
        await world.hears(customer, MUSIC)
        world.switch.music(interaction, "")
        assert customer.sound is not None
        received = customer.sound.received
        await world.until(lambda: customer.sound is not None and customer.sound.received > received + 15)
        before = customer.ear.heard[MUSIC]
        received = customer.sound.received
        await world.until(lambda: customer.sound is not None and customer.sound.received > received + 15)
        assert customer.ear.heard[MUSIC] == before

    async def test_digits_are_facts(self, world: World) -> None:
        customer, _ = await world.arrived()
        for digit in "1*5#9D":
            customer.press(digit)
        await world.fact(DigitReceived, 6)
        assert "".join(fact.digit for fact in world.of(DigitReceived)) == "1*5#9D"

    async def test_a_customer_who_leaves_has_ended_it(self, world: World) -> None:
        customer, interaction = await world.arrived()
        customer.hang_up()
        fact = await world.ended()
        assert (fact.interaction, fact.by) == (interaction, EndedBy.CUSTOMER)

    async def test_the_centre_can_end_it_after_a_word(self, world: World) -> None:
        customer, interaction = await world.arrived()
        world.switch.hang_up(interaction, reason="full", after=["one"])
        fact = await world.ended()
        assert (fact.by, fact.reason) == (EndedBy.CENTRE, "full")
        await world.until(customer.ended.is_set)
        assert customer.result.ended_by == "switch"
        assert customer.ear.heard[ONE] >= 2

    async def test_the_centre_can_end_it_at_once(self, world: World) -> None:
        customer, interaction = await world.arrived()
        world.switch.hang_up(interaction, reason="closed")
        assert (await world.ended()).by is EndedBy.CENTRE
        await world.until(customer.ended.is_set)

    async def test_what_is_over_or_unknown_can_be_commanded_in_vain(self, world: World) -> None:
        customer, interaction = await world.arrived()
        customer.hang_up()
        await world.ended()
        agent = await world.agent()
        for each in (interaction, uuid4()):
            world.switch.play(each, ["one"])
            world.switch.music(each, "hold-music")
            world.switch.hold(each)
            world.switch.resume(each)
            world.switch.release_agent(each)
            world.switch.connect(each, agent.contact)
            world.switch.cancel(each)
            world.ring(each, agent.contact)
            world.switch.hang_up(each)
        other, _ = await world.arrived(number="2")
        other.hang_up()
        await world.ended(2)
        assert world.names() == ["InteractionArrived", "InteractionEnded"] * 2
        assert agent.calls == []


class Ringing:
    """While agents are rung."""

    async def test_an_agent_rings_answers_and_both_hear(self, world: World) -> None:
        agent = await world.agent()
        customer, interaction = await world.arrived(name="Anna")
        world.switch.music(interaction, "hold-music")
        offer = world.ring(
            interaction, agent.contact, headers={"X-Queue": "Sales%20%C3%A4", "X-Waited-S": "1.5"}
        )
        await world.hears(customer, AGENT)
        await world.agent_hears(agent, CUSTOMER)
        assert world.names() == ["InteractionArrived", "OfferRinging", "InteractionAnswered"]
        ringing, answered = world.of(OfferRinging)[0], world.of(InteractionAnswered)[0]
        assert (ringing.offer, ringing.agent) == (offer, "anna")
        assert (answered.offer, answered.agent, answered.queue) == (offer, "anna", "sales")
        call = agent.calls[0]
        assert call.interaction == interaction
        assert call.headers["X-Queue"] == "Sales%20%C3%A4"
        assert customer.ear.heard[MUSIC] == 0 or customer.ear.heard[AGENT] > 0

    @pytest.mark.parametrize(("code", "reason"), [(486, OfferEndReason.BUSY), (603, OfferEndReason.DECLINED)])
    async def test_an_agent_says_no(self, world: World, code: int, reason: OfferEndReason) -> None:
        agent = await world.agent(Plan(decline=code))
        customer, interaction = await world.arrived()
        offer = world.ring(interaction, agent.contact)
        fact = await world.fact(OfferEnded)
        assert (fact.offer, fact.agent, fact.reason) == (offer, "anna", reason)
        world.switch.music(interaction, "hold-music")
        await world.hears(customer, MUSIC)

    @pytest.mark.parametrize("transport", ["", ";transport=tcp"])
    async def test_nobody_is_at_the_contact(self, world: World, free_port: int, transport: str) -> None:
        _, interaction = await world.arrived()
        world.ring(interaction, f"sip:anna@127.0.0.1:{free_port}{transport}")
        assert (await world.fact(OfferEnded)).reason is OfferEndReason.UNREACHABLE

    @pytest.mark.parametrize("contact", ["", "anna", "mailto:anna@example.org", "sip:", "sip:a b@127.0.0.1"])
    async def test_a_contact_that_is_none(self, world: World, contact: str) -> None:
        _, interaction = await world.arrived()
        world.ring(interaction, contact)
        assert (await world.fact(OfferEnded)).reason is OfferEndReason.UNREACHABLE

    async def test_a_desk_that_breaks_off_while_ringing(self, world: World) -> None:
        agent = await world.agent(RINGS, tcp=True)
        _, interaction = await world.arrived()
        world.ring(interaction, agent.contact)
        await world.fact(OfferRinging)
        agent.crash()
        assert (await world.fact(OfferEnded)).reason is OfferEndReason.UNREACHABLE

    @pytest.mark.parametrize("tcp", [False, True])
    async def test_ringing_is_stopped(self, world: World, *, tcp: bool) -> None:
        agent = await world.agent(RINGS, tcp=tcp)
        other = await world.agent(tone=OTHER_AGENT)
        customer, interaction = await world.arrived()
        offer = world.ring(interaction, agent.contact)
        await world.fact(OfferRinging)
        world.switch.cancel(offer)
        await world.over(agent.calls[0])
        assert agent.calls[0].ended_by == "cancelled"
        world.ring(interaction, other.contact, agent="bert")
        await world.hears(customer, OTHER_AGENT)
        assert world.names() == ["InteractionArrived", "OfferRinging", "OfferRinging", "InteractionAnswered"]

    async def test_ringing_is_stopped_before_the_desk_has_said_a_word(self, world: World) -> None:
        agent = await world.agent(RINGS)
        _, interaction = await world.arrived()
        world.switch.cancel(world.ring(interaction, agent.contact))
        other, _ = await world.arrived(number="2")
        other.hang_up()
        await world.ended()
        await world.until(lambda: all(call.ended_by for call in agent.calls))
        assert [call.ended_by for call in agent.calls] in ([], ["cancelled"]), "it may not even have rung"
        assert world.names() == ["InteractionArrived", "InteractionArrived", "InteractionEnded"]

    async def test_a_stop_that_crosses_the_answer(self, world: World) -> None:
        """The desk answers at once; the centre stops it in the moment it hears of the ringing."""
        agent = await world.agent(Plan(answer_after_s=0))
        _, interaction = await world.arrived()
        offers = []
        world.on_fact = lambda fact: (
            world.switch.cancel(offers[0]) if isinstance(fact, OfferRinging) else None
        )
        offers.append(world.ring(interaction, agent.contact))
        await world.fact(OfferRinging)
        await world.until(lambda: bool(agent.calls[0].ended_by))
        assert world.of(InteractionAnswered) == []
        assert agent.calls[0].ended_by in {"switch", "cancelled"}

    async def test_the_first_to_answer_has_the_customer(self, world: World) -> None:
        slow = await world.agent(RINGS)
        quick = await world.agent(SOON, tone=OTHER_AGENT)
        customer, interaction = await world.arrived()
        world.ring(interaction, slow.contact, agent="anna")
        world.ring(interaction, quick.contact, agent="bert")
        await world.hears(customer, OTHER_AGENT)
        await world.over(slow.calls[0])
        assert [fact.agent for fact in world.of(InteractionAnswered)] == ["bert"]
        assert slow.calls[0].ended_by == "cancelled"

    async def test_two_answer_in_the_same_moment(self, world: World) -> None:
        agents = [await world.agent(SOON), await world.agent(SOON, tone=OTHER_AGENT)]
        _, interaction = await world.arrived()
        for agent, name in zip(agents, ("anna", "bert"), strict=True):
            world.ring(interaction, agent.contact, agent=name)
        await world.fact(InteractionAnswered)
        await world.until(lambda: any(call.ended_by for agent in agents for call in agent.calls))
        assert len(world.of(InteractionAnswered)) == 1
        left = [call for agent in agents for call in agent.calls if not call.ended_by]
        assert len(left) == 1

    async def test_the_customer_leaves_while_it_rings(self, world: World) -> None:
        agent = await world.agent(RINGS)
        customer, interaction = await world.arrived()
        world.ring(interaction, agent.contact)
        await world.fact(OfferRinging)
        customer.hang_up()
        assert (await world.ended()).by is EndedBy.CUSTOMER
        await world.over(agent.calls[0])
        assert agent.calls[0].ended_by == "cancelled"

    async def test_the_centre_ends_it_while_it_rings(self, world: World) -> None:
        agent = await world.agent(RINGS)
        customer, interaction = await world.arrived()
        world.ring(interaction, agent.contact)
        await world.fact(OfferRinging)
        world.switch.hang_up(interaction, reason="too long", after=["two"])
        await world.over(agent.calls[0])
        assert (await world.ended()).reason == "too long"
        assert customer.ear.heard[TWO] >= 1


class SwitchContract(
    Arriving,
    Ringing,
    Talking,
    Transferring,
    Together,
    CallingBack,
    CallingBackInVain,
    LeavingAMessage,
    Telling,
):
    """All of it."""
