"""The desk's sound in pjsua2's conference: our AudioPort as a port of it, or the device of the build itself.

pjsua2 hands a frame over as a C++ vector that Python can only walk item by item: 0.4 ms for 20 ms of sound,
2 % of a
core for each call. So the vector's own memory is read and written, after a trial that this build's vectors
are laid
out as expected (begin, end, capacity: so in libstdc++, libc++ and Microsoft's library); if not, the slow
way is taken.
"""

import ctypes
import logging
from typing import Any

import pjsua2 as pj

from console.telephony.audio import AudioPort

_log = logging.getLogger(__name__)
_PCM = 0  # PJMEDIA_FORMAT_PCM, which the binding does not name


def _begin_and_size(vector: Any) -> tuple[int, int]:
    begin, end = (ctypes.c_void_p * 2).from_address(int(vector.this))
    return begin or 0, (end or 0) - (begin or 0)


def _read_memory(vector: Any) -> bytes:
    return ctypes.string_at(*_begin_and_size(vector))


def _read_items(vector: Any) -> bytes:
    return bytes(vector)


def _laid_out_as_expected() -> bool:
    sample = bytes(range(200))
    vector = pj.ByteVector(sample)
    begin, size = _begin_and_size(vector)
    return begin != 0 and size == len(sample) and ctypes.string_at(begin, size) == sample


class SoundPort(pj.AudioMediaPort):  # type: ignore[misc]  # pjsua2 has no types
    """An AudioPort in the conference. Its callbacks run on the conference's clock thread and never raise."""

    def __init__(self, audio: AudioPort) -> None:
        """Join `audio`, mono at its own rate, 20 ms a frame."""
        super().__init__()
        self._audio = audio
        self._quick = _laid_out_as_expected()
        self._read = _read_memory if self._quick else _read_items
        self._faulty = False
        form = pj.MediaFormatAudio()
        form.init(_PCM, audio.rate_hz, 1, 20_000, 16)
        self._size = audio.rate_hz // 50 * 2
        self._blank = pj.ByteVector(bytes(self._size))
        self.createPort("desk", form)

    def onFrameRequested(self, frame: Any) -> None:  # noqa: N802  # pjsua2's name
        """The conference wants 20 ms from the microphone."""
        try:
            size = frame.size or self._size
            pcm = self._audio.read(size)
            self._fill(frame, pcm if len(pcm) == size else pcm[:size].ljust(size, b"\0"))
        except Exception:  # noqa: BLE001  # logged; nothing may be raised into C code
            self._complain()
            frame.type = pj.PJMEDIA_FRAME_TYPE_NONE

    def onFrameReceived(self, frame: Any) -> None:  # noqa: N802  # pjsua2's name
        """The conference has 20 ms for the speaker."""
        try:
            if frame.type == pj.PJMEDIA_FRAME_TYPE_AUDIO:
                self._audio.write(self._read(frame.buf))
        except Exception:  # noqa: BLE001  # logged; nothing may be raised into C code
            self._complain()

    def _fill(self, frame: Any, pcm: bytes) -> None:
        frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
        frame.size = len(pcm)
        if not self._quick:
            frame.buf = pj.ByteVector(pcm)
            return
        frame.buf = self._blank if len(pcm) == self._size else pj.ByteVector(bytes(len(pcm)))
        begin, _ = _begin_and_size(frame.buf)
        ctypes.memmove(begin, pcm, len(pcm))

    def _complain(self) -> None:
        if not self._faulty:  # on the edge: fifty times a second would help nobody
            self._faulty = True
            _log.exception("the sound port failed; the call goes on in silence")


class Mixer:
    """Which call hears the desk and is heard there. Used on the engine thread only."""

    def __init__(self, endpoint: pj.Endpoint, audio: AudioPort | None, *, native: bool) -> None:
        """`native`: with no `audio`, use the device of this build if there is one."""
        manager = endpoint.audDevManager()
        self._port = SoundPort(audio) if audio is not None else None
        self._native = audio is None and native and manager.getDevCount() > 0
        if not self._native:
            manager.setNullDev()
        self._manager = manager

    def join(self, media: Any, *, heard: bool) -> None:
        """Let the desk hear a call, and the call hear the desk if `heard`."""
        source, sink = self._ends()
        if source is None or sink is None:
            return
        media.startTransmit(sink)
        if heard:
            source.startTransmit(media)
        else:
            _stop(source, media)

    def part(self, media: Any) -> None:
        """Cut a call off from the desk, both ways."""
        source, sink = self._ends()
        if source is not None and sink is not None:
            _stop(media, sink)
            _stop(source, media)

    def reopen(self) -> None:
        """Open the build's own device anew, which may be another one now."""
        if self._native:
            self._manager.setCaptureDev(pj.PJSUA_SND_DEFAULT_CAPTURE_DEV)
            self._manager.setPlaybackDev(pj.PJSUA_SND_DEFAULT_PLAYBACK_DEV)

    def close(self) -> None:
        """Stop the conference's clock, then let go of the AudioPort, which its thread uses."""
        self._manager.setNoDev()
        self._port = None

    def _ends(self) -> tuple[Any, Any]:
        if self._port is not None:
            return self._port, self._port
        if self._native:
            return self._manager.getCaptureDevMedia(), self._manager.getPlaybackDevMedia()
        return None, None


def _stop(source: Any, sink: Any) -> None:
    try:
        source.stopTransmit(sink)
    except pj.Error:
        return  # they were not joined
