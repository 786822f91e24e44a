"""The port to sound: where a desk's microphone, speaker and ringer are.

The engine's audio clock (one thread, 20 ms a frame) pulls the microphone and pushes the speaker; both must
return at once and never raise. Samples are signed 16-bit little-endian mono at `rate_hz`.
"""

from typing import Protocol


class AudioPort(Protocol):
    """One pair of sound ends, shared by the calls that are live (they are mixed by the engine)."""

    @property
    def rate_hz(self) -> int:
        """Samples a second, both ways."""
        ...

    def start(self) -> None:
        """Open. Raises AudioError when there is nothing to open; the phone then works without sound and
        says so.
        """
        ...

    def stop(self) -> None:
        """Close; idempotent."""
        ...

    def read(self, size: int) -> bytes:
        """Exactly `size` bytes from the microphone; silence where there is none yet. Called on the audio
        clock's thread.
        """
        ...

    def write(self, pcm: bytes) -> None:
        """One frame for the speaker. Called on the audio clock's thread."""
        ...


class Ringer(Protocol):
    """Plays the ring tone on its own device."""

    def start(self) -> None:
        """Ring until stopped."""
        ...

    def stop(self) -> None:
        """Be quiet; idempotent."""
        ...
