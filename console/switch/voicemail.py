"""A customer's message: RTP packets to an unbroken track, the track to a WAV file without its silent end.

The file is written beside its place as `NAME.part` and renamed when it is complete: whatever stops us, there
is never half a message under the final name. The disk is only touched in other threads.
"""

import asyncio
import contextlib
import io
import logging
import os
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

from console.switch import codecs
from console.switch.media import HEADER, RtpPort, payload_of

RATE = 8000
_LOUD = 200.0
"""Root mean square (of 32768) from which 20 ms count as speech: -44 dBFS, above a quiet line's noise."""
_LEAST_SPOKEN = 10
"""So many times 20 ms of speech make a message; a click or a cough at the receiver does not."""
_TAIL_S = 0.5
_WINDOW = 5
"""Packets that wait for one before them: 100 ms."""
_SLACK = RATE
"""Samples that a sender may be ahead of our clock, or behind itself, before its times count as new ones."""
_CHUNK = 2 * RATE
_FRAME = 160
_PATIENCE_S = 10.0
"""So long the disk may take at the end before the call ends without a message."""
_DAY_S = 86_400.0
_WRAP = 1 << 32

_log = logging.getLogger(__name__)


class Track:
    """Puts RTP payloads in order; what is missing is silence, what lies about its time is put at the end."""

    def __init__(self, codec: str) -> None:
        self._decode = codecs.coder(codec).decode
        self._codec = codec
        self._waiting: dict[int, bytes] = {}
        self._cursor = 0
        self._base = 0
        self._source: int | None = None

    def use(self, codec: str) -> bytes:
        """Another codec from now on; returns what was still waiting (16-bit, 8 kHz)."""
        rest = self.rest()
        if codec != self._codec:
            self._codec = codec
            self._decode = codecs.coder(codec).decode
        return rest

    def take(self, data: bytes, elapsed_s: float) -> bytes:
        """An RTP packet, `elapsed_s` after the beginning; returns sound that is in order (16-bit, 8 kHz)."""
        payload = payload_of(data)
        most = int(elapsed_s * RATE) + _SLACK
        if not payload or self._cursor > most:
            return b""  # faster than time: no more than a second of that is kept
        _, _, _, stamp, source = HEADER.unpack_from(data)
        out = b""
        if source != self._source:
            out = self._begin(stamp, source)
        at = (stamp - self._base + _WRAP // 2) % _WRAP - _WRAP // 2
        if at > most or at < self._cursor - _SLACK:
            out += self._begin(stamp, source)
            at = self._cursor
        if at >= self._cursor:
            self._waiting.setdefault(at, payload)
        while len(self._waiting) > _WINDOW:
            out += self._next()
        return out

    def rest(self) -> bytes:
        """What waits for packets that will not come any more."""
        out = b""
        while self._waiting:
            out += self._next()
        return out

    def _begin(self, stamp: int, source: int) -> bytes:
        """A new stream, which goes on where the last one ended."""
        out = self.rest()
        self._source = source
        self._base = stamp - self._cursor
        return out

    def _next(self) -> bytes:
        at = min(self._waiting)
        sound = self._decode(self._waiting.pop(at))
        gap = at - self._cursor
        sound = bytes(2 * gap) + sound if gap >= 0 else sound[-2 * gap :]
        self._cursor += len(sound) // 2
        return sound


class Spoken:
    """Keeps silence back until something is said again; counts what was said."""

    def __init__(self) -> None:
        self.frames = 0
        self._rest = b""
        self._held = bytearray()

    @property
    def anything(self) -> bool:
        """There is a message in it."""
        return self.frames >= _LEAST_SPOKEN

    def take(self, pcm: bytes) -> bytes:
        """Sound that came; returns what surely belongs to the message."""
        pcm = self._rest + pcm
        whole = len(pcm) // (2 * _FRAME) * 2 * _FRAME
        pcm, self._rest = pcm[:whole], pcm[whole:]
        if not pcm:
            return b""
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32).reshape(-1, _FRAME)
        loud = np.flatnonzero(np.einsum("ij,ij->i", samples, samples) >= _FRAME * _LOUD**2)
        if not len(loud):
            self._held += pcm
            return b""
        self.frames += len(loud)
        end = (int(loud[-1]) + 1) * 2 * _FRAME
        out = bytes(self._held) + pcm[:end]
        self._held = bytearray(pcm[end:])
        return out

    def tail(self) -> bytes:
        """A breath of what followed the last word, so that it does not end abruptly."""
        return bytes(self._held[: 2 * int(_TAIL_S * RATE)])


