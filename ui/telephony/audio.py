"""Sound through Qt: the adapter of the audio port, and the ringer.

Qt's streams have a ring each that the system's own sound thread empties and fills. The engine's clock reads
and writes these rings itself, so no frame waits for a window, a signal or a timer, and two elastic joints
keep them shallow. A thread of its own owns the streams: it opens them, leaves a device that was pulled or
has failed for the next one, and takes the wanted one back when it returns; the call goes on all the while.

On PulseAudio and PipeWire Qt asks for no latency and gets blocks of 64 ms; the client library's own
variable PULSE_LATENCY_MSEC makes that 10 ms (libpulse documents it at `pa_stream_connect_playback`).
"""

import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QIODevice, QObject, Qt, QThread, QUrl, Signal, Slot
from PySide6.QtMultimedia import (
    QAudioDevice,
    QAudioFormat,
    QAudioSink,
    QAudioSource,
    QMediaDevices,
    QSoundEffect,
)
from PySide6.QtMultimedia import QtAudio as QtAudioKinds

from console.domain.errors import AudioError
from console.telephony.elastic import ElasticFeed, ElasticRing

_log = logging.getLogger(__name__)

RATE_HZ = 16_000
_BYTES_A_MS = RATE_HZ * 2 // 1000
_RING_MS = 200  # the room Qt's rings have; how full they are is the elastic joints' business
_LATENCY_MS = 10
_TURN_S = 0.04
_STALLED_TURNS = 25  # a second: then a stream that stands still is given up
_STARTING_TURNS = 75  # one that was just opened may take longer: an idle sink sleeps up to two seconds
_SHUNNED_TURNS = 125  # five seconds: then a device that failed is tried again
_PROVEN_TURNS = 3
_STOP_MS = 5_000


def ask_for_low_latency() -> None:
    """Call it before anything opens a sound device."""
    if sys.platform.startswith("linux"):
        os.environ.setdefault("PULSE_LATENCY_MSEC", str(_LATENCY_MS))


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


class _Speaker:
    """The stream to the speaker. All but `feed` is used under the lock of the sound thread only."""

    def __init__(self) -> None:
        self.feed = ElasticFeed(RATE_HZ)
        self._sink: QAudioSink | None = None
        self._ring: QIODevice | None = None
        self._room = 0

    def devices(self, wanted: str) -> list[QAudioDevice]:
        return in_order(QMediaDevices.audioOutputs(), wanted, QMediaDevices.defaultAudioOutput())

    def open(self, device: QAudioDevice) -> bool:
        sink = QAudioSink(device, _format())
        sink.setBufferSize(_RING_MS * _BYTES_A_MS)
        ring: QIODevice | None = sink.start()
        if not ring or sink.error() in _BROKEN:
            return False
        self._sink, self._ring = sink, ring
        self._room = sink.bytesFree()
        self.feed.begin()
        return True

    def close(self) -> None:
        if self._sink is not None:
            self._sink.stop()
        self._sink = self._ring = None

    @property
    def broken(self) -> bool:
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
        if self._ring is not None:
            fitted = self.feed.fit(pcm, self.held)
            if fitted:
                self._ring.write(fitted)


class _Microphone:
    """The stream from the microphone. All but `joint` is used under the lock of the sound thread only."""

    def __init__(self) -> None:
        self.joint = ElasticRing(RATE_HZ)
        self.asked = False
        self._source: QAudioSource | None = None
        self._ring: QIODevice | None = None

    def devices(self, wanted: str) -> list[QAudioDevice]:
        return in_order(QMediaDevices.audioInputs(), wanted, QMediaDevices.defaultAudioInput())

    def open(self, device: QAudioDevice) -> bool:
        source = QAudioSource(device, _format())
        source.setBufferSize(_RING_MS * _BYTES_A_MS)
        ring: QIODevice | None = source.start()
        if not ring or source.error() in _BROKEN:
            return False
        self._source, self._ring = source, ring
        self.joint.clear()
        return True

    def close(self) -> None:
        if self._source is not None:
            self._source.stop()
        self._source = self._ring = None

    @property
    def broken(self) -> bool:
        return self._source is not None and _is_broken(self._source)

    @property
    def moved(self) -> int:
        """How far the device is."""
        return self._source.processedUSecs() if self._source is not None else 0

    def read(self, size: int) -> bytes:
        self.asked = True
        if self._ring is not None:
            self.joint.put(bytes(self._ring.readAll().data()))
        return self.joint.take(size)


_BROKEN = (QtAudioKinds.Error.OpenError, QtAudioKinds.Error.IOError, QtAudioKinds.Error.FatalError)


def _is_broken(stream: QAudioSink | QAudioSource) -> bool:
    return stream.state() == QtAudioKinds.State.StoppedState or stream.error() in _BROKEN


class _End:
    """One of the two streams, on the best device that works."""

    def __init__(self, stream: _Speaker | _Microphone) -> None:
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


