"""Sound through Qt on real (virtual) devices: heard, measured, pulled and plugged."""

import asyncio
import os
import subprocess
import sys
import threading
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from pytestqt.qtbot import QtBot

from console import paths
from console.telephony.sounds import TonePort, longest_gap_s, rms, tone_share
from tests.machine import Pulse
from tests.ui.sound_call import call_between_headsets
from ui.telephony.audio import QtAudio, QtRinger, _SoundThread
from ui.telephony.streams import End, Microphone, Speaker

pytestmark = pytest.mark.audio
RATE = 16_000
HZ = 600
FRAME_S = 0.02
FRAME = int(RATE * FRAME_S) * 2
PATIENCE_MS = 15_000


class Echo:
    """An engine that says into the speaker what it hears in the microphone, on a clock of its own."""

    def __init__(self, audio: QtAudio) -> None:
        self.audio = audio
        self.heard = bytearray()
        self.stall_s = 0.0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        due = time.monotonic()
        while not self._ending.wait(max(0.0, due - time.monotonic())):
            if self.stall_s:  # what is missed is caught up with at once, as the engine's clock does
                self._ending.wait(self.stall_s)
                self.stall_s = 0.0
            pcm = self.audio.read(FRAME)
            assert len(pcm) == FRAME
            self.heard += pcm
            self.audio.write(pcm)
            due += FRAME_S

    def __enter__(self) -> "Echo":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()


@contextmanager
def sounding(speaker: str = "", microphone: str = "") -> Iterator[QtAudio]:
    audio = QtAudio(speaker, microphone)
    audio.start()
    try:
        yield audio
    finally:
        audio.stop()


@contextmanager
def talking(pulse: Pulse, wav: Path, sink: str) -> Iterator[None]:
    """A tone goes into a microphone for as long as the block runs."""
    ending = threading.Event()

    def talk() -> None:
        while not ending.is_set():
            pulse.say(wav, sink)

    mouth = threading.Thread(target=talk)
    mouth.start()
    try:
        yield
    finally:
        ending.set()
        mouth.join()


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    """A WAV file with two seconds of 600 Hz."""
    path = tmp_path / "tone.wav"
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(TonePort(HZ, RATE).read(2 * RATE * 2))
    return path


def has_tone(path: Path, last_s: float = 0.5) -> Callable[[], bool]:
    def found() -> bool:
        pcm = path.read_bytes()
        pcm = pcm[: len(pcm) & ~1][-int(last_s * RATE) * 2 :]
        return len(pcm) >= last_s * RATE and rms(pcm) > 0.02 and tone_share(pcm, RATE, HZ) > 0.5

    return found


def hear_it(qtbot: QtBot, pulse: Pulse, tmp_path: Path, source: str) -> None:
    """Wait until the tone is heard at a source."""
    path = tmp_path / f"{source}-{time.monotonic_ns()}.raw"
    with pulse.hearing(path, source=source, rate=RATE):
        qtbot.waitUntil(has_tone(path), timeout=PATIENCE_MS)


def test_what_is_said_is_heard(qtbot: QtBot, pulse: Pulse, tone: Path, tmp_path: Path) -> None:
    with sounding("Speaker", "Microphone") as audio, Echo(audio), talking(pulse, tone, "mic_in"):
        qtbot.waitUntil(lambda: audio.in_use == ("Speaker", "Microphone"), timeout=PATIENCE_MS)
        hear_it(qtbot, pulse, tmp_path, "speaker.monitor")


def test_the_devices_are_told_and_can_be_changed_in_a_call(
    qtbot: QtBot, pulse: Pulse, tone: Path, tmp_path: Path
) -> None:
    with pulse.plugged("other"), sounding("Speaker", "Microphone") as audio, Echo(audio):
        told: list[tuple[str, str]] = []
        audio.changed.connect(lambda *names: told.append(names))
        qtbot.waitUntil(lambda: told == [("Speaker", "Microphone")], timeout=PATIENCE_MS)
        with talking(pulse, tone, "other_mic_in"):
            audio.use("other", "other")
            qtbot.waitUntil(lambda: told[-1] == ("other", "other"), timeout=PATIENCE_MS)
            hear_it(qtbot, pulse, tmp_path, "other.monitor")


