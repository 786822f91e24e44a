"""Sound files, read once and kept as payload per codec: a hundred waiting callers cost a hundred sends."""

import logging
import wave
from pathlib import Path

import numpy as np

from console.domain.errors import MediaFileError
from console.switch import codecs
from console.switch.ticker import PERIOD_S

_log = logging.getLogger(__name__)
_LONGEST_S = 600


class Sounds:
    """The folder of sounds in one language.

    What is missing there is taken from English, then from the top.
    """

    def __init__(self, folder: Path, language: str = "en") -> None:
        self._folders = (folder / language, folder / "en", folder)
        self._frames: dict[tuple[str, str], tuple[bytes, ...]] = {}
        self._failed: set[str] = set()

    def frames(self, name: str, codec: str) -> tuple[bytes, ...]:
        """A sound as 20 ms payloads; empty (silence), and a line in the log, when there is no such sound."""
        known = self._frames.get((name, codec))
        if known is None:
            known = self._frames[name, codec] = self._load(name, codec)
        return known

    def warm(self) -> None:
        """Read all sounds into all codecs, so that no call waits for a disk.

        Takes a second: not on the loop.
        """
        names = {file.stem for folder in self._folders for file in folder.glob("*.wav")}
        for name in sorted(names):
            for codec in codecs.NAMES:
                self.frames(name, codec)

    def _load(self, name: str, codec: str) -> tuple[bytes, ...]:
        try:
            return encoded(read_wav(self._find(name)), codec)
        except MediaFileError as fault:
            if name not in self._failed:
                self._failed.add(name)
                _log.error("%s: callers hear silence instead. Put a 16-bit mono WAV file there.", fault)
            return ()

    def _find(self, name: str) -> Path:
        for folder in self._folders:
            if Path(name).name == name and (folder / f"{name}.wav").is_file():
                return folder / f"{name}.wav"
        raise MediaFileError(f"there is no sound {name!r} in {self._folders[-1]}")


def read_wav(path: Path) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """Sound of a WAV file at 16 kHz. Raises MediaFileError for what is no 16-bit mono PCM of 8 or 16 kHz."""
    try:
        with wave.open(str(path), "rb") as file:
            shape = (file.getnchannels(), file.getsampwidth(), file.getframerate())
            data = file.readframes(min(file.getnframes(), _LONGEST_S * file.getframerate()))
    except (OSError, EOFError, wave.Error) as fault:
        raise MediaFileError(f"{path} is no sound file ({fault})") from None
    if shape not in {(1, 2, 16000), (1, 2, 8000)}:
        raise MediaFileError(f"{path} has {shape[0]} channels, {8 * shape[1]} bits, {shape[2]} Hz")
    samples = np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.int16)
    if shape[2] == 8000:
        places = np.arange(2 * len(samples)) / 2
        samples = np.interp(places, np.arange(len(samples)), samples).astype(np.int16)
    return samples


def encoded(samples: "np.ndarray[tuple[int], np.dtype[np.int16]]", codec: str) -> tuple[bytes, ...]:
    """16 kHz sound as 20 ms payloads; the last one is filled up with silence."""
    if not len(samples):
        return ()
    rate = 16000 if codec == "G722" else 8000
    if rate == 8000:
        samples = halved(samples)
    frame = int(rate * PERIOD_S)
    padded = np.concatenate([samples, np.zeros(-len(samples) % frame, dtype=np.int16)])
    payload = codecs.coder(codec, rate).encode(padded.astype("<i2").tobytes())
    size = codecs.FRAME_BYTES
    return tuple(payload[at : at + size] for at in range(0, len(payload), size))


def halved(
    samples: "np.ndarray[tuple[int], np.dtype[np.int16]]",
) -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    """16 kHz to 8 kHz: low-pass at 3.6 kHz (windowed sinc, 63 taps), every second sample."""
    taps = np.arange(-31, 32)
    kernel = np.sinc(2 * 3600 / 16000 * taps) * np.hamming(63)
    kernel /= kernel.sum()
    smooth = np.convolve(samples.astype(np.float32), kernel.astype(np.float32), mode="same")
    return np.clip(np.rint(smooth[::2]), -32768, 32767).astype(np.int16)
