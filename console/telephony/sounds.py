"""Sound without devices: silence, a tone, WAV files played and recorded. For headless use, tests and robots.

All ports are 16-bit mono. What a port hears it can also tell: how loud, and whether a tone is in it.
"""

import logging
import math
import struct
import wave
from collections import deque
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from console.domain.errors import MediaFileError

_log = logging.getLogger(__name__)
DEFAULT_RATE_HZ = 16_000
FULL_SCALE = 32_767
MAX_WAV_BYTES = 200_000_000
_HEADER = struct.Struct("<4sI4s4sIHHIIHH4sI")
_CHUNK_S = 0.2
Samples = npt.NDArray[np.float64]


class SilencePort:
    """Says nothing; keeps the last seconds of what it hears."""

    def __init__(self, rate_hz: int = DEFAULT_RATE_HZ, *, keep_s: float = 2.0) -> None:
        """`keep_s`: how much of what was heard is kept."""
        self._rate_hz = rate_hz
        self._heard: deque[bytes] = deque(maxlen=max(1, int(keep_s * 50)))
        self.frames_heard = 0

    @property
    def rate_hz(self) -> int:
        """Samples a second."""
        return self._rate_hz

    def start(self) -> None:
        """Nothing to open."""

    def stop(self) -> None:
        """Nothing to close."""

    def read(self, size: int) -> bytes:
        """Silence."""
        return bytes(size)

    def write(self, pcm: bytes) -> None:
        """Keep a frame."""
        self._heard.append(pcm)
        self.frames_heard += 1

    @property
    def heard(self) -> bytes:
        """The last seconds heard, oldest first."""
        return b"".join(tuple(self._heard))

    def forget(self) -> None:
        """Hear afresh."""
        self._heard.clear()
        self.frames_heard = 0


class TonePort(SilencePort):
    """Says a steady tone of `hz` (whole hertz)."""

    def __init__(
        self, hz: int, rate_hz: int = DEFAULT_RATE_HZ, *, level: float = 0.3, keep_s: float = 2.0
    ) -> None:
        """`level`: 1.0 is full scale."""
        super().__init__(rate_hz, keep_s=keep_s)
        wave_form = np.sin(2 * math.pi * hz * np.arange(rate_hz) / rate_hz) * level * FULL_SCALE
        second = wave_form.astype("<i2").tobytes()
        self._period = len(second)  # a second holds whole cycles: it can be repeated without a click
        self._twice = second * 2
        self._at = 0

    def read(self, size: int) -> bytes:
        """The next `size` bytes of the tone, at most a second."""
        pcm = self._twice[self._at : self._at + size]
        self._at = (self._at + size) % self._period
        return pcm


class WavPort(SilencePort):
    """Plays a WAV file once (then silence) and records what it hears into another."""

    def __init__(
        self, play: Path | None = None, record: Path | None = None, rate_hz: int = DEFAULT_RATE_HZ
    ) -> None:
        """Reads `play` and creates `record` at once: raises MediaFileError for a file that is none, before
        any call.
        """
        super().__init__(rate_hz)
        self._pcm = read_wav(play, rate_hz) if play is not None else b""
        self._at = 0
        self._recorder = WavRecorder(record, rate_hz) if record is not None else None

    @property
    def played(self) -> bool:
        """Whether the file was played to its end."""
        return self._at >= len(self._pcm)

    @property
    def fault(self) -> str:
        """Why recording stopped early; "" when it did not."""
        return self._recorder.fault if self._recorder is not None else ""

    def read(self, size: int) -> bytes:
        """The next `size` bytes of the file, silence after its end."""
        pcm = self._pcm[self._at : self._at + size]
        self._at = min(len(self._pcm), self._at + size)
        return pcm if len(pcm) == size else pcm.ljust(size, b"\0")

    def write(self, pcm: bytes) -> None:
        """Record a frame."""
        super().write(pcm)
        if self._recorder is not None:
            self._recorder.write(pcm)

    def stop(self) -> None:
        """Bring what was recorded so far to the disk; recording can go on."""
        if self._recorder is not None:
            self._recorder.flush()

    def close(self) -> None:
        """End the recording; idempotent."""
        if self._recorder is not None:
            self._recorder.close()


