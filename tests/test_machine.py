"""The hardware that tests bring along is real: sound goes in and comes out, a screen shows."""

import math
import struct
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.machine import Display, Pulse

RATE = 16000


def _tone(path: Path, hertz: float, seconds: float) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(
            b"".join(
                struct.pack("<h", round(12000 * math.sin(2 * math.pi * hertz * n / RATE)))
                for n in range(round(RATE * seconds))
            )
        )
    return path


def _share(pcm: bytes, hertz: float) -> float:
    """Return the share (0 to 1) of the power of a recording that one frequency carries."""
    samples = struct.unpack(f"<{len(pcm) // 2}h", pcm[: len(pcm) // 2 * 2])
    cosine = sum(s * math.cos(2 * math.pi * hertz * n / RATE) for n, s in enumerate(samples))
    sine = sum(s * math.sin(2 * math.pi * hertz * n / RATE) for n, s in enumerate(samples))
    power = sum(s * s for s in samples)
    return 2 * (cosine**2 + sine**2) / (len(samples) * power) if power else 0.0


@pytest.mark.audio
def test_what_is_said_into_the_microphone_is_heard_there(pulse: Pulse, tmp_path: Path) -> None:
    heard = tmp_path / "heard.raw"
    with pulse.hearing(heard, source="mic", rate=RATE):
        pulse.say(_tone(tmp_path / "tone.wav", 440, 1.0))
    sound = heard.read_bytes().strip(b"\0")
    middle = sound[RATE // 2 & ~1 :][: RATE // 2 * 2]
    assert _share(middle, 440) > 0.9
    assert _share(middle, 880) < 0.05


@pytest.mark.audio
def test_a_headset_comes_and_goes(pulse: Pulse) -> None:
    with pulse.plugged("headset"):
        assert "headset\t" in pulse.pactl("list", "short", "sinks")
        assert "headset_mic\t" in pulse.pactl("list", "short", "sources")
    assert "headset" not in pulse.pactl("list", "short", "sinks")


def test_a_screen_shows(xvfb: Display, tmp_path: Path) -> None:
    assert xvfb.xdotool("getdisplaygeometry") == "1920 1200"
    assert xvfb.picture(tmp_path / "screen.png").read_bytes().startswith(b"\x89PNG")


def test_ports_are_free_and_different(free_ports: Callable[[int], list[int]]) -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert min(ports) > 1023
