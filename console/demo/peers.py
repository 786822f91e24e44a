"""A robot's SIP side: aiosipua with what of it does not fit put right.

The library's transports never learn the port they were given, write UDP into every Via, and fail an
assertion on Python 3.11; its user agent knows no display names.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable

import msgspec
from aiosipua import (
    DialogState,
    OutgoingCall,
    SipRequest,
    SipResponse,
    SipUAC,
    SipUAS,
    TcpSipTransport,
    UdpSipTransport,
)

from console.switch.ticker import Ticker


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._take(data, (addr[0], addr[1]))


def _named(message: SipRequest | SipResponse, shown: str) -> None:
    """Put a display name into From, which the library has no way to."""
    sender = message.headers.get("from")
    if shown and isinstance(message, SipRequest) and sender and sender[0].startswith("<"):
        sender[0] = f'"{shown}" {sender[0]}'


class RobotUdp(UdpSipTransport):
    """The library's transport, on a protocol without its assertion (which fails on Python 3.11)."""

    shown = ""

    async def start(self) -> None:
        """Bind, and learn the port."""
        loop = asyncio.get_running_loop()
        self._udp_transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self._dispatch), local_addr=self.local_addr
        )
        self.local_addr = self._udp_transport.get_extra_info("sockname")[:2]

    def send(self, message: SipRequest | SipResponse, addr: tuple[str, int]) -> None:
        """Send, or drop it when closed."""
        if self._udp_transport is not None:
            _named(message, self.shown)
            super().send(message, addr)


class RobotTcp(TcpSipTransport):
    """The library's transport, saying TCP where it speaks TCP."""

    shown = ""

    async def start(self) -> None:
        """Listen, and learn the port."""
        await super().start()
        if self._server is not None:
            self.local_addr = self._server.sockets[0].getsockname()[:2]

    def send(self, message: SipRequest | SipResponse, addr: tuple[str, int]) -> None:
        """Send on the connection that stands."""
        _named(message, self.shown)
        if isinstance(message, SipRequest):
            vias = message.headers.get("via")
            vias[0] = vias[0].replace("SIP/2.0/UDP", "SIP/2.0/TCP")
        for at, contact in enumerate(message.headers.get("contact")):
            if "transport=" not in contact:
                message.headers.get("contact")[at] = contact.replace(">", ";transport=tcp>")
        with contextlib.suppress(RuntimeError):  # the connection is gone: so is what was to be said
            super().send(message, addr)

    async def _handle_incoming(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, addr: tuple[str, int]
    ) -> None:
        try:
            await super()._handle_incoming(reader, writer, addr)
        finally:
            writer.close()  # the library forgets to

    def drop(self) -> None:
        """Break every connection, as a crashed program does."""
        for _, writer in self._connections.values():
            writer.transport.abort()


class Voice(msgspec.Struct, frozen=True, kw_only=True):
    """What a robot sounds like and where it is: its tone and those it listens for (Hz), its codecs by liking.

    Robots that share a `ticker` cost least.
    """

    tone: int
    listens_for: tuple[int, ...]
    codecs: tuple[str, ...] = ("PCMU", "PCMA", "G722")
    host: str = "127.0.0.1"
    tcp: bool = False
    ticker: Ticker | None = None


class Robot:
    """A SIP user agent with one address."""

    def __init__(self, voice: Voice) -> None:
        address = (voice.host, 0)
        self.transport: RobotUdp | RobotTcp = RobotTcp(address) if voice.tcp else RobotUdp(address)
        self.host = voice.host
        self.ticker = voice.ticker or Ticker(Counter())
        self._own_ticker = voice.ticker is None
        self.uac = SipUAC(self.transport)
        self.uas = SipUAS(self.transport, uac=self.uac)

    async def listen(self) -> None:
        """Take what comes."""
        await self.uas.start()

    async def close(self) -> None:
        """Give the address back."""
        await self.uas.stop()
        if self._own_ticker:
            self.ticker.stop()


def cancel(uac: SipUAC, call: OutgoingCall) -> None:
    """Send CANCEL while nothing final has come. The library forgets whom it cancels, so that an answer which
    crosses the CANCEL would be neither acknowledged nor hung up on (RFC 3261 9.1): this remembers.
    """
    if call.cancel(uac) is not None:
        call.dialog.state = DialogState.EARLY
        uac._calls[call.call_id] = call  # noqa: SLF001 - see above


async def first_of(*events: asyncio.Event, timeout_s: float | None) -> None:
    """Wait until one of them is set, or the time is over."""
    tasks = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(tasks, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
