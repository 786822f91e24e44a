"""Recordings of calls on an Asterisk: two mono recordings there, fetched and joined to one stereo file here.

Two snoop channels take what comes from the customer's channel and what goes to it. Each is alone in a bridge
that is recorded. The bridge must mix (`video_sfu` makes it): a mixing bridge gives its recorder a frame every
20 ms whatever comes, so that both sides keep their time when a phone sends nothing. Snoop channels that are
recorded themselves, or a bridge of two, write only what they are given: a held or muted side would shrink and
the two drift apart. MixMonitor keeps time too, but cannot be started over ARI.

When the customer gets another partner, both snoop channels are made anew: what Asterisk translates for
listeners goes by RTP's sequence numbers, and drops a new sender's for minutes when they happen to be lower
(measured: silence after every second transfer; asterisk/asterisk issue 507 has the same of MixMonitor). Its
translator goes when nobody listens for a moment, for which mute channels keep the recorders company.

All of it hangs on the customer's channel alone: it goes on through hold, transfers and the centre's death,
and ends with the customer. Its names are made of the recording's id, so that a new centre finds it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from console.domain.errors import NetworkError
from console.domain.events import (
    InteractionEvent,
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
)
from console.switch.asterisk_lines import Lines
from console.switch.asterisk_sides import Side, is_live, is_stored
from console.switch.stereo import write_stereo
from console.switch.switch import Record

_RETRY_S = 5.0
_FORGETS_S = 0.08
"""Some frames: by then Asterisk has dropped the translator of a channel that nobody listens in on."""
_TRIES = 60
_log = logging.getLogger(__name__)


class Hub(Protocol):
    """The switch, as its recordings see it."""

    lines: Lines

    def fact(self, kind: type[InteractionEvent], interaction: UUID, **fields: object) -> None:
        """Tell a fact."""

    def customer_of(self, interaction: UUID) -> str:
        """The customer's channel; "": it is over."""

    def agent_of(self, interaction: UUID) -> str:
        """The channel of the agent who talks; "": nobody does."""


class Tape:
    """One recording, from order to file."""

    def __init__(self, hub: Hub, order: Record, recordings: "Recordings") -> None:
        self.order = order
        self.interaction = order.interaction
        self._hub = hub
        self._lines = hub.lines
        self._all = recordings
        self._sides = (Side("in", self), Side("out", self))
        self._paused = order.paused
        self._told = False
        self._partner = ""
        self._keeping: asyncio.Task[None] | None = None

    # ------------------------------------------------------------------ commands

    def begin(self, customer: str, partner: str) -> None:
        """Take both directions of the customer's channel."""
        self._partner = partner
        for side in self._sides:
            side.snoop(customer)

    async def go_on(self, *, live: bool) -> None:
        """It was begun by a centre that died: it goes on, or is complete."""
        self._told = True
        for side in self._sides:
            await side.adopt(live=live)
        if not live:
            self._look_whether_over()

    def meets(self, partner: str) -> None:
        """The customer is joined with this channel: with another than before, everything is taken afresh."""
        before, self._partner = self._partner, partner
        if before and before != partner:
            for side in self._sides:
                side.keep(partner)

    def pause(self, *, on: bool, by: str) -> None:
        """Silence on both sides, or sound again."""
        if on == self._paused or self.over or not self._told:
            return
        self._paused = on
        for side in self._sides:
            side.mute(on=on)
        kind = RecordingPaused if on else RecordingResumed
        self._hub.fact(kind, self.interaction, recording=self.order.recording, by=by)

    def stop(self) -> None:
        """Record no more."""
        for side in self._sides:
            side.stop()

    # ------------------------------------------------------------------ what happens on the channels

    @property
    def over(self) -> bool:
        """Whether nothing is recorded any more."""
        return all(side.over for side in self._sides)

    @property
    def lines(self) -> Lines:
        """Of the Asterisk that records."""
        return self._lines

    def up(self, channel: str) -> None:
        """A snoop channel is ours: record when both are, so that both begin at once."""
        kept = self._kept
        for side in self._sides:
            side.here(channel)
        if self._kept and not kept:
            for side in self._sides:
                side.let_go()
            asyncio.get_running_loop().call_later(_FORGETS_S, self._afresh)
        elif all(side.ready for side in self._sides):
            for side in self._sides:
                side.record()

    @property
    def _kept(self) -> bool:
        return all(side.kept for side in self._sides)

    def _afresh(self) -> None:
        if customer := self._hub.customer_of(self.interaction):
            for side in self._sides:
                side.snoop_again(customer)

    def begun(self) -> None:
        """Asterisk has begun to write one side."""
        if not self._told and all(side.recording for side in self._sides):
            self._told = True
            order = self.order
            self._hub.fact(
                RecordingStarted,
                self.interaction,
                recording=order.recording,
                queue=order.queue,
                agent=order.agent,
                by=order.by,
            )
            if self._paused:
                for side in self._sides:
                    side.mute(on=True)

    def gone(self, channel: str, code: int) -> None:
        """The customer hung up: both sides end. The recorders tell of their own ends."""
        for side in self._sides:
            side.left(channel)
        self._look_whether_over()

    def recorded(self, name: str, seconds: float) -> None:
        """One side is complete: so is the other soon."""
        for side in self._sides:
            side.ended(name)
        self.stop()
        self._look_whether_over()

    def failed(self, why: str) -> None:
        """Asterisk will not record."""
        if not self._told and self.order.recording in self._all.tapes:
            _log.error("the interaction %s cannot be recorded: %s", self.interaction, why)
            self.stop()
            self._tell_end("", 0.0, why)

    def again(self) -> None:
        """The connection is there again: look what went on meanwhile."""
        for side in self._sides:
            side.look(self._look_whether_over)

    def ringing(self, channel: str) -> None:
        """Snoop channels do not ring."""

    def early(self, channel: str) -> None:
        """Nor have they early sound."""

    def holds(self, channel: str, *, on: bool) -> None:
        """Nor hold anybody."""

    def digit(self, channel: str, digit: str) -> None:
        """Digits are the call's business."""

    def spoken(self, playback: str) -> None:
        """Nothing is played to them."""

    def transfers(self, channel: str, target: str) -> None:
        """Nobody transfers them."""

    # ------------------------------------------------------------------ to a file

    def _look_whether_over(self) -> None:
        if self.over and self._told and self._keeping is None:
            self._keeping = asyncio.create_task(self._keep(), name="asterisk-recording")
            self._all.keeping(self._keeping)

    async def _keep(self) -> None:
        """Fetch both sides and write the file; Asterisk keeps its own until that is done."""
        why = ""
        for _ in range(_TRIES):
            try:
                left, right = [await side.fetch() for side in self._sides]
                seconds = await asyncio.to_thread(write_stereo, self.order.file, left, right)
            except (NetworkError, OSError) as fault:
                why = str(fault)
                _log.error("the recording of %s cannot be kept yet: %s", self.interaction, fault)
                if self._all.stopping:
                    return  # the next start finds it
                await asyncio.sleep(_RETRY_S)
                continue
            for side in self._sides:
                side.remove()
            self._tell_end(self.order.file.name, seconds, "")
            return
        self._tell_end("", 0.0, why)

    def _tell_end(self, file: str, seconds: float, why: str) -> None:
        for side in self._sides:
            side.clear()
        self._all.ended(self.order.recording)
        self._hub.fact(
            RecordingEnded,
            self.interaction,
            recording=self.order.recording,
            file=file,
            seconds=round(seconds, 2),
            reason=why,
        )


