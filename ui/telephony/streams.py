"""The two streams of Qt's sound, and the choice of the device for each.

All here is used by one thread at a time: whoever touches a stream, or lets Qt handle its events, holds the
lock of ui.telephony.audio's sound thread, which also gives the turns that the counts below mean.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QIODevice
from PySide6.QtMultimedia import QAudioDevice, QAudioFormat, QAudioSink, QAudioSource, QMediaDevices
from PySide6.QtMultimedia import QtAudio as QtAudioKinds

from console.telephony.elastic import ElasticFeed, ElasticRing

RATE_HZ = 16_000
TURN_S = 0.1
LATENCY = "PULSE_LATENCY_MSEC"
LATENCY_MS = "10"
_SPEAKER_LATENCY_MS = "20"  # half the blocks of 10 ms, so half the work, for 6 ms more from mouth to ear
BYTES_A_MS = RATE_HZ * 2 // 1000
_RING_MS = 200  # the room Qt's rings have; how full they are is the elastic joints' business
_STALLED_TURNS = 10  # a second: then a stream that stands still is given up
_STARTING_TURNS = 30  # one that was just opened may take longer: an idle sink sleeps up to two seconds
_SHUNNED_TURNS = 50  # five seconds: then a device that failed is tried again
_PROVEN_TURNS = 2


@contextmanager
def _speaker_latency() -> Iterator[None]:
    """Have libpulse, which reads its variable while it opens a stream, use longer blocks for this one; a
    person's own choice stays.
    """
    ours = os.environ.get(LATENCY) == LATENCY_MS
    if ours:
        os.environ[LATENCY] = _SPEAKER_LATENCY_MS
    try:
        yield
    finally:
        if ours:
            os.environ[LATENCY] = LATENCY_MS


def _format() -> QAudioFormat:
    made = QAudioFormat()
    made.setSampleRate(RATE_HZ)
    made.setChannelCount(1)
    made.setSampleFormat(QAudioFormat.SampleFormat.Int16)
    return made


def in_order(devices: list[QAudioDevice], wanted: str, default: QAudioDevice) -> list[QAudioDevice]:
    """The devices as they are to be tried: those named `wanted`, the system's default, the others."""
    named = [device for device in devices if wanted and device.description() == wanted]
    usual = [] if default.isNull() else [default]
    found: dict[str, QAudioDevice] = {}
    for device in (*named, *usual, *devices):
        found.setdefault(_identity(device), device)
    return list(found.values())


def chosen(devices: list[QAudioDevice], wanted: str, default: QAudioDevice) -> QAudioDevice | None:
    """The device whose name is `wanted`, else the system's default, else any, else None."""
    return next(iter(in_order(devices, wanted, default)), None)


def _identity(device: QAudioDevice) -> str:
    return bytes(device.id().data()).decode(errors="replace")


class Speaker:
    """The stream to the speaker."""

    def __init__(self) -> None:
        self.feed = ElasticFeed(RATE_HZ)
        self._sink: QAudioSink | None = None
        self._ring: QIODevice | None = None
        self._room = 0

    def devices(self, wanted: str) -> list[QAudioDevice]:
        """In the order in which they are to be tried."""
        return in_order(QMediaDevices.audioOutputs(), wanted, QMediaDevices.defaultAudioOutput())

    def open(self, device: QAudioDevice) -> bool:
        """Whether it opened; a device that is gone may still open, and break at once."""
        sink = QAudioSink(device, _format())
        sink.setBufferSize(_RING_MS * BYTES_A_MS)
        with _speaker_latency():
            ring: QIODevice | None = sink.start()
        if not ring or sink.error() in _BROKEN:
            return False
        self._sink, self._ring = sink, ring
        self._room = sink.bytesFree()
        self.feed.begin()
        return True

    def close(self) -> None:
        """Stop; idempotent."""
        if self._sink is not None:
            self._sink.stop()
        self._sink = self._ring = None

    @property
    def broken(self) -> bool:
        """Whether Qt gave it up."""
        return self._sink is not None and _is_broken(self._sink)

    @property
    def held(self) -> int:
        """Bytes that wait for the device."""
        return self._room - self._sink.bytesFree() if self._sink is not None else 0

    @property
    def moved(self) -> int:
        """How far the device is."""
        return self._sink.processedUSecs() if self._sink is not None else 0

    def write(self, pcm: bytes) -> None:
        """One frame of the engine's."""
        if self._ring is not None:
            fitted = self.feed.fit(pcm, self.held)
            if fitted:
                self._ring.write(fitted)


