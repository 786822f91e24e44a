"""Two mono recordings of the same time as one stereo WAV file."""

import wave
from pathlib import Path

import numpy as np

RATE = 8000
_WIDTH = 2


def write_stereo(file: Path, left: bytes, right: bytes) -> float:
    """Write 16-bit samples at 8 kHz; the shorter side ends in silence. The file appears when it is complete.

    Returns its seconds. Raises OSError.
    """
    frames = max(len(left), len(right)) // _WIDTH
    both = np.zeros((frames, 2), dtype="<i2")
    for place, side in enumerate((left, right)):
        samples = np.frombuffer(side, dtype="<i2")
        both[: len(samples), place] = samples
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = file.with_name(f"{file.name}.part")
    unfinished.touch(mode=0o600)
    with unfinished.open("wb") as raw, wave.open(raw, "wb") as sound:
        sound.setnchannels(2)
        sound.setsampwidth(_WIDTH)
        sound.setframerate(RATE)
        sound.writeframes(both.tobytes())
    unfinished.replace(file)
    return frames / RATE
