"""When customers come: a Poisson process whose rate is constant within each interval of a day's profile."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from console.simulator.scenario import Arrivals, Scenario


def times(scenario: Scenario, stream: Arrivals, dice: Random) -> Iterator[datetime]:
    """The moments of a stream's customers over all days, in order.

    The process has no memory, so each interval begins with a fresh draw.
    """
    for day in range(scenario.days):
        opens, closes = scenario.opened(day)
        for begins, ends, rate in _pieces(stream, (closes - opens).total_seconds()):
            since = begins - math.log(1.0 - dice.random()) / rate
            while since < ends:
                yield opens + timedelta(seconds=since)
                since -= math.log(1.0 - dice.random()) / rate


def _pieces(stream: Arrivals, open_s: float) -> Iterator[tuple[float, float, float]]:
    """Stretches of a day in seconds since it opened, with their rates a second; none without calls."""
    if not stream.profile:
        yield 0.0, open_s, stream.per_hour / 3600
        return
    each_s = stream.interval_minutes * 60
    for number, calls in enumerate(stream.profile):
        begins = number * each_s
        if calls > 0 and begins < open_s:
            yield begins, min(begins + each_s, open_s), calls / each_s
