"""Codecs can be chosen anew while the phone is at work (settings that come after sign-in)."""

import asyncio
import re
from uuid import uuid4

import pytest

from console.telephony.engine import Account, CallDisconnected, EngineSettings, EngineStarted
from console.telephony.pjsua import PjsuaEngine
from console.telephony.sounds import TonePort
from tests.bench.sip_socket import Peer
from tests.telephony.far import Facts

pytestmark = pytest.mark.sip


async def _offered(engine: PjsuaEngine, facts: Facts, peer: Peer) -> list[str]:
    """The codecs by name that a call offers, in order; the call is turned away."""
    call = uuid4()
    engine.dial(call, "one", f"sip:peer@127.0.0.1:{peer.port}", {})
    text = ""
    while not text.startswith("INVITE"):
        text, _, source = await asyncio.to_thread(peer.receive)
    lines = re.findall(r"^(?:Via|From|To|Call-ID|CSeq):.*(?=\r)", text, re.MULTILINE)
    lines = [line + ";tag=p" if line.startswith("To:") else line for line in lines]
    peer.sip.sendto("\r\n".join(["SIP/2.0 486 Busy", *lines, "Content-Length: 0", "", ""]).encode(), source)
    await facts.of(CallDisconnected, call=call)
    return [
        name for name in re.findall(r"^a=rtpmap:\d+ (\S+?)/", text, re.MULTILINE) if name != "telephone-event"
    ]


async def test_the_next_call_offers_what_was_chosen_last() -> None:
    facts, peer = Facts(), Peer()
    engine = PjsuaEngine(EngineSettings(bind="127.0.0.1", codecs=("PCMU", "PCMA")), TonePort(600))
    engine.add_account(Account(key="one", uri="sip:one@127.0.0.1"))
    engine.start(facts.add)
    try:
        await facts.of(EngineStarted)
        assert await _offered(engine, facts, peer) == ["PCMU", "PCMA"]
        engine.use_codecs(("PCMA",))
        assert await _offered(engine, facts, peer) == ["PCMA"]
        engine.use_codecs(("G722", "PCMU"))
        assert await _offered(engine, facts, peer) == ["G722", "PCMU"]
        engine.use_codecs(("none of them",))
        assert await _offered(engine, facts, peer) == ["G722", "PCMU"]
    finally:
        await asyncio.to_thread(engine.stop)
        peer.close()
