"""How fast events become figures: the fold, the board's deltas and snapshots, and the router beside it.

Figures are events a second of one core (CPU time), and milliseconds a call; the ratio is to decoding the
same events from their wire form, which a refold of a file pays in any case. The machine's own speed changes
by the hour: `turn_us` is what a turn of a plain loop costs in the same run, and figures of different hours
compare in turns.
"""

import asyncio
import gc
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from console.centre.collector import spare_what_stays
from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.queue import Queue
from console.ledger.ledger import Ledger
from console.metrics.board import Board
from console.metrics.snapshot import Fold
from console.routing.router import Router
from console.settings import RoutingSettings
from console.wire import decode_event, encode_event

pytestmark = pytest.mark.bench

START = datetime.fromisoformat("2026-11-23T08:00:00+00:00")
TARGET_EVENTS_S = 100_000
REFOLD_EVENTS, REFOLD_TARGET_S = 1_000_000, 15.0


def _centre(agents: int, queues: int) -> tuple[StoppedClock, list[ev.LedgerEvent]]:
    clock = StoppedClock(START)
    made: list[ev.LedgerEvent] = []

    def tell(kind: type, **fields: object) -> None:
        made.append(kind(id=clock.new_id(), at=clock.now(), **fields))

    for number in range(queues):
        tell(ev.QueueConfigured, queue=Queue(key=f"q{number}", numbers=(str(number),)))
    for number in range(agents):
        serves = tuple(f"q{(number + step) % queues}" for step in range(3))
        tell(ev.AgentConfigured, agent=Agent(key=f"a{number}", skills={"english": 5}, queues=serves))
        tell(ev.AgentSignedIn, agent=f"a{number}", contact="sip:a@x", session=clock.new_id())
        tell(ev.AgentBecameReady, agent=f"a{number}")
    return clock, made


def _day(
    clock: StoppedClock, calls: int, agents: int, queues: int, calls_s: float, first: int = 0
) -> list[ev.LedgerEvent]:
    """Calls that overlap: each is queued, offered, answered, ended and wrapped up; one in ten abandons. The
    first is of number `first`, which tells the customer: of 20,011, or further on of 200,003.
    """
    chance = random.Random(1)
    made: list[tuple[datetime, ev.LedgerEvent]] = []
    begins = clock.now()
    for number in range(calls):
        begins += timedelta(seconds=1 / calls_s)
        agent, queue = f"a{number % agents}", f"q{number % agents % queues}"
        interaction, offer = clock.new_id(), clock.new_id()
        moment = begins

        def tell(later: float, kind: type, **fields: object) -> None:
            nonlocal moment
            moment += timedelta(seconds=later)
            made.append((moment, kind(id=clock.new_id(), at=moment, **fields)))

        tell(
            0,
            ev.InteractionArrived,
            interaction=interaction,
            customer=Address(f"sip:{(first + number) * 7919 % (200_003 if first else 20_011)}@x", "Anna"),
            called=queue,
        )
        tell(0, ev.InteractionQueued, interaction=interaction, queue=queue, waiting_since=begins)
        if number % 10 == 0:
            patience = chance.uniform(1, 40)
            tell(patience, ev.InteractionEnded, interaction=interaction, by=ev.EndedBy.CUSTOMER)
            continue
        about = {"interaction": interaction, "offer": offer, "agent": agent}
        tell(chance.uniform(0, 30), ev.InteractionOffered, queue=queue, ring_timeout_s=20.0, **about)
        tell(0.01, ev.OfferRinging, **about)
        tell(chance.uniform(1, 8), ev.InteractionAnswered, queue=queue, **about)
        tell(chance.uniform(20, 200), ev.InteractionEnded, interaction=interaction, by=ev.EndedBy.CUSTOMER)
        tell(0, ev.WrapUpStarted, agent=agent, interaction=interaction, queue=queue, limit_s=30.0)
        tell(chance.uniform(1, 30), ev.WrapUpEnded, agent=agent, interaction=interaction)
    made.sort(key=lambda entry: entry[0])
    return [event for _, event in made]


