"""The demo's company: its queues, its people, and how its customers behave. Pure and seeded.

Talk times are log-normal and patience is exponential beyond a minimum, as call-centre statistics have it
(Brown et al., "Statistical Analysis of a Telephone Call Center", JASA 2005); arrivals are Poisson.
"""

import math
import random
from collections.abc import Iterator

import msgspec

from console.domain.agent import Agent, Role
from console.domain.queue import VOICEMAIL, Queue, Strategy
from console.domain.week import DAYS

DESK = "you"
CALLED_BACK = "100"
"""The number of the queue that proposes to call back."""
SUPERVISOR = "supervisor"

_FIRST = ("Ada", "Ben", "Chloé", "Deniz", "Emil", "Fatima", "Greta", "Hugo", "Ines", "Jonas", "Kaya", "Lena")
_LAST = ("Albrecht", "Berger", "Castillo", "Demir", "Eriksen", "Fischer", "Grant", "Hansen", "Ito", "Jansen")
_CALLERS = (
    "Maria Keller",
    "Thomas Brandt",
    "Sofia Rossi",
    "Peter Novak",
    "Anna-Lena Schmidt-Hoffmann",
    "James Carter",
    "Yuki Tanaka",
    "Olga Petrova",
    "Lars Nielsen",
    "Camille Dubois",
    "Miguel Ángel Fernández",
    "Emma Wilson",
)


_OPENING_S = 4.0


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast the demo's day goes; all in seconds."""

    talk_mean_s: float
    talk_sigma: float
    patience_least_s: float
    patience_mean_s: float
    answer_after_s: tuple[float, float]
    ring_timeout_s: float
    wrap_up_s: float
    threshold_s: float
    short_abandon_s: float
    announce_every_s: float
    relax_after_s: float = 1.0
    callback_after_s: float = 0.0
    callback_stays_s: float = 30.0


BRISK = Pace(
    talk_mean_s=4.0,
    talk_sigma=0.4,
    patience_least_s=3.0,
    patience_mean_s=12.0,
    answer_after_s=(0.1, 0.8),
    ring_timeout_s=5.0,
    wrap_up_s=1.0,
    threshold_s=3.0,
    short_abandon_s=2.0,
    announce_every_s=5.0,
    relax_after_s=2.0,
    callback_after_s=6.0,
)
"""For `--headless`: a whole day's life in half a minute."""

CALM = Pace(
    talk_mean_s=25.0,
    talk_sigma=0.5,
    patience_least_s=8.0,
    patience_mean_s=60.0,
    answer_after_s=(0.8, 4.0),
    ring_timeout_s=20.0,
    wrap_up_s=15.0,
    threshold_s=20.0,
    short_abandon_s=5.0,
    announce_every_s=20.0,
    relax_after_s=15.0,
    callback_after_s=45.0,
    callback_stays_s=900.0,
)
"""For a person at the screen."""


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """One customer's call: when (seconds from the start), to whom, and how patient and talkative."""

    number: int
    at_s: float
    name: str
    user: str
    dials: str
    patience_s: float
    talk_s: float
    hangs_up: bool

    @property
    def wants_callback(self) -> bool:
        """Whether it presses the key as soon as a callback is proposed: every second one of a queue that
        proposes them.
        """
        return self.dials == CALLED_BACK and self.number % 2 == 0


