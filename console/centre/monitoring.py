"""Supervisors who listen to calls, whisper to agents, or barge in: who is in which call, and their orders."""

from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from console.clock import Clock
from console.domain.errors import BadInput, NotThere, Refused, TooLate
from console.domain.events import (
    LedgerEvent,
    MonitoringChanged,
    MonitoringEnded,
    MonitoringMode,
    MonitoringStarted,
)
from console.domain.interaction import Phase
from console.ledger.ledger import Found, Ledger
from console.routing.router import Router
from console.switch.switch import Capability, Monitor, Snooping, Switch
from console.wire import MonitoringView

CANNOT = "Nobody can listen to calls at this switch: connect an Asterisk (switch.kind = “asterisk”)."
RESTARTED = "centre restarted"
_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})
_LOOKED_AT = 20_000
_OLDEST = timedelta(days=2)


class Monitorings:
    """Who listens to what; every one of them can be seen by every supervisor."""

    def __init__(self, router: Router, clock: Clock, switch: Switch | None) -> None:
        """Nobody listens."""
        self._router = router
        self._clock = clock
        self._views: dict[UUID, MonitoringView] = {}
        able = switch is not None and Capability.SNOOP in switch.capabilities
        self._switch = switch if able and isinstance(switch, Snooping) else None

    def heard(self, fact: LedgerEvent) -> None:
        """A durable fact."""
        match fact:
            case MonitoringStarted():
                self._change(fact.monitoring, mode=fact.mode, since=fact.at)
            case MonitoringChanged():
                self._change(fact.monitoring, mode=fact.mode)
            case MonitoringEnded():
                self._views.pop(fact.monitoring, None)

    def views(self) -> list[MonitoringView]:
        """Who is in a call, or rung for one (`since` None), the longest first."""
        return list(self._views.values())

    def monitor(self, by: str, interaction: UUID, mode: MonitoringMode, contact: str = "") -> MonitoringView:
        """Ring a supervisor's phone at `contact`; "": at the desk that this person is signed in with.

        Raises Refused, NotThere, TooLate or BadInput, in words.
        """
        if self._switch is None:
            raise Refused(CANNOT)
        standing = self._router.interaction(interaction)
        if standing is None:
            raise NotThere("There is no such open interaction.")
        if standing.phase not in _TALKING or not standing.agent:
            raise TooLate("No agent talks with this customer: there is nothing to listen to.")
        if standing.agent == by:
            raise BadInput("It is your own call.")
        if any(one.supervisor == by for one in self._views.values()):
            raise TooLate("You are in a call already: leave that one first.")
        view = MonitoringView(
            monitoring=self._clock.new_id(),
            interaction=interaction,
            supervisor=by,
            agent=standing.agent,
            mode=mode,
        )
        order = Monitor(
            interaction=interaction,
            monitoring=view.monitoring,
            supervisor=by,
            agent=standing.agent,
            contact=self._contact(by, contact),
            mode=mode,
        )
        self._views[view.monitoring] = view
        self._switch.monitor(order)
        return view

    def change(self, by: str, monitoring: UUID, mode: MonitoringMode) -> MonitoringView:
        """Another mode, for who listens. Raises NotThere, Refused."""
        view = self._mine(by, monitoring)
        if self._switch is not None:
            self._switch.change_monitoring(monitoring, mode)
        return view

    def end(self, by: str, monitoring: UUID) -> None:
        """Leave the call. Raises NotThere, Refused."""
        self._mine(by, monitoring)
        if self._switch is not None:
            self._switch.end_monitoring(monitoring)

    async def close(self, ledger: Ledger) -> list[LedgerEvent]:
        """The ends of what a centre that died has left open: the switch lets such phones go. Raises
        StoreError.
        """
        kinds = (MonitoringStarted, MonitoringEnded)
        since = self._clock.now() - _OLDEST
        wanted = Found(types=tuple(kind.__name__ for kind in kinds), start=since)
        begun: dict[UUID, MonitoringStarted] = {}
        for _, event in reversed(await ledger.newest(wanted, _LOOKED_AT)):
            if isinstance(event, MonitoringStarted):
                begun[event.monitoring] = event
            elif isinstance(event, MonitoringEnded):
                begun.pop(event.monitoring, None)
        return [self._ended(event) for event in begun.values()]

    # ------------------------------------------------------------ inside

    def _ended(self, event: MonitoringStarted) -> MonitoringEnded:
        return MonitoringEnded(
            id=self._clock.new_id(),
            at=self._clock.now(),
            interaction=event.interaction,
            monitoring=event.monitoring,
            supervisor=event.supervisor,
            reason=RESTARTED,
        )

    def _change(self, monitoring: UUID, *, mode: MonitoringMode, since: datetime | None = None) -> None:
        view = self._views.get(monitoring)
        if view is not None:
            since = since or view.since
            self._views[monitoring] = msgspec.structs.replace(view, mode=mode, since=since)

    def _mine(self, by: str, monitoring: UUID) -> MonitoringView:
        view = self._views.get(monitoring)
        if view is None:
            raise NotThere("Nobody listens there (any more).")
        if view.supervisor != by:
            raise Refused(f"It is {view.supervisor} who listens there: only who listens can change it.")
        return view

    def _contact(self, by: str, contact: str) -> str:
        if contact:
            fits = contact.startswith(("sip:", "sips:", "PJSIP/"))
            if not fits or any(letter in contact for letter in " ,<>\r\n\t"):
                raise BadInput("The contact is a SIP address, as sip:sue@10.0.0.7.")
            return contact
        standing = self._router.agent(by)
        if standing is None or not standing.linked or not standing.contact:
            raise BadInput(
                "Where is your phone? Sign in with your desk, or name a SIP address as the order's contact."
            )
        return standing.contact
