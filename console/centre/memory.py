"""What a start begins with: the newest good checkpoint and the events after it; and how they are written.

A checkpoint that is damaged, of another form or program, or ahead of the ledger is passed over with a
warning; without any good one the whole ledger is read. Increments of figures are written with a checkpoint,
in one transaction, for the events up to its sequence number. A start that has to read events whose increments
are in the ledger drops those that it makes anew: a kill at any moment counts nothing twice and loses nothing.
"""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from console import __version__
from console.clock import Clock
from console.domain.errors import BadInput, StoreError
from console.domain.events import CallNoted, CallRecorded, LedgerEvent
from console.ledger.checkpoints import Checkpoint, Checkpoints, Increment, Part
from console.ledger.ledger import Ledger
from console.metrics.board import Board
from console.routing.router import Router
from console.settings import RoutingSettings

FORM = f"{__version__}/1"
"""Checkpoints of another program are passed over: its rules may have been others."""

EVERY_S = 60.0
EVERY_EVENTS = 20_000
"""A checkpoint is due after so many seconds, or so many events."""

_CAN_KEEP = hasattr(Router, "dump") and hasattr(Board, "dump")
_REST = 100  # times what a checkpoint costs the loop have to pass before the next: 1 % of its time at most
_QUARTER_S = 900
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
    checkpoints = Checkpoints(ledger.database)
    last, covered = await ledger.last_sequence(), await checkpoints.covered()
    found = _CAN_KEEP and _begun(await checkpoints.newest(), last, settings, clock)
    found = found or Restored(Router(settings, clock.new_id), Board(clock))
    found.covered = covered
    for until in (covered, last):
        async for sequence, event in ledger.read(found.sequence, until):
            found.apply(sequence, event)
        if _CAN_KEEP and found.sequence <= covered:
            found.board.take_increments()  # they are in the ledger
    return found


def _begun(
    checkpoints: Sequence[Checkpoint], last: int, settings: RoutingSettings, clock: Clock
) -> Restored | None:
    """The newest checkpoint that can be used, taken over."""
    for checkpoint in checkpoints:
        try:
            return _taken_over(checkpoint, last, settings, clock)
        except BadInput as fault:
            _log.warning("the checkpoint at %d is not used: %s", checkpoint.sequence, fault)
    return None


def _taken_over(checkpoint: Checkpoint, last: int, settings: RoutingSettings, clock: Clock) -> Restored:
    if checkpoint.sequence > last:
        raise BadInput(f"it is ahead of the ledger, which ends at {last}")
    parts = {part.kind: part for part in checkpoint.parts}
    for kind in ("router", "board"):
        if kind not in parts:
            raise BadInput(f"it has no part of the {kind}")
        if parts[kind].version != FORM:
            raise BadInput(f"it is of the form {parts[kind].version}, not {FORM}")
    found = Restored(Router(settings, clock.new_id), Board(clock))
    found.router.load(parts["router"].body)
    found.board.load(parts["board"].body)
    found.sequence = found.checkpoint = checkpoint.sequence
    if found.board.sequence > found.sequence:
        raise BadInput(f"its board is of {found.board.sequence}")
    found.newest = checkpoint.made_at
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
        self._unwritten: _Unwritten | None = None
        self._writing: asyncio.Task[None] | None = None
        self._working = True
        self._broken = not _CAN_KEEP
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
        begun = self._clock.monotonic()
        if self._unwritten is None:
            self._unwritten = self._made(sequence, take=_quarter(self._clock.now()) != self._quarter)
        self._writing = asyncio.create_task(self._write(), name="centre-checkpoint")
        now = self._clock.monotonic()
        self.took_s = now - begun
        self._next = now + EVERY_S
        self._rest_until = now + _REST * self.took_s

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
        increments: list[Increment] = []
        if take:  # before the dump, which holds what was not taken
            self._quarter = _quarter(self._clock.now())
            increments = self._board.take_increments()
        bodies = {"router": self._router.dump(), "board": self._board.dump()}
        parts = tuple(Part(kind=kind, version=FORM, body=body) for kind, body in bodies.items())
        return _Unwritten(
            Checkpoint(sequence=sequence, made_at=self._clock.now(), parts=parts),
            increments,
            self._covered + 1,
        )

    async def _write(self) -> None:
        assert self._unwritten is not None
        one = self._unwritten
        try:
            await self._checkpoints.save(one.checkpoint, one.increments, one.since)
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


def _quarter(now: datetime) -> int:
    return int(now.timestamp() // _QUARTER_S)
