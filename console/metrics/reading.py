"""What the catalogue's formulas read: the counts of a window of one key, and what holds now if it is live."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from console.domain.agent import AgentState
from console.domain.figures import Counts
from console.metrics.tally import Tally
from console.metrics.waits import Waits

_NO_WAITS = Waits()
_NOBODY: Mapping[AgentState, int] = {}


@dataclass(frozen=True, slots=True)
class Reading:
    """Counts of a window, its waits, and (of a live one only) who waits and what the agents do now.

    `live` is false for a stored interval: there is no "now" in it, and metrics of now are "-".
    """

    counts: Counts
    answered_waits: Waits = field(default_factory=lambda: _NO_WAITS)
    abandoned_waits: Waits = field(default_factory=lambda: _NO_WAITS)
    live: bool = False
    waiting: int = 0
    callbacks_waiting: int = 0
    longest_wait_s: float | None = None
    agents: Mapping[AgentState, int] = field(default_factory=lambda: _NOBODY)


def reading_of(tally: Tally) -> Reading:
    """The reading of a window that is over, or of which nothing of now is asked."""
    return Reading(tally.counts(), tally.answered_waits or _NO_WAITS, tally.abandoned_waits or _NO_WAITS)
