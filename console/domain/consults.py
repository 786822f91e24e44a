"""Third parties whom agents ask, as part of the standings (see domain.standings)."""

from collections.abc import Mapping
from datetime import datetime

from console.domain import events as ev
from console.domain.agent import Work
from console.domain.interaction import Phase
from console.domain.staff import Staff, Touched
from console.domain.standing import Consulted, InteractionStanding

_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})


class Asked(Staff):
    """All agents, and who is asked by them. An agent who is asked is at work on that interaction."""

    def __init__(self, interactions: Mapping[int, InteractionStanding]) -> None:
        """Nobody. `interactions` are the open ones by UUID.int."""
        super().__init__()
        self._interactions = interactions
        self.steps |= {
            ev.ConsultStarted: self._started,
            ev.ConsultAnswered: self._answered,
            ev.ConferenceStarted: self._together,
            ev.ConsultEnded: self._ended,
        }

    def asked_no_more(self, known: InteractionStanding, at: datetime) -> Touched:
        """Nobody is asked any more."""
        if known.consult is None:
            return ()
        asked, known.consult = self.agents.get(known.consult.to), None
        if asked is None:
            return ()
        asked.drop(known.interaction)
        return self.show(asked, at)

    def _started(self, event: ev.ConsultStarted) -> Touched | None:
        known = self._interactions.get(event.interaction.int)
        if known is None or known.phase not in _TALKING or event.agent != known.agent or known.consult:
            return None
        to = event.to if event.to != known.agent else ""
        known.consult = Consulted(event.consult, event.target, to)
        return self.at_work(to, known.interaction, Work.TALKING, known.channel, event.at)

    def _answered(self, event: ev.ConsultAnswered) -> Touched | None:
        known = self._asking(event)
        if known is None or known.consult is None:
            return None
        known.consult.answered = True
        return ()

    def _together(self, event: ev.ConferenceStarted) -> Touched | None:
        known = self._asking(event)
        if known is None or known.consult is None:
            return None
        known.consult.answered = known.consult.together = True
        return ()

    def _ended(self, event: ev.ConsultEnded) -> Touched | None:
        known = self._asking(event)
        return self.asked_no_more(known, event.at) if known is not None else None

    def _asking(
        self, event: ev.ConsultAnswered | ev.ConferenceStarted | ev.ConsultEnded
    ) -> InteractionStanding | None:
        known = self._interactions.get(event.interaction.int)
        if known is None or known.consult is None or known.consult.consult != event.consult:
            return None
        return known
