"""The additive heart of all figures: what a stretch of time of one queue, agent, ... counted.

Everything is a whole number (durations in microseconds), so sums do not depend on the order of adding: what
was counted live, folded again, or merged from stored increments is the same to the digit.
"""

from collections import defaultdict

from console.domain.agent import AgentState
from console.domain.figures import Counts
from console.domain.queue import ServiceLevelFormula
from console.metrics.waits import Waits

MAXIMA = frozenset({"waiting_max", "wait_max_us", "wait_max_answered_us", "wait_max_abandoned_us"})
"""What is not added up: the most counts."""

STATE_KEYS: dict[AgentState, str] = {
    state: f"in_{state.value}_us" for state in AgentState if state is not AgentState.OFFLINE
}
"""Where the time that agents spend in a state is counted; offline is not."""

_SHOWN: dict[str, tuple[str, bool]] = {
    (f"{name[:-2]}_us" if name.endswith("_s") else name): (name, name.endswith("_s"))
    for name in Counts.__struct_fields__
    if name != "pauses"
}
"""The name here: the name in Counts, and whether it is a duration."""

FIELDS = frozenset(_SHOWN)
"""All that can be counted."""

_Formula = ServiceLevelFormula


class Tally:
    """Counts as they grow: `n` by the names of figures.Counts, `..._s` as `..._us`; the waits, the pauses."""

    __slots__ = ("abandoned_waits", "answered_waits", "n", "pauses")

    def __init__(self) -> None:
        """Nothing counted."""
        self.n: defaultdict[str, int] = defaultdict(int)
        self.answered_waits: Waits | None = None
        self.abandoned_waits: Waits | None = None
        self.pauses: dict[str, int] | None = None

    def __bool__(self) -> bool:
        """Whether anything was counted."""
        return bool(self.n) or bool(self.pauses)

    def merge(self, other: "Tally") -> None:
        """Add another stretch, or another part of the same one."""
        if self.n:
            _add(self.n, other.n)
        else:
            self.n.update(other.n)
        if other.answered_waits is not None:
            self.answered_waits = _both(self.answered_waits, other.answered_waits)
        if other.abandoned_waits is not None:
            self.abandoned_waits = _both(self.abandoned_waits, other.abandoned_waits)
        if other.pauses is not None:
            for reason, spent in other.pauses.items():
                self.pause(reason, spent)

    def clear(self) -> None:
        """Nothing counted, again."""
        self.n.clear()
        self.answered_waits = self.abandoned_waits = self.pauses = None

    def pause(self, reason: str, spent_us: int) -> None:
        """Paused time of a reason (`in_paused_us` counts it too, but not here)."""
        if self.pauses is None:
            self.pauses = {}
        self.pauses[reason] = self.pauses.get(reason, 0) + spent_us

    def answer(self, wait_us: int, *, in_time: bool) -> None:
        """Count an answer after a wait; the same for all formulas of the service level."""
        n = self.n
        n["answered"] += 1
        n["level_of"] += 1
        if in_time:
            n["answered_in_time"] += 1
            n["level_met"] += 1
        n["wait_answered_us"] += wait_us
        if wait_us > n["wait_max_us"]:
            n["wait_max_us"] = wait_us
        if wait_us > n["wait_max_answered_us"]:
            n["wait_max_answered_us"] = wait_us
        if self.answered_waits is None:
            self.answered_waits = Waits()
        self.answered_waits.add(wait_us)

    def abandon(self, wait_us: int, formula: ServiceLevelFormula, *, in_time: bool, short: bool) -> None:
        """Count a customer who left after a wait, by the formula in force for the service level."""
        n = self.n
        n["abandoned"] += 1
        n["abandoned_in_time"] += in_time
        n["short_abandoned"] += short
        if formula is _Formula.IN_TIME_OF_ALL:
            n["level_met"] += in_time
            n["level_of"] += 1
        elif formula is _Formula.ANSWERED_IN_TIME_OF_ALL:
            n["level_of"] += 1
        elif formula is _Formula.ANSWERED_IN_TIME_OF_ALL_LESS_SHORT:
            n["level_of"] += not short
        elif formula is _Formula.ANSWERED_IN_TIME_OF_DUE:
            n["level_of"] += not in_time
        n["wait_abandoned_us"] += wait_us
        if wait_us > n["wait_max_us"]:
            n["wait_max_us"] = wait_us
        if wait_us > n["wait_max_abandoned_us"]:
            n["wait_max_abandoned_us"] = wait_us
        if self.abandoned_waits is None:
            self.abandoned_waits = Waits()
        self.abandoned_waits.add(wait_us)

    def estimate(self, told_us: int, actual_us: int) -> None:
        """Count what came of an expected wait; near is within a quarter of what was told."""
        n, error = self.n, actual_us - told_us
        n["estimates"] += 1
        n["estimates_near"] += 4 * abs(error) <= told_us
        n["estimate_error_us"] += error
        n["estimate_abs_error_us"] += abs(error)

    def counts(self) -> Counts:
        """The counts as they are shown, durations in seconds."""
        told: dict[str, float] = {}
        for name, value in self.n.items():
            if value:
                shown, timed = _SHOWN[name]
                told[shown] = value / 1_000_000 if timed else value
        if not self.pauses:
            return Counts(**told)  # type: ignore[arg-type]  # names and types as declared there
        pauses = {reason: spent / 1_000_000 for reason, spent in sorted(self.pauses.items()) if spent}
        return Counts(**told, pauses=pauses)  # type: ignore[arg-type]


def _add(n: defaultdict[str, int], other: dict[str, int]) -> None:
    for name, value in other.items():
        if name not in MAXIMA:
            n[name] += value
        elif value > n[name]:
            n[name] = value


def _both(mine: Waits | None, other: Waits) -> Waits:
    if mine is None:
        mine = Waits()
    mine.merge(other)
    return mine


def merged(*tallies: Tally) -> Tally:
    """Several as one new one."""
    whole = Tally()
    for tally in tallies:
        whole.merge(tally)
    return whole
