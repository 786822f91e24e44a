"""Alarms: what stands rings, what was overtaken does not."""

from datetime import datetime, timedelta

from console.routing.timers import Alarm, Soonest
from tests.routing.centre_world import START


def test_only_moments_that_still_stand_ring() -> None:
    moments: dict[str, datetime] = {}
    alarm: Alarm[str] = Alarm(moments.get, Soonest())
    for key, second in (("a", 5), ("b", 3), ("a", 8), ("c", 4)):
        moments[key] = START + timedelta(seconds=second)
        alarm.set(key)
    del moments["b"]
    assert alarm.next_due() == START + timedelta(seconds=4)
    rung = []
    for key in alarm.due(START + timedelta(seconds=8)):
        rung.append(key)
        del moments[key]
    assert rung == ["c", "a"]
    assert alarm.next_due() is None


def test_moments_overtaken_do_not_pile_up() -> None:
    moments: dict[int, datetime] = {}
    alarm: Alarm[int] = Alarm(moments.get, Soonest())
    for number in range(20_000):
        moments[number % 7] = START + timedelta(seconds=number)
        alarm.set(number % 7)
    assert len(alarm.heap) < 2000
    assert alarm.next_due() == START + timedelta(seconds=20_000 - 7)
