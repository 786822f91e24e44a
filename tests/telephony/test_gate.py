"""Strangers cannot connect to the desk over TCP, so they cannot use up the library's sockets."""

import asyncio
import socket
from uuid import uuid4

import pytest

from console.telephony.engine import (
    Account,
    CallConfirmed,
    EngineSettings,
    EngineStarted,
    IncomingCall,
    Transport,
)
from console.telephony.gate import admit, named_addresses, open_to_all
from console.telephony.pjsua import PjsuaEngine
from tests.telephony.far import Facts

pytestmark = pytest.mark.sip
STRANGER = "127.0.0.9"
FLOOD = 300


def connects(source: str, port: int, wait_s: float = 0.3) -> bool:
    """Whether somebody at `source` gets a connection; it is closed at once."""
    with socket.socket() as client:
        client.bind((source, 0))
        client.settimeout(wait_s)
        try:
            client.connect(("127.0.0.1", port))
        except TimeoutError:
            return False
        return True


def flood(port: int) -> None:
    """Try to connect very often, without waiting for any."""
    for _ in range(FLOOD):
        with socket.socket() as client:
            client.bind((STRANGER, 0))
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))


def test_what_an_account_names_is_let_in() -> None:
    account = Account(
        key="a",
        uri="sip:anna@192.0.2.1:5070;x=y",
        registrar="sip:pbx.example",
        proxy="sips:192.0.2.2",
        peers=("192.0.2.3", "[::1]"),
    )
    assert named_addresses(account) == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}
    assert not open_to_all(account)
    assert open_to_all(Account(key="a", uri="sip:anna@192.0.2.1"))


def test_a_listener_lets_in_whom_it_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert admit(f"127.0.0.1:{port}", {"127.0.0.1"})
        assert (connects("127.0.0.1", port), connects(STRANGER, port)) == (True, False)
        assert admit(f"127.0.0.1:{port}", {STRANGER})
        assert (connects("127.0.0.1", port), connects(STRANGER, port)) == (False, True)
        assert admit(f"127.0.0.1:{port}", None)
        assert connects("127.0.0.1", port)
    assert not admit(f"127.0.0.1:{port}", set())


async def test_a_flood_of_connections_does_not_end_the_phone() -> None:
    facts = Facts()
    engine = PjsuaEngine(EngineSettings(bind="127.0.0.1"))
    account = Account(key="one", uri="sip:one@127.0.0.1", contact_user="one-secret", transport=Transport.TCP)
    engine.add_account(account)
    engine.start(facts.add)
    try:
        port = (await facts.of(EngineStarted)).tcp_port
        for _ in range(2):
            await asyncio.to_thread(flood, port)
            assert not await asyncio.to_thread(connects, STRANGER, port)
            mark, call = len(facts.all), uuid4()
            engine.dial(call, "one", f"sip:one-secret@127.0.0.1:{port}", {})
            engine.answer((await facts.of(IncomingCall, mark)).call)
            await facts.of(CallConfirmed, mark, call=call)
            engine.hang_up(call)
            engine.network_changed()  # which starts the listener anew
    finally:
        await asyncio.to_thread(engine.stop)
