"""What a call or a callback needs of the switch that holds it."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol
from uuid import UUID

from aiosipua import SipUri

from console.domain.events import InteractionEvent
from console.switch.legs import Leg, Owner
from console.switch.player import Player
from console.switch.switch import LegStatistics, Ring
from console.switch.voicemail import Message


class Party(Owner, Protocol):
    """Somebody with an interaction: a call or a callback."""

    interaction: UUID


class Joined(Party, Protocol):
    """A call that begins with both sides there."""

    def meet(self, customer: Leg, agent: Leg, order: Ring) -> None:
        """The customer of a callback answered the agent's call."""


class Hub(Protocol):
    """The switch, as its calls see it."""

    refuses: Callable[[str], str]
    """Why a phone's transfer must not go there, "" when it may."""

    def fact(self, kind: type[InteractionEvent], party: Party, **fields: object) -> None:
        """Tell a fact about a call."""

    def dial(self, owner: Owner, to: str, caller: tuple[str, str]) -> Leg:
        """A leg towards a SIP URI, from a caller (URI, name). Raises NetworkError when no port is free."""

    def dial_out(self, owner: Owner, order: Ring) -> Leg:
        """A leg towards the customer of a callback. Raises NetworkError when there is no way there."""

    def player(self, leg: Leg, spoken: Callable[[], None]) -> Player:
        """What this leg hears from us, in its codec."""

    def message(
        self, file: Path, most_s: float, over: Callable[[], None], failed: Callable[[], None]
    ) -> Message:
        """A message to be recorded; it is finished even when the switch stops."""

    def is_ours(self, uri: SipUri) -> bool:
        """Whether this is one of our own SIP addresses."""

    def over(self, call: Party, statistics: LegStatistics) -> None:
        """A call is over."""

    def reached(self, callback: Party, called: str) -> Joined:
        """The customer of a callback is there: it is a call from now on."""

    def given_up(self, callback: Party) -> None:
        """Nobody is rung for this callback any more."""
