"""The proof: the real router and the real fold in virtual time against queueing theory. Run once, it asserts.

* M/M/n at occupancies of 70, 85 and 92 %: service level within 1 point of Erlang C; the 99 % confidence
  intervals of the ASA, by batch means and by batch means with control variates, contain theory's; the latter
  is narrower than 6 % of it (from end to end).
* With impatience: service level and abandons within 1 point of Erlang A.
* Two priority classes: each class's ASA against Cobham's formula for non-preemptive priority.

A million calls each at least. How many an interval of 6 % takes follows from theory too: the asymptotic
variance of the mean wait (Whitt 1992) is least with few agents, and grows with 1 / (1 - occupancy)². With two
agents and plain batch means it takes 0.8 million calls at 70 %, 1.9 at 85 % and 5.7 at 92 %; with a million
at 92 % no number of agents gives an interval under 13 %. Nearly half of that variance is chance in the calls
themselves, that more came or talked longer than they should have: control variates take it out. The runs at
85 and 92 % are still longer than a million. All are in two halves with a warm-up of their own.
"""

import multiprocessing
import resource
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from statistics import fmean
from typing import NamedTuple

import pytest

from console.domain.figures import Counts
from console.simulator.confidence import Estimate, controlled, estimate
from console.simulator.customers import Answers
from console.simulator.scenario import Scenario
from console.simulator.spread import Spread
from console.simulator.theory import ErlangA, ErlangC, priority_waits
from tests.simulator.centres import TALK_S, exponential, gone, theorys_centre

pytestmark = [pytest.mark.bench, pytest.mark.timeout(7200)]

MILLION = 1_000_000
THRESHOLD_S = 20.0
BATCHES = 20
HALVES = 2


class _Half(NamedTuple):
    calls: int
    facts: int
    counts: dict[str, Counts]
    answers: dict[str, Answers]
    seconds: float
    megabytes: float


def _half(scenario: Scenario, replication: int) -> _Half:
    begun = time.process_time()
    course = gone(scenario, replication)
    spent = time.process_time() - begun
    keys = [queue.key for queue in scenario.queues]
    assert course.unfinished == 0
    assert course.engine.router.late_facts == 0
    return _Half(
        course.customers.arrived,
        course.engine.sequence,
        {key: course.reader.counts(key) for key in keys},
        course.customers.answers,
        spent,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    )


