"""One direction of a recorded call on an Asterisk: a snoop channel alone in a bridge that is recorded."""

import io
import wave
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

import msgspec

from console.domain.errors import NetworkError
from console.switch.ari import Ari, AriAnswer, Bridge
from console.switch.asterisk_lines import Lines, Owner
from console.switch.switch import Record

TAP = "callboard-tap-"
"""The ids of bridges that nobody talks in begin so: of recordings and of supervisors who listen."""

_HEADER = 44
"""Bytes before the samples in a WAV file of Asterisk's."""


class Whole(Owner, Protocol):
    """The recording that two sides make up."""

    order: Record

    @property
    def lines(self) -> Lines:
        """Of the Asterisk that records."""

    def begun(self) -> None:
        """Asterisk has begun to write one side."""

    def failed(self, why: str) -> None:
        """Asterisk will not."""


def name_of(recording: UUID, side: str) -> str:
    """What Asterisk calls one side of a recording."""
    return f"callboard-recording-{recording.hex}-{side}"


async def is_live(ari: Ari, recording: UUID) -> bool:
    """Whether it is being recorded. Raises NetworkError."""
    return (await ari.ask("GET", f"recordings/live/{name_of(recording, 'in')}")).ok


async def is_stored(ari: Ari, recording: UUID) -> bool:
    """Whether it is complete. Raises NetworkError."""
    return (await ari.ask("GET", f"recordings/stored/{name_of(recording, 'in')}")).ok


class Side:
    """What comes from a customer (`in`) or goes to one (`out`)."""

    def __init__(self, side: str, whole: Whole) -> None:
        self.over = self.ready = self.recording = False
        self._side = side
        self._whole = whole
        self._lines = whole.lines
        self._ari: Ari = whole.lines.ari
        recording = whole.order.recording
        self._name = name_of(recording, side)
        self._base = self._snoop = f"callboard-snoop-{recording.hex}-{side}"
        self._keeper = ""
        self._renewed = 0
        self.kept = False
        """Whether the bridge has a keeper, while the snoop channel is another."""
        self._bridge = f"{TAP}{recording.hex}-{side}"

    def snoop(self, customer: str) -> None:
        """Take this direction of a channel."""
        self._lines.known(self._snoop, self._whole)
        query = {"spy": self._side, "app": self._ari.app, "appArgs": "snoop"}
        self._ari.send(
            "POST", f"channels/{customer}/snoop/{self._snoop}", query, answered=self._failed_unless
        )

    def here(self, channel: str) -> None:
        """The snoop channel is ours: into the bridge with it; a keeper leaves then."""
        if channel == self._keeper and not self.kept:
            self.kept = True
            self._ari.send("POST", f"channels/{channel}/mute", {"direction": "in"})
            self._lines.put(self._bridge, channel)
        elif channel == self._snoop and self.kept:
            self._lines.put(self._bridge, channel)
            self._lines.hang_up(self._keeper)
            self._keeper, self.kept = "", False
        elif channel == self._snoop and not self.ready:
            self.ready = True
            self._ari.send("POST", f"bridges/{self._bridge}", {"type": "mixing,video_sfu"})
            self._lines.put(self._bridge, self._snoop)

    def keep(self, partner: str) -> None:
        """Have a mute channel, on the partner's, in the bridge: without any its recorder would end."""
        if self.recording and not self.over and not self._keeper:
            self._renewed += 1
            self._keeper = f"{self._base}-keep{self._renewed}"
            self._lines.known(self._keeper, self._whole)
            query = {"spy": "in", "app": self._ari.app, "appArgs": "snoop"}
            self._ari.send("POST", f"channels/{partner}/snoop/{self._keeper}", query, answered=self._not_kept)

    def let_go(self) -> None:
        """Take nothing from the customer's channel for a moment."""
        self._lines.hang_up(self._snoop)

    def snoop_again(self, customer: str) -> None:
        """Take it again, afresh."""
        if not self.over:
            self._snoop = f"{self._base}-{self._renewed}"
            self.snoop(customer)

    def record(self) -> None:
        """Write what is heard in the bridge."""
        if self.recording or self.over:
            return
        self._lines.known(self._name, self._whole)

        def answered(answer: AriAnswer) -> None:
            self.recording = answer.ok
            if answer.ok:
                self._whole.begun()
            else:
                self._failed_unless(answer)

        query = {"name": self._name, "format": "wav", "ifExists": "overwrite"}
        self._ari.send("POST", f"bridges/{self._bridge}/record", query, answered=answered)

    async def adopt(self, *, live: bool) -> None:
        """It was begun by a centre that died. Raises NetworkError."""
        answer = await self._ari.ask("GET", f"bridges/{self._bridge}")
        for channel in msgspec.json.decode(answer.body, type=Bridge).channels if answer.ok else ():
            if channel.startswith(self._base):
                self._snoop = channel
        self.ready = self.recording = True
        self.over = not live
        if live:
            self._lines.known(self._snoop, self._whole)
            self._lines.known(self._name, self._whole)

    def mute(self, *, on: bool) -> None:
        """Write silence, or sound again."""
        self._ari.send("POST" if on else "DELETE", f"recordings/live/{self._name}/mute")

    def stop(self) -> None:
        """Write no more."""
        if self.recording and not self.over:
            self._ari.send("POST", f"recordings/live/{self._name}/stop")
        elif not self.recording:
            self.over = True

    def left(self, channel: str) -> None:
        """The snoop channel is gone; its recorder ends for want of company."""
        if channel == self._keeper:
            self._keeper, self.kept = "", False
        if channel == self._snoop:
            self.ready = False
            self.stop()

    def ended(self, name: str) -> None:
        """What was recorded is complete."""
        if name == self._name:
            self.over = True

    def look(self, then: Callable[[], None]) -> None:
        """Whether it still goes on."""

        def looked(answer: AriAnswer) -> None:
            if answer.refused and self.recording:
                self.over = True
                then()

        self._ari.send("GET", f"recordings/live/{self._name}", answered=looked)

    async def fetch(self) -> bytes:
        """The samples: 16 bit, 8 kHz. Raises NetworkError."""
        data = await self._ari.download(f"recordings/stored/{self._name}/file")
        try:
            with wave.open(io.BytesIO(data)) as sound:
                form = (sound.getframerate(), sound.getnchannels(), sound.getsampwidth())
        except (wave.Error, EOFError) as fault:
            raise NetworkError(f"{self._name} is no sound file: {fault}") from None
        if form != (8000, 1, 2):
            raise NetworkError(f"{self._name} is not 16-bit mono at 8 kHz")
        # Not by the length in the header: an Asterisk that was killed has never written it.
        return data[_HEADER : len(data) - (len(data) - _HEADER) % 2]

    def remove(self) -> None:
        """It is kept elsewhere."""
        self._ari.send("DELETE", f"recordings/stored/{self._name}")

    def clear(self) -> None:
        """Leave nothing there."""
        self._lines.forget(self._name)
        for channel in (self._snoop, self._keeper):
            if channel:
                self._lines.hang_up(channel)
        self._lines.part(self._bridge)

    def _not_kept(self, answer: AriAnswer) -> None:
        if answer.refused:  # the partner is gone: things stay as they are
            self._lines.forget(self._keeper)
            self._keeper = ""

    def _failed_unless(self, answer: AriAnswer) -> None:
        if answer.refused:
            self._whole.failed(f"Asterisk says {answer.status} {answer.words} {answer.body}")
