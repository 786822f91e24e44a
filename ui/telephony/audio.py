"""Sound through Qt: the adapter of the audio port, and the ringer.

Qt's streams have a ring each that the system's own sound thread empties and fills. The engine's clock reads
and writes these rings itself, so no frame waits for a window, a signal or a timer, and two elastic joints
keep them shallow. A thread of its own owns the streams: it opens them, leaves a device that was pulled or
has failed for the next one, and takes the wanted one back when it returns; the call goes on all the while.

On PulseAudio and PipeWire Qt asks for no latency and gets blocks of 64 ms; the client library's own
variable PULSE_LATENCY_MSEC makes that 10 ms, and 20 for the speaker (libpulse documents it at
`pa_stream_connect_playback`).
"""

import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QObject, Qt, QThread, QUrl, Signal, Slot
from PySide6.QtMultimedia import QMediaDevices, QSoundEffect

from console.domain.errors import AudioError
from console.telephony.elastic import ElasticFeed, ElasticRing
from ui.telephony.streams import (
    BYTES_A_MS,
    LATENCY,
    LATENCY_MS,
    RATE_HZ,
    TURN_S,
    End,
    Microphone,
    Speaker,
    chosen,
)

_log = logging.getLogger(__name__)

_STOP_MS = 5_000


def ask_for_low_latency() -> None:
    """Call it before anything opens a sound device."""
    if sys.platform.startswith("linux"):
        os.environ.setdefault(LATENCY, LATENCY_MS)


class _SoundThread(QThread):
    """Owns both streams. Whatever touches them, Qt's own events for them too, does so under one lock."""

    def __init__(self, opened: Callable[[str, str], None], speaker: Speaker, microphone: Microphone) -> None:
        super().__init__()
        self.setObjectName("sound")
        self._opened = opened
        self._speaker = speaker
        self._ends = (End(speaker), End(microphone))
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

    def waiting(self) -> tuple[int, int]:
        """Bytes on the way from the microphone and to the speaker."""
        with self._lock:
            return self._microphone.held, self._speaker.held

    def run(self) -> None:
        """Qt's name for what the thread does."""
        while not self._ending:
            with self._lock:
                self._turn()
            self._tell()
            self._wake.wait(TURN_S)
            self._wake.clear()
        with self._lock:
            for end in self._ends:
                end.close()

    def _turn(self) -> None:
        QCoreApplication.processEvents()
        news = self._news.is_set()
        if news:  # only then: news that come between the two lines are for the next turn
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
        self._speaker = Speaker()
        self._microphone = Microphone()
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

    @property
    def waiting_ms(self) -> tuple[float, float]:
        """Sound that waits now: of the microphone's, for the engine; of the engine's, for the speaker."""
        spoken, heard = self._thread.waiting() if self._thread is not None else (0, 0)
        return spoken / BYTES_A_MS, heard / BYTES_A_MS

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
