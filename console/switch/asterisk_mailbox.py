"""A customer's message on an Asterisk: recorded there, fetched from there, kept here as any other message."""

import asyncio
import io
import logging
import wave
from collections.abc import Callable
from pathlib import Path

from console.domain.errors import NetworkError
from console.switch.ari import Ari, AriAnswer
from console.switch.asterisk_lines import MEANWHILE, Lines, Owner
from console.switch.voicemail import Message

MESSAGE = "CALLBOARD_MESSAGE"
"""The channel variable that tells a restarted centre what is being recorded."""

_log = logging.getLogger(__name__)


class Mailbox:
    """One message. `begin` records, `stop` ends the recording, `finish` keeps what was said and goes on."""

    def __init__(self, lines: Lines, name: str, channel: str, message: Message, most_s: float) -> None:
        """`name` is the recording's; `message` takes the sound and tells when it is over or failed."""
        self.name = name
        self.recording = False
        self.finishing = False
        self._lines = lines
        self._ari: Ari = lines.ari
        self._channel = channel
        self._message = message
        self._most_s = most_s
        self._timer: asyncio.TimerHandle | None = None
        self._fetched: asyncio.Task[None] | None = None
        self._then: Callable[[], None] | None = None
        self._begun = False

    @property
    def file(self) -> Path:
        """Where it is kept."""
        return self._message.file

    @property
    def seconds(self) -> float:
        """What was kept of it; 0: nothing."""
        return self._message.seconds

    @property
    def closed(self) -> bool:
        """Nothing more comes of it."""
        return self._message.closed

    def begin(self, owner: Owner) -> None:
        """The beep was heard: record."""
        if self._begun or self.closed or self.finishing:
            return
        self._begun = self.recording = True
        self._lines.known(self.name, owner)
        self._lines.keep(self._channel, MESSAGE, self.name)
        self._timer = asyncio.get_running_loop().call_later(self._most_s, self.over)

        def answered(answer: AriAnswer) -> None:
            if answer.refused and self._lines.forget(self.name) is not None:
                _log.error("the message %s cannot be recorded: %s", self.name, answer.words)
                self.ended(-1.0)

        query = {"name": self.name, "format": "wav", "ifExists": "overwrite"}
        self._ari.send("POST", f"channels/{self._channel}/record", query, answered=answered)

    def go_on(self, owner: Owner) -> bool:
        """Whether this customer was leaving a message already when a centre died: that goes on then."""
        name = self._lines.unfinished.pop(self._channel, "")
        if not name:
            return False
        self.name = self._lines.known(name, owner)
        self._begun = self.recording = True
        self._timer = asyncio.get_running_loop().call_later(self._most_s, self.over)

        def looked(answer: AriAnswer) -> None:
            if answer.refused and self._lines.forget(self.name) is not None:
                self.ended(0.0)
                owner.gone(self._channel, MEANWHILE)

        self._ari.send("GET", f"recordings/live/{name}", answered=looked)
        return True

    def over(self) -> None:
        """The time is over: Asterisk ends the recording, and its end tells the rest."""
        self.stop()

    def stop(self) -> None:
        """Record no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.recording:
            self.recording = False
            self._ari.send("POST", f"recordings/live/{self.name}/stop")

    def ended(self, seconds: float) -> None:
        """Asterisk has the whole message; less than 0: it could not."""
        self.recording = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._fetched is None:
            self._fetched = asyncio.create_task(self._fetch() if seconds >= 0 else self._nothing())

    def finish(self, then: Callable[[], None]) -> None:
        """Record no more, keep the message, then call `then`; the first to ask is the one who is called."""
        self.stop()
        if self.finishing:
            return
        self.finishing = True
        self._then = then
        if not self._begun:
            self._message.finish(then)
        elif self._fetched is not None and self._fetched.done():
            self._kept()

    async def _nothing(self) -> None:
        self._kept()

    async def _fetch(self) -> None:
        try:
            data = await self._ari.download(f"recordings/stored/{self.name}/file")
            self._message.hear(_sound(data))
        except (NetworkError, wave.Error, EOFError) as fault:
            _log.error("the message %s cannot be had from Asterisk: %s", self.name, fault)
        else:
            self._ari.send("DELETE", f"recordings/stored/{self.name}")
        self._kept()

    def _kept(self) -> None:
        then, self._then = self._then, None
        if then is not None:
            self._message.finish(then)


def _sound(data: bytes) -> bytes:
    """The samples of a WAV file (16-bit, 8 kHz, mono). Raises wave.Error when it is another kind."""
    with wave.open(io.BytesIO(data)) as sound:
        if (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) != (8000, 1, 2):
            raise wave.Error("not 16-bit mono at 8 kHz")
        samples: bytes = sound.readframes(sound.getnframes())
        return samples
