"""The wallboard under load: 1,000 agents, 50 queues, 500 events/s in 20 deltas/s, the real window offscreen.

Printed: milliseconds from an event until the frame that shows it was painted, and how long the GUI thread was
busy at a time. An event waits up to 50 ms for its delta (the centre sends 20 a second), which is counted in.
"""

# ruff: noqa: ANN001, ANN201
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import time
from datetime import timedelta
from random import Random

import msgspec
import pytest
from PySide6.QtCore import QEventLoop, QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from console import paths
from console.clock import SystemClock
from console.domain.agent import AgentState
from console.domain.figures import Counts, Delta, Sample, Snapshot
from tests.ui.wallboard_sample import BoardStub, board_of, merged, row_of
from ui.metrics.wallboard import Wallboard
from ui.widgets.look import Look

AGENTS, QUEUES, EVENTS_A_SECOND, DELTAS_A_SECOND = 1000, 50, 500, 20
STATES = [state for state in AgentState if state is not AgentState.OFFLINE]


def shifted(board: Snapshot, by: timedelta) -> Snapshot:
    """A sample board, moved to now."""
    return msgspec.structs.replace(
        board,
        at=board.at + by,
        agents=tuple(msgspec.structs.replace(row, since=row.since + by) for row in board.agents),
        queues=tuple(
            msgspec.structs.replace(row, waiting_since=tuple(since + by for since in row.waiting_since))
            for row in board.queues
        ),
        samples=tuple(msgspec.structs.replace(sample, at=sample.at + by) for sample in board.samples),
        intervals=tuple(msgspec.structs.replace(row, start=row.start + by) for row in board.intervals),
        abandoned=tuple(msgspec.structs.replace(row, at=row.at + by) for row in board.abandoned),
    )