class Recordings:
    """All recordings on one Asterisk; `tapes` are those that have not ended, by recording."""

    def __init__(self, hub: Hub) -> None:
        self.tapes: dict[UUID, Tape] = {}
        self.stopping = False
        self._hub = hub
        hub.lines.tied = self._joined
        self._tasks: set[asyncio.Task[None]] = set()
        self._none_left = asyncio.Event()

    def record(self, order: Record) -> None:
        """Record an interaction that goes on; told as ended when it does not."""
        if order.recording in self.tapes:
            return
        tape = self.tapes[order.recording] = Tape(self._hub, order, self)
        if customer := self._hub.customer_of(order.interaction):
            tape.begin(customer, self._hub.agent_of(order.interaction))
        else:
            tape.failed("the call is over")

    def pause(self, recording: UUID, *, on: bool, by: str) -> None:
        """Record silence, or sound again."""
        if tape := self.tapes.get(recording):
            tape.pause(on=on, by=by)

    def stop(self, recording: UUID) -> None:
        """Record no more."""
        if tape := self.tapes.get(recording):
            tape.stop()

    def _joined(self, customer: str, partner: str) -> None:
        for tape in self.tapes.values():
            if self._hub.customer_of(tape.interaction) == customer:
                tape.meets(partner)

    def again(self) -> None:
        """The connection is there again."""
        for tape in list(self.tapes.values()):
            tape.again()

    async def find(self, begun: Sequence[Record]) -> set[UUID]:
        """Take up those of a dead centre that are here; returns which. Raises NetworkError."""
        ari = self._hub.lines.ari
        for order in begun:
            live = await is_live(ari, order.recording)
            if live or await is_stored(ari, order.recording):
                tape = self.tapes[order.recording] = Tape(self._hub, order, self)
                await tape.go_on(live=live)
        return {order.recording for order in begun if order.recording in self.tapes}

    def ended(self, recording: UUID) -> None:
        """One is kept, or cannot be."""
        self.tapes.pop(recording, None)
        if self.stopping and not self.tapes:
            self._none_left.set()

    def keeping(self, task: asyncio.Task[None]) -> None:
        """A file is being fetched."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def finish(self, patience_s: float) -> None:
        """Wait until what has ended is kept; what is not then is found by the next start."""
        self.stopping = True
        if self.tapes and self._hub.lines.ari.connected:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._none_left.wait(), patience_s)
        for task in tuple(self._tasks):
            task.cancel()
