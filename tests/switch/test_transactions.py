"""RFC 3261's timers: lost and repeated datagrams lose no call and double none."""

from collections.abc import AsyncIterator

import pytest

from console.domain.events import EndedBy, InteractionAnswered, InteractionArrived, OfferEnded, OfferEndReason
from tests.switch.raw import Desk, RawPeer, header, sdp, tag_of
from tests.switch.world import World

pytestmark = pytest.mark.sip


@pytest.fixture
async def peer(world: World) -> AsyncIterator[RawPeer]:
    peer = await RawPeer().open(world.udp)
    yield peer
    peer.close()


async def arrived(world: World, peer: RawPeer, *, acknowledged: bool = True) -> str:
    """A call by hand; returns our tag."""
    peer.send(peer.request("INVITE", body=sdp(peer.port)))
    tag = tag_of(await peer.status(200))
    await world.fact(InteractionArrived)
    if acknowledged:
        peer.send(peer.request("ACK", to_tag=tag, branch="z9hG4bK-ack"))
    return tag


async def test_a_repeated_invite_is_one_call(world: World, peer: RawPeer) -> None:
    for _ in range(3):
        peer.send(peer.request("INVITE", body=sdp(peer.port)))
    await peer.status(200, 3)
    assert {tag_of(text) for text in peer.heard if text.startswith("SIP/2.0 200")} == {tag_of(peer.heard[-1])}
    assert world.names() == ["InteractionArrived"]


async def test_a_200_is_repeated_until_the_ack(world: World, peer: RawPeer) -> None:
    tag = await arrived(world, peer, acknowledged=False)
    await peer.status(200, 4)
    peer.send(peer.request("ACK", to_tag=tag, branch="z9hG4bK-ack"))
    peer.send(peer.request("OPTIONS", call="after"))
    await peer.until(lambda heard: "after@" in heard[-1])
    count = len(peer.heard)
    for number in range(5):
        peer.send(peer.request("OPTIONS", call=f"later{number}"))
    await peer.until(lambda heard: any("later4@" in text for text in heard))
    assert not any("INVITE" in header(text, "CSeq") for text in peer.heard[count:])


async def test_without_any_ack_the_call_is_ended(world: World, peer: RawPeer) -> None:
    await arrived(world, peer, acknowledged=False)
    fact = await world.ended()
    assert (fact.by, fact.reason) == (EndedBy.CUSTOMER, "no acknowledgement")
    await peer.until(lambda heard: any(text.startswith("BYE ") for text in heard))


async def test_a_refusal_is_repeated_until_the_ack(world: World, peer: RawPeer) -> None:
    peer.send(peer.request("INVITE", body=sdp(codecs="18")))
    refused = await peer.status(488, 3)
    peer.send(peer.request("ACK", to_tag=tag_of(refused)))
    for number in range(4):
        peer.send(peer.request("OPTIONS", call=f"more{number}"))
    await peer.until(lambda heard: any("more3@" in text for text in heard))
    assert world.facts == []


async def test_a_bye_whose_answer_was_lost(world: World, peer: RawPeer) -> None:
    tag = await arrived(world, peer)
    for _ in range(3):
        peer.send(peer.request("BYE", to_tag=tag, cseq=2))
    await peer.until(lambda heard: sum("2 BYE" in text and " 200 " in text for text in heard) == 3)
    assert world.names() == ["InteractionArrived", "InteractionEnded"]


async def test_our_bye_is_repeated_until_it_is_answered(world: World, peer: RawPeer) -> None:
    await arrived(world, peer)
    world.switch.hang_up(world.facts[0].interaction)
    await peer.until(lambda heard: sum(text.startswith("BYE ") for text in heard) >= 3)


async def test_a_hang_up_before_the_ack_waits_for_it(world: World, peer: RawPeer) -> None:
    """RFC 3261 section 15: no BYE before the ACK."""
    tag = await arrived(world, peer, acknowledged=False)
    world.switch.hang_up(world.facts[0].interaction)
    await world.ended()
    await peer.status(200, 2)
    assert not any(text.startswith("BYE ") for text in peer.heard)
    peer.send(peer.request("ACK", to_tag=tag, branch="z9hG4bK-ack"))
    await peer.until(lambda heard: any(text.startswith("BYE ") for text in heard))


async def test_a_cancel_that_crosses_our_200(world: World, peer: RawPeer) -> None:
    """It changes nothing (RFC 3261 9.2): the caller has to acknowledge and hang up."""
    tag = await arrived(world, peer, acknowledged=False)
    peer.send(peer.request("CANCEL", branch="z9hG4bK-c1-1-INVITE"))
    await peer.until(lambda heard: any("1 CANCEL" in text and " 200 " in text for text in heard))
    peer.send(peer.request("ACK", to_tag=tag, branch="z9hG4bK-ack"))
    peer.send(peer.request("BYE", to_tag=tag, cseq=2))
    assert (await world.ended()).by is EndedBy.CUSTOMER


async def test_a_request_out_of_order(world: World, peer: RawPeer) -> None:
    tag = await arrived(world, peer)
    peer.send(peer.request("INFO", to_tag=tag, cseq=9))
    await peer.until(lambda heard: any("9 INFO" in text and " 200 " in text for text in heard))
    peer.send(peer.request("INFO", to_tag=tag, cseq=5))
    await peer.status(500)


