"""Which SIP URIs are our own."""

from collections import Counter

import pytest
from aiosipua import parse_uri

from console.switch.wire import Wire


def listening(host: str = "127.0.0.1") -> Wire:
    """A wire with UDP at 5060 and TCP at 5070 (it opens no socket)."""
    wire = Wire(lambda message, flow: None, Counter())
    wire.udp, wire.tcp = (host, 5060), (host, 5070)
    return wire


@pytest.mark.parametrize(
    ("uri", "here", "ours"),
    [
        ("sip:sales@127.0.0.1:5060", True, True),
        ("sip:sales@127.0.0.1:5070;transport=tcp", True, True),
        ("sip:sales@127.0.0.1:5070;transport=TCP", True, True),
        ("sip:sales@127.0.0.1", True, True),
        # the numbers of UDP and TCP are two: a phone may have the other one
        ("sip:anna@127.0.0.1:5070", False, True),
        ("sip:anna@127.0.0.1:5060;transport=tcp", False, True),
        ("sip:anna@127.0.0.1;transport=tcp", False, True),
        ("sip:anna@127.0.0.1:5062", False, False),
        ("sip:anna@192.0.2.1:5060", False, False),
        ("sip:anna@192.0.2.1", False, False),
    ],
)
def test_by_host_port_and_transport(uri: str, here: bool, ours: bool) -> None:
    wire = listening()
    assert (wire.leads_here(parse_uri(uri)), wire.is_ours(parse_uri(uri))) == (here, ours)


@pytest.mark.parametrize(("uri", "here"), [("sip:sales@127.0.0.1", True), ("sip:4711@192.0.2.1", False)])
def test_listening_everywhere(uri: str, here: bool) -> None:
    """A wildcard is this machine's addresses, not everybody's: a carrier at 5060 can be called."""
    wire = listening("0.0.0.0")
    assert (wire.leads_here(parse_uri(uri)), wire.is_ours(parse_uri(uri))) == (here, here)