def queues(pace: Pace) -> tuple[Queue, ...]:
    """Three queues. One asks for less the longer somebody waits, and offers to call back; one rings its
    first tier first; one is small, has hours (it never closes) and flows over.
    """
    common = {
        "ring_timeout_s": pace.ring_timeout_s,
        "wrap_up_s": pace.wrap_up_s,
        "threshold_s": pace.threshold_s,
        "short_abandon_s": pace.short_abandon_s,
        "announce_every_s": pace.announce_every_s,
        "timezone": "Europe/Berlin",
    }

    def queue(**own: object) -> Queue:
        return msgspec.convert({**common, **own}, Queue)

    return (
        queue(
            key="support",
            name="Support",
            numbers=(CALLED_BACK,),
            skills=[{"skill": "english", "level": 7}],
            relax=[
                {"after_s": pace.relax_after_s * step, "skills": [{"skill": "english", "level": level}]}
                for step, level in ((1, 5), (2, 3))
            ],
            callback_after_s=pace.callback_after_s,
        ),
        queue(
            key="sales",
            name="Sales",
            numbers=("200",),
            priority=1,
            strategy=Strategy.TOP_DOWN,
            tier=1,
            relax=[{"after_s": pace.relax_after_s, "tier": 2}],
        ),
        queue(
            key="kundendienst",
            name="Kundendienst",
            numbers=("300",),
            skills=[{"skill": "german", "level": 5}],
            max_wait_s=pace.patience_mean_s,
            overflow_to="support",
            hours=[{"days": DAYS, "opens": "00:00", "closes": "24:00"}],
            closed_to=VOICEMAIL,
        ),
    )


def agents(count: int, seed: int) -> tuple[Agent, ...]:
    """`count` robots with skills of their own, every second fluent in German, every third in the second tier
    of the sales queue; then the desk at the screen.
    """
    dice = random.Random(f"agents {seed}")
    made = []
    for number in range(count):
        name = f"{_FIRST[number % len(_FIRST)]} {_LAST[(number * 7 + number // len(_FIRST)) % len(_LAST)]}"
        skills = {"english": dice.randint(3, 10)}
        served = ["support", "sales"]
        if number % 2 == 0:
            skills["german"] = dice.randint(5, 10)
            served.append("kundendienst")
        tiers = {"sales": 2} if number % 3 == 1 else {}
        made.append(
            Agent(key=f"agent{number + 1}", name=name, skills=skills, queues=tuple(served), tiers=tiers)
        )
    you = Agent(
        key=DESK,
        name="You",
        skills={"english": 8, "german": 8},
        queues=("support", "sales", "kundendienst"),
    )
    return (*made, you)


def people(staff: tuple[Agent, ...]) -> list[tuple[str, Role, str]]:
    """Everybody who signs in, with role and shown name: the agents, the supervisor, the administrator."""
    agents = [(agent.key, Role.AGENT, agent.shown) for agent in staff]
    return [*agents, (SUPERVISOR, Role.SUPERVISOR, "Supervisor"), ("admin", Role.ADMIN, "Administrator")]


def bounded_calls(count: int, duration_s: float, pace: Pace, seed: int) -> list[Caller]:
    """Exactly `count` calls of a Poisson stream over `duration_s` (given the number, times are uniform
    order statistics).
    """
    dice = random.Random(f"callers {seed}")
    times = sorted(dice.uniform(0.0, duration_s) for _ in range(count))
    return [_caller(number, at, pace, dice) for number, at in enumerate(times)]


def endless_calls(per_second: float, pace: Pace, seed: int, opening: int = 1) -> Iterator[Caller]:
    """A Poisson stream of calls without end. The first `opening` of them come within a few seconds."""
    dice = random.Random(f"callers {seed}")
    at, number = 0.5, 0
    while True:
        yield _caller(number, at, pace, dice)
        number += 1
        at += _OPENING_S / opening if number < opening else dice.expovariate(per_second)


def _caller(number: int, at: float, pace: Pace, dice: random.Random) -> Caller:
    mean = math.log(pace.talk_mean_s) - pace.talk_sigma**2 / 2
    return Caller(
        number=number,
        at_s=at,
        name=_CALLERS[number % len(_CALLERS)],
        user=f"+4930{dice.randint(100, 999)}{number:05d}",
        dials=dice.choices(("100", "200", "kundendienst"), (5, 3, 3))[0],
        patience_s=pace.patience_least_s + dice.expovariate(1 / pace.patience_mean_s),
        talk_s=max(1.0, dice.lognormvariate(mean, pace.talk_sigma)),
        hangs_up=dice.random() < 0.7,  # else the agent ends the call
    )
