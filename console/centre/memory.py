"""What a start begins with: the newest good checkpoint and the events after it; and how they are written.

A checkpoint that is damaged, of another form or program, or ahead of the ledger is passed over with a
warning; without any good one the whole ledger is read. Increments of figures are written with a checkpoint,
in one transaction, for the events up to its sequence number; until a quarter hour is over they are a part of
the checkpoint itself. A start that has to read events whose increments are in the ledger drops those that it
makes anew: a kill at any moment counts nothing twice and loses nothing.
"""

import asyncio
import gc
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import NamedTuple

import msgspec

from console import __version__
from console.clock import Clock
from console.domain.errors import BadInput, StoreError
from console.domain.events import CallNoted, CallRecorded, LedgerEvent
from console.ledger.checkpoints import Checkpoint, Checkpoints, Part
from console.ledger.checkpoints import Increment as Stored
from console.ledger.ledger import Ledger
from console.metrics.board import Board
from console.metrics.increments import Cell, Dimension, Increment, increment_of, merge_increments
from console.metrics.tally import Tally
from console.routing.router import Router
from console.settings import RoutingSettings

FORM = f"{__version__}/1"
"""Checkpoints of another program are passed over: its rules may have been others."""

EVERY_S = 60.0
EVERY_EVENTS = 20_000
"""A checkpoint is due after so many seconds, or so many events."""

REST = 300
"""So many times what a checkpoint cost the loop have to pass before the next: 0.3 % of its time at most."""

_QUARTER_S = 900
_KINDS = ("router", "board", "increments")
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Increment)
_MANY = msgspec.msgpack.Decoder(list[Increment])
_log = logging.getLogger(__name__)


class _Unwritten(NamedTuple):
    checkpoint: Checkpoint
    increments: list[Increment]
    since: int


class Restored:
    """A router and a board as of ledger sequence `sequence`."""

    def __init__(self, router: Router, board: Board) -> None:
        """Nothing read yet."""
        self.router = router
        self.board = board
        self.sequence = 0
        self.checkpoint = 0
        """The sequence number of the checkpoint it began with; 0: the whole ledger was read."""
        self.covered = 0
        """The sequence number up to which increments of figures are in the ledger."""
        self.increments: list[Increment] = []
        """Those that are not, of the events up to the checkpoint."""
        self.newest: datetime | None = None
        """The newest moment that the centre itself has noted."""

    def apply(self, sequence: int, event: LedgerEvent) -> None:
        """Take one event, in ledger order."""
        self.router.apply(event)
        self.board.apply(event, sequence)
        self.sequence = sequence
        if not isinstance(event, CallRecorded | CallNoted) and (
            self.newest is None or event.at > self.newest
        ):
            self.newest = event.at


async def restore(ledger: Ledger, settings: RoutingSettings, clock: Clock) -> Restored:
    """Where the centre stood at the end of its ledger. Raises StoreError."""
    with _without_collector():
        return await _restored(ledger, settings, clock)


async def _restored(ledger: Ledger, settings: RoutingSettings, clock: Clock) -> Restored:
    checkpoints = Checkpoints(ledger.database)
    last, covered = await ledger.last_sequence(), await checkpoints.covered()
    found = await _begun(checkpoints, last, settings, clock)
    found = found or Restored(Router(settings, clock.new_id), Board(clock))
    found.covered = covered
    if found.sequence <= covered:
        found.increments = []
    for until in (covered, last):
        async for sequence, event in ledger.read(found.sequence, until):
            found.apply(sequence, event)
        if found.sequence <= covered:
            found.board.take_increments()  # they are in the ledger
    return found


