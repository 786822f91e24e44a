"""Sound ports without devices: tones, WAV files of many kinds, files that are none, recordings cut short."""

import wave
from pathlib import Path

import numpy as np
import pytest

from console.domain.errors import MediaFileError
from console.telephony.sounds import (
    SilencePort,
    TonePort,
    WavPort,
    WavRecorder,
    longest_gap_s,
    read_wav,
    rms,
    tone_share,
)


def write(path: Path, *, rate: int, width: int = 2, channels: int = 1, hz: int = 440) -> Path:
    wave_form = np.sin(2 * np.pi * hz * np.arange(rate) / rate) * 0.5
    if width == 1:
        samples = (wave_form * 127 + 128).astype(np.uint8)
    else:
        samples = (wave_form * (2 ** (8 * width - 1) - 1)).astype({2: "<i2", 4: "<i4"}[width])
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(np.repeat(samples, channels).tobytes())
    return path


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize(("width", "channels"), [(1, 1), (2, 1), (2, 2), (4, 1)])
def test_wav_of_many_kinds_keeps_its_tone(tmp_path: Path, rate: int, width: int, channels: int) -> None:
    pcm = read_wav(write(tmp_path / "a.wav", rate=rate, width=width, channels=channels), 16000)
    assert len(pcm) == pytest.approx(32000, rel=0.01)
    assert tone_share(pcm, 16000, 440) > 0.95
    assert rms(pcm) == pytest.approx(0.5 / 2**0.5, rel=0.05)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"not a wav at all", b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00"]
)
def test_a_wav_that_is_none_is_said_before_any_call(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.wav"
    path.write_bytes(content)
    with pytest.raises(MediaFileError, match=r"bad\.wav"):
        WavPort(path)
    with pytest.raises(MediaFileError, match=r"missing\.wav"):
        WavPort(tmp_path / "missing.wav")


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError, match="cannot be written"):
        WavPort(record=tmp_path / "no" / "such" / "folder.wav")


def test_a_tone_goes_on_without_a_click() -> None:
    port = TonePort(313)
    pcm = b"".join(port.read(640) for _ in range(150))
    assert tone_share(pcm, 16000, 313) > 0.999
    assert SilencePort().read(320) == bytes(320)


def test_played_once_then_silence(tmp_path: Path) -> None:
    port = WavPort(write(tmp_path / "a.wav", rate=16000))
    assert not port.played
    pcm = b"".join(port.read(640) for _ in range(75))
    assert port.played
    assert rms(pcm[:32000]) > 0.3
    assert rms(pcm[32000:]) == 0
    assert longest_gap_s(pcm, 16000) == pytest.approx(0.5)


def test_a_recording_is_whole_while_it_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "heard.wav"
    port = WavPort(record=path)
    tone = TonePort(500)
    for _ in range(60):
        port.write(tone.read(640))
    with wave.open(str(path)) as file:  # not closed: as a kill would leave it
        assert file.getnframes() >= 60 * 320 - 3200
        assert tone_share(file.readframes(file.getnframes()), 16000, 500) > 0.99
    port.stop()
    port.close()
    port.close()
    with wave.open(str(path)) as file:
        assert file.getnframes() == 60 * 320


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    with pytest.raises(MediaFileError, match="No space left"):
        WavRecorder(Path("/dev/full"), 16000)
    recorder = WavRecorder(tmp_path / "heard.wav", 16000)
    assert recorder._file is not None
    recorder._file.close()
    recorder._file = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115  # the recorder closes it
    for _ in range(30):
        recorder.write(bytes(640))
    assert "No space left" in recorder.fault
    recorder.close()
