"""Write down every call: a row as soon as it begins, completed when it ends, with its record for the centre.

The bus tells on the loop's thread, the store writes on its own; in between stand the rows not yet written, in
order. What waits while a transaction is on its way to the disk goes into the next one together. When the disk
refuses (full, gone), nothing is dropped: the rows stay in memory and are tried again until they are written.
"""

import asyncio
import logging
import math
import sqlite3
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import msgspec

from console.bus import Bus
from console.clock import Clock
from console.domain.call import CallEnd, Direction, Quality
from console.domain.errors import StoreError
from console.domain.events import (
    CallAnswered,
    CallArrived,
    CallDialled,
    CallEnded,
    CallHeld,
    CallQualityMeasured,
    CallResumed,
    HistoryChanged,
)
from console.history import index, rows
from console.history.rows import Entry, always
from console.history.schema import clean, clean_address
from console.store import outbox
from console.store.database import Connection, Database

_log = logging.getLogger(__name__)
_RETRY_S = (0.5, 30.0)
_QUIET_S = 1.0
# A value that does not fit its column. Faults of disk and file are others (OperationalError, DatabaseError).
_OUR_MISTAKES = (TypeError, ValueError, OverflowError, sqlite3.IntegrityError, sqlite3.ProgrammingError)


class Recorder:
    """Makes history of the call facts on a bus. `agent` tells whose calls they are; `deliver` whether there
    is a centre.

    Without a centre (`deliver` answers False) nothing goes to the outbox: the history is this desk's alone.
    """

    def __init__(
        self,
        bus: Bus,
        database: Database,
        clock: Clock,
        agent: Callable[[], str],
        *,
        deliver: Callable[[], bool] = always,
    ) -> None:
        """Ready; `start` begins."""
        self._bus = bus
        self._database = database
        self._clock = clock
        self._agent = agent
        self._deliver = deliver
        self._open: dict[UUID, rows.OpenCall] = {}
        self._unwritten: dict[UUID, Entry] = {}
        self._behind = True
        self._work = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._failing = False
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: list[Callable[[], None]] = []

    @property
    def unwritten(self) -> int:
        """Calls that are not on the disk as they stand; stays above 0 while the disk refuses."""
        return len(self._unwritten)

    @property
    def failing(self) -> bool:
        """Whether the disk refused the last write: rows are kept in memory until it takes them."""
        return self._failing

    async def start(self) -> int:
        """Close the rows that a dead program left open (end: lost), then listen; how many there were.

        Raises StoreError when the database cannot be written.
        """
        lost = await self._database.run(self._close_lost)
        for call in lost:
            await self._announce(call)
        listen = self._bus.subscribe
        self._unsubscribe = [
            listen(CallArrived, self._on_arrived),
            listen(CallDialled, self._on_dialled),
            listen(CallAnswered, self._on_answered),
            listen(CallHeld, self._on_held),
            listen(CallResumed, self._on_resumed),
            listen(CallQualityMeasured, self._on_measured),
            listen(CallEnded, self._on_ended),
        ]
        self._task = asyncio.create_task(self._write(), name="history recorder")
        return len(lost)

    async def flush(self) -> None:
        """Return when all that was heard is on the disk. Waits as long as the disk refuses."""
        await self._idle.wait()

    async def stop(self, patience_s: float = 5.0) -> int:
        """Listen no more, write what is left, end. How many steps could not be written in `patience_s` (0 is
        good).

        A call that is still open stays open in its row; the next start closes it as lost.
        """
        for unsubscribe in self._unsubscribe:
            unsubscribe()
        self._unsubscribe = []
        if self._task is None:
            return 0
        try:
            await asyncio.wait_for(self.flush(), patience_s)
        except TimeoutError:
            _log.error("%d calls could not be written to the history", len(self._unwritten))
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        return len(self._unwritten)

    # ------------------------------------------------------------ facts

    def _on_arrived(self, event: CallArrived) -> None:
        self._begin(
            rows.OpenCall(
                call=event.call,
                record=self._clock.new_id(),
                agent=self._agent(),
                direction=Direction.OUTGOING if event.outbound else Direction.INCOMING,
                peer=clean_address(event.peer),
                account=event.account,
                started_at=event.at,
                interaction=event.interaction,
                queue=clean(event.queue),
                waited_s=event.waited_s,
                skills=event.skills,
            )
        )

    def _on_dialled(self, event: CallDialled) -> None:
        self._begin(
            rows.OpenCall(
                call=event.call,
                record=self._clock.new_id(),
                agent=self._agent(),
                direction=Direction.OUTGOING,
                peer=clean_address(event.peer),
                account=event.account,
                started_at=event.at,
            )
        )

    def _begin(self, call: rows.OpenCall) -> None:
        if call.call in self._open:
            _log.warning("call %s began twice", call.call)
            return
        self._step(call, call.started_at)

    def _on_answered(self, event: CallAnswered) -> None:
        call = self._open.get(event.call)
        if call is not None and call.answered_at is None:
            self._step(msgspec.structs.replace(call, answered_at=event.at), event.at)

    def _on_held(self, event: CallHeld) -> None:
        call = self._open.get(event.call)
        if call is not None and call.held_since is None:
            self._step(msgspec.structs.replace(call, held_since=event.at), event.at)

    def _on_resumed(self, event: CallResumed) -> None:
        call = self._open.get(event.call)
        if call is not None and call.held_since is not None:
            self._step(call.resumed(event.at), event.at)

    def _on_measured(self, event: CallQualityMeasured) -> None:
        call = self._open.get(event.call)
        if call is not None:
            self._step(msgspec.structs.replace(call, quality=_finite(event.quality)), event.at)

    def _step(self, call: rows.OpenCall, at: datetime) -> None:
        self._open[call.call] = call
        self._put(Entry(call=call, seen_at=at))

    def _on_ended(self, event: CallEnded) -> None:
        call = self._open.pop(event.call, None)
        if call is None:
            _log.warning("call %s ended without having begun", event.call)
            return
        call = msgspec.structs.replace(call.resumed(event.at), quality=_finite(event.quality) or call.quality)
        record = call.record_at(event.at, event.end, event.sip_code)
        reason = clean(event.reason)
        self._put(
            Entry(call=call, seen_at=event.at, record=record, sip_reason=reason, deliver=self._deliver())
        )

    # ------------------------------------------------------------ writing

    def _put(self, entry: Entry) -> None:
        """How a call stands now; what was not written of it yet is outdated."""
        self._unwritten[entry.call.call] = entry
        self._idle.clear()
        self._work.set()

    async def _write(self) -> None:
        while True:
            await self._next_work()
            batch = list(self._unwritten.values())
            waiting = await self._written(batch)
            for entry in batch:
                if self._unwritten[entry.call.call] is entry:
                    del self._unwritten[entry.call.call]
            for entry in batch:
                self._tell(entry.call.call, waiting)
            if not self._unwritten:
                self._idle.set()

    async def _next_work(self) -> None:
        """Wait for facts; in a quiet moment meanwhile make the calls before findable."""
        while not self._work.is_set():
            try:
                await asyncio.wait_for(self._work.wait(), _QUIET_S if self._behind else None)
            except TimeoutError:
                await self._catch_up()
        self._work.clear()
        self._behind = True

    async def _catch_up(self) -> None:
        try:
            self._behind = await self._database.run(index.catch_up)
        except StoreError:
            self._behind = False  # the disk refuses: the next fact, or the next search, is the next try

    async def _written(self, batch: list[Entry]) -> int:
        """Write a batch in one transaction, however long the disk makes us try; how many records wait after
        it.
        """
        delay, most = _RETRY_S
        perform = _perform
        while True:
            try:
                waiting = await self._database.run(lambda db: perform(db, batch))  # noqa: B023 - awaited here
            except _OUR_MISTAKES:
                perform = _perform_sound_ones
            except StoreError as fault:
                self._on_failure(fault)
                await asyncio.sleep(delay)
                delay = min(delay * 2, most)
            else:
                self._on_success()
                return waiting

    def _on_failure(self, fault: StoreError) -> None:
        if not self._failing:
            self._failing = True
            _log.error("the call history cannot be written, rows are kept in memory: %s", fault)

    def _on_success(self) -> None:
        if self._failing:
            self._failing = False
            _log.warning("the call history is written again, nothing was lost")

    def _close_lost(self, db: Connection) -> list[UUID]:
        lost = [
            Entry(
                call=call,
                seen_at=seen_at,
                record=call.record_at(seen_at, CallEnd.LOST, 0),
                deliver=self._deliver(),
            )
            for call, seen_at in rows.left_open(db)
        ]
        rows.write(db, lost)
        return [entry.call.call for entry in lost]

    async def _announce(self, call: UUID) -> None:
        self._tell(call, await self._database.read(lambda db: outbox.counts(db).waiting))

    def _tell(self, call: UUID, waiting: int) -> None:
        self._bus.publish(
            HistoryChanged(id=self._clock.new_id(), at=self._clock.now(), call=call, unsynced=waiting)
        )


def _perform(db: Connection, batch: list[Entry]) -> int:
    rows.write(db, batch)
    return outbox.counts(db).waiting


def _perform_sound_ones(db: Connection, batch: list[Entry]) -> int:
    """Our own mistake in one call must not keep the others from the disk, nor stop the recorder."""
    for entry in batch:
        try:
            with db.atomic():
                rows.write(db, [entry])
        except _OUR_MISTAKES:
            _log.exception("call %s could not be written", entry.call.call)
    return outbox.counts(db).waiting


def _finite(quality: Quality | None) -> Quality | None:
    """A quality whose figures can be kept and sent: what was divided by zero counts as not measured."""
    if quality is None:
        return None
    mos = quality.mos if quality.mos is not None and math.isfinite(quality.mos) else None
    figures = (quality.loss_percent, quality.jitter_ms, quality.rtt_ms)
    loss, jitter, rtt = (value if math.isfinite(value) else 0.0 for value in figures)
    return msgspec.structs.replace(quality, mos=mos, loss_percent=loss, jitter_ms=jitter, rtt_ms=rtt)
