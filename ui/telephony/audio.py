"""Sound through Qt: the adapter of the audio port, and the ringer.

A thread of its own carries the samples, so that a busy window is never heard. Frames do not travel as Qt
signals: the engine's clock and the devices meet in two elastic rings. A device that is pulled is left for
the next one at once and taken back when it returns; the call goes on all the while.

On PulseAudio and PipeWire Qt asks for no latency and gets blocks of 64 ms; the client library's own
variable PULSE_LATENCY_MSEC makes that 10 ms (measured; libpulse documents it in
`pa_stream_connect_playback`).
"""

import logging
import os
import sys
from pathlib import Path

from PySide6.QtCore import QIODevice, QMetaObject, QObject, Qt, QThread, QUrl, Signal, Slot
from PySide6.QtMultimedia import (
    QAudioDevice,
    QAudioFormat,
    QAudioSink,
    QAudioSource,
    QMediaDevices,
    QSoundEffect,
)

from console.domain.errors import AudioError
from console.telephony.elastic import ElasticRing

_log = logging.getLogger(__name__)

RATE_HZ = 16_000
_BYTES_A_MS = RATE_HZ * 2 // 1000
_SINK_MS = 20
_SOURCE_MS = 100
_LATENCY_MS = 10
_OPEN_S = 5.0


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


def chosen(devices: list[QAudioDevice], wanted: str, default: QAudioDevice) -> QAudioDevice | None:
    """The device whose name is `wanted`, else the system's default, else any, else None."""
    for device in devices:
        if wanted and device.description() == wanted:
            return device
    if not default.isNull():
        return default
    return devices[0] if devices else None


class _Speaker(QIODevice):
    """What the sink pulls from."""

    def __init__(self, ring: ElasticRing, parent: QObject) -> None:
        super().__init__(parent)
        self._ring = ring

    def readData(self, most: int) -> bytes:
        return self._ring.take(min(most, _SINK_MS * _BYTES_A_MS)) if most > 0 else b""

    def writeData(self, data: object, size: int) -> int:
        return -1

    def bytesAvailable(self) -> int:
        return _SINK_MS * _BYTES_A_MS + super().bytesAvailable()

    def isSequential(self) -> bool:
        return True


class _Worker(QObject):
    """Lives on the sound thread and owns both streams."""

    opened = Signal(str, str)

    def __init__(self, heard: ElasticRing, spoken: ElasticRing) -> None:
        super().__init__()
        self._heard = heard
        self._spoken = spoken
        self._sink: QAudioSink | None = None
        self._source: QAudioSource | None = None
        self._speaker: _Speaker | None = None
        self._microphone: QIODevice | None = None
        self._in_use = ("", "")
        self._wanted = ("", "")

    @Slot(str, str)
    def open(self, speaker: str, microphone: str) -> None:
        """(Re)open the devices; those that did not change are left alone."""
        self._wanted = (speaker, microphone)
        out = chosen(QMediaDevices.audioOutputs(), speaker, QMediaDevices.defaultAudioOutput())
        into = chosen(QMediaDevices.audioInputs(), microphone, QMediaDevices.defaultAudioInput())
        names = (_identity(out), _identity(into))
        if names[0] != self._in_use[0]:
            self._open_sink(out)
        if names[1] != self._in_use[1]:
            self._open_source(into)
        self._in_use = names
        self.opened.emit(out.description() if out else "", into.description() if into else "")

    @Slot()
    def reopen(self) -> None:
        """Devices came or went."""
        self.open(*self._wanted)

    @Slot()
    def close(self) -> None:
        """Stop both streams."""
        self._open_sink(None)
        self._open_source(None)
        self._in_use = ("", "")

    def _open_sink(self, device: QAudioDevice | None) -> None:
        if self._sink is not None:
            self._sink.stop()
            self._sink.deleteLater()
            self._sink = None
        self._heard.clear()
        if device is None:
            return
        self._speaker = _Speaker(self._heard, self)
        self._speaker.open(QIODevice.OpenModeFlag.ReadOnly)
        self._sink = QAudioSink(device, _format(), self)
        self._sink.setBufferSize(_SINK_MS * _BYTES_A_MS)
        self._sink.start(self._speaker)

    def _open_source(self, device: QAudioDevice | None) -> None:
        if self._source is not None:
            self._source.stop()
            self._source.deleteLater()
            self._source = self._microphone = None
        self._spoken.clear()
        if device is None:
            return
        self._source = QAudioSource(device, _format(), self)
        self._source.setBufferSize(_SOURCE_MS * _BYTES_A_MS)
        self._microphone = self._source.start()
        self._microphone.readyRead.connect(self._speak)

    @Slot()
    def _speak(self) -> None:
        if self._microphone is not None:
            self._spoken.put(bytes(self._microphone.readAll().data()))


def _identity(device: QAudioDevice | None) -> str:
    return bytes(device.id().data()).decode(errors="replace") if device is not None else ""


class QtAudio(QObject):
    """The audio port on Qt's devices (console.telephony.audio.AudioPort)."""

    changed = Signal(str, str)
    """Speaker and microphone in use now, by name; "" where there is none."""

    _open = Signal(str, str)

    def __init__(self, speaker: str = "", microphone: str = "") -> None:
        """Devices by name; "" is the system's default. Nothing is opened yet."""
        super().__init__()
        ask_for_low_latency()
        self._wanted = (speaker, microphone)
        self.heard = ElasticRing(RATE_HZ)
        self.spoken = ElasticRing(RATE_HZ)
        self._thread: QThread | None = None
        self._worker: _Worker | None = None
        self._devices: QMediaDevices | None = None
        self.in_use = ("", "")

    @property
    def rate_hz(self) -> int:
        """Samples a second, both ways."""
        return RATE_HZ

    def start(self) -> None:
        """Open the devices on the sound thread. Raises AudioError when there is neither speaker nor
        microphone.
        """
        if self._thread is not None:
            return
        self._devices = QMediaDevices(self)
        self._thread = QThread(self)
        self._thread.setObjectName("sound")
        self._worker = _Worker(self.heard, self.spoken)
        self._worker.moveToThread(self._thread)
        self._open.connect(self._worker.open)
        self._devices.audioOutputsChanged.connect(self._worker.reopen)
        self._devices.audioInputsChanged.connect(self._worker.reopen)
        self._worker.opened.connect(self._opened)
        self._thread.start(QThread.Priority.TimeCriticalPriority)
        self._open.emit(*self._wanted)
        if not QMediaDevices.audioOutputs() and not QMediaDevices.audioInputs():
            raise AudioError(
                "There is no sound device. Plug in a headset; it is used as soon as it is there."
            )

    def stop(self) -> None:
        """Close; idempotent."""
        if self._thread is None or self._worker is None:
            return
        QMetaObject.invokeMethod(self._worker, "close", Qt.ConnectionType.BlockingQueuedConnection)
        self._thread.quit()
        self._thread.wait(int(_OPEN_S * 1000))
        self._thread = self._worker = None

    def use(self, speaker: str, microphone: str) -> None:
        """Use other devices, at once and without touching a call."""
        self._wanted = (speaker, microphone)
        self._open.emit(speaker, microphone)

    def read(self, size: int) -> bytes:
        """From the microphone. Called on the audio clock's thread."""
        return self.spoken.take(size)

    def write(self, pcm: bytes) -> None:
        """To the speaker. Called on the audio clock's thread."""
        self.heard.put(pcm)

    @Slot(str, str)
    def _opened(self, speaker: str, microphone: str) -> None:
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
