"""The real router and fold in virtual time against theory: small and fast (bench_theory has the million)."""

import math
from heapq import heapreplace
from random import Random

import msgspec
import pytest

from console.metrics.kpis import asa_s, occupied
from console.simulator.arrivals import times
from console.simulator.confidence import batch_means
from console.simulator.course import Course
from console.simulator.scenario import Scenario
from console.simulator.theory import ErlangA, ErlangC, priority_waits
from tests.simulator.centres import TALK_S, exponential, gone, theorys_centre

THRESHOLD_S = 20.0


def _levels(course: Course) -> tuple[float, float]:
    """Service level of all calls, and the share that hung up."""
    counts = course.reader.counts("q")
    offered = counts.answered + counts.abandoned
    return counts.answered_in_time / offered, counts.abandoned / offered


def _plain_waits(scenario: Scenario, arrivals: Random, talks: Random) -> list[float]:
    """First come, first served, in five lines (Kiefer and Wolfowitz 1955): when each server is free next."""
    start, _ = scenario.opened(0)
    free, waits = [0.0] * scenario.agents[0].count, []
    for moment in times(scenario, scenario.arrivals[0], arrivals):
        now = (moment - start).total_seconds()
        begins = max(now, free[0])
        waits.append(begins - now)
        heapreplace(free, begins - TALK_S * math.log(1 - talks.random()))
    return waits


def test_every_wait_is_that_of_a_plain_queue_and_the_level_is_erlangs() -> None:
    """Call by call the router's waits are those of the recursion, and the recursion's are Erlang's."""
    servers, rate = 10, 10 * 0.75 / TALK_S
    scenario = theorys_centre(servers=servers, calls=11_000, rates_per_s={"q": rate}, warm_up_hours=0)
    course = gone(scenario)
    dice = course.engine.dice
    longer = msgspec.structs.replace(scenario, days=40)
    plain = _plain_waits(longer, dice("arrivals 0"), dice("customers 0"))
    waits = course.customers.answers["q"].waits
    assert course.unfinished == 0
    assert len(waits) == course.customers.arrived >= 11_000
    assert max(abs(wait - other) for wait, other in zip(waits, plain, strict=False)) < 1e-3
    assert asa_s(course.reader.counts("q")) == pytest.approx(sum(waits) / len(waits), rel=1e-6)
    model = ErlangC(rate, TALK_S, servers)
    staff = course.reader.staff(list(course.staff.members))
    assert occupied(staff) == pytest.approx(model.occupancy, abs=0.02)
    level, gone_away = _levels(course)
    assert gone_away == 0
    assert level == pytest.approx(model.service_level(THRESHOLD_S), abs=0.03)
    long = batch_means(plain, 40, 0.99)
    assert long is not None
    assert long.low is not None
    assert long.high is not None
    assert long.low <= model.asa <= long.high


@pytest.mark.parametrize("load", [0.8, 1.2])
def test_a_centre_with_impatient_customers_is_erlang_a(load: float) -> None:
    servers, patience_s = 10, 60.0
    rate = servers * load / TALK_S
    scenario = theorys_centre(
        servers=servers, calls=8_000, rates_per_s={"q": rate}, patience=exponential(patience_s)
    )
    model = ErlangA(rate, TALK_S, servers, patience_s)
    level, gone_away = _levels(gone(scenario))
    assert level == pytest.approx(model.service_level(THRESHOLD_S), abs=0.02)
    assert gone_away == pytest.approx(model.abandoned, abs=0.02)


def test_two_priorities_wait_as_cobham_says() -> None:
    servers, whole = 3, 3 * 0.8 / TALK_S
    rates = {"first": 0.4 * whole, "second": 0.6 * whole}
    course = gone(theorys_centre(servers=servers, calls=12_000, rates_per_s=rates, seed=2))
    for key, theory in zip(rates, priority_waits(list(rates.values()), TALK_S, servers), strict=True):
        waits = course.customers.answers[key].waits
        assert sum(waits) / len(waits) == pytest.approx(theory, rel=0.12), key
