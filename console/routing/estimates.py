"""How long a caller will wait: from the place in the line, the recent handle time and who serves the queue.

The rule is the common one: with n agents at work on contacts of h seconds each, one of them becomes free
every h / n seconds, so who has k before him waits (k + 1) * h / n. It knows nothing of callers who give up
nor of agents who are busy elsewhere; metrics tells how far it was off.
"""

from dataclasses import dataclass

from console.domain import events as ev
from console.domain.interaction import Phase
from console.domain.standings import Standings

_RECENT = 20
"""The mean follows about so many of the last contacts."""

_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})


def expected_wait(ahead: int, handle_s: float | None, serving: int, idle: int) -> float | None:
    """Seconds to wait with so many ahead; None: there is nothing to go by."""
    if ahead < idle:
        return 0.0
    if handle_s is None or serving <= 0:
        return None
    return (ahead + 1 - idle) * handle_s / serving


@dataclass(slots=True)
class Recent:
    """A mean that follows the last values: plain at first, then each new one counts for 1 / 20."""

    number: int = 0
    mean: float = 0.0

    def take(self, value: float) -> None:
        """One more value; a negative one (a clock set back) is none."""
        if value < 0:
            return
        self.number = min(self.number + 1, _RECENT)
        self.mean += (value - self.mean) / self.number


class HandleTimes:
    """Recent handle times by queue: the contact, and the wrap-up behind it. Tell it each fact first."""

    def __init__(self, standings: Standings) -> None:
        """`standings` as they are before the fact."""
        self._standings = standings
        self.contacts: dict[str, Recent] = {}
        self.wrap_ups: dict[str, Recent] = {}

    def handle_s(self, queue: str) -> float | None:
        """The mean handle time of a queue's recent contacts; None: there was none."""
        contact = self.contacts.get(queue)
        if contact is None:
            return None
        wrap_up = self.wrap_ups.get(queue)
        return contact.mean + (wrap_up.mean if wrap_up else 0.0)

    def contact_over(self, event: ev.InteractionTransferred | ev.InteractionEnded) -> None:
        """A contact ends."""
        standing = self._standings.by_number.get(event.interaction.int)
        if standing is None or standing.outbound:
            return
        if standing.phase not in _TALKING or standing.answered_at is None:
            return
        spent = (event.at - standing.answered_at).total_seconds()
        self.contacts.setdefault(standing.queue, Recent()).take(spent)

    def wrap_up_over(self, event: ev.WrapUpEnded) -> None:
        """A wrap-up ends."""
        agent = self._standings.agents.get(event.agent)
        wrap_up = agent.wrap_ups.get(event.interaction) if agent else None
        if wrap_up is not None:
            spent = (event.at - wrap_up.started_at).total_seconds()
            self.wrap_ups.setdefault(wrap_up.queue, Recent()).take(spent)
