"""The codecs that the switch speaks: G.711 mu-law and A-law, G.722; tables and native code do the work."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from aiortp.codecs import PcmaCodec, PcmuCodec
from G722 import G722

FRAME_S = 0.02
FRAME_BYTES = 160
"""Bytes in 20 ms: the same for all three codecs."""

NAMES = ("PCMU", "PCMA", "G722")


class Coder(Protocol):
    """Turns 16-bit little-endian mono sound of 8 kHz into payload and back.

    Keeps the state of one direction.
    """

    def encode(self, pcm: bytes) -> bytes:
        """Sound to payload."""
        ...

    def decode(self, payload: bytes) -> bytes:
        """Payload to sound."""
        ...


class _Wideband:
    """G.722 at 64 kbit/s (ITU-T G.722), its sound at 8 or 16 kHz.

    The library resamples inside the sub-bands.
    """

    def __init__(self, rate: int) -> None:
        self._engine = G722(rate, 64000)

    def encode(self, pcm: bytes) -> bytes:
        return bytes(self._engine.encode(np.frombuffer(pcm, dtype="<i2").astype(np.int16)))

    def decode(self, payload: bytes) -> bytes:
        return np.asarray(self._engine.decode(payload), dtype="<i2").tobytes()


def coder(name: str, rate: int = 8000) -> Coder:
    """A fresh coder by codec name. `rate` is of the sound, 8000 or for G722 also 16000."""
    if name == "G722":
        return _Wideband(rate)
    return PcmuCodec() if name == "PCMU" else PcmaCodec()


def transcoder(source: str, target: str) -> Callable[[bytes], bytes] | None:
    """What turns payload of one codec into payload of another; None when they are the same."""
    if source == target:
        return None
    decode = coder(source).decode
    encode = coder(target).encode
    return lambda payload: encode(decode(payload))


def silence(name: str) -> bytes:
    """20 ms of silence."""
    if name == "G722":
        return coder("G722").encode(bytes(2 * FRAME_BYTES))
    return (b"\xff" if name == "PCMU" else b"\xd5") * FRAME_BYTES
