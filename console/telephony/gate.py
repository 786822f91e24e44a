"""Who may open a TCP or TLS connection to this desk: the hosts that its accounts name, and nobody else.

pjsua2 as it is on PyPI has 64 sockets for SIP, keeps a closed one for half a second, and ends the whole
program by an assertion when none is left: a stranger who connects and leaves two hundred times would end
the phone. So on Linux the kernel drops a stranger's first packet, by a filter on the listening socket
(socket(7), SO_ATTACH_FILTER). Elsewhere there is no such filter: there the packages' own build of pjsua2
(4,096 sockets) and the system's firewall have to do.
"""

import ctypes
import ipaddress
import logging
import os
import re
import socket
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

from console.telephony.engine import Account

_log = logging.getLogger(__name__)
_OPEN_FILES = Path("/proc/self/fd")
_SO_ATTACH_FILTER = 26
_LOAD_SOURCE = (0x20, 0, 0, 0xFFF0_0000 + 12)  # the packet's IPv4 source address (SKF_NET_OFF)
_PASS = (0x06, 0, 0, 0x4_0000)
_DROP = (0x06, 0, 0, 0)
_MOST = 500


class _Program(ctypes.Structure):
    """`struct sock_fprog` of linux/filter.h."""

    _fields_ = (("length", ctypes.c_ushort), ("code", ctypes.c_void_p))


def named_addresses(account: Account) -> set[str]:
    """The IPv4 addresses that an account names; what it names by name comes with the registrar's answer."""
    places = [
        uri.partition(":")[2].rpartition("@")[2] for uri in (account.uri, account.registrar, account.proxy)
    ]
    hosts = {re.split(r"[:;?]", place, maxsplit=1)[0] for place in places} | set(account.peers)
    return {host for host in hosts if _is_address(host)}


def open_to_all(account: Account) -> bool:
    """Whether anybody may call this account directly: it has no registrar, and no secret contact."""
    return not account.registrar and not account.contact_user


def _is_address(host: str) -> bool:
    try:
        return bool(ipaddress.IPv4Address(host))
    except ValueError:
        return False


def admit(place: str, addresses: Iterable[str] | None) -> bool:
    """Let only these IPv4 addresses (None: all) connect to the listener at `place` (host:port, this process).

    Connections that are open stay so. Returns whether the listener is guarded now.
    """
    if sys.platform != "linux":
        return False
    listener = _listener_at(place)
    if listener is None:
        _log.warning("no listener at %s to guard against strangers", place)
        return False
    with listener:
        try:
            _attach(listener, _program(addresses))
        except OSError as fault:
            _log.warning("strangers can connect to %s: %s", place, fault)
            return False
    return True


def _program(addresses: Iterable[str] | None) -> bytes:
    steps = [_LOAD_SOURCE]
    if addresses is None:
        steps, addresses = [_PASS], ()
    for address in sorted(set(addresses))[:_MOST]:
        steps += [(0x15, 0, 1, int(ipaddress.IPv4Address(address))), _PASS]
    return b"".join(struct.pack("HBBI", *step) for step in (*steps, _DROP))


def _attach(listener: socket.socket, code: bytes) -> None:
    memory = ctypes.create_string_buffer(code)
    program = _Program(len(code) // 8, ctypes.addressof(memory))
    listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, bytes(program))


def _listener_at(place: str) -> socket.socket | None:
    """Our own handle on the socket of this process that listens at `place`."""
    host, _, port = place.rpartition(":")
    for entry in _OPEN_FILES.iterdir():
        try:
            if not str(entry.readlink()).startswith("socket:"):
                continue
            found = socket.socket(fileno=os.dup(int(entry.name)))
        except OSError:  # closed meanwhile: the listing itself is such a one
            continue
        if _listens(found, host, int(port)):
            return found
        found.close()
    return None


def _listens(candidate: socket.socket, host: str, port: int) -> bool:
    try:
        if candidate.family != socket.AF_INET or candidate.type != socket.SOCK_STREAM:
            return False
        here = candidate.getsockname()
        return (
            here[1] == port
            and here[0] in {host, "0.0.0.0"}
            and bool(candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
        )
    except OSError:
        return False
