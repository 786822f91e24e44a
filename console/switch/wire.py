"""SIP on the wire: one UDP socket, one TCP listener, connections out; bytes to checked messages and back.

What cannot be read is dropped and counted; what can be read but breaks RFC 3261 is answered with the status
that the RFC names, by `check`. A TCP peer that sends an endless message, or starts one and never ends it,
is cut off.
"""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable
from typing import Protocol, cast

from aiosipua import SipMessage, SipRequest, SipResponse, SipUri, Via, parse_via, stringify_via

from console.domain.errors import NetworkError
from console.switch.addresses import Address, by_tcp, peer_of, reachable
from console.switch.check import Fault, check

Message = SipRequest | SipResponse

MOST_HEADERS = 64 * 1024
MOST_BODY = 64 * 1024
MOST_CONNECTIONS = 2000
PATIENCE_S = 30.0
"""A message begun on a TCP connection must be complete within this time."""

_log = logging.getLogger(__name__)


class Flow(Protocol):
    """The way to one peer: a UDP address, or one TCP connection."""

    reliable: bool
    transport: str
    peer: Address
    local: Address
    open: bool

    def send(self, message: Message) -> None:
        """Send, or drop it when the flow is closed."""
        ...

    def on_lost(self, call: Callable[[], None]) -> Callable[[], None]:
        """Call when the flow breaks; returns what undoes it."""
        ...


class UdpFlow:
    """Datagrams to one address. It never breaks; silence is what the timers are for."""

    reliable = False
    transport = "UDP"
    open = True

    def __init__(self, sendto: Callable[[bytes, Address], None], peer: Address, local: Address) -> None:
        self._sendto = sendto
        self.peer = peer
        self.local = local

    def send(self, message: Message) -> None:
        """Send one datagram."""
        self._sendto(bytes(message), self.peer)

    def on_lost(self, call: Callable[[], None]) -> Callable[[], None]:
        """Datagrams have no connection to lose."""
        del call
        return lambda: None


class TcpFlow(asyncio.Protocol):
    """One TCP connection: theirs to us, or ours to them (then messages wait until it stands)."""

    reliable = True
    transport = "TCP"

    def __init__(self, wire: "Wire", peer: Address) -> None:
        self.peer = peer
        self.local = wire.tcp
        self.open = True
        self._wire = wire
        self._buffer = bytearray()
        self._waiting: list[bytes] = []
        self._writer: asyncio.Transport | None = None
        self._lost: list[Callable[[], None]] = []
        self._timer: asyncio.TimerHandle | None = None

    def send(self, message: Message) -> None:
        """Write, or keep until connected; a message to a broken connection is dropped (its timers tell)."""
        data = bytes(message)
        if self._writer is not None:
            self._writer.write(data)
        elif self.open:
            self._waiting.append(data)

    def on_lost(self, call: Callable[[], None]) -> Callable[[], None]:
        """Call when the connection breaks, or at once on the loop when it already has."""
        if not self.open:
            asyncio.get_running_loop().call_soon(call)
        self._lost.append(call)

        def undo() -> None:
            if call in self._lost:
                self._lost.remove(call)

        return undo

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send what waited; a stranger beyond the limit is cut off."""
        self._writer = cast(asyncio.Transport, transport)
        self._writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._wire.admit(self):
            self._writer.abort()
            return
        for data in self._waiting:
            self._writer.write(data)
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        """Cut the stream into messages (RFC 3261 18.3); answer keep-alives (RFC 5626 3.5.1)."""
        self._buffer += data
        while self.open and (message := self._next()) is not None:
            self._wire.received(message, self)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._buffer and self.open:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE_S, self.cut)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell all who count on it."""
        del exc
        self.broken()

    def broken(self) -> None:
        """It could not be made, or is gone."""
        self.open = False
        self._writer = None
        self._waiting.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wire.forget(self)
        calls, self._lost = self._lost, []
        for call in calls:
            call()

    def close(self) -> None:
        """Close after what was written has gone out."""
        if self._writer is not None:
            self._writer.close()
        else:
            self.broken()

    def cut(self) -> None:
        """Abort a hostile or stalled connection."""
        self._wire.metrics["sip_connections_cut"] += 1
        self._buffer.clear()
        self.open = False
        if self._writer is not None:
            self._writer.abort()

    def _next(self) -> bytes | None:
        while self._buffer.startswith(b"\r\n"):
            if self._buffer.startswith(b"\r\n\r\n") and self._writer is not None:
                self._writer.write(b"\r\n")
                del self._buffer[:2]
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n", 0, MOST_HEADERS)
        if end < 0:
            if len(self._buffer) >= MOST_HEADERS:
                self.cut()
            return None
        length = _declared_length(bytes(self._buffer[:end]))
        if length is None or length > MOST_BODY:
            self.cut()
            return None
        whole = end + 4 + length
        if len(self._buffer) < whole:
            return None
        message = bytes(self._buffer[:whole])
        del self._buffer[:whole]
        return message