class WavRecorder:
    """Writes a 16-bit mono WAV that is complete five times a second, so also when the program is killed."""

    def __init__(self, path: Path, rate_hz: int) -> None:
        """Create or empty the file. Raises MediaFileError when that cannot be done."""
        self.fault = ""
        self._path = path
        self._rate_hz = rate_hz
        self._chunk = int(rate_hz * 2 * _CHUNK_S)
        self._pending = bytearray()
        self._written = 0
        self._file: BinaryIO | None = None
        try:
            self._file = path.open("wb", buffering=0)
            self._put_header()
        except OSError as fault:
            if self._file is not None:
                self._file.close()
            raise MediaFileError(
                f"{path}: cannot be written ({fault.strerror}). Choose another file to record to."
            ) from None

    def write(self, pcm: bytes) -> None:
        """Add sound. Never raises: a full disk ends the recording, which `fault` then tells."""
        self._pending += pcm
        if len(self._pending) >= self._chunk:
            self.flush()

    def flush(self) -> None:
        """Write what is pending, and the sizes."""
        if self._file is None or not self._pending:
            return
        chunk, self._pending = bytes(self._pending), bytearray()
        try:
            self._file.seek(0, 2)
            self._file.write(chunk)
            self._written += len(chunk)
            self._put_header()
        except OSError as fault:
            self.fault = f"{self._path}: recording stopped: {fault.strerror}"
            _log.warning("%s", self.fault)
            self._file.close()
            self._file = None

    def close(self) -> None:
        """Write the rest and close; idempotent."""
        self.flush()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _put_header(self) -> None:
        if self._file is None:
            return
        rate, size = self._rate_hz, self._written
        header = _HEADER.pack(
            b"RIFF", 36 + size, b"WAVE", b"fmt ", 16, 1, 1, rate, rate * 2, 2, 16, b"data", size
        )
        self._file.seek(0)
        self._file.write(header)


def read_wav(path: Path, rate_hz: int) -> bytes:
    """A PCM WAV file (8, 16, 24 or 32 bit, any rate, any channels) as 16-bit mono at `rate_hz`.

    Raises MediaFileError with what to do for a file that cannot be played.
    """
    try:
        if path.stat().st_size > MAX_WAV_BYTES:
            raise MediaFileError(f"{path}: is too large to play (over {MAX_WAV_BYTES // 1_000_000} MB).")
        with wave.open(str(path), "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            raw = file.readframes(file.getnframes())
    except OSError as fault:
        raise MediaFileError(f"{path}: cannot be read ({fault.strerror}). Check the name.") from None
    except (wave.Error, EOFError, ValueError, struct.error) as fault:
        raise MediaFileError(
            f"{path}: is not a WAV file that can be played ({fault}). Save it as WAV, PCM, 16 bit."
        ) from None
    if rate <= 0 or channels <= 0 or width not in {1, 2, 3, 4}:
        raise MediaFileError(f"{path}: has no sound that can be played. Save it as WAV, PCM, 16 bit.")
    mono = _mono(raw, channels, width)
    return _to_pcm(resample(mono, rate, rate_hz))


def _mono(raw: bytes, channels: int, width: int) -> Samples:
    whole = len(raw) - len(raw) % (width * channels)
    data = raw[:whole]
    if width == 1:
        samples = (np.frombuffer(data, np.uint8).astype(np.float64) - 128) * 256
    elif width == 2:
        samples = np.frombuffer(data, "<i2").astype(np.float64)
    elif width == 4:
        samples = np.frombuffer(data, "<i4").astype(np.float64) / 65_536
    else:
        bytes3 = np.frombuffer(data, np.uint8).reshape(-1, 3)
        high = bytes3[:, 2].astype(np.int8).astype(np.float64)
        samples = high * 256 + bytes3[:, 1] + bytes3[:, 0] / 256
    mixed: Samples = samples.reshape(-1, channels).mean(axis=1)
    return mixed


def resample(samples: Samples, rate: int, wanted: int) -> Samples:
    """Linear resampling; when going down, averaged over the step first, against aliases."""
    if rate == wanted or not len(samples):
        return samples
    step = rate / wanted
    if step >= 2:
        width = int(step)
        samples = np.convolve(samples, np.ones(width) / width, mode="same")
    at = np.arange(int(len(samples) / step)) * step
    resampled: Samples = np.interp(at, np.arange(len(samples)), samples)
    return resampled


def _to_pcm(samples: Samples) -> bytes:
    whole: bytes = np.clip(np.rint(samples), -FULL_SCALE - 1, FULL_SCALE).astype("<i2").tobytes()
    return whole


def rms(pcm: bytes) -> float:
    """Loudness of 16-bit sound, 0.0 to 1.0 of full scale."""
    samples = np.frombuffer(pcm[: len(pcm) & ~1], "<i2").astype(np.float64)
    return float(np.sqrt(np.mean(samples**2))) / FULL_SCALE if len(samples) else 0.0


def tone_share(pcm: bytes, rate_hz: int, hz: float) -> float:
    """How much of the sound's energy is at `hz`, 0.0 to 1.0 (Goertzel's filter as a dot product)."""
    samples = np.frombuffer(pcm[: len(pcm) & ~1], "<i2").astype(np.float64)
    energy = float(np.sum(samples**2))
    if not energy:
        return 0.0
    turn = np.exp(-2j * math.pi * hz * np.arange(len(samples)) / rate_hz)
    return min(1.0, float(abs(np.dot(samples, turn)) ** 2 * 2 / (len(samples) * energy)))


def longest_gap_s(pcm: bytes, rate_hz: int, *, quieter_than: float = 0.01) -> float:
    """The longest stretch, in steps of 20 ms, that is quieter than a level: how long sound was missing."""
    size = rate_hz // 50 * 2
    edges = range(0, len(pcm) + 1, size)
    longest = run = 0
    for begin, end in pairwise(edges):
        run = run + 1 if rms(pcm[begin:end]) < quieter_than else 0
        longest = max(longest, run)
    return longest * 0.02