@contextmanager
def _without_collector() -> Iterator[None]:
    """A checkpoint is a million values without a cycle: to look for cycles among them again and again would
    take longer than to read or to make it.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


async def _begun(
    checkpoints: Checkpoints, last: int, settings: RoutingSettings, clock: Clock
) -> Restored | None:
    """The newest checkpoint that can be used, taken over."""
    async for checkpoint in checkpoints.newest():
        try:
            return _taken_over(checkpoint, last, settings, clock)
        except BadInput as fault:
            _log.warning("the checkpoint at %d is not used: %s", checkpoint.sequence, fault)
    return None


def _taken_over(checkpoint: Checkpoint, last: int, settings: RoutingSettings, clock: Clock) -> Restored:
    if checkpoint.sequence > last:
        raise BadInput(f"it is ahead of the ledger, which ends at {last}")
    parts = {part.kind: part for part in checkpoint.parts}
    for kind in _KINDS:
        if kind not in parts:
            raise BadInput(f"it has no part of the {kind}")
        if parts[kind].version != FORM:
            raise BadInput(f"it is of the form {parts[kind].version}, not {FORM}")
    found = Restored(Router(settings, clock.new_id), Board(clock))
    found.router.load(parts["router"].body)
    found.board.load(parts["board"].body)
    try:
        found.increments = _MANY.decode(parts["increments"].body)
    except msgspec.MsgspecError as fault:
        raise BadInput(f"its increments cannot be read: {fault}") from None
    found.sequence = found.checkpoint = checkpoint.sequence
    found.newest = checkpoint.made_at
    if found.board.sequence > found.sequence:
        raise BadInput(f"its board is ahead of it, at {found.board.sequence}")
    return found


class Keeper:
    """Writes checkpoints of a router and a board at work. It belongs to the centre's pipeline: `keep` is
    called between its batches only, when both have taken every event up to the same, durable one.
    """

    def __init__(self, ledger: Ledger, restored: Restored, clock: Clock) -> None:
        """Goes on from where a start has come to."""
        self._checkpoints = Checkpoints(ledger.database)
        self._router = restored.router
        self._board = restored.board
        self._clock = clock
        self._kept = restored.checkpoint
        self._covered = restored.covered
        self._next = clock.monotonic() + EVERY_S
        self._rest_until = 0.0
        self._quarter = _quarter(clock.now())
        self._untaken: dict[Cell, Tally] = merge_increments(restored.increments)
        self._unwritten: _Unwritten | None = None
        self._writing: asyncio.Task[None] | None = None
        self._working = True
        self._broken = False
        self.took_s = 0.0
        """What the last one cost the loop, in seconds."""

    def due_in_s(self, sequence: int) -> float | None:
        """In how many seconds a checkpoint is due (0: now); None while there is nothing to keep."""
        busy = self._writing is not None and not self._writing.done()
        if self._broken or busy or (sequence == self._kept and self._unwritten is None):
            return None
        now = self._clock.monotonic()
        due = now if sequence - self._kept >= EVERY_EVENTS else self._next
        return max(0.0, due - now, self._rest_until - now)

    @property
    def overdue_s(self) -> float:
        """For how long one has been due."""
        return self._clock.monotonic() - self._next

    def keep(self, sequence: int) -> None:
        """Make a checkpoint and write it behind the loop's back; one that could not be written goes first."""
        if self._writing is not None and not self._writing.done():
            return
        begun = self._clock.monotonic()
        if self._unwritten is None:
            with _without_collector():
                self._unwritten = self._made(sequence, take=_quarter(self._clock.now()) != self._quarter)
        self._writing = asyncio.create_task(self._write(), name="centre-checkpoint")
        now = self._clock.monotonic()
        self.took_s = now - begun
        self._next = now + EVERY_S
        self._rest_until = now + REST * self.took_s

    async def finish(self, sequence: int) -> None:
        """Write the last one, with the figures of the quarter hour under way."""
        if self._writing is not None:
            await self._writing
        if self._unwritten is not None:
            await self._write()
        if self._unwritten is None and not self._broken and sequence != self._kept:
            self._unwritten = self._made(sequence, take=True)
            await self._write()

    def _made(self, sequence: int, *, take: bool) -> _Unwritten:
        self._take()
        increments: list[Increment] = []
        if take:
            self._quarter = _quarter(self._clock.now())
            increments, self._untaken = _increments(self._untaken), {}
        bodies = (self._router.dump(), self._board.dump(), _ENCODER.encode(_increments(self._untaken)))
        parts = tuple(
            Part(kind=kind, version=FORM, body=body) for kind, body in zip(_KINDS, bodies, strict=True)
        )
        return _Unwritten(
            Checkpoint(sequence=sequence, made_at=self._clock.now(), parts=parts),
            increments,
            self._covered + 1,
        )

    def _take(self) -> None:
        """What the board counted since it was last asked; the checkpoint's board is then without it."""
        for cell, tally in merge_increments(self._board.take_increments()).items():
            known = self._untaken.get(cell)
            if known is None:
                self._untaken[cell] = tally
            else:
                known.merge(tally)

    async def increments(
        self, dimension: Dimension, between: tuple[datetime, datetime], keys: Sequence[str] | None
    ) -> list[Increment]:
        """All that was counted in the quarter hours that begin in `between` (the second is not counted), up
        to the newest event: from the ledger, and what is not there yet. Raises StoreError.
        """
        self._take()
        rest = [*_increments(self._untaken), *(self._unwritten.increments if self._unwritten else ())]
        stored = await self._checkpoints.intervals(dimension.value, between, keys, self._covered)
        wanted = None if keys is None else set(keys)
        return [*map(_read, stored)] + [
            one
            for one in rest
            if one.dimension is dimension
            and between[0] <= one.start < between[1]
            and (wanted is None or one.key in wanted)
        ]

    async def _write(self) -> None:
        assert self._unwritten is not None
        one = self._unwritten
        try:
            await self._checkpoints.save(
                one.checkpoint, [_stored(each) for each in one.increments], one.since
            )
        except StoreError as fault:
            if self._working:
                _log.error("a checkpoint cannot be written, it is tried again: %s", fault)
            self._working = False
            return
        except Exception:  # noqa: BLE001 - our bug, told loudly; the ledger holds everything
            _log.exception("checkpoints cannot be written any more: the next start reads the ledger")
            self._broken = True
            return
        self._working = True
        self._unwritten = None
        self._kept = one.checkpoint.sequence
        if one.increments:
            self._covered = one.checkpoint.sequence


def _increments(tallies: dict[Cell, Tally]) -> list[Increment]:
    return [increment_of(cell, tally) for cell, tally in tallies.items()]


def _stored(increment: Increment) -> Stored:
    return Stored(
        start=increment.start,
        minutes=increment.minutes,
        dimension=increment.dimension.value,
        key=increment.key,
        body=_ENCODER.encode(increment),
    )


def _read(stored: Stored) -> Increment:
    try:
        return _DECODER.decode(stored.body)
    except msgspec.MsgspecError as fault:
        raise StoreError(f"figures of {stored.start.isoformat()} cannot be read: {fault}") from None


def _quarter(now: datetime) -> int:
    return int(now.timestamp() // _QUARTER_S)
