"""What a day costs: memory of 100,000 against 1,000,000 calls, refolding a million events, a large snapshot.

The calls of a day are made as a stream, as a ledger is read: only the fold's own memory counts.
"""

# ruff: noqa: ANN001
import gc
import heapq
import itertools
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.address import Address
from console.metrics.snapshot import Fold
from tests.bench.bench_fold import _centre

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]

AGENTS, QUEUES = 200, 20
DAY_S = 86_400.0
MOST = 1.5


def _call(number: int, clock: StoppedClock, chance: random.Random) -> Iterator[tuple[float, type, dict]]:  # type: ignore[type-arg]
    """The facts of one call: seconds after the one before, kind, fields."""
    agent, queue = f"a{number % AGENTS}", f"q{number % AGENTS % QUEUES}"
    interaction, offer = clock.new_id(), clock.new_id()
    about = {"interaction": interaction, "offer": offer, "agent": agent}
    who = Address(f"sip:{chance.randrange(10**7)}@x")
    yield 0, ev.InteractionArrived, {"interaction": interaction, "customer": who, "called": queue}
    yield 0, ev.InteractionQueued, {"interaction": interaction, "queue": queue}
    if number % 10 == 0:
        yield (
            chance.uniform(1, 40),
            ev.InteractionEnded,
            {"interaction": interaction, "by": ev.EndedBy.CUSTOMER},
        )
        return
    yield chance.expovariate(1 / 15), ev.InteractionOffered, about | {"queue": queue, "ring_timeout_s": 20.0}
    yield chance.uniform(1, 8), ev.InteractionAnswered, about | {"queue": queue}
    yield (
        chance.uniform(20, 200),
        ev.InteractionEnded,
        {"interaction": interaction, "by": ev.EndedBy.CUSTOMER},
    )
    yield 0, ev.WrapUpStarted, {"agent": agent, "interaction": interaction, "queue": queue, "limit_s": 30.0}
    yield chance.uniform(1, 30), ev.WrapUpEnded, {"agent": agent, "interaction": interaction}


def _stream(clock: StoppedClock, calls: int) -> Iterator[ev.LedgerEvent]:
    """A day's calls, evenly over its hours, in the order of their facts."""
    chance = random.Random(1)
    ids = itertools.count()
    start = clock.now()
    heap: list[tuple[float, int, type, dict, Iterator]] = []  # type: ignore[type-arg]

    def push(moment: float, facts: Iterator) -> None:  # type: ignore[type-arg]
        step = next(facts, None)
        if step is not None:
            heapq.heappush(heap, (moment + step[0], next(ids), step[1], step[2], facts))

    for number in range(calls):
        begins = number * DAY_S / calls
        while heap and heap[0][0] <= begins:
            yield _next(heap, start, clock, push)
        push(begins, _call(number, clock, chance))
    while heap:
        yield _next(heap, start, clock, push)


def _next(heap, start: datetime, clock: StoppedClock, push) -> ev.LedgerEvent:  # type: ignore[no-untyped-def]
    moment, _, kind, fields, facts = heapq.heappop(heap)
    at = start + timedelta(seconds=moment)
    if kind is ev.InteractionQueued:
        fields = fields | {"waiting_since": at}
    push(moment, facts)
    made: ev.LedgerEvent = kind(id=clock.new_id(), at=at, **fields)
    return made


def _fold_day(calls: int) -> tuple[Fold, int, float]:
    """The fold, events, seconds in the fold alone; increments are taken each quarter hour, as in a centre."""
    clock, events = _centre(AGENTS, QUEUES)
    fold, spent, sequence = Fold(keep_increments=True), 0.0, 0
    take_at = clock.now()
    facts = itertools.chain(events, _stream(clock, calls))
    while part := list(itertools.islice(facts, 5000)):
        begun = time.perf_counter()
        for event in part:
            sequence += 1
            fold.apply(event, sequence)
        if part[-1].at >= take_at:
            fold.take_increments()
            take_at = part[-1].at + timedelta(minutes=15)
        spent += time.perf_counter() - begun
    return fold, sequence, spent


def _measured(calls: int) -> int:
    """Bytes that a day takes, in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-m", "tests.bench.bench_day", str(calls)],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(told.stdout)


def test_memory_of_a_day() -> None:
    few, many = _measured(100_000), _measured(1_000_000)
    words = f"{few / 1e6:.1f} MB for 100,000 calls, {many / 1e6:.1f} MB for 1,000,000"
    print(f"\nday: {words}: {many / few:.2f} times (at most {MOST})")
    assert many <= MOST * few


def test_refold_of_a_million_events() -> None:
    fold, events, spent = _fold_day(145_000)
    print(f"\nrefold: {events:,} events in {spent:.1f} s, {events / spent:,.0f} events/s (target 15 s)")
    assert fold.books.total is not None


def test_snapshot_of_a_large_centre() -> None:
    clock, events = _centre(1000, 200)
    fold = Fold()
    for sequence, event in enumerate(itertools.chain(events, _stream(clock, 2000)), start=1):
        fold.apply(event, sequence)
    now = clock.now() + timedelta(hours=23)
    fold.snapshot(now)
    gc.collect()
    spent = []
    for _ in range(5):
        begun = time.perf_counter()
        fold.snapshot(now)
        spent.append(time.perf_counter() - begun)
    print(f"\nsnapshot of 1,000 agents and 200 queues: {min(spent) * 1e3:.2f} ms (target 5 ms)")


def _main() -> int:
    import tracemalloc

    tracemalloc.start()
    fold, _, _ = _fold_day(int(sys.argv[1]))
    gc.collect()
    size = tracemalloc.get_traced_memory()[0]
    sys.stdout.write(f"{size}\n")
    return 0 if fold.books.total else 1


if __name__ == "__main__":
    sys.exit(_main())
