"""Sound inside the switch: files, codecs, RTP payloads, the clock."""

import asyncio
import wave
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.errors import MediaFileError
from console.switch import codecs
from console.switch.media import payload_of
from console.switch.sounds import Sounds, encoded, read_wav
from console.switch.ticker import PERIOD_S, Ticker
from tests.switch.world import write_tone


def loudest(pcm: bytes, rate: int) -> float:
    samples = np.frombuffer(pcm, dtype="<i2").astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))) * rate / len(samples))


@pytest.mark.parametrize("codec", codecs.NAMES)
@pytest.mark.parametrize("rate", [8000, 16000])
def test_a_file_keeps_its_pitch_and_length(tmp_path: Path, codec: str, rate: int) -> None:
    write_tone(tmp_path / "x.wav", 1000, 1.0, rate)
    frames = Sounds(tmp_path).frames("x", codec)
    assert len(frames) == 50
    assert {len(frame) for frame in frames} == {codecs.FRAME_BYTES}
    pcm = codecs.coder(codec).decode(b"".join(frames))
    assert loudest(pcm, 8000) == pytest.approx(1000, abs=3)


def test_what_8_khz_cannot_carry_is_not_folded_back(tmp_path: Path) -> None:
    write_tone(tmp_path / "x.wav", 5500, 1.0)
    pcm = np.frombuffer(
        codecs.coder("PCMU").decode(b"".join(encoded(read_wav(tmp_path / "x.wav"), "PCMU"))), "<i2"
    )
    assert np.sqrt(np.mean(pcm.astype(float) ** 2)) < 8000 / 2**0.5 / 100


@pytest.mark.parametrize("source", codecs.NAMES)
@pytest.mark.parametrize("target", codecs.NAMES)
def test_transcoding_keeps_the_tone(source: str, target: str) -> None:
    places = np.arange(8000) / 8000
    pcm = (8000 * np.sin(2 * np.pi * 700 * places)).astype("<i2").tobytes()
    encode, decode = codecs.coder(source).encode, codecs.coder(target).decode
    through = codecs.transcoder(source, target)
    assert (through is None) == (source == target)
    out = bytearray()
    for at in range(0, len(pcm), 320):
        payload = encode(pcm[at : at + 320])
        out += decode(through(payload) if through else payload)
    assert loudest(bytes(out), 8000) == pytest.approx(700, abs=3)


@pytest.mark.parametrize("change", [{"channels": 2}, {"width": 1}, {"rate": 44100}])
def test_other_forms_are_refused_in_words(tmp_path: Path, change: dict[str, int]) -> None:
    form = {"channels": 1, "width": 2, "rate": 16000} | change
    with wave.open(str(tmp_path / "x.wav"), "wb") as file:
        file.setnchannels(form["channels"])
        file.setsampwidth(form["width"])
        file.setframerate(form["rate"])
        file.writeframes(bytes(64))
    with pytest.raises(MediaFileError, match="channels"):
        read_wav(tmp_path / "x.wav")


@pytest.mark.parametrize("content", [b"", b"RIFF", b"RIFF\0\0\0\0WAVEfmt ", b"\0" * 1000])
def test_what_is_no_sound_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.wav").write_bytes(content)
    with pytest.raises(MediaFileError, match="no sound file"):
        read_wav(tmp_path / "x.wav")


def test_silence_is_silent() -> None:
    for codec in codecs.NAMES:
        pcm = np.frombuffer(codecs.coder(codec).decode(codecs.silence(codec)), "<i2")
        assert np.abs(pcm).max() < 20


@given(st.binary(min_size=12, max_size=200))
def test_a_payload_is_found_or_nothing(data: bytes) -> None:
    assert payload_of(data) in data


async def test_the_clock_neither_drifts_nor_stops_for_long_work() -> None:
    metrics: Counter[str] = Counter()
    ticker = Ticker(metrics)
    loop = asyncio.get_running_loop()
    done = asyncio.Event()
    times: list[float] = []

    def tick() -> None:
        times.append(loop.time())
        if len(times) == 10:
            busy = loop.time() + 3.5 * PERIOD_S
            while loop.time() < busy:
                pass
        if len(times) == 40:
            done.set()

    stop = ticker.subscribe(tick)
    await done.wait()
    stop()
    ticker.stop()
    assert metrics["ticks_skipped"] == 0
    late = [at - times[0] - index * PERIOD_S for index, at in enumerate(times)]
    assert min(late) > -PERIOD_S / 2, "a tick came before its time"
    assert sorted(late)[len(late) // 2] < 2 * PERIOD_S, "the schedule slid away"
