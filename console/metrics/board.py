"""The live board: the fold behind it, deltas of what changed, and samples for the live graphs.

Its memory is bounded by the board's size: a row a queue and an agent, today's quarter hours, the newest
abandoned callers and samples.
"""

from collections import deque
from datetime import UTC, datetime, timedelta
from itertools import islice

import msgspec

from console.clock import Clock
from console.domain.events import LedgerEvent
from console.domain.figures import (
    SAMPLES_KEPT,
    AbandonedCaller,
    Delta,
    Interval,
    Notice,
    Sample,
    Snapshot,
    Theirs,
    Window,
)
from console.metrics.books import TOTAL, by_start, by_time
from console.metrics.changes import Changes
from console.metrics.checkpoint import from_bytes, to_bytes
from console.metrics.increments import Dimension, Increment
from console.metrics.intervals import minute_of
from console.metrics.kpis import abandon_rate, aht_s, asa_s, ratio
from console.metrics.reading import Reading
from console.metrics.snapshot import WINDOWS, Fold

WINDOWS_EVERY = timedelta(seconds=5)
"""A queue's windows are told again after so long at the soonest."""

_AT_A_TIME = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _by_queue(window: Window) -> tuple[str, int]:
    return window.queue, window.minutes


class Board:
    """What the wallboard shows. One reader takes the deltas (and hands them to all clients)."""

    def __init__(self, clock: Clock) -> None:
        """An empty board; `clock` tells when days begin and how old the figures are."""
        self._clock = clock
        self._fold = Fold(keep_increments=True)
        self._samples: deque[Sample] = deque(maxlen=SAMPLES_KEPT)
        self._new_samples: deque[Sample] = deque(maxlen=SAMPLES_KEPT)
        self._taken = 0
        self._windows: dict[tuple[str, int], Window] = {}
        self._stale: dict[str, None] = {}
        self._refreshed: dict[str, datetime] = {}
        self._minute = 0
        self._notices: tuple[Notice, ...] = ()
        self._theirs: tuple[Theirs, ...] = ()
        self._told: tuple[tuple[Notice, ...], tuple[Theirs, ...]] = ((), ())

    def notice(self, notices: tuple[Notice, ...]) -> None:
        """What supervisors must know besides figures, from now on."""
        self._notices = notices

    def counted_elsewhere(self, theirs: tuple[Theirs, ...]) -> None:
        """What another system counts of the same queues, from now on."""
        self._theirs = theirs

    @property
    def fold(self) -> Fold:
        """For readings of any dimension and window. Apply events through the board only."""
        return self._fold

    @property
    def sequence(self) -> int:
        """The ledger sequence of the newest event in it."""
        return self._fold.sequence

    def apply(self, event: LedgerEvent, sequence: int) -> None:
        """Take one fact, in ledger order; one that it has already is passed over."""
        if sequence > self._fold.sequence:
            self._fold.apply(event, sequence)

    def dump(self) -> bytes:
        """All that another board needs to go on exactly as this one would, what was not taken too."""
        checkpoint = self._fold.checkpoint()
        checkpoint.samples = list(self._samples)
        checkpoint.windows = list(self._windows.values())
        return to_bytes(checkpoint)

    def load(self, data: bytes) -> None:
        """Stand where the board that gave these bytes stood; only for a new one. Raises BadInput when they
        are none, or of another version: then read the ledger from its beginning.

        The first delta tells nothing of before: clients of another life of the centre need the whole board.
        """
        checkpoint = from_bytes(data)
        self._fold.restore(checkpoint)
        self._samples.extend(checkpoint.samples)
        self._windows.update(((window.queue, window.minutes), window) for window in checkpoint.windows)
        self._taken = self._fold.sequence

    def take_increments(self) -> list[Increment]:
        """What is to be stored of the figures since this was last asked (see Fold.take_increments)."""
        return self._fold.take_increments()

    def keys(self, dimension: Dimension) -> list[str]:
        """What there are figures of."""
        return self._fold.keys(dimension)

    def reading(self, dimension: Dimension, key: str, minutes: int | None = None) -> Reading:
        """What the catalogue reads now: of the last minutes (15, 30, 60), or of today."""
        return self._fold.reading(dimension, key, self._clock.now(), minutes)

    def sample(self) -> Sample:
        """Take a point of the live graphs: who waits, and the agents by state."""
        books = self._fold.books
        books.settle()
        taken = Sample(
            at=self._clock.now(),
            waiting={key: len(row.waiting) for key, row in sorted(books.queues.items())},
            agents=dict(sorted(books.total.agents.items())) if books.total else {},
        )
        for kept in (self._samples, self._new_samples):
            if kept and kept[-1].at == taken.at:
                kept.pop()  # one point a moment: its time is its key
            kept.append(taken)
        return taken

    def snapshot(self) -> Snapshot:
        """The whole board now."""
        folded = self._fold.snapshot(self._clock.now())
        windows = tuple(self._windows[key] for key in sorted(self._windows))
        samples, notices = tuple(self._samples), self._notices
        return msgspec.structs.replace(
            folded, samples=samples, windows=windows, notices=notices, theirs=self._theirs
        )

    def take_delta(self) -> Delta | None:
        """What changed since it was last taken; None: no fact came since.

        A delta without rows tells that facts came which no row shows (a desk rings): the data is that fresh.
        """
        fold, books, now = self._fold, self._fold.books, self._clock.now()
        books.roll(now)
        changes, books.changes = books.changes, Changes()
        self._forget_windows(changes.removed_queues)
        windows = self._refresh(now, changes.queues, total=changes.total)
        notices = self._notices if self._notices != self._told[0] else None
        theirs = self._theirs if self._theirs != self._told[1] else None
        nothing = not changes and not windows and not self._new_samples and notices is None and theirs is None
        if nothing and self._taken == fold.sequence:
            return None
        self._told = (self._notices, self._theirs)
        samples, self._new_samples = tuple(self._new_samples), deque(maxlen=SAMPLES_KEPT)
        since, self._taken = self._taken, fold.sequence
        return Delta(
            sequence=fold.sequence,
            since=since,
            at=now,
            queues=tuple(books.queues[key].figures() for key in sorted(changes.queues)),
            agents=tuple(fold.agent_figures(key) for key in sorted(changes.agents)),
            total=books.total.figures() if books.total and changes.total else None,
            abandoned=self._callers(changes.abandoned),
            intervals=self._intervals(changes.intervals),
            samples=samples,
            removed_queues=tuple(sorted(changes.removed_queues)),
            removed_agents=tuple(sorted(changes.removed_agents)),
            new_day=tuple(sorted(changes.new_days)),
            last_event_at=fold.last_event_at,
            windows=windows,
            notices=notices,
            theirs=theirs,
        )

    # ------------------------------------------------------------ the last minutes

    def _refresh(self, now: datetime, changed: set[str], *, total: bool) -> tuple[Window, ...]:
        """Some of the windows that may have changed, each queue's every WINDOWS_EVERY at most; few at a time,
        so that no delta waits for them.
        """
        minute = minute_of(now)
        if minute != self._minute:
            self._minute = minute
            self._stale.update(dict.fromkeys(key for key, _ in self._windows))
        self._stale.update(dict.fromkeys(changed))
        if total:
            self._stale[TOTAL] = None
        told: list[Window] = []
        due = (key for key in self._stale if self._refreshed.get(key, _EPOCH) + WINDOWS_EVERY <= now)
        for key in list(islice(due, _AT_A_TIME)):
            del self._stale[key]
            self._refreshed[key] = now
            told += self._windows_of(key, minute)
        return tuple(sorted(told, key=_by_queue))

    def _windows_of(self, key: str, minute: int) -> list[Window]:
        books = self._fold.books
        row = books.total if key == TOTAL else books.queues.get(key)
        if row is None:
            return []
        told = []
        for minutes, tally in zip(WINDOWS, row.track.windows(minute, WINDOWS), strict=True):
            counts = tally.counts()
            window = Window(
                queue=key,
                minutes=minutes,
                counts=counts,
                service_level=ratio(counts.level_met, counts.level_of),
                asa_s=asa_s(counts),
                aht_s=aht_s(counts),
                abandon_rate=abandon_rate(counts),
            )
            if self._windows.get((key, minutes)) != window:
                self._windows[key, minutes] = window
                told.append(window)
        return told

    def _forget_windows(self, removed: set[str]) -> None:
        for key in removed:
            self._stale.pop(key, None)
            for minutes in WINDOWS:
                self._windows.pop((key, minutes), None)

    def _callers(self, keys: set[str]) -> tuple[AbandonedCaller, ...]:
        rows = self._fold.books.queues
        found = (caller for key in keys if key in rows for caller in rows[key].take_unsent())
        return tuple(sorted(found, key=by_time))

    def _intervals(self, keys: set[tuple[int, str]]) -> tuple[Interval, ...]:
        books = self._fold.books
        found = []
        for quarter, key in keys:
            row = books.total if key == TOTAL else books.queues.get(key)
            stretch = row.page.stretches.get(quarter) if row is not None else None
            if row is not None and stretch is not None:
                found.append(row.interval(quarter, stretch))
        return tuple(sorted(found, key=by_start))