def test_a_headset_is_pulled_and_taken_back(qtbot: QtBot, pulse: Pulse, tone: Path, tmp_path: Path) -> None:
    with pulse.plugged("headset"):
        audio = QtAudio("headset", "headset")
        audio.start()
        qtbot.waitUntil(lambda: audio.in_use == ("headset", "headset"), timeout=PATIENCE_MS)
    try:
        with Echo(audio):
            with talking(pulse, tone, "mic_in"):  # it is out: sound goes on where there is a device
                hear_it(qtbot, pulse, tmp_path, "speaker.monitor")
            with pulse.plugged("headset"), talking(pulse, tone, "headset_mic_in"):
                qtbot.waitUntil(lambda: audio.in_use == ("headset", "headset"), timeout=PATIENCE_MS)
                hear_it(qtbot, pulse, tmp_path, "headset.monitor")
    finally:
        audio.stop()


def test_a_busy_window_is_not_heard(qtbot: QtBot, pulse: Pulse, tone: Path, tmp_path: Path) -> None:
    path = tmp_path / "heard.raw"
    with sounding("Speaker", "Microphone") as audio, Echo(audio) as echo, talking(pulse, tone, "mic_in"):
        hear_it(qtbot, pulse, tmp_path, "speaker.monitor")
        with pulse.hearing(path, source="speaker.monitor", rate=RATE):
            before, frames = audio.heard.underruns, len(echo.heard)
            while len(echo.heard) - frames < 1.2 * RATE * 2:
                until = time.monotonic() + 0.06
                while time.monotonic() < until:
                    pass  # the window computes
                qtbot.wait(1)
        assert audio.heard.underruns - before <= 2
    assert longest_gap_s(path.read_bytes()[: RATE * 2], RATE) < 0.4  # one tone's end is the next one's start


def test_what_a_stall_leaves_behind_does_not_stay(qtbot: QtBot, pulse: Pulse, tone: Path) -> None:
    with sounding("Speaker", "Microphone") as audio, Echo(audio) as echo, talking(pulse, tone, "mic_in"):
        qtbot.waitUntil(lambda: audio.in_use == ("Speaker", "Microphone"), timeout=PATIENCE_MS)
        qtbot.waitUntil(lambda: 0 < sum(audio.waiting_ms) < 80, timeout=PATIENCE_MS)
        echo.stall_s = 0.3
        qtbot.waitUntil(lambda: sum(audio.waiting_ms) > 100, timeout=PATIENCE_MS)
        stalled = len(echo.heard)
        qtbot.waitUntil(lambda: sum(audio.waiting_ms) < 80, timeout=PATIENCE_MS)
        assert len(echo.heard) - stalled < 6 * RATE * 2  # six seconds of sound


def test_start_and_stop_leave_nothing(qtbot: QtBot, pulse: Pulse) -> None:
    audio = QtAudio("Speaker", "Microphone")
    with Echo(audio):
        for _ in range(12):
            audio.start()
            audio.start()
            audio.stop()
            audio.stop()
        audio.start()
        qtbot.waitUntil(lambda: audio.in_use == ("Speaker", "Microphone"), timeout=PATIENCE_MS)
        audio.stop()
        assert audio.read(FRAME) == bytes(FRAME)
    qtbot.waitUntil(lambda: "QtmPulseStream" not in pulse.pactl("list", "sink-inputs"), timeout=PATIENCE_MS)
    assert pulse.pactl("list", "short", "source-outputs").count("\n") <= 1  # the virtual microphone's own


@pytest.mark.qt_log_ignore("Stream failed to connect", extend=True)  # Qt lists a pulled device for a while
def test_stop_while_devices_come_and_go(qtbot: QtBot, pulse: Pulse) -> None:
    for _ in range(4):
        audio = QtAudio("fleeting", "fleeting")
        audio.start()
        with Echo(audio), pulse.plugged("fleeting"):
            qtbot.wait(1)
            audio.use("Speaker", "")
            audio.use("fleeting", "fleeting")
            audio.stop()
        audio.stop()


