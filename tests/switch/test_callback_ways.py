"""Callbacks of the embedded switch: where the customer is called, and customers' sides that misbehave."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from console.demo.peers import Voice
from console.demo.robots import CallbackWish, Plan, RobotCustomer
from console.domain.events import (
    CallbackDialled,
    CustomerNotReached,
    DigitReceived,
    EndedBy,
    InteractionAnswered,
    InteractionArrived,
    InteractionEnded,
    OfferEnded,
    OfferEndReason,
)
from console.domain.tolls import CallbackNumbers
from console.switch.embedded import EmbeddedSwitch
from tests.switch.raw import Desk, RawPeer, header, sdp, tag_of
from tests.switch.world import AGENT, CUSTOMER, RINGBACK, World

pytestmark = pytest.mark.sip
Make = Callable[..., object]


@pytest.fixture
async def peer(world: World) -> AsyncIterator[RawPeer]:
    peer = await RawPeer().open(world.udp)
    yield peer
    peer.close()


def embedded(world: World) -> EmbeddedSwitch:
    assert isinstance(world.switch, EmbeddedSwitch)
    return world.switch


async def nothing_is_left(world: World) -> None:
    """No call, no dialog, no transaction that waits."""
    switch = embedded(world)
    await world.until(
        lambda: (
            switch._ways is not None
            and switch._ways.legs == switch._ways.transactions.pending == switch.open_calls == 0
            and not switch._callbacks
        ),
        "the end of every dialog",
    )


class Waited:
    """Waits for requests at a peer by hand."""

    def __init__(self, peer: RawPeer) -> None:
        self.peer = peer

    async def request(self, method: str) -> str:
        """The first of this method."""
        await self.peer.until(lambda heard: any(text.startswith(f"{method} ") for text in heard))
        return next(text for text in self.peer.heard if text.startswith(f"{method} "))


# ---------------------------------------------------------------- where


@pytest.mark.parametrize(
    "number", ["+49 (30) 123-4", "sip:+49301234@provider.example", "tel:+49-30-1234;phone-context=x"]
)
async def test_numbers_are_called_over_the_trunk(make: Make, peer: RawPeer, number: str) -> None:
    world: World = await make(  # type: ignore[misc]
        trunk=f"sip:127.0.0.1:{peer.port}", callbacks=CallbackNumbers(allowed=("+49",))
    )
    Desk(peer, "486 Busy Here")
    agent = await world.agent()
    world.call_back(agent, number, call_out_from="+49800111", call_out_name='Sales "&" Co')
    assert (await world.fact(CustomerNotReached)).reason == "busy"
    invite = await Waited(peer).request("INVITE")
    assert invite.startswith(f"INVITE sip:+49301234@127.0.0.1:{peer.port} SIP/2.0")
    assert header(invite, "From").startswith("\"Sales '&' Co\" <sip:+49800111@127.0.0.1:")
    await nothing_is_left(world)


@pytest.mark.parametrize(
    "number", ["+4990012345", "sip:%2B4990012345@provider.example", "tel:0900-12345", "+4312345", "112"]
)
async def test_a_number_that_must_not_be_called_is_not(make: Make, peer: RawPeer, number: str) -> None:
    """Even when a callback was promised: before the rule was changed, or by somebody else."""
    world: World = await make(trunk=f"sip:127.0.0.1:{peer.port}")  # type: ignore[misc]
    Desk(peer, "486 Busy Here")
    world.call_back(await world.agent(), number)
    assert (await world.fact(CustomerNotReached)).reason == "failed"
    assert peer.heard == []
    await nothing_is_left(world)


async def test_a_customer_is_called_where_the_last_call_came_from(world: World, peer: RawPeer) -> None:
    who = {"From": '"Anna" <sip:4711@home.invalid>;tag=f1', "Contact": f"<sip:x9@127.0.0.1:{peer.port};ob>"}
    peer.send(peer.request("INVITE", body=sdp(peer.port), **who))
    ok = await peer.status(200)
    peer.send(peer.request("ACK", to_tag=tag_of(ok), branch="z9hG4bK-a", **who))
    peer.send(peer.request("BYE", to_tag=tag_of(ok), cseq=2, **who))
    await world.ended()
    customer = world.of(InteractionArrived)[0].customer
    Desk(peer, "486 Busy Here")
    world.call_back(await world.agent(), customer.uri)
    assert (await world.fact(CustomerNotReached)).reason == "busy"
    assert (await Waited(peer).request("INVITE")).startswith(
        f"INVITE sip:x9@127.0.0.1:{peer.port};ob SIP/2.0"
    )


async def test_only_the_latest_customers_are_remembered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.switch.embedded._KEPT", 2)
    for number in ("1", "2", "1", "3"):
        customer, _ = await world.arrived(number=number)
        customer.hang_up()
    assert [uri.partition("@")[0] for uri in embedded(world)._contacts] == ["sip:1", "sip:3"]


async def test_our_own_address_is_not_called(world: World) -> None:
    """A customer's address that leads back here would ring for ever."""
    world.call_back(await world.agent(), f"sip:4711@{world.udp}")
    assert (await world.fact(CustomerNotReached)).reason == "failed"
    assert world.of(InteractionArrived) == []
    await nothing_is_left(world)