class _SoundThread(QThread):
    """Owns both streams. Whatever touches them, Qt's own events for them too, does so under one lock."""

    def __init__(
        self, opened: Callable[[str, str], None], speaker: _Speaker, microphone: _Microphone
    ) -> None:
        super().__init__()
        self.setObjectName("sound")
        self._opened = opened
        self._speaker = speaker
        self._ends = (_End(speaker), _End(microphone))
        self._microphone = microphone
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._news = threading.Event()
        self._ending = False
        self._wanted = ("", "")
        self._told: tuple[str, str] | None = None

    def use(self, speaker: str, microphone: str) -> None:
        """Other devices are wanted; from any thread."""
        self._wanted = (speaker, microphone)
        self._wake.set()

    def look(self) -> None:
        """Devices came or went; from any thread."""
        self._news.set()
        self._wake.set()

    def end(self) -> None:
        """Close the streams and end the thread; returns when it has."""
        self._ending = True
        self._wake.set()
        if not self.wait(_STOP_MS):
            _log.error("the sound thread did not stop in %s ms", _STOP_MS)

    def read(self, size: int) -> bytes:
        """From the microphone; from the engine's clock."""
        with self._lock:
            return self._microphone.read(size)

    def write(self, pcm: bytes) -> None:
        """To the speaker; from the engine's clock."""
        with self._lock:
            self._speaker.write(pcm)

    def run(self) -> None:
        """Qt's name for what the thread does."""
        while not self._ending:
            with self._lock:
                self._turn()
            self._tell()
            self._wake.wait(_TURN_S)
            self._wake.clear()
        with self._lock:
            for end in self._ends:
                end.close()

    def _turn(self) -> None:
        QCoreApplication.processEvents()
        news = self._news.is_set()
        self._news.clear()
        for end, wanted in zip(self._ends, self._wanted, strict=True):
            if news:
                end.look()
            if wanted != end.wanted:
                end.wanted = wanted
                end.choose()
        speaker, microphone = self._ends
        speaker.turn(must_move=self._speaker.held > 0)
        microphone.turn(must_move=self._microphone.asked)  # unread, Qt's ring is full and stands still
        self._microphone.asked = False

    def _tell(self) -> None:
        names = (self._ends[0].name, self._ends[1].name)
        if names != self._told:
            self._told = names
            self._opened(*names)


class QtAudio(QObject):
    """The audio port on Qt's devices (console.telephony.audio.AudioPort)."""

    changed = Signal(str, str)
    """Speaker and microphone in use now, by name; "" where there is none."""

    _opened = Signal(str, str)

    def __init__(self, speaker: str = "", microphone: str = "") -> None:
        """Devices by name; "" is the system's default. Nothing is opened yet."""
        super().__init__()
        ask_for_low_latency()
        self._wanted = (speaker, microphone)
        self._speaker = _Speaker()
        self._microphone = _Microphone()
        self._thread: _SoundThread | None = None
        self._devices = QMediaDevices(self)
        self._devices.audioOutputsChanged.connect(self._look)
        self._devices.audioInputsChanged.connect(self._look)
        self._opened.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        self.in_use = ("", "")

    @property
    def rate_hz(self) -> int:
        """Samples a second, both ways."""
        return RATE_HZ

    @property
    def heard(self) -> ElasticFeed:
        """The joint on the way to the speaker, for its counts."""
        return self._speaker.feed

    @property
    def spoken(self) -> ElasticRing:
        """The joint on the way from the microphone, for its counts."""
        return self._microphone.joint

    def start(self) -> None:
        """Open the devices on the sound thread. Raises AudioError when there is neither speaker nor
        microphone; one that is plugged in later is used all the same.
        """
        if self._thread is not None:
            return
        self._thread = _SoundThread(self._opened.emit, self._speaker, self._microphone)
        self._thread.use(*self._wanted)
        self._thread.start(QThread.Priority.TimeCriticalPriority)
        if not QMediaDevices.audioOutputs() and not QMediaDevices.audioInputs():
            raise AudioError(
                "There is no sound device. Plug in a headset; it is used as soon as it is there."
            )

    def stop(self) -> None:
        """Close; idempotent."""
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.end()

    def use(self, speaker: str, microphone: str) -> None:
        """Use other devices, at once and without touching a call."""
        self._wanted = (speaker, microphone)
        if self._thread is not None:
            self._thread.use(speaker, microphone)

    def read(self, size: int) -> bytes:
        """From the microphone. Called on the audio clock's thread."""
        thread = self._thread
        return thread.read(size) if thread is not None else bytes(size)

    def write(self, pcm: bytes) -> None:
        """To the speaker. Called on the audio clock's thread."""
        thread = self._thread
        if thread is not None:
            thread.write(pcm)

    @Slot()
    def _look(self) -> None:
        if self._thread is not None:
            self._thread.look()

    @Slot(str, str)
    def _tell(self, speaker: str, microphone: str) -> None:
        if (speaker, microphone) != self.in_use:
            self.in_use = (speaker, microphone)
            _log.info("sound is on %s and %s", speaker or "no speaker", microphone or "no microphone")
            self.changed.emit(speaker, microphone)


class QtRinger:
    """Rings on a device of its own (console.telephony.audio.Ringer), beside the call on the headset."""

    NOWHERE = "none"

    def __init__(self, tone: Path, device: str = "") -> None:
        """`tone` is a WAV file; `device` by name, "" the system's default, "none" nowhere."""
        ask_for_low_latency()
        self._tone = tone
        self._wanted = device
        self._effect: QSoundEffect | None = None

    def use(self, device: str) -> None:
        """Ring elsewhere from the next call on."""
        self._wanted = device

    def start(self) -> None:
        """Ring until stopped."""
        self.stop()
        if self._wanted == self.NOWHERE:
            return
        device = chosen(QMediaDevices.audioOutputs(), self._wanted, QMediaDevices.defaultAudioOutput())
        if device is None:
            _log.warning("it cannot ring: there is no sound device")
            return
        self._effect = QSoundEffect(device)
        self._effect.setSource(QUrl.fromLocalFile(str(self._tone)))
        self._effect.setLoopCount(-2)  # QSoundEffect::Infinite
        self._effect.play()

    def stop(self) -> None:
        """Be quiet; idempotent."""
        if self._effect is not None:
            self._effect.stop()
            self._effect.deleteLater()
            self._effect = None
