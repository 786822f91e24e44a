"""The formulas, pure: counts in, figures out. None is "-": there is nothing to divide.

A answered, At answered within T, B abandoned, Bt abandoned within T, S short abandons. T is inclusive; an
abandon is short when its wait is under the queue's limit.
"""

from collections.abc import Callable, Mapping, Sequence

from console.domain.agent import AgentState
from console.domain.figures import Counts, ServiceLevel
from console.domain.queue import ServiceLevelFormula

_Share = Callable[[Counts], tuple[int, int]]

_SHARES: dict[ServiceLevelFormula, _Share] = {
    ServiceLevelFormula.ANSWERED_IN_TIME_OF_ANSWERED: lambda c: (c.answered_in_time, c.answered),
    ServiceLevelFormula.IN_TIME_OF_ALL: lambda c: (
        c.answered_in_time + c.abandoned_in_time,
        c.answered + c.abandoned,
    ),
    ServiceLevelFormula.ANSWERED_IN_TIME_OF_ALL: lambda c: (c.answered_in_time, c.answered + c.abandoned),
    ServiceLevelFormula.ANSWERED_IN_TIME_OF_ALL_LESS_SHORT: lambda c: (
        c.answered_in_time,
        c.answered + c.abandoned - c.short_abandoned,
    ),
    ServiceLevelFormula.ANSWERED_IN_TIME_OF_DUE: lambda c: (
        c.answered_in_time,
        c.answered + c.abandoned - c.abandoned_in_time,
    ),
}

SIGNED_IN = tuple(state.value for state in AgentState if state is not AgentState.OFFLINE)
"""The names of all states but offline."""

_BUSY = (AgentState.ON_CONTACT, AgentState.HOLD, AgentState.WRAP_UP)


def ratio(numerator: float, denominator: float) -> float | None:
    """A share, or None when there is nothing to divide by."""
    return numerator / denominator if denominator > 0 else None


def service_level(formula: ServiceLevelFormula, counts: Counts, threshold_s: float) -> ServiceLevel:
    """The service level by one of the five formulas, with its inputs."""
    numerator, denominator = _SHARES[formula](counts)
    return ServiceLevel(formula, ratio(numerator, denominator), numerator, denominator, threshold_s)


def level(formula: ServiceLevelFormula, counts: Counts, threshold_s: float) -> ServiceLevel:
    """The service level in which each fact counted by the formula and threshold of its moment; `formula` and
    `threshold_s` are those in force now.
    """
    share = ratio(counts.level_met, counts.level_of)
    return ServiceLevel(formula, share, counts.level_met, counts.level_of, threshold_s)


def asa_s(counts: Counts) -> float | None:
    """Average speed of answer: the mean wait of the answered, in seconds."""
    return ratio(counts.wait_answered_s, counts.answered)


def aht_s(counts: Counts) -> float | None:
    """Average handle time: (talk + hold + wrap-up) / answered, in seconds."""
    return ratio(counts.talk_s + counts.hold_s + counts.wrap_up_s, counts.answered)


def abandon_rate(counts: Counts) -> float | None:
    """B / (A + B - S): all abandons, of all interactions but the short abandons."""
    return ratio(counts.abandoned, counts.answered + counts.abandoned - counts.short_abandoned)


def occupancy(seconds: Mapping[AgentState, float]) -> float | None:
    """(on contact + hold + wrap-up) / (that + ready), from the seconds spent in each state."""
    busy = sum(seconds.get(state, 0.0) for state in _BUSY)
    return ratio(busy, busy + seconds.get(AgentState.READY, 0.0))


def occupied(counts: Counts) -> float | None:
    """Occupancy, (on contact + hold + wrap-up) / (that + ready), of the counts of a window."""
    busy = counts.in_on_contact_s + counts.in_hold_s + counts.in_wrap_up_s
    return ratio(busy, busy + counts.in_ready_s)


def utilisation(counts: Counts) -> float | None:
    """As occupancy, with pauses below the line too."""
    busy = counts.in_on_contact_s + counts.in_hold_s + counts.in_wrap_up_s
    return ratio(busy, busy + counts.in_ready_s + counts.in_paused_s)


def contacts_per_hour(counts: Counts) -> float | None:
    """Contacts by the hours in any state but offline."""
    hours = sum(getattr(counts, f"in_{state}_s") for state in SIGNED_IN) / 3600
    return ratio(counts.contacts, hours)


def first_contact_resolution(counts: Counts) -> float | None:
    """1 - contacts that were followed by another / contacts, both of known customers."""
    again = ratio(counts.contacts_repeated, counts.contacts_known)
    return None if again is None else 1 - again


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Nearest-rank percentile of sorted values: the least one that `share` (0 to 1) do not exceed."""
    if not ordered:
        return None
    rank = -int(-len(ordered) * share // 1)
    return ordered[min(max(rank, 1), len(ordered)) - 1]
