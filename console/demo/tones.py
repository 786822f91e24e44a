"""A robot's sound: it sends one pure tone by RTP and tells which tones it hears."""

import asyncio
import os
import socket
import struct
from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
from aiortp.codecs import get_codec

_HEADER = struct.Struct("!BBHII")
_FRAME = 160
_RATE = 8000
_EVERY = 5
"""One packet in five is listened to: enough to recognise a tone within 0.2 s, and light."""

_AMONG = 0.15
"""The share of the energy from which a tone counts as one of several."""

_DIGITS = "0123456789*#ABCD"


@lru_cache(maxsize=256)
def tone_frames(hertz: int, payload_type: int) -> tuple[bytes, ...]:
    """One second of a tone, 20 ms a frame, as payload; it can be repeated without a seam."""
    codec = get_codec(payload_type)
    places = np.arange(codec.sample_rate) / codec.sample_rate
    pcm = (8000 * np.sin(2 * np.pi * hertz * places)).astype("<i2").tobytes()
    size = 2 * codec.samples_per_frame
    return tuple(codec.encode(pcm[at : at + size]) for at in range(0, len(pcm), size))


class Ear:
    """Recognises tones (Goertzel: the share of a frame's energy that lies at one frequency).

    `heard` counts the frames that are one tone, `present` those in which a tone is at least one of several.
    """

    def __init__(self, tones: Iterable[int]) -> None:
        self.heard: Counter[int] = Counter()
        self.present: Counter[int] = Counter()
        self._tones = tuple(tones)
        places = np.arange(_FRAME) / _RATE
        self._waves = np.exp(-2j * np.pi * np.outer(np.array(self._tones or (0,)), places))

    def listen(self, pcm: bytes) -> int | None:
        """The tone in 20 ms of sound, or None; counts it in `heard`."""
        if len(pcm) != 2 * _FRAME:
            return None
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
        energy = float(samples @ samples)
        if energy < _FRAME * 100.0**2 or not self._tones:
            return None
        share = np.abs(self._waves @ samples) ** 2 * 2 / (_FRAME * energy)
        self.present.update(self._tones[place] for place in np.flatnonzero(share > _AMONG))
        best = int(np.argmax(share))
        if share[best] < 0.7:
            return None
        self.heard[self._tones[best]] += 1
        return self._tones[best]


class ToneEnd:
    """One RTP socket that speaks `tone` and listens for others.

    Frames go out when `tick` is called, every 20 ms.
    """

    def __init__(self, host: str, tone: int, ear: Ear, on_tone: Callable[[int], None]) -> None:
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.setblocking(False)  # noqa: FBT003 - the standard library's signature
        self._sock.bind((host, 0))
        self.address: tuple[str, int] = self._sock.getsockname()
        self.sent = self.received = self.lost = 0
        self.sounding = True
        self._ear = ear
        self._tone = tone
        self._on_tone = on_tone
        self._peer: tuple[str, int] | None = None
        self._payload_type = 0
        self._digits_type = 101
        self._frames: tuple[bytes, ...] = ()
        self._codec = get_codec(0)
        self._seq = int.from_bytes(os.urandom(2), "big")
        self._ssrc = int.from_bytes(os.urandom(4), "big")
        self._expected: int | None = None
        self._pending: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._sock.fileno(), self._readable)

    def join(self, peer: tuple[str, int], payload_type: int) -> None:
        """Send to this address in this codec (static payload type) from now on."""
        self._peer = peer
        self._payload_type = payload_type
        self._frames = tone_frames(self._tone, payload_type)
        self._codec = get_codec(payload_type)

    def tick(self) -> None:
        """Send the next 20 ms."""
        if self._peer is None or not self.sounding:
            return
        self._seq += 1
        stamp = self._seq * _FRAME & 0xFFFFFFFF
        if self._pending:
            kind, payload = self._digits_type, self._pending.pop(0)
            stamp = int.from_bytes(payload[4:8], "big")
            payload = payload[:4]
        else:
            kind, payload = self._payload_type, self._frames[self._seq % len(self._frames)]
        head = _HEADER.pack(0x80, kind, self._seq & 0xFFFF, stamp, self._ssrc)
        try:
            self._sock.sendto(head + payload, self._peer)
            self.sent += 1
        except OSError:
            self.lost += 1

    def press(self, digit: str) -> None:
        """Send a key as RFC 4733 events: 100 ms, the end three times."""
        stamp = ((self._seq + 1 + len(self._pending)) * _FRAME & 0xFFFFFFFF).to_bytes(4, "big")
        for step in range(1, 9):
            ended = 0x80 if step > 5 else 0
            body = struct.pack("!BBH", _DIGITS.index(digit), ended | 10, min(step, 5) * _FRAME)
            self._pending.append(body + stamp)

    @property
    def peer(self) -> tuple[str, int] | None:
        """Where it sends to, once it knows."""
        return self._peer

    def send_raw(self, data: bytes) -> None:
        """Send any bytes from here."""
        if self._peer is not None:
            self._sock.sendto(data, self._peer)

    def close(self) -> None:
        """Give the port back."""
        if self._sock.fileno() >= 0:
            self._loop.remove_reader(self._sock.fileno())
            self._sock.close()

    def _readable(self) -> None:
        try:
            data, source = self._sock.recvfrom(2048)
        except OSError:
            return
        if source != self._peer or len(data) < 12 or data[1] & 0x7F != self._payload_type:
            return
        self.received += 1
        (seq,) = struct.unpack_from("!H", data, 2)
        if self._expected is not None:
            gap = (seq - self._expected) & 0xFFFF
            if gap < 0x8000:
                self.lost += gap
        self._expected = (seq + 1) & 0xFFFF
        heard = self.received % _EVERY == 0
        wide = self._codec.sample_rate == 2 * _RATE
        if wide or heard:  # a wideband decoder must hear every packet: each builds on those before
            pcm = self._codec.decode(data[12:])
            if heard:
                self._listen(np.frombuffer(pcm, dtype="<i2")[::2].tobytes() if wide else pcm)

    def _listen(self, pcm: bytes) -> None:
        tone = self._ear.listen(pcm)
        if tone is not None:
            self._on_tone(tone)
