"""The demo's company is the same whenever its seed is."""

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest

from console.demo.scenario import BRISK, CALM, Pace, agents, bounded_calls, endless_calls, queues
from console.domain.doubts import demands_of, warnings_of
from console.domain.plan import faults_of
from console.routing.hours import Schedule


def test_the_same_seed_brings_the_same_customers_and_another_one_others() -> None:
    first = bounded_calls(60, 20.0, BRISK, 4)
    assert first == bounded_calls(60, 20.0, BRISK, 4)
    assert first != bounded_calls(60, 20.0, BRISK, 5)
    assert list(islice(endless_calls(2.0, BRISK, 4), 60)) == list(islice(endless_calls(2.0, BRISK, 4), 60))
    assert agents(8, 4) == agents(8, 4)


def test_customers_come_in_order_within_the_day_and_each_has_a_number_of_their_own() -> None:
    callers = bounded_calls(200, 20.0, BRISK, 1)
    times = [caller.at_s for caller in callers]
    assert times == sorted(times)
    assert 0 <= times[0] <= times[-1] <= 20.0
    assert len({caller.user for caller in callers}) == 200
    assert all(caller.patience_s >= BRISK.patience_least_s and caller.talk_s >= 1.0 for caller in callers)


@pytest.mark.parametrize("pace", [BRISK, CALM])
@pytest.mark.parametrize("robots", [0, 1, 6])
def test_the_company_fits_together_as_a_whole(pace: Pace, robots: int) -> None:
    for seed in range(5):
        plan = (queues(pace), agents(robots, seed))
        assert list(faults_of(*plan)) == []
        assert list(warnings_of(*plan)) == []


def test_with_patience_any_agent_of_a_queue_can_take_any_customer_of_it() -> None:
    for queue in queues(CALM):
        skills, tier = demands_of(queue)[-1]
        for agent in agents(12, 1):
            if queue.key in agent.queues:
                assert tier == 0 or agent.tiers.get(queue.key, 1) <= tier
                assert all(agent.skills[need.skill] >= need.level for need in skills)


def test_no_queue_of_the_demo_is_ever_closed() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for queue in queues(CALM):
        schedule = Schedule(queue.hours, queue.holidays, queue.timezone)
        assert all(schedule.is_open(start + timedelta(hours=hour)) for hour in range(24 * 366))


def test_a_day_can_open_with_customers_for_everybody_and_goes_on_at_its_rate() -> None:
    calls = list(islice(endless_calls(0.5, CALM, 3, opening=6), 2000))
    times = [caller.at_s for caller in calls]
    assert times == sorted(times)
    first, gaps = times[:6], [later - sooner for sooner, later in pairwise(times[5:])]
    assert max(first) - min(first) < 1 / 0.5 * 6  # they come sooner than the stream would bring them
    assert 0.45 < len(gaps) / sum(gaps) < 0.55
