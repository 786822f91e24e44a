"""Malformed and hostile SIP: a proper answer or none, counted, and nobody else disturbed (after RFC 4475)."""

import asyncio
import os
import random
from collections.abc import AsyncIterator

import pytest

from console.switch.embedded import EmbeddedSwitch
from tests.switch.raw import RawPeer, sdp
from tests.switch.world import AGENT, World

pytestmark = pytest.mark.sip


@pytest.fixture
async def peer(world: World) -> AsyncIterator[RawPeer]:
    peer = await RawPeer().open(world.udp)
    yield peer
    peer.close()


def embedded(world: World) -> EmbeddedSwitch:
    assert isinstance(world.switch, EmbeddedSwitch)
    return world.switch


async def still_answers(peer: RawPeer) -> None:
    """The switch takes a good request after all that."""
    for _ in range(100):  # the flood may have filled the socket: a client repeats
        peer.send(peer.request("OPTIONS", call="well"))
        try:
            async with asyncio.timeout(0.1):
                await peer.until(lambda heard: any("well@" in text and " 200 OK" in text for text in heard))
        except TimeoutError:
            continue
        return
    pytest.fail("the switch answers no more")


REFUSED = [
    ("an unknown method (3.1.2.16)", {"method": "NEWMETHOD"}, 405),
    ("REGISTER, which is for registrars", {"method": "REGISTER"}, 405),
    ("an unknown scheme (3.3.2)", {"uri": "nobodyKnowsThisScheme:totallyopaquecontent"}, 416),
    ("an unknown atypical scheme (3.3.3)", {"uri": "soap.beep://192.0.2.103:3002"}, 416),
    (
        "an unknown extension required (3.3.12)",
        {"Require": "nothingSupportsThis, norThis"},
        420,
    ),
    ("a body of an unknown type (3.3.15)", {"Content_Type": "application/unknownformat", "body": "x"}, 415),
    ("a body in an unknown encoding", {"Content_Encoding": "gzip", "body": sdp()}, 415),
    ("CSeq of another method (3.1.2.17)", {"CSeq": "8 OPTIONS"}, 400),
    ("CSeq too large (3.1.2.4)", {"CSeq": "36893488147419103232 INVITE"}, 400),
    ("CSeq that is no number", {"CSeq": "one INVITE"}, 400),
    ("CSeq without a method", {"CSeq": "1"}, 400),
    ("Max-Forwards too large", {"Max_Forwards": "300"}, 400),
    ("Max-Forwards that is no number", {"Max_Forwards": "many"}, 400),
    ("Content-Length larger than the message (3.1.2.2)", {"Content_Length": "9999", "body": sdp()}, 400),
    ("Content-Length negative (3.1.2.3)", {"Content_Length": "-999", "body": sdp()}, 400),
    ("Content-Length that is none", {"Content_Length": "ten", "body": sdp()}, 400),
    ("a request URI in angle brackets (3.1.2.8)", {"uri": "<sip:user@example.com>"}, 400),
    ("an unclosed quote in To (3.1.2.6)", {"To": '"Mr. J. User <sip:j.user@example.com>'}, 400),
    ("no closing bracket in From", {"From": "<sip:anna@example.com;tag=1"}, 400),
    ("no From", {"From": ""}, 400),
    ("no To", {"To": ""}, 400),
    ("no Call-ID", {"Call_ID": ""}, 400),
    ("no CSeq", {"CSeq": ""}, 400),
    ("two To headers (3.3.8)", {"X": "1\r\nTo: <sip:other@example.com>"}, 400),
    ("two Call-ID headers (3.3.8)", {"X": "1\r\nCall-ID: other"}, 400),
    ("two CSeq headers (3.3.8)", {"X": "1\r\nCSeq: 5 INVITE"}, 400),
    ("no codec of ours", {"body": sdp(codecs="18 3 96")}, 488),
    ("no audio", {"body": sdp().replace("m=audio", "m=video")}, 488),
    ("encrypted audio only", {"body": sdp().replace("RTP/AVP", "RTP/SAVP")}, 488),
    ("audio refused", {"body": sdp(port=0)}, 488),
    ("sound to a name", {"body": sdp().replace("c=IN IP4 127.0.0.1", "c=IN IP4 evil.example")}, 488),
    ("no address for the sound", {"body": sdp().replace("c=IN IP4 127.0.0.1\r\n", "")}, 400),
    ("a port that is none", {"body": sdp(port=123456)}, 400),
    ("a session description that is none", {"body": "\0\1\2 v=x m=audio"}, 488),
    ("numbers that are none in it", {"body": sdp().replace("m=audio 40000", "m=audio forty")}, 400),
    ("an in-dialog request for no dialog", {"method": "BYE", "to_tag": "nobody"}, 481),
    ("a re-INVITE for no dialog", {"to_tag": "nobody", "body": sdp()}, 481),
    ("a CANCEL for nothing", {"method": "CANCEL"}, 481),
    ("a REFER out of any dialog", {"method": "REFER", "Refer_To": "<sip:x@y>"}, 481),
]


@pytest.mark.parametrize(("case", "change", "code"), REFUSED, ids=[case for case, _, _ in REFUSED])
async def test_a_bad_request_is_refused_with_its_status(
    world: World, peer: RawPeer, case: str, change: dict[str, str], code: int
) -> None:
    del case
    change = dict(change) if "method" in change else {"body": sdp()} | change
    peer.send(peer.request(change.pop("method", "INVITE"), **change))
    await peer.until(lambda heard: any(not text.startswith("SIP/2.0 100") for text in heard))
    final = next(text for text in peer.heard if not text.startswith("SIP/2.0 100"))
    assert final.startswith(f"SIP/2.0 {code} "), final
    await still_answers(peer)
    assert world.facts == []