async def test_the_whole_story_of_a_callback(world: World) -> None:
    """The customer waits, presses the key, is hung up on, called when an agent is there, and talks.

    It listens for agents only: a prompt is none.
    """
    voice = Voice(tone=CUSTOMER, listens_for=(AGENT,), codecs=("PCMU",), ticker=world.ticker)
    customer = RobotCustomer(f"sip:sales@{world.udp}", voice, number="4711", talk_s=None)
    customer.wish = CallbackWish(key="1", after_s=0.2, plan=Plan(talk_s=1.0))
    world._customers.append((customer, run := asyncio.create_task(customer.run())))
    digit = await world.fact(DigitReceived)
    assert digit.digit == "1"
    world.switch.hang_up(digit.interaction, reason="callback", after=["one"])
    await world.ended()
    agent = await world.agent()
    interaction, _ = world.call_back(agent, world.of(InteractionArrived)[0].customer.uri)
    await world.agent_hears(agent, CUSTOMER)
    fact = await world.ended(2)
    assert (fact.interaction, fact.by) == (interaction, EndedBy.CUSTOMER)
    result = await run
    (call,) = result.calls_back
    assert (call.answered, call.heard_tone, call.ended_by) == (True, AGENT, "agent")
    await nothing_is_left(world)


# ---------------------------------------------------------------- customers' sides that misbehave


async def test_an_early_session_that_is_none_is_no_reason_to_give_up(world: World, peer: RawPeer) -> None:
    phone = Desk(peer, "183 Session Progress", body="v=nonsense")
    agent = await world.agent()
    world.call_back(agent, f"sip:4711@127.0.0.1:{peer.port}")
    invite = await Waited(peer).request("INVITE")
    await world.until(lambda: embedded(world).metrics["sip_early_sdp_bad"] == 1)
    await world.agent_hears(agent, RINGBACK)
    phone.body = sdp(peer.port)
    peer.send(phone.say(invite, "200 OK"))
    await world.fact(InteractionAnswered)


async def test_an_early_session_without_sound_leaves_our_tone(world: World, peer: RawPeer) -> None:
    phone = Desk(peer, "183 Session Progress", body=sdp(peer.port))
    agent = await world.agent()
    world.call_back(agent, f"sip:4711@127.0.0.1:{peer.port}")
    invite = await Waited(peer).request("INVITE")
    await world.agent_hears(agent, RINGBACK)
    peer.send(phone.say(invite, "486 Busy Here"))
    assert (await world.fact(CustomerNotReached)).reason == "busy"
    await nothing_is_left(world)


async def test_a_gateway_that_says_its_session_once(world: World, peer: RawPeer) -> None:
    phone = Desk(peer, "183 Session Progress", body=sdp(peer.port))
    world.call_back(await world.agent(), f"sip:4711@127.0.0.1:{peer.port}")
    invite = await Waited(peer).request("INVITE")
    await world.fact(CallbackDialled)
    phone.body = ""
    peer.send(phone.say(invite, "200 OK"))
    await world.fact(InteractionAnswered)
    await Waited(peer).request("ACK")


