"""The agents who are being rung on an Asterisk for one interaction, and what a call needs of its switch."""

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol
from uuid import UUID

import msgspec

from console.domain.errors import NetworkError
from console.domain.events import InteractionEvent, OfferEnded, OfferEndReason, OfferRinging
from console.switch.asterisk_lines import ELSEWHERE, MEANWHILE, Lines, Owner
from console.switch.asterisk_mailbox import Mailbox
from console.switch.offers import ENDS
from console.switch.switch import Ring

INTERACTION = "CALLBOARD_INTERACTION"
"""The channel variable that a restarted centre knows a call by."""

_log = logging.getLogger(__name__)


class Joined(Protocol):
    """A call that begins with both sides there."""

    def meet(self, agent: str, order: Ring, bridge: str, *, holding: bool) -> None:
        """The customer of a callback answered; agent and customer are in this bridge."""


class Hub(Protocol):
    """The switch, as its calls see it."""

    lines: Lines
    refuses: Callable[[str], str]
    """Why somebody outside must not be called, "" when it may be: asked late, see `switch.Guarded`."""

    def fact(self, kind: type[InteractionEvent], interaction: UUID, **fields: object) -> None:
        """Tell a fact."""

    def over(self, interaction: UUID, customer: str, agents: Sequence[str]) -> None:
        """A call is over, which had these channels."""

    def given_up(self, interaction: UUID) -> None:
        """A callback rings nobody any more."""

    def reached(self, interaction: UUID, customer: str, caller: tuple[str, str]) -> Joined:
        """The customer of a callback is there: it is a call from now on."""

    def mailbox(
        self, interaction: UUID, channel: str, file: Path, most_s: float, failed: Callable[[], None]
    ) -> Mailbox:
        """A message to be recorded; it is finished even when the switch stops."""


class _Offer(msgspec.Struct):
    order: Ring
    channel: str
    rang: bool = False


class Offers:
    """Rings desks for one interaction and tells what becomes of it, but for who has won."""

    def __init__(self, hub: Hub, interaction: UUID, owner: Owner) -> None:
        self._hub = hub
        self._interaction = interaction
        self._owner = owner
        self._offers: dict[str, _Offer] = {}

    def __len__(self) -> int:
        """How many desks ring."""
        return len(self._offers)

    def ring(self, order: Ring, caller: tuple[str, str], headers: Mapping[str, str]) -> None:
        """Ring a desk, with these headers besides the order's; twice for the same offer is once."""
        if any(offer.order.offer == order.offer for offer in self._offers.values()):
            return
        channel = self._hub.lines.name("agent", order.offer)
        every = {"X-Interaction-Id": str(self._interaction), **headers, **order.headers}
        kept = {INTERACTION: str(self._interaction)}
        self._offers[channel] = _Offer(order, channel)
        try:
            self._hub.lines.dial(
                self._owner, channel, order.contact, caller=caller, headers=every, variables=kept
            )
        except NetworkError as fault:
            _log.warning("agent %s cannot be rung at %r: %s", order.agent, order.contact, fault)
            self.failed(channel, 480)

    def rang(self, channel: str) -> None:
        """A desk rings."""
        offer = self._offers.get(channel)
        if offer is not None and not offer.rang:
            offer.rang = True
            order = offer.order
            self._hub.fact(OfferRinging, self._interaction, offer=order.offer, agent=order.agent)

    def adopt(self, channel: str, order: Ring, *, rang: bool) -> None:
        """A desk that was rung by a centre that died, and still is."""
        self._hub.lines.known(channel, self._owner)
        self._offers[channel] = _Offer(order, channel, rang)

    def take(self, channel: str) -> Ring | None:
        """The order that a channel was rung for, which rings no more; None when it is none of these."""
        offer = self._offers.pop(channel, None)
        if offer is None:
            return None
        if not offer.rang:  # an automatic answer may come without a word of ringing before
            self._hub.fact(OfferRinging, self._interaction, offer=offer.order.offer, agent=offer.order.agent)
        return offer.order

    def failed(self, channel: str, code: int) -> bool:
        """A desk did not want to, or could not; False when it is none of these."""
        offer = self._offers.pop(channel, None)
        if offer is not None:
            known = OfferEndReason.WITHDRAWN if code == MEANWHILE else OfferEndReason.UNREACHABLE
            self.tell_end(offer.order, ENDS.get(code, known))
        return offer is not None

    def lost(self, channel: str) -> bool:
        """A desk did not want to, or could not, and nobody is told; False when it is none of these."""
        return self._offers.pop(channel, None) is not None

    def cancel(self, identity: UUID, *, elsewhere: bool) -> bool:
        """Stop ringing for an offer; False when it is none of these."""
        for channel, offer in self._offers.items():
            if offer.order.offer == identity:
                del self._offers[channel]
                self._hub.lines.hang_up(channel, ELSEWHERE if elsewhere else 0)
                return True
        return False

    def drop(self, *, elsewhere: bool = False) -> list[Ring]:
        """Stop ringing for all; returns what was rung for."""
        orders = [offer.order for offer in self._offers.values()]
        for order in orders:
            self.cancel(order.offer, elsewhere=elsewhere)
        return orders

    def tell_end(self, order: Ring, reason: OfferEndReason) -> None:
        """Tell that an offer came to nothing."""
        self._hub.fact(OfferEnded, self._interaction, offer=order.offer, agent=order.agent, reason=reason)