def _run(name: str, scenario: Scenario) -> list[_Half]:
    """Two replications in two processes; prints how fast they were."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(HALVES, mp_context=context) as pool:
        halves = list(pool.map(_half, [scenario] * HALVES, range(HALVES)))
    calls, seconds = sum(half.calls for half in halves), sum(half.seconds for half in halves)
    print(
        f"\n{name}: {calls:,} calls, {sum(half.facts for half in halves):,} facts;"
        f" {calls / seconds:,.0f} calls/s of one core, {max(half.megabytes for half in halves):.0f} MB"
    )
    return halves


def _centre(servers: int, occupancy: float, calls: int, patience: Spread | None = None) -> Scenario:
    return theorys_centre(
        servers=servers,
        calls=calls // HALVES,
        rates_per_s={"q": servers * occupancy / TALK_S},
        patience=patience,
        warm_up_hours=24,
        seed=round(occupancy * 100) + (1000 if patience else 0),  # else all would share their luck
    )


def _total(halves: list[_Half], name: str, key: str = "q") -> float:
    return sum(getattr(half.counts[key], name) for half in halves)


def _batches(halves: list[_Half], key: str, name: str) -> list[float]:
    """Means of the batches of all halves of one series of `Answers`."""
    means = []
    for half in halves:
        values: Sequence[float] = getattr(half.answers[key], name)
        size = len(values) // BATCHES
        means += [fmean(values[number * size : (number + 1) * size]) for number in range(BATCHES)]
    return means


def _asa(halves: list[_Half], key: str = "q") -> Estimate:
    """The mean wait with its 99 % interval by batch means."""
    made = estimate(_batches(halves, key, "waits"), 0.99)
    assert made is not None
    return made


def _holds(made: Estimate, theory: float) -> bool:
    return made.low is not None and made.high is not None and made.low <= theory <= made.high


def _shown(made: Estimate, theory: float) -> str:
    width = (made.half_width or 0) * 2 / theory
    return f"{made.mean:.3f} s, 99 % from {made.low:.3f} to {made.high:.3f} ({width:.2%})"


@pytest.mark.parametrize(
    ("occupancy", "servers", "calls"),
    [(0.70, 2, MILLION), (0.85, 2, 1_600_000), (0.92, 2, 4_000_000)],
)
def test_erlang_c(occupancy: float, servers: int, calls: int) -> None:
    halves = _run(f"Erlang C, {occupancy:.0%}, {servers} agents", _centre(servers, occupancy, calls))
    rate = servers * occupancy / TALK_S
    model = ErlangC(rate, TALK_S, servers)
    level = _total(halves, "answered_in_time") / _total(halves, "answered")
    plain = _asa(halves)
    waits, talks, gaps = (_batches(halves, "q", name) for name in ("waits", "talks", "gaps"))
    made = controlled(waits, [talks, gaps], [TALK_S, 1 / rate], 0.99)
    print(
        f"  service level {level:.4f}, theory {model.service_level(THRESHOLD_S):.4f};"
        f" ASA, theory {model.asa:.3f} s: {_shown(plain, model.asa)};"
        f" with control variates {_shown(made, model.asa)}"
    )
    assert sum(half.calls for half in halves) >= calls
    assert plain.mean == pytest.approx(
        _total(halves, "wait_answered_s") / _total(halves, "answered"), rel=0.01
    )
    assert level == pytest.approx(model.service_level(THRESHOLD_S), abs=0.01)
    assert _holds(plain, model.asa)
    assert _holds(made, model.asa)
    assert (made.half_width or 1) * 2 < 0.06 * model.asa


@pytest.mark.parametrize("load", [0.70, 0.85, 0.92])
def test_erlang_a(load: float) -> None:
    """Twenty agents, patience of 90 s in the mean; the load is what is offered, by the agents."""
    servers, patience_s = 20, 90.0
    scenario = _centre(servers, load, MILLION, exponential(patience_s))
    halves = _run(f"Erlang A, load {load:.0%}, {servers} agents", scenario)
    model = ErlangA(servers * load / TALK_S, TALK_S, servers, patience_s)
    offered = _total(halves, "answered") + _total(halves, "abandoned")
    level = _total(halves, "answered_in_time") / offered
    gone_away = _total(halves, "abandoned") / offered
    asa = _asa(halves)
    print(
        f"  service level {level:.4f}, theory {model.service_level(THRESHOLD_S):.4f};"
        f" abandoned {gone_away:.4f}, theory {model.abandoned:.4f};"
        f" ASA, theory {model.asa:.3f} s: {_shown(asa, model.asa)}"
    )
    assert level == pytest.approx(model.service_level(THRESHOLD_S), abs=0.01)
    assert gone_away == pytest.approx(model.abandoned, abs=0.01)
    assert _holds(asa, model.asa)


def test_two_priority_classes() -> None:
    """Three agents at 85 %, 40 of 100 calls in the class that goes first."""
    servers, occupancy = 3, 0.85
    whole = servers * occupancy / TALK_S
    rates = {"first": 0.4 * whole, "second": 0.6 * whole}
    scenario = theorys_centre(
        servers=servers, calls=MILLION // HALVES, rates_per_s=rates, warm_up_hours=24, seed=2000
    )
    halves = _run(f"two priorities, {occupancy:.0%}, {servers} agents", scenario)
    for key, theory in zip(rates, priority_waits(list(rates.values()), TALK_S, servers), strict=True):
        asa = _asa(halves, key)
        print(f"  {key}: ASA, theory {theory:.3f} s: {_shown(asa, theory)}")
        assert _holds(asa, theory)
        assert asa.mean == pytest.approx(theory, rel=0.05)