def turn_us(turns: int = 20_000) -> float:
    """What a turn of a plain loop costs now, in microseconds: an object read by msgspec, two dict entries."""
    decode = msgspec.json.Decoder(dict[str, int]).decode
    counted: dict[int, int] = {}

    def run() -> None:
        for turn in range(turns):
            found = decode(b'{"interaction":7,"queue":12,"at":1700000000}')
            counted[turn % 5003] = counted.get(turn % 5003, 0) + found["queue"]

    return 1e6 * _best(15, run) / turns


def _best(times: int, run: Callable[[], None]) -> float:
    """CPU seconds of the quickest run. What one leaves behind is cleared away before the next."""
    spent = []
    for _ in range(times):
        gc.collect()
        begun = time.process_time()
        run()
        spent.append(time.process_time() - begun)
    return min(spent)


@contextmanager
def _without_collector() -> Iterator[None]:
    """As a centre reads its ledger at the start (centre.memory.restore)."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def test_fold() -> None:
    clock, events = _centre(agents=200, queues=20)
    events += _day(clock, calls=20_000, agents=200, queues=20, calls_s=2)
    lines = [encode_event(event) for event in events]
    spare_what_stays()
    decoding = _best(3, lambda: [decode_event(line) for line in lines] and None)

    def fold() -> None:
        folded = Fold()
        for sequence, event in enumerate(events, start=1):
            folded.apply(event, sequence)
        assert folded.books.whole().today.n["offered"]

    folding, turn = _best(3, fold), turn_us()
    with _without_collector():
        reading = _best(3, fold)
    gc.unfreeze()
    each = 1e6 * folding / len(events)
    print(
        f"\nfold: {len(events) / folding:,.0f} events/s (target {TARGET_EVENTS_S:,}) of {len(events):,};"
        f" {folding / decoding:.2f} times the decoding ({len(events) / decoding:,.0f}/s);"
        f"\n  {each:.1f} µs an event, {each / turn:.1f} turns of the plain loop ({turn:.2f} µs);"
        f" as a ledger is read, without the collector: {len(events) / reading:,.0f} events/s"
    )


def test_refold_of_a_ledger(tmp_path: Path) -> None:
    """A million events from an SQLite file, as a start of the centre reads them where there is no
    checkpoint: reading and decoding alone, then with the fold.
    """
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    events = asyncio.run(_written(url))

    async def refold(*, folded: bool) -> int:
        ledger = await Ledger.open(url)
        fold, number = Fold(keep_increments=True), 0
        async for sequence, event in ledger.read():
            number += 1
            if folded:
                fold.apply(event, sequence)
        await ledger.close()
        assert not folded or fold.books.whole().today.n["offered"]
        return number

    spent = {}
    for folded in (False, True, False, True):
        with _without_collector():
            begun = time.process_time()
            assert asyncio.run(refold(folded=folded)) == events
            spent[folded] = min(time.process_time() - begun, spent.get(folded, 1e9))
    turn = turn_us()
    each = 1e6 * (spent[True] - spent[False]) / events
    print(
        f"\nrefold of {events:,} events of a ledger: {spent[True]:.1f} s (target {REFOLD_TARGET_S:.0f}),"
        f" of it {spent[False]:.1f} s to read and decode, {spent[True] - spent[False]:.1f} s to fold;"
        f"\n  {each:.1f} µs an event to fold, {each / turn:.1f} turns of the plain loop ({turn:.2f} µs)"
    )


async def _written(url: str) -> int:
    """A ledger of so many events; returns how many it has."""
    ledger = await Ledger.open(url)
    clock, events = _centre(agents=200, queues=20)
    while True:
        for start in range(0, len(events), 5_000):
            await ledger.append(events[start : start + 5_000])
        written = await ledger.last_sequence()
        if written >= REFOLD_EVENTS:
            await ledger.close()
            return written
        calls = min(13_000, (REFOLD_EVENTS - written) // 7 + 1)
        events = _day(clock, calls, agents=200, queues=20, calls_s=4, first=written)
        clock.move_to(events[-1].at)


def test_board_of_a_large_centre() -> None:
    """1,000 agents, 50 queues, 500 events/s: a delta each 50 ms."""
    clock, events = _centre(agents=1000, queues=50)
    board = Board(clock)
    day = _day(clock, calls=10_000, agents=1000, queues=50, calls_s=90)
    day = [event for event in day if event.at < START + timedelta(seconds=10_000 / 90)]
    for sequence, event in enumerate(events, start=1):
        board.apply(event, sequence)
    board.take_delta()
    gc.collect()
    gc.freeze()  # without it the longest delta is a full collection of all the bench's events
    deltas: list[float] = []
    busy = 0.0
    take_at = day[0].at
    for sequence, event in enumerate(day, start=len(events) + 1):
        begun = time.perf_counter()
        board.apply(event, sequence)
        busy += time.perf_counter() - begun
        if event.at >= take_at:
            clock.move_to(event.at)
            begun = time.perf_counter()
            assert board.take_delta() is not None
            deltas.append(time.perf_counter() - begun)
            take_at = event.at + timedelta(milliseconds=50)
    seconds = (day[-1].at - day[0].at).total_seconds()
    deltas.sort()
    warm = _best(5, lambda: board.snapshot() and None)

    def cold() -> None:
        for row in (*board._fold.books.queues.values(), *board._fold.books.agents.values()):
            row.shown = None
        board.snapshot()

    print(
        f"\nboard: {len(day) / seconds:,.0f} events/s for {seconds:.0f} s of the centre,"
        f" {busy / seconds * 100:.2f} % of a core to apply,"
        f" {sum(deltas) / seconds * 100:.2f} % for the deltas;"
        f"\n  take_delta median {deltas[len(deltas) // 2] * 1e3:.2f} ms,"
        f" p95 {deltas[int(len(deltas) * 0.95)] * 1e3:.2f} ms, most {deltas[-1] * 1e3:.2f} ms;"
        f"\n  snapshot {warm * 1e3:.2f} ms, with every row made anew {_best(5, cold) * 1e3:.2f} ms"
    )


class _Traffic:
    """A router under calls that are answered and ended as soon as they are offered."""

    def __init__(self, agents: int, waiting: int) -> None:
        self.clock, events = _centre(agents=agents, queues=50)
        self.router = Router(RoutingSettings(), self.clock.new_id)
        for event in events:
            self.router.apply(event)
        if waiting:
            for agent in self.router.agents():
                self.tell(ev.AgentPaused, agent=agent.agent.key, reason="Lunch")
            for number in range(waiting):
                self.arrive(number)
            self.router.decide(self.clock.now())
            self.tell(ev.AgentBecameReady, agent="a0")
            self.router.decide(self.clock.now())

    def tell(self, kind: type, **fields: object) -> None:
        self.router.apply(kind(id=self.clock.new_id(), at=self.clock.now(), **fields))

    def arrive(self, number: int) -> None:
        self.tell(
            ev.InteractionArrived,
            interaction=self.clock.new_id(),
            customer=Address("sip:1@x"),
            called=f"q{number % 50}",
        )

    def call(self, number: int) -> int:
        """One more call arrives, what is offered is served; returns how much was decided."""
        self.clock.move(0.01)
        self.arrive(number)
        decided = self.router.decide(self.clock.now())
        for event in decided:
            if isinstance(event, ev.InteractionOffered):
                about = {"interaction": event.interaction}
                self.tell(
                    ev.InteractionAnswered, offer=event.offer, queue=event.queue, agent=event.agent, **about
                )
                self.tell(ev.InteractionEnded, by=ev.EndedBy.CUSTOMER, **about)
        return len(decided)


def test_router() -> None:
    """Calls through the router: with many agents free, and with many waiting."""
    first = 0.0
    for agents, waiting in ((1000, 0), (1000, 100), (1000, 10_000)):
        traffic = _Traffic(agents, waiting)
        begun = time.perf_counter()
        decisions = sum(traffic.call(number) for number in range(3000))
        spent = (time.perf_counter() - begun) / decisions
        first = first or spent
        print(
            f"\nrouter: {agents:,} agents, {waiting:6,} waiting: {1 / spent:,.0f} decisions/s,"
            f" {spent / first:.2f} times the cost with none waiting"
        )
