"""Mouth and ear: a beat said into one PulseAudio sink, heard at a source, and the time between.

libpulse's blocking interface (pa_simple) paces the mouth by the server's own clock: with a pipe in between,
whatever queues up while the stream starts would stay as latency and be blamed on what is measured.
"""

import ctypes
import statistics
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

RATE = 16_000
_CHUNK = 80  # samples: 5 ms
_GAP = 90  # chunks between beats: 450 ms
_LOUD = 1_500
_S16LE = 3
_PLAYBACK, _RECORD = 1, 2
_ANY = 0xFFFFFFFF


class _Spec(ctypes.Structure):
    _fields_ = (("format", ctypes.c_int), ("rate", ctypes.c_uint32), ("channels", ctypes.c_uint8))


class _Buffer(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_uint32) for name in ("maxlength", "tlength", "prebuf", "minreq", "fragsize")
    )


class _Stream:
    """A blocking stream of 16 kHz mono, 16 bits, with 5 ms of buffer."""

    def __init__(self, direction: int, device: str) -> None:
        self._lib = ctypes.CDLL("libpulse-simple.so.0")
        self._lib.pa_simple_new.restype = ctypes.c_void_p
        size = _CHUNK * 2
        error = ctypes.c_int()
        self._handle = ctypes.c_void_p(
            self._lib.pa_simple_new(
                None, b"bench", direction, device.encode(), b"bench",
                ctypes.byref(_Spec(_S16LE, RATE, 1)), None,
                ctypes.byref(_Buffer(_ANY, size, 0, _ANY, size)), ctypes.byref(error),
            )
        )  # fmt: skip
        if not self._handle:
            raise RuntimeError(f"no stream on {device}: error {error.value}")

    def write(self, pcm: bytes) -> None:
        self._lib.pa_simple_write(self._handle, pcm, ctypes.c_size_t(len(pcm)), None)

    def read(self) -> np.ndarray:
        into = ctypes.create_string_buffer(_CHUNK * 2)
        self._lib.pa_simple_read(self._handle, into, ctypes.c_size_t(_CHUNK * 2), None)
        return np.frombuffer(into.raw, np.int16)

    def close(self) -> None:
        self._lib.pa_simple_free(self._handle)


@dataclass
class Delays:
    """Milliseconds from mouth to ear, beat by beat, and the beats that were not heard."""

    ms: list[float] = field(default_factory=list)
    lost: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.ms) if self.ms else float("nan")

    def __str__(self) -> str:
        spread = f"{min(self.ms):.0f} to {max(self.ms):.0f}" if self.ms else "none"
        return f"median {self.median:.0f} ms ({spread}; {len(self.ms)} heard, {self.lost} lost)"


def beat() -> bytes:
    """5 ms of noise loud enough to survive a codec, a different one each time."""
    noise = np.random.default_rng().standard_normal(_CHUNK) * 9_000
    return noise.clip(-30_000, 30_000).astype(np.int16).tobytes()


def mouth_to_ear(sink: str, source: str, beats: int = 20, settle: int = 4) -> Delays:
    """Say `settle` + `beats` beats into a sink and measure the last `beats` of them at a source."""
    said: list[float] = []
    heard: list[float] = []
    done = threading.Event()
    ear = threading.Thread(target=_listen, args=(source, heard, done))
    ear.start()
    mouth = _Stream(_PLAYBACK, sink)
    silence = bytes(_CHUNK * 2)
    try:
        for number in range((beats + settle + 1) * _GAP):
            loud = number % _GAP == _GAP - 1 and number < (beats + settle) * _GAP
            if loud:
                said.append(time.monotonic())
            mouth.write(beat() if loud else silence)
    finally:
        done.set()
        mouth.close()
        ear.join()
    return _paired(said[settle:], heard)


def _listen(source: str, heard: list[float], done: threading.Event) -> None:
    stream = _Stream(_RECORD, source)
    try:
        while not done.is_set():
            chunk = stream.read()
            at = time.monotonic()
            if np.abs(chunk.astype(int)).max() > _LOUD and (not heard or at - heard[-1] > 0.15):
                heard.append(at)
    finally:
        stream.close()


def _paired(said: Sequence[float], heard: Sequence[float]) -> Delays:
    found = Delays()
    for at in said:
        after = [ear - at for ear in heard if 0 < ear - at < 0.44]
        if after:
            found.ms.append(min(after) * 1000)
        else:
            found.lost += 1
    return found