@pytest.mark.parametrize("body", ["", "rubbish", sdp(codecs="18"), sdp(port=0)])
async def test_an_answer_that_cannot_be_used(world: World, peer: RawPeer, body: str) -> None:
    Desk(peer, "200 OK", body=body)
    agent = await world.agent()
    world.call_back(agent, f"sip:4711@127.0.0.1:{peer.port}")
    assert (await world.fact(CustomerNotReached)).reason == "failed"
    await Waited(peer).request("BYE")
    await world.over(agent.calls[0])
    await nothing_is_left(world)


async def test_two_phones_of_the_customer_answer(world: World, peer: RawPeer) -> None:
    phone = Desk(peer, "200 OK", body=sdp(peer.port))
    world.call_back(await world.agent(), f"sip:4711@127.0.0.1:{peer.port}")
    await world.fact(InteractionAnswered)
    peer.send(phone.say(peer.heard[0], "200 OK").replace("tag=desk", "tag=second"))
    await peer.until(lambda heard: any(text.startswith("BYE ") and "tag=second" in text for text in heard))
    assert (len(world.of(InteractionAnswered)), world.of(InteractionEnded)) == (1, [])


async def test_an_answer_after_the_time_is_ended(world: World, peer: RawPeer) -> None:
    """CANCEL and 200 cross: nobody is left in a call."""
    phone = Desk(peer, "180 Ringing", body=sdp(peer.port))
    agent = await world.agent()
    world.call_back(agent, f"sip:4711@127.0.0.1:{peer.port}", call_out_s=0.2)
    assert (await world.fact(CustomerNotReached)).reason == "no answer"
    await Waited(peer).request("CANCEL")
    peer.send(phone.say(peer.heard[0], "200 OK"))
    await Waited(peer).request("ACK")
    await Waited(peer).request("BYE")
    assert world.of(InteractionAnswered) == []
    await nothing_is_left(world)


async def test_a_customer_who_never_says_anything(world: World, peer: RawPeer) -> None:
    """Not even a 100: our patience ends with the INVITE's own time (64 T1)."""
    agent = await world.agent()
    world.call_back(agent, f"sip:4711@127.0.0.1:{peer.port}", call_out_s=60)
    assert (await world.fact(CustomerNotReached)).reason == "failed"
    await world.over(agent.calls[0])
    await nothing_is_left(world)


@pytest.mark.parametrize("who", ["customer", "agent"])
async def test_who_vanishes_from_a_callback_without_a_word(make: Make, who: str) -> None:
    world: World = await make(media_timeout_s=0.5)  # type: ignore[misc]
    agent, phone = await world.agent(), await world.phone()
    await world.called_back(agent, phone)
    (agent if who == "agent" else phone).mute(on=True)
    fact = await world.ended()
    assert (fact.reason, fact.by) == ("media lost", EndedBy.AGENT if who == "agent" else EndedBy.CUSTOMER)
    await world.over(phone.calls[0])
    await world.over(agent.calls[0])


async def test_without_a_port_nobody_is_called(make: Make, free_port: int) -> None:
    """One port: the agent has it, and there is none for the customer."""
    first = free_port + free_port % 2
    world: World = await make(rtp_first=first, rtp_last=first)  # type: ignore[misc]
    agent, phone = await world.agent(), await world.phone()
    world.call_back(agent, phone)
    assert (await world.fact(CustomerNotReached)).reason == "failed"
    await world.over(agent.calls[0])
    assert phone.calls == []


async def test_statistics_of_a_callback(world: World) -> None:
    agent, phone = await world.agent(), await world.phone()
    interaction = await world.called_back(agent, phone)
    agent.hang_up()
    await world.ended()
    (statistics,) = world.switch.statistics()
    assert statistics.interaction == interaction
    assert statistics.from_customer > 5
    assert statistics.from_agent > 5
    assert statistics.dropped == 0


async def test_a_contact_that_is_none_ends_the_offer_of_a_callback(world: World) -> None:
    interaction = world.call_back(await world.agent(), "sip:4711@127.0.0.1:9")[0]
    await world.fact(CustomerNotReached)
    world.ring(interaction, "sip:a b@127.0.0.1", call_out="sip:4711@127.0.0.1:9")
    assert (await world.fact(OfferEnded)).reason is OfferEndReason.UNREACHABLE
    await nothing_is_left(world)