async def test_an_invite_without_an_offer_gets_ours(world: World, peer: RawPeer) -> None:
    peer.send(peer.request("INVITE"))
    ok = await peer.status(200)
    assert "m=audio" in ok
    peer.send(
        peer.request("ACK", to_tag=tag_of(ok), branch="z9hG4bK-ack", body=sdp(peer.port, codecs="8 101"))
    )
    await peer.until(lambda heard: len(heard) > 60, "sound")


async def test_a_reinvite_that_we_cannot_take_changes_nothing(world: World, peer: RawPeer) -> None:
    tag = await arrived(world, peer)
    peer.send(peer.request("INVITE", to_tag=tag, cseq=2, body=sdp(codecs="18")))
    await peer.status(488)
    peer.send(peer.request("BYE", to_tag=tag, cseq=3))
    assert (await world.ended()).by is EndedBy.CUSTOMER


async def test_an_invite_that_is_lost_is_repeated(world: World, peer: RawPeer) -> None:
    desk = Desk(peer, "200 OK", deaf=2, body=sdp(peer.port))
    _, interaction = await world.arrived()
    world.ring(interaction, f"sip:desk@127.0.0.1:{peer.port}")
    await world.fact(InteractionAnswered)
    assert desk.deaf == 0
    await peer.until(lambda heard: any(text.startswith("ACK ") for text in heard))


async def test_a_200_that_is_repeated_is_acknowledged_again(world: World, peer: RawPeer) -> None:
    desk = Desk(peer, "200 OK", body=sdp(peer.port))
    _, interaction = await world.arrived()
    world.ring(interaction, f"sip:desk@127.0.0.1:{peer.port}")
    await peer.until(lambda heard: any(text.startswith("ACK ") for text in heard))
    invite = next(text for text in peer.heard if text.startswith("INVITE "))
    peer.send(desk.say(invite, "200 OK"))
    await peer.until(lambda heard: sum(text.startswith("ACK ") for text in heard) == 2)
    assert len(world.of(InteractionAnswered)) == 1


async def test_a_refusal_is_acknowledged_each_time(world: World, peer: RawPeer) -> None:
    desk = Desk(peer, "486 Busy Here")
    _, interaction = await world.arrived()
    world.ring(interaction, f"sip:desk@127.0.0.1:{peer.port}")
    assert (await world.fact(OfferEnded)).reason is OfferEndReason.BUSY
    peer.send(desk.say(peer.heard[0], "486 Busy Here"))
    await peer.until(lambda heard: sum(text.startswith("ACK ") for text in heard) == 2)
    assert len(world.of(OfferEnded)) == 1


async def test_an_answer_after_the_cancel_is_ended(world: World, peer: RawPeer) -> None:
    """CANCEL and 200 cross: ACK, then BYE, and no fact."""
    desk = Desk(peer, "180 Ringing", body=sdp(peer.port))
    _, interaction = await world.arrived()
    offer = world.ring(interaction, f"sip:desk@127.0.0.1:{peer.port}")
    await peer.until(lambda heard: heard)
    await world.until(lambda: "OfferRinging" in world.names())
    world.switch.cancel(offer, elsewhere=True)
    await peer.until(lambda heard: any(text.startswith("CANCEL ") for text in heard))
    cancel = next(text for text in peer.heard if text.startswith("CANCEL "))
    assert "Call completed elsewhere" in header(cancel, "Reason")
    invite = next(text for text in peer.heard if text.startswith("INVITE "))
    assert header(cancel, "Via") == header(invite, "Via")
    peer.send(desk.say(invite, "200 OK"))
    await peer.until(lambda heard: any(text.startswith("BYE ") for text in heard))
    order = [text.split(" ", 1)[0] for text in peer.heard if text.startswith(("ACK", "BYE"))]
    assert order[:2] == ["ACK", "BYE"]
    assert world.of(InteractionAnswered) == []


async def test_a_desk_that_answers_without_our_codecs(world: World, peer: RawPeer) -> None:
    Desk(peer, "200 OK", body=sdp(peer.port, codecs="18"))
    _, interaction = await world.arrived()
    world.ring(interaction, f"sip:desk@127.0.0.1:{peer.port}")
    assert (await world.fact(OfferEnded)).reason is OfferEndReason.UNREACHABLE
    await peer.until(lambda heard: any(text.startswith("BYE ") for text in heard))


async def test_two_phones_behind_a_proxy_answer(world: World, peer: RawPeer) -> None:
    """The second one is acknowledged and ended."""
    desk = Desk(peer, "200 OK", body=sdp(peer.port))
    _, interaction = await world.arrived()
    world.ring(interaction, f"sip:desk@127.0.0.1:{peer.port}")
    await world.fact(InteractionAnswered)
    invite = next(text for text in peer.heard if text.startswith("INVITE "))
    peer.send(desk.say(invite, "200 OK").replace("tag=desk", "tag=second"))
    await peer.until(lambda heard: any(text.startswith("BYE ") and "tag=second" in text for text in heard))
    assert len(world.of(InteractionAnswered)) == 1
