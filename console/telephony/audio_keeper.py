"""Opens and closes an AudioPort as calls need it: from the engine's thread, on the loop's."""

import asyncio
import logging
from collections.abc import Callable

from console.domain.errors import AudioError
from console.telephony.audio import AudioPort

_log = logging.getLogger(__name__)


class AudioKeeper:
    """Starts the port with the first call that sounds, stops it after the last. `want` and `reopen` from
    one thread.
    """

    def __init__(self, audio: AudioPort | None, failed: Callable[[str], None]) -> None:
        """`failed` is told, on the loop's thread, why the port could not be opened; calls then go on
        without sound.
        """
        self._audio = audio
        self._failed = failed
        self._open = False
        self.loop: asyncio.AbstractEventLoop | None = None

    def want(self, *, sound: bool) -> None:
        """Whether any call sounds now."""
        if self._audio is not None and sound != self._open:
            self._open = sound
            self._later(self._start if sound else self._audio.stop)

    def reopen(self) -> None:
        """Close and open it again, if it is open: the devices changed."""
        if self._open:
            self.want(sound=False)
            self.want(sound=True)

    def _start(self) -> None:
        try:
            if self._audio is not None:
                self._audio.start()
        except AudioError as fault:
            self._failed(str(fault))

    def _later(self, action: Callable[[], None]) -> None:
        try:
            if self.loop is not None:
                self.loop.call_soon_threadsafe(action)
        except RuntimeError:
            _log.debug("the loop is gone; its sound is too")