class Message:
    """One message: opened at once, recorded from `begin` on, kept at `finish`.

    `over` is called when `most_s` seconds were recorded, `failed` when it cannot be written (the log says
    why). `seconds` is the length of what was kept: 0 as long as, and if, there is nothing.
    """

    def __init__(
        self, file: Path, most_s: float, over: Callable[[], None], failed: Callable[[], None]
    ) -> None:
        self.file = file
        self.seconds = 0.0
        self.closed = False
        self._most_s = most_s
        self._over = over
        self._failed = failed
        self._loop = asyncio.get_running_loop()
        self._port: RtpPort | None = None
        self._track: Track | None = None
        self._spoken = Spoken()
        self._began = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._pending = bytearray()
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._then: Callable[[], None] | None = None
        self._writer = _Writer(file)
        self.task = self._loop.create_task(self._write())

    @property
    def recording(self) -> bool:
        """The beep has been heard: what is said now is kept."""
        return self._port is not None

    def begin(self, port: RtpPort, codec: str) -> None:
        """Record what this port hears."""
        if self.closed or self._then is not None or self._track is not None:
            return
        self._track = Track(codec)
        self._began = self._loop.time()
        self._timer = self._loop.call_later(self._most_s, self._over)
        self._port = port
        port.listen(self._heard)

    def hear(self, pcm: bytes) -> None:
        """Sound that was recorded elsewhere (16-bit, 8 kHz)."""
        self._keep(pcm)

    def use(self, codec: str) -> None:
        """The customer speaks another codec from now on."""
        if self._track is not None:
            self._keep(self._track.use(codec))

    def stop(self) -> None:
        """Record no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        port, self._port = self._port, None
        if port is not None:
            port.listen(None)
            if self._track is not None:
                self._keep(self._track.rest())

    def finish(self, then: Callable[[], None]) -> None:
        """Record no more, keep the file, then call `then`: once, whatever happens to the disk."""
        if self._then is not None or self.closed:
            return
        self.stop()
        self._then = then
        self._chunks.put_nowait(bytes(self._pending) + self._spoken.tail())
        self._chunks.put_nowait(None)
        self._timer = self._loop.call_later(_PATIENCE_S, self._stalled)

    def _heard(self, data: bytes) -> None:
        if self._track is not None:
            self._keep(self._track.take(data, self._loop.time() - self._began))

    def _keep(self, pcm: bytes) -> None:
        self._pending += self._spoken.take(pcm)
        if len(self._pending) >= _CHUNK:
            self._chunks.put_nowait(bytes(self._pending))
            self._pending.clear()

    async def _write(self) -> None:
        try:
            await asyncio.to_thread(self._writer.open)
            while (chunk := await self._chunks.get()) is not None:
                await asyncio.to_thread(self._writer.write, chunk)
            if self._spoken.anything:
                seconds = await asyncio.to_thread(self._writer.keep)
                self.seconds = 0.0 if self.closed else seconds
            else:
                await asyncio.to_thread(self._writer.discard)
        except OSError as fault:
            _log.error(
                "the message %s cannot be written (%s): the caller is told goodbye. Make room on the disk, "
                "or see that the folder is there and may be written to.",
                self.file,
                fault,
            )
            await asyncio.to_thread(self._writer.discard)
            if not self.closed and self._then is None:
                self.stop()
                self.closed = True
                self._failed()
        self._close()

    def _stalled(self) -> None:
        _log.error("the message %s is lost: its disk did not answer for %.0f s", self.file, _PATIENCE_S)
        self._writer.unwanted = True
        self._close()

    def _close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.closed = True
        then, self._then = self._then, None
        if then is not None:
            then()


class _Writer:
    """The file. Every method may block, and but for `discard` raises OSError."""

    def __init__(self, file: Path) -> None:
        self.unwanted = False
        self._file = file
        self._part = file.with_name(file.name + ".part")
        self._open: io.FileIO | None = None
        self._bytes = 0

    def open(self) -> None:
        """Begin, in a folder that must be there; what somebody says to us is nobody else's to read."""
        self._open = io.FileIO(self._part, "w", opener=lambda path, flags: os.open(path, flags, 0o600))
        self._put(wav_header(0))
        self._clear()

    def _clear(self) -> None:
        """Remove what a process that died a day ago or earlier had begun."""
        now = self._part.stat().st_mtime
        for part in self._part.parent.glob("*.part"):
            with contextlib.suppress(OSError):  # somebody else's message that was just completed
                if part.stat().st_mtime < now - _DAY_S:
                    part.unlink()

    def write(self, pcm: bytes) -> None:
        """Add sound."""
        self._put(pcm)
        self._bytes += len(pcm)

    def keep(self) -> float:
        """Complete the file and give it its name; returns its seconds."""
        if self._open is None:
            return 0.0
        self._open.seek(0)
        self._put(wav_header(self._bytes))
        os.fsync(self._open.fileno())
        self._open.close()
        if self.unwanted:
            self.discard()
            return 0.0
        self._part.replace(self._file)
        return self._bytes / (2 * RATE)

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._open is None:
            return
        self._open.close()
        try:
            self._part.unlink(missing_ok=True)
        except OSError as fault:
            _log.error("%s cannot be removed: %s", self._part, fault)

    def _put(self, data: bytes) -> None:
        while data and self._open is not None:
            data = data[self._open.write(data) :]


def wav_header(size: int) -> bytes:
    """The head of a WAV file with `size` bytes of 16-bit mono sound at 8 kHz."""
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", 36 + size, b"WAVE") + form + struct.pack("<4sI", b"data", size)
