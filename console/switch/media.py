"""One side's RTP: a socket, whom to listen to, digits, and the relay to the other side.

The relay is the hot path: per packet one receive, one header rewritten, one send, nothing else. Sequence
numbers and times go on across changes of source (music, the agent, music again), so the listener's jitter
buffer never restarts; gaps in what comes in stay gaps in what goes out, so that the listener measures the
true loss.

Whom we listen to: the address in the SDP. A peer behind address translation sends from elsewhere; until a
packet from the SDP's address has come, the first source on the SDP's or the signalling's host is taken
(symmetric RTP, RFC 4961), and we then send there. Everybody else is a stranger: ignored and counted.
"""

import asyncio
import os
import socket
import struct
import weakref
from collections import Counter
from collections.abc import Callable

from console.domain.errors import NetworkError

Address = tuple[str, int]

HEADER = struct.Struct("!BBHII")
EVENT_DIGITS = "0123456789*#ABCD"
_VERSION_2 = 0x80
_MOST_RTP = 2048


class RtpPort:
    """A socket for one call leg."""

    def __init__(self, sock: socket.socket, metrics: Counter[str]) -> None:
        self.address: Address = sock.getsockname()[:2]
        self.received = 0
        self.others = 0
        self.sent = 0
        self.dropped = 0
        self.bridged: RtpPort | None = None
        self.on_digit: Callable[[str], None] | None = None
        self._tap: Callable[[bytes], None] | None = None
        self._sink: Callable[[bytes], None] | None = None
        self._sock = sock
        self._metrics = metrics
        self._loop = asyncio.get_running_loop()
        self._expected: Address = ("", 0)
        self._hosts: frozenset[str] = frozenset()
        self._source: Address | None = None
        self._to: Address | None = None
        self._in_pt = self._out_pt = 0
        self._in_digits: frozenset[int] = frozenset()
        self._out_digits: int | None = None
        self._recode: Callable[[bytes], bytes] | None = None
        self._ssrc = int.from_bytes(os.urandom(4), "big")
        self._seq = int.from_bytes(os.urandom(2), "big")
        self._time = int.from_bytes(os.urandom(4), "big")
        self._heard_ssrc: int | None = None
        self._seq_shift = self._time_shift = 0
        self._mark = True
        self._event: int | None = None
        self._loop.add_reader(sock.fileno(), self._readable)

    def expect(self, address: Address, signalling: str, payload_type: int, digits: frozenset[int]) -> None:
        """Listen to this SDP address (or, for a peer behind translation, to its signalling's host)."""
        if address != self._expected:
            self._source = None
        self._expected = address
        self._hosts = frozenset({address[0], signalling})
        self._in_pt = payload_type
        self._in_digits = digits

    def speak(self, address: Address | None, payload_type: int, digits: int | None) -> None:
        """Send to this address in these payload types from now on; None sends nothing."""
        self._to = address
        if address is not None and self._source is not None and self._source != self._expected:
            self._to = self._source
        self._out_pt = payload_type
        self._out_digits = digits

    def recode(self, through: Callable[[bytes], bytes] | None) -> None:
        """What the other side's payload goes through before it is sent here; None: as it is."""
        self._recode = through

    def bridge(self, other: "RtpPort | None") -> None:
        """Pass what is heard here on to `other`."""
        if other is not None and other is not self.bridged:
            other.source_changed()
        self.bridged = other
        self._sink = other.forward_sound if other is not None else self._tap

    def listen(self, tap: Callable[[bytes], None] | None) -> None:
        """Give the packets with sound to `tap` while they are not passed on to somebody."""
        self._tap = tap
        self.bridge(self.bridged)

    def source_changed(self) -> None:
        """The next packet from the relay is of another stream: count on from where we are."""
        self._heard_ssrc = None
        self._mark = True

    def send_sound(self, payload: bytes) -> None:
        """Send 20 ms of our own (music, prompts, silence)."""
        if self._to is None:
            return
        self._seq = (self._seq + 1) & 0xFFFF
        self._time = (self._time + 160) & 0xFFFFFFFF
        marker = 0x80 if self._mark else 0
        self._mark = False
        self._send(
            HEADER.pack(_VERSION_2, marker | self._out_pt, self._seq, self._time, self._ssrc) + payload
        )

    def close(self) -> None:
        """Give the port back."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()
        self.listen(None)
        self.bridge(None)

    def forward(self, data: bytes, kind: int) -> None:
        """Send a packet that the other side received, in our numbering, as payload type `kind`."""
        if self._to is None:
            return
        first, second, seq, time, ssrc = HEADER.unpack_from(data)
        if ssrc != self._heard_ssrc:
            self._heard_ssrc = ssrc
            self._seq_shift = self._seq + 1 - seq
            self._time_shift = self._time + 160 - time
        seq = (seq + self._seq_shift) & 0xFFFF
        time = (time + self._time_shift) & 0xFFFFFFFF
        if (seq - self._seq) & 0x8000 == 0:
            self._seq = seq
            self._time = time
        if self._mark:
            second |= 0x80
            self._mark = False
        self._send(HEADER.pack(first, second & 0x80 | kind, seq, time, self._ssrc) + data[12:])

    def forward_sound(self, data: bytes) -> None:
        """Send sound that the other side received, recoded when the codecs differ."""
        if self._recode is not None:
            payload = payload_of(data)
            if not payload:
                return
            first, second, seq, time, ssrc = HEADER.unpack_from(data)
            del first
            data = HEADER.pack(_VERSION_2, second, seq, time, ssrc) + self._recode(payload)
        self.forward(data, self._out_pt)

    def forward_digit(self, data: bytes) -> None:
        """Send a telephone event on, when this side understands them."""
        if self._out_digits is not None:
            self.forward(data, self._out_digits)

    def _readable(self) -> None:
        try:
            data, source = self._sock.recvfrom(_MOST_RTP)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._metrics["rtp_socket_errors"] += 1
            return
        if source != self._source and not self._admit(source):
            return
        if len(data) < 12 or data[0] & 0xC0 != _VERSION_2:
            self._metrics["rtp_malformed"] += 1
            return
        kind = data[1] & 0x7F
        if kind == self._in_pt:
            self.received += 1
            if self._sink is not None:
                self._sink(data)
        elif kind in self._in_digits:
            self.received += 1
            self._digit(data)
        else:
            self.others += 1
            self._metrics["rtp_other_payloads"] += 1

    def _admit(self, source: Address) -> bool:
        """Is this the peer? The SDP's address always.

        Else the first one from its hosts (module docstring).
        """
        if source == self._expected:
            self._source = source
            return True
        if self._source is None and source[0] in self._hosts:
            self._source = source
            if self._to is not None:
                self._to = source
            self._metrics["rtp_symmetric"] += 1
            return True
        self._metrics["rtp_strangers"] += 1
        return False

    def _digit(self, data: bytes) -> None:
        if self.bridged is not None:
            self.bridged.forward_digit(data)
        event = payload_of(data)
        if len(event) < 4:
            self._metrics["rtp_malformed"] += 1
            return
        (stamp,) = struct.unpack_from("!I", data, 4)
        if stamp == self._event:
            return
        self._event = stamp
        if event[0] < len(EVENT_DIGITS) and self.on_digit is not None:
            self.on_digit(EVENT_DIGITS[event[0]])

    def _send(self, packet: bytes) -> None:
        to = self._to
        if to is None:
            return
        try:
            self._sock.sendto(packet, to)
            self.sent += 1
        except OSError:
            self.dropped += 1


def payload_of(data: bytes) -> bytes:
    """The payload of an RTP packet without sources, extension and padding (RFC 3550 5.1).

    Empty when it lies.
    """
    start = 12 + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:
        if len(data) < start + 4:
            return b""
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data) - (data[-1] if data[0] & 0x20 else 0)
    return data[start:end] if start < end else b""


class Ports:
    """Gives out RTP sockets: from a range, or where the system likes; even numbers, as RFC 3550 11 asks."""

    def __init__(self, host: str, first: int, last: int, metrics: Counter[str]) -> None:
        self._host = host
        self._first = first + first % 2
        self._count = max(0, (last - self._first) // 2 + 1) if first else 0
        self._next = 0
        self._metrics = metrics
        self._given: weakref.WeakSet[RtpPort] = weakref.WeakSet()

    def close(self) -> None:
        """Close all that are still out: of calls whose other side had not answered our CANCEL at the end."""
        for port in tuple(self._given):
            port.close()

    def take(self) -> RtpPort:
        """A bound port. Raises NetworkError when none is free."""
        for number in self._candidates():
            sock = socket.socket(socket.AF_INET6 if ":" in self._host else socket.AF_INET, socket.SOCK_DGRAM)
            try:
                sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
                sock.bind((self._host, number))
            except OSError:
                sock.close()
                continue
            if sock.getsockname()[1] % 2 == 0:
                port = RtpPort(sock, self._metrics)
                self._given.add(port)
                return port
            sock.close()
        raise NetworkError(
            "No RTP port is free: the call is refused. Widen [switch] rtp_first to rtp_last, or end calls."
        )

    def _candidates(self) -> list[int]:
        if not self._count:
            return [0] * 64
        start = self._next
        self._next = (self._next + 1) % self._count
        return [self._first + 2 * ((start + step) % self._count) for step in range(self._count)]
