"""Scenarios that theory knows, and runs of them."""

import math

from console.domain.queue import Queue
from console.simulator.course import Course
from console.simulator.scenario import Arrivals, Group, Scenario
from console.simulator.spread import Kind, Spread

AT_ONCE = Spread(kind=Kind.CONSTANT)
TALK_S = 60.0


def exponential(mean_s: float) -> Spread:
    return Spread(kind=Kind.EXPONENTIAL, mean_s=mean_s)


def bare_queue(key: str, priority: int = 0, threshold_s: float = 20.0) -> Queue:
    """A queue as theory has it: no after-contact work, nothing said to who waits."""
    return Queue(
        key=key,
        priority=priority,
        threshold_s=threshold_s,
        wrap_up_s=0,
        announce_every_s=0,
        short_abandon_s=0,
    )


def theorys_centre(
    *,
    servers: int,
    calls: int,
    rates_per_s: dict[str, float],
    patience: Spread | None = None,
    warm_up_hours: float = 6.0,
    seed: int = 1,
) -> Scenario:
    """M/M/n (+M): queues in falling priority, all served by the same agents, who answer at once. As many
    whole days of 24 hours as it takes for `calls` to come, in the mean, after the warm-up.
    """
    days = math.ceil(calls / (sum(rates_per_s.values()) * 86400) + warm_up_hours / 24)
    return Scenario(
        days=days,
        opens="00:00",
        closes="24:00",
        warm_up_hours=warm_up_hours,
        seed=seed,
        replications=1,
        queues=tuple(
            bare_queue(key, priority=len(rates_per_s) - number) for number, key in enumerate(rates_per_s)
        ),
        agents=(Group(key="a", count=servers, queues=tuple(rates_per_s), answer=AT_ONCE),),
        arrivals=tuple(
            Arrivals(
                queue=key,
                per_hour=rate * 3600,
                talk=exponential(TALK_S),
                patience=patience or Spread(kind=Kind.NEVER),
            )
            for key, rate in rates_per_s.items()
        ),
    )


def gone(scenario: Scenario, replication: int = 0) -> Course:
    """A run of it, over."""
    course = Course(scenario, replication)
    course.go()
    return course