class Load(QObject):
    """Makes events at their rate, and sends what they changed as deltas, as the centre does."""

    def __init__(self, service: BoardStub, window: Wallboard, clock: SystemClock) -> None:
        super().__init__()
        self.service, self.window, self.clock = service, window, clock
        self.dice = Random(7)
        self.made = 0
        self.started = clock.monotonic()
        self.pending: list[float] = []
        self.unseen: list[float] = []
        self.seen: list[float] = []
        self.last_sample = 0.0
        self.timer = QTimer(self)
        self.timer.setInterval(1000 // DELTAS_A_SECOND)
        self.timer.timeout.connect(self.send)
        self.timer.start()

    def send(self) -> None:
        """One delta with the rows of the events since the last one, each event with its own time."""
        now = self.clock.monotonic()
        due = int((now - self.started) * EVENTS_A_SECOND) - self.made
        first = self.made
        self.made += due
        self.pending = [self.started + (first + place + 1) / EVENTS_A_SECOND for place in range(due)]
        board = self.service.board
        assert board is not None
        agents = {
            place: board.agents[place] for place in self.dice.sample(range(AGENTS), min(due, AGENTS) * 2 // 3)
        }
        queues = {self.dice.randrange(QUEUES) for _ in range(due)}
        delta = Delta(
            sequence=board.sequence + due,
            at=self.clock.now(),
            agents=tuple(self.agent(row) for row in agents.values()),
            queues=tuple(self.queue(board, place) for place in queues),
            total=board.total and self.total(board, due),
            samples=self.sample(now),
            last_event_at=self.clock.now(),
        )
        self.unseen += self.pending
        self.service.tell(merged(board, delta))

    def agent(self, row):  # type: ignore[no-untyped-def]
        return msgspec.structs.replace(
            row, state=self.dice.choice(STATES), since=self.clock.now(), answered=row.answered + 1
        )

    def queue(self, board: Snapshot, place: int):  # type: ignore[no-untyped-def]
        row = board.queues[place]
        counts = self.grown(row.counts)
        waits = tuple(
            self.clock.now() - timedelta(seconds=self.dice.randint(0, 40))
            for _ in range(self.dice.randint(0, 6))
        )
        return row_of(row.queue, counts, tuple(sorted(waits)), row.agents)

    def grown(self, counts: Counts) -> Counts:
        return msgspec.structs.replace(
            counts,
            offered=counts.offered + 1,
            answered=counts.answered + 1,
            answered_in_time=counts.answered_in_time + 1,
        )

    def total(self, board: Snapshot, due: int):  # type: ignore[no-untyped-def]
        assert board.total is not None
        return row_of(
            board.total.queue, self.grown(board.total.counts), board.total.waiting_since, board.total.agents
        )

    def sample(self, now: float) -> tuple[Sample, ...]:
        if now - self.last_sample < 2.0:
            return ()
        self.last_sample = now
        agents = {state: AGENTS // len(STATES) for state in STATES}
        waiting = {f"q{place}": self.dice.randint(0, 6) for place in range(QUEUES)}
        return (Sample(at=self.clock.now(), waiting=waiting, agents=agents),)

    def painted(self) -> None:
        """A frame is on the screen: all events before its beginning are seen."""
        now = self.clock.monotonic()
        self.seen += [(now - at) * 1000 for at in self.unseen]
        self.unseen.clear()


def share(values: list[float], part: float) -> float:
    """A percentile."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))] if values else float("nan")


class Busy(QObject):
    """How long the GUI thread is at work without a breath, in milliseconds: a 4 ms beat's lateness."""

    BEAT_MS = 4

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[float] = []
        self.worked: list[float] = []
        self._last = time.perf_counter()
        self._used = time.thread_time()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(self.BEAT_MS)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now, used = time.perf_counter(), time.thread_time()
        self.spans.append(max(0.0, (now - self._last) * 1000 - self.BEAT_MS))
        self.worked.append((used - self._used) * 1000)
        self._last, self._used = now, used

    def stop(self) -> None:
        self._timer.stop()


def measure(application: QApplication, seconds: float, size: tuple[int, int]) -> dict[str, float]:
    """Run the load against the window and tell what was measured; the first second is not counted."""
    clock = SystemClock()
    sample = board_of(QUEUES, AGENTS)
    service = BoardStub(shifted(sample, clock.now() - sample.at))
    window = Wallboard(service, clock)
    window.resize(*size)
    window.show()
    window.build_graphs()
    application.processEvents()
    load, busy = Load(service, window, clock), Busy()
    window.pace.painted.connect(load.painted)
    loop = QEventLoop()
    QTimer.singleShot(
        1000,
        lambda: (busy.spans.clear(), busy.worked.clear(), load.seen.clear(), window.pace.samples.clear()),
    )
    QTimer.singleShot(int((1.0 + seconds) * 1000), loop.quit)
    began = time.process_time()
    loop.exec()
    used = time.process_time() - began
    busy.stop()
    load.timer.stop()
    figures = {
        "events": float(load.made),
        "frames/s": window.pace.frames / (1.0 + seconds),
        "event to paint p50 ms": share(load.seen, 0.5),
        "p95": share(load.seen, 0.95),
        "max": share(load.seen, 1.0),
        "arrival to paint p95 ms": share(window.event_to_paint_ms, 0.95),
        "busy p95 ms": share(busy.spans, 0.95),
        "busy max ms": share(busy.spans, 1.0),
        "of it own CPU p95 ms": share(busy.worked, 0.95),
        "own CPU max ms": share(busy.worked, 1.0),
        "CPU share": used / (1.0 + seconds),
    }
    window.close()
    window.deleteLater()
    application.processEvents()
    return figures


@pytest.mark.bench
@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160)])
def test_board_under_load(qapp: QApplication, size: tuple[int, int]) -> None:
    look = Look(qapp, paths.resources() / "fonts")
    figures = measure(qapp, 8.0, size)
    look.stop()
    words = "  ".join(
        f"{name} {value:.1f}" if value >= 10 else f"{name} {value:.2f}" for name, value in figures.items()
    )
    print(f"\nboard {size[0]}x{size[1]}, {AGENTS} agents, {QUEUES} queues: {words}")
    # The goal is a p95 under 100 ms; what is asserted does not depend on who else uses the machine.
    assert figures["events"] > EVENTS_A_SECOND
    assert figures["p95"] > 0
