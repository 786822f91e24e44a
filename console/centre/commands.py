"""What agents ask for, as facts: one method a command. Whether it can be is said in words for the agent."""

from collections.abc import Callable
from uuid import UUID

from console.clock import Clock
from console.domain.agent import Presence
from console.domain.errors import Refused
from console.domain.events import (
    AgentBecameReady,
    AgentPaused,
    AgentSignedOut,
    LedgerEvent,
    WrapUpEnded,
)
from console.domain.standing import WrapUp
from console.routing.router import Router
from console.settings import RoutingSettings

_LONGEST = 60


class Commands:
    """Turns an agent's command into the fact that it brings about. Changes nothing itself."""

    def __init__(self, router: Router, settings: RoutingSettings, clock: Clock) -> None:
        """`router` tells where the agent stands."""
        self._router = router
        self._settings = settings
        self._clock = clock
        self._known: dict[str, Callable[[str, str], LedgerEvent]] = {
            "ready": self._ready,
            "pause": lambda agent, reason: self._pause(agent, reason, now=True),
            "pause_after": lambda agent, reason: self._pause(agent, reason, now=False),
            "sign_out": self._sign_out,
            "end_wrap_up": self._end_wrap_up,
            "extend_wrap_up": self._extend_wrap_up,
        }

    def asked_for(self, agent: str, action: str, argument: str) -> LedgerEvent:
        """The fact that a command brings about. Raises Refused or TooLate, in words, when it cannot be."""
        standing = self._router.agent(agent)
        if standing is None or standing.presence is Presence.OFFLINE:
            raise Refused("You are not signed in as an agent.")
        command = self._known.get(action)
        if command is None:
            raise Refused(f"The centre does not know how to “{action[:_LONGEST]}”.")
        return command(agent, argument)

    def _ready(self, agent: str, _: str) -> LedgerEvent:
        return AgentBecameReady(id=self._id(), at=self._clock.now(), agent=agent)

    def _pause(self, agent: str, argument: str, *, now: bool) -> LedgerEvent:
        reason = argument.strip()
        if reason not in self._settings.pause_reasons:
            raise Refused(f"There is no pause reason “{reason[:_LONGEST]}”.")
        return AgentPaused(id=self._id(), at=self._clock.now(), agent=agent, reason=reason, now=now)

    def _sign_out(self, agent: str, _: str) -> LedgerEvent:
        return AgentSignedOut(id=self._id(), at=self._clock.now(), agent=agent, reason="asked")

    def _end_wrap_up(self, agent: str, _: str) -> LedgerEvent:
        interaction = self._router.wrap_up_of(agent)
        if interaction is None:
            raise Refused("There is no wrap-up to end.")
        return WrapUpEnded(id=self._id(), at=self._clock.now(), agent=agent, interaction=interaction)

    def _extend_wrap_up(self, agent: str, _: str) -> LedgerEvent:
        return self._router.commands.extend_wrap_up(agent, self._clock.now())

    def _id(self) -> UUID:
        return self._clock.new_id()


def extensions_left(router: Router, wrap_up: WrapUp) -> tuple[float, int]:
    """The seconds that one extension of a wrap-up adds, and how many are left."""
    queue = router.queue(wrap_up.queue)
    if queue is None or queue.wrap_up_extension_s <= 0 or wrap_up.limit_s <= 0:
        return 0.0, 0
    return queue.wrap_up_extension_s, max(0, queue.wrap_up_extensions - wrap_up.extended)