def _declared_length(head: bytes) -> int | None:
    """Content-Length of a message's head, 0 when absent, None when it is no length."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() in {b"content-length", b"l"}:
            digits = value.strip()
            return int(digits) if digits.isdigit() and len(digits) < 9 else None
    return 0


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, wire: "Wire") -> None:
        self._wire = wire

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._wire.datagram(data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        self._wire.metrics["sip_udp_errors"] += 1


class Wire:
    """The sockets. `take` gets every checked message with the flow it came on."""

    def __init__(self, take: Callable[[Message, Flow], None], metrics: Counter[str]) -> None:
        self.metrics = metrics
        self.udp: Address = ("", 0)
        self.tcp: Address = ("", 0)
        self._take = take
        self._datagrams: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._flows: dict[Address, TcpFlow] = {}
        self._connecting: set[asyncio.Task[None]] = set()
        self._closing = False

    async def open(self, host: str, udp_port: int, tcp_port: int) -> None:
        """Listen on UDP and TCP. Raises NetworkError when a port is in use or the address is not ours."""
        loop = asyncio.get_running_loop()
        port = udp_port
        try:
            transport, _ = await loop.create_datagram_endpoint(
                lambda: _Datagrams(self), local_addr=(host, udp_port)
            )
            self._datagrams = transport
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self.udp = transport.get_extra_info("sockname")[:2]
            port = tcp_port
            self._server = await loop.create_server(lambda: TcpFlow(self, ("", 0)), host, tcp_port)
            self.tcp = self._server.sockets[0].getsockname()[:2]
        except OSError as fault:
            await self.close()
            raise NetworkError(
                f"The switch cannot listen for SIP on {host}:{port} ({fault.strerror or fault}). "
                "Another program may hold that port, or the address is not this machine's: change [switch] "
                "host, udp_port or tcp_port, or stop the other program."
            ) from fault

    async def close(self) -> None:
        """Close every socket."""
        self._closing = True
        if self._datagrams is not None:
            self._datagrams.close()
        if self._server is not None:
            self._server.close()
        for task in tuple(self._connecting):
            task.cancel()
        for flow in tuple(self._flows.values()):
            flow.close()
        if self._server is not None:
            await self._server.wait_closed()
        await asyncio.sleep(0)

    def flow_to(self, uri: SipUri) -> Flow:
        """The way to a SIP URI: UDP, or TCP when it says `transport=tcp` (RFC 3263 without DNS records)."""
        peer = peer_of(uri)
        if not by_tcp(uri):
            return self.udp_flow(peer)
        flow = self._flows.get(peer)
        if flow is None or not flow.open:
            flow = TcpFlow(self, peer)
            self._flows[peer] = flow
            task = asyncio.get_running_loop().create_task(self._connect(flow))
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)
        return flow

    def leads_here(self, uri: SipUri) -> bool:
        """Whether the way to a SIP URI ends at the very socket it begins at."""
        host, port = peer_of(uri)
        bound = self.tcp if by_tcp(uri) else self.udp
        return port == bound[1] and reachable(bound[0], (host, port)) == host

    def is_ours(self, uri: SipUri) -> bool:
        """Whether a SIP URI names our address, by either transport, or without a port."""
        host, port = peer_of(uri)
        return uri.port in {None, self.udp[1], self.tcp[1]} and reachable(self.udp[0], (host, port)) == host

    def udp_flow(self, peer: Address) -> UdpFlow:
        """Datagrams to an address, saying which of our addresses it reaches us at."""
        return UdpFlow(self._send_datagram, peer, (reachable(self.udp[0], peer), self.udp[1]))

    def admit(self, flow: TcpFlow) -> bool:
        """Register a standing connection; False when there are too many."""
        if self._closing or len(self._flows) >= MOST_CONNECTIONS:
            self.metrics["sip_connections_refused"] += 1
            return False
        if flow.peer == ("", 0):
            writer = flow._writer  # noqa: SLF001 - one module, two halves of one thing
            assert writer is not None
            flow.peer = writer.get_extra_info("peername")[:2]
        flow.local = (reachable(self.tcp[0], flow.peer), self.tcp[1])
        self._flows[flow.peer] = flow
        return True

    def forget(self, flow: TcpFlow) -> None:
        """A connection is gone."""
        if self._flows.get(flow.peer) is flow:
            del self._flows[flow.peer]

    def datagram(self, data: bytes, source: Address) -> None:
        """A datagram came in; keep-alives (RFC 5626, blank) are no messages."""
        if data.strip(b"\r\n\0 "):
            self.received(data, self.udp_flow(source))

    def received(self, data: bytes, flow: Flow) -> None:
        """Read a message, check it, pass it on; one that fails harms nobody else."""
        try:
            message = SipMessage.parse(data)
            fault = check(data, message)
            if isinstance(message, SipRequest):
                flow = self._stamped(message, flow)
        except (ValueError, IndexError, TypeError, AttributeError):
            self.metrics["sip_unreadable"] += 1
            return
        if fault is not None:
            self._refuse(message, flow, fault)
            return
        self.metrics["sip_messages"] += 1
        try:
            self._take(message, flow)
        except Exception:  # noqa: BLE001
            # One message must not take the others down: it is our bug, told loudly, and the peer gets a 500.
            _log.exception("a SIP message from %s:%s could not be handled", *flow.peer)
            self._refuse(message, flow, Fault(500, "Server Internal Error"))

    async def _connect(self, flow: TcpFlow) -> None:
        try:
            async with asyncio.timeout(5):
                await asyncio.get_running_loop().create_connection(lambda: flow, *flow.peer)
        except (OSError, TimeoutError, UnicodeError):
            self.metrics["sip_connects_failed"] += 1
            flow.broken()

    def _send_datagram(self, data: bytes, peer: Address) -> None:
        if self._datagrams is not None and not self._datagrams.is_closing():
            self._datagrams.sendto(data, peer)

    def _stamped(self, request: SipRequest, flow: Flow) -> Flow:
        """Note the true source in the topmost Via (RFC 3261 18.2.1, RFC 3581); the way an answer takes."""
        vias = request.headers.get("via")
        if not vias:
            return flow
        via = parse_via(vias[0])
        if via.host != flow.peer[0]:
            via.params["received"] = flow.peer[0]
        if "rport" in via.params:
            via.params["rport"] = str(flow.peer[1])
            via.params["received"] = flow.peer[0]
        vias[0] = stringify_via(via)
        if flow.reliable:
            return flow
        return self.udp_flow(answer_address(via, flow.peer))

    def _refuse(self, message: Message, flow: Flow, fault: Fault) -> None:
        self.metrics["sip_refused"] += 1
        if not isinstance(message, SipRequest) or message.method == "ACK":
            return
        response = SipResponse(status_code=fault.code, reason_phrase=fault.reason)
        for name in ("Via", "From", "To", "Call-ID", "CSeq"):
            for value in message.headers.get(name):
                response.headers.append(name, value)
        for name, value in fault.headers.items():
            response.headers.set_single(name, value)
        if message.headers.get("via"):
            flow.send(response)


def answer_address(via: Via, source: Address) -> Address:
    """Where an answer over UDP goes: the source address, at the Via's port unless rport was asked for."""
    if "rport" in via.params:
        return source
    return (source[0], via.port or 5060)