async def test_other_versions_and_request_lines(world: World, peer: RawPeer) -> None:
    """3.1.2.7, 3.1.2.9, 3.1.2.10, 3.1.2.16: blanks, and another version of SIP."""
    good = peer.request("INVITE", body=sdp())
    for line, code in (
        ("INVITE sip:sales@127.0.0.1 SIP/7.0", 505),
        ("INVITE  sip:sales@127.0.0.1 SIP/2.0", 400),
        ("INVITE sip:sales@127.0.0.1; lr SIP/2.0", 400),
        ("INVITE sip:sales@127.0.0.1 SIP/2.0  ", 400),
    ):
        peer.heard.clear()
        peer.send("\r\n".join([line, *good.split("\r\n")[1:]]))
        await peer.status(code)
    assert world.facts == []


async def test_a_message_cut_off_among_its_headers_is_no_call(world: World, peer: RawPeer) -> None:
    whole = peer.request("INVITE", body=sdp(), Subject="x" * 40)
    peer.send(whole[: whole.index("x" * 40) + 10])
    await peer.status(400)
    assert world.facts == []


async def test_what_is_strange_but_right_is_taken(world: World, peer: RawPeer) -> None:
    """3.1.1.1: folded lines, compact and mixed-case names, odd blanks, escapes, unknown headers."""
    body = sdp()
    peer.send(
        "\r\n".join(
            [
                f"INVITE sip:vivekg%40home@{world.udp};unknownparam SIP/2.0",
                "TO :",
                ' "Sales \\"the\\" desk" <sip:sales@127.0.0.1>',
                'f: "Caller, \\"X\\"" <sip:caller@127.0.0.1>  ;',
                "  tag = 98asjd8",
                "MaX-fOrWaRdS: 0068",
                "i: strange.1@127.0.0.1",
                "cseq: 0009",
                "  INVITE",
                f"V: SIP  / 2.0  / UDP 127.0.0.1:{peer.port} ;branch=z9hG4bK-strange",
                "s:",
                "NewFangledHeader:   newfangled value",
                " continued newfangled value",
                "UnknownHeaderWithUnusualValue: ;;,,;;,;",
                f"m:<sip:caller@127.0.0.1:{peer.port}>",
                f"l: {len(body)}",
                "c: application/sdp",
                "",
                body,
            ]
        )
    )
    ok = await peer.status(200)
    assert "m=audio" in ok
    assert world.names() == ["InteractionArrived"]


async def test_bytes_that_are_no_message(world: World, peer: RawPeer) -> None:
    chance = random.Random(7)
    good = peer.request("INVITE", body=sdp()).encode()
    peer.send(b"")
    peer.send(b"\r\n\r\n")
    peer.send(b"\0" * 64)
    for _ in range(300):
        peer.send(chance.randbytes(chance.randint(1, 1400)))
    for _ in range(300):
        at = chance.randrange(len(good))
        peer.send(good[:at] + chance.randbytes(chance.randint(1, 8)) + good[at + chance.randint(0, 8) :])
    for size in (1, 20, 100, 300):
        peer.send(good[:size])
    peer.send(b"INVITE sip:x@y SIP/2.0\r\n" + b"X: y\r\n" * 3000 + b"\r\n")
    peer.send(b"INVITE sip:" + b"a" * 60000 + b"@127.0.0.1 SIP/2.0\r\n\r\n")
    peer.send(b"SIP/2.0 200 OK\r\n\r\n")
    peer.send(b"SIP/2.0 999999999999 X\r\nVia: SIP/2.0/UDP h\r\n\r\n")
    await still_answers(peer)
    assert embedded(world).metrics["sip_unreadable"] > 0
    assert embedded(world).metrics["sip_refused"] > 0


async def test_a_conversation_goes_on_under_a_shower_of_rubbish(world: World, peer: RawPeer) -> None:
    agent = await world.agent()
    customer, _ = await world.talking(agent)
    for _ in range(400):
        peer.send(os.urandom(600))
    await world.hears(customer, AGENT)
    assert customer.result.ended_by == ""


async def test_hostile_connections_are_cut(world: World) -> None:
    host, _, port = world.tcp.rpartition(":")
    metrics = embedded(world).metrics
    bad = [
        b"INVITE sip:x@y SIP/2.0\r\nX: " + b"a" * 100_000,
        b"INVITE sip:x@y SIP/2.0\r\nContent-Length: 999999999\r\n\r\n",
        b"INVITE sip:x@y SIP/2.0\r\nContent-Length: -1\r\n\r\n",
    ]
    for data in bad:
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(data)
        async with asyncio.timeout(5):
            assert await _to_the_end(reader) == b""
        writer.close()
    assert metrics["sip_connections_cut"] == len(bad)
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"\r\n\r\n")
    async with asyncio.timeout(5):
        assert await reader.readexactly(2) == b"\r\n", "a keep-alive is answered (RFC 5626)"
    writer.close()


async def _to_the_end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_a_message_in_pieces_and_two_in_one(world: World) -> None:
    host, _, port = world.tcp.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    text = (
        "OPTIONS sip:{host}:{port} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bK{n}\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>\r\nCall-ID: {n}\r\nCSeq: 1 OPTIONS\r\nl: 0\r\n\r\n"
    )
    both = "".join(text.format(host=host, port=port, n=n) for n in (1, 2)).encode()
    for at in range(0, len(both), 17):
        writer.write(both[at : at + 17])
        await writer.drain()
    heard = b""
    async with asyncio.timeout(5):
        while heard.count(b"SIP/2.0 200 OK") < 2:
            heard += await reader.read(4096)
    writer.close()
