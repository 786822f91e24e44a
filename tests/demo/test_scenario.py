"""The demo's company is the same whenever its seed is."""

from itertools import islice

from console.demo.scenario import BRISK, agents, bounded_calls, endless_calls


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