class Microphone:
    """The stream from the microphone."""

    def __init__(self) -> None:
        self.joint = ElasticRing(RATE_HZ)
        self.asked = False
        self._source: QAudioSource | None = None
        self._ring: QIODevice | None = None

    def devices(self, wanted: str) -> list[QAudioDevice]:
        """In the order in which they are to be tried."""
        return in_order(QMediaDevices.audioInputs(), wanted, QMediaDevices.defaultAudioInput())

    def open(self, device: QAudioDevice) -> bool:
        """Whether it opened; a device that is gone may still open, and break at once."""
        source = QAudioSource(device, _format())
        source.setBufferSize(_RING_MS * BYTES_A_MS)
        ring: QIODevice | None = source.start()
        if not ring or source.error() in _BROKEN:
            return False
        self._source, self._ring = source, ring
        self.joint.clear()
        return True

    def close(self) -> None:
        """Stop; idempotent."""
        if self._source is not None:
            self._source.stop()
        self._source = self._ring = None

    @property
    def broken(self) -> bool:
        """Whether Qt gave it up."""
        return self._source is not None and _is_broken(self._source)

    @property
    def moved(self) -> int:
        """How far the device is."""
        return self._source.processedUSecs() if self._source is not None else 0

    @property
    def held(self) -> int:
        """Bytes that wait for the engine."""
        waiting = self._ring.bytesAvailable() if self._ring is not None else 0
        return waiting + round(self.joint.depth_ms * BYTES_A_MS)

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes for the engine; silence where there is none."""
        self.asked = True
        if self._ring is not None:
            self.joint.put(bytes(self._ring.readAll().data()))
        return self.joint.take(size)


_BROKEN = (QtAudioKinds.Error.OpenError, QtAudioKinds.Error.IOError, QtAudioKinds.Error.FatalError)


def _is_broken(stream: QAudioSink | QAudioSource) -> bool:
    return stream.state() == QtAudioKinds.State.StoppedState or stream.error() in _BROKEN


class End:
    """One of the two streams, on the best device that works."""

    def __init__(self, stream: Speaker | Microphone) -> None:
        self.stream = stream
        self.wanted: str | None = None
        self._name = ""
        self._used = ""
        self._age = 0
        self._known: frozenset[str] = frozenset()
        self._shunned: dict[str, int] = {}
        self._moved = -1
        self._still = 0

    @property
    def name(self) -> str:
        """The device in use, once it has lived a little: one that is gone fails only after it was opened."""
        return self._name if self._age >= _PROVEN_TURNS else ""

    def choose(self, *, last_resort: bool = False) -> None:
        """Go to the best device, if another one is in use.

        `last_resort`: if there is no other, one that was given up will do.
        """
        devices = self.stream.devices(self.wanted or "")
        self._known = frozenset(map(_identity, devices))
        self._shunned = {name: turns for name, turns in self._shunned.items() if name in self._known}
        good = [device for device in devices if _identity(device) not in self._shunned]
        if good and self._used == _identity(good[0]):
            return
        self.close()
        for device in good or (devices if last_resort else []):
            if self.stream.open(device):
                self._used, self._name = _identity(device), device.description()
                return
            self._shunned[_identity(device)] = _SHUNNED_TURNS

    def look(self) -> None:
        """The list of devices changed.

        A device that comes back under its old name may leave the list as it was (Qt keeps a pulled device in
        it until the next one comes), while the sound server has moved our stream elsewhere: so when
        nothing is new in the list, the stream is opened anew.
        """
        now = frozenset(map(_identity, self.stream.devices(self.wanted or "")))
        if now <= self._known:
            self.close()
        self._shunned.clear()
        self.choose()

    def turn(self, *, must_move: bool) -> None:
        """See to it that the stream lives."""
        self._shunned = {name: turns - 1 for name, turns in self._shunned.items()}
        if self._used:
            self._age += 1
            stalled = self._stalled(must_move=must_move)
            if stalled or self.stream.broken:
                self._shunned[self._used] = _SHUNNED_TURNS
                self.close()
                self.choose(last_resort=stalled)
        if any(turns <= 0 for turns in self._shunned.values()):
            self._shunned = {name: turns for name, turns in self._shunned.items() if turns > 0}
            self.choose()

    def close(self) -> None:
        """Stop the stream."""
        self.stream.close()
        self._used = self._name = ""
        self._moved, self._still, self._age = -1, 0, 0

    def _stalled(self, *, must_move: bool) -> bool:
        moved = self.stream.moved
        self._still = self._still + 1 if must_move and moved == self._moved else 0
        self._moved = moved
        return self._still >= (_STALLED_TURNS if moved else _STARTING_TURNS)