def test_it_rings_on_its_own_device(qtbot: QtBot, pulse: Pulse, tmp_path: Path) -> None:
    path = tmp_path / "ring.raw"
    with pulse.plugged("bell"), sounding("Speaker", "Microphone"):
        ringer = QtRinger(paths.resources() / "sounds" / "ring.wav", "bell")
        with pulse.hearing(path, source="bell.monitor", rate=RATE):
            ringer.start()
            qtbot.waitUntil(lambda: rms(path.read_bytes()[-RATE & ~1 :]) > 0.02, timeout=PATIENCE_MS)
            ringer.stop()
        silent = tmp_path / "silent.raw"
        with pulse.hearing(silent, source="bell.monitor", rate=RATE):
            qtbot.waitUntil(lambda: silent.stat().st_size > RATE, timeout=PATIENCE_MS)
        assert rms(silent.read_bytes()[-RATE // 2 & ~1 :]) < 0.01
        ringer.use(QtRinger.NOWHERE)
        ringer.start()
        ringer.stop()


class LateNews(threading.Event):
    """Devices change in the very moment after the sound thread has looked whether they did."""

    late = True

    def is_set(self) -> bool:
        before = super().is_set()
        if self.late:
            self.late = False
            self.set()
        return before


def test_no_change_of_devices_is_missed() -> None:
    looks: list[str] = []

    class Idle(End):
        def look(self) -> None:
            looks.append(type(self.stream).__name__)

    speaker, microphone = Speaker(), Microphone()
    thread = _SoundThread(lambda *_names: None, speaker, microphone)
    thread._ends = (Idle(speaker), Idle(microphone))
    thread._wanted = ("", "")
    for end in thread._ends:
        end.wanted = ""
    thread._news = LateNews()
    for _ in range(3):
        thread._turn()
    assert looks == ["Speaker", "Microphone"]


async def test_two_desks_hear_each_other(pulse: Pulse, tone: Path, tmp_path: Path) -> None:
    async with call_between_headsets(pulse):
        for mouth, ear in (("agent_mic_in", "caller.monitor"), ("caller_mic_in", "agent.monitor")):
            path = tmp_path / f"{ear}.raw"
            with pulse.hearing(path, source=ear, rate=RATE):
                await asyncio.to_thread(pulse.say, tone, mouth)
            heard = path.read_bytes()
            loud = [
                heard[at : at + RATE // 2]
                for at in range(0, len(heard) - RATE // 2, RATE // 2)
                if rms(heard[at : at + RATE // 2]) > 0.02
            ]
            assert len(loud) >= 4
            shares = sorted(tone_share(piece, RATE, HZ) for piece in loud[1:-1])
            assert shares[len(shares) // 4] > 0.5, shares  # a busy machine may break a piece, not the sound


def until(lines: IO[str], wanted: str) -> bool:
    """Read on until a line comes; False at the end."""
    return any(line.strip() == wanted for line in lines)


def test_without_a_device_it_says_so_and_takes_the_first_that_comes(tmp_path: Path) -> None:
    bare = Pulse(tmp_path)
    bare.start()
    try:
        for line in reversed(bare.pactl("list", "short", "modules").splitlines()):
            number, module = line.split("\t")[:2]
            if module in {"module-null-sink", "module-remap-source"}:
                bare.pactl("unload-module", number)
        program = subprocess.Popen(
            [sys.executable, "-c", _PLUG_IN],
            env={**os.environ, **bare.env},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert program.stdout is not None
        with program.stdout:
            assert "Plug in a headset" in program.stdout.readline()
            for _ in range(2):  # the only one goes, and comes back
                with bare.plugged("first"):
                    assert until(program.stdout, "first first")
                assert until(program.stdout, "nothing")
            program.terminate()
            program.wait(10)
    finally:
        bare.stop()


_PLUG_IN = """
from PySide6.QtCore import QCoreApplication, QTimer
from console.domain.errors import AudioError
from ui.telephony.audio import QtAudio

application = QCoreApplication([])
audio = QtAudio("first", "first")

def told(speaker, microphone):
    print(f"{speaker} {microphone}".strip() or "nothing", flush=True)

audio.changed.connect(told)
clock = QTimer()
clock.timeout.connect(lambda: audio.write(audio.read(640)))
clock.start(20)
try:
    audio.start()
    print("started", flush=True)
except AudioError as fault:
    print(fault, flush=True)
application.exec()
"""
