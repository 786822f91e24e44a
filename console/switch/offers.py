"""The agents who are being rung for one interaction."""

import logging
from uuid import UUID

import msgspec

from console.domain.errors import NetworkError
from console.domain.events import OfferEnded, OfferEndReason, OfferRinging
from console.switch.hub import Hub, Party
from console.switch.legs import Leg
from console.switch.switch import Ring

ELSEWHERE = {"Reason": 'SIP;cause=200;text="Call completed elsewhere"'}
"""RFC 3326: keeps a call that another agent took out of the missed calls."""

ENDS = {
    486: OfferEndReason.BUSY,
    600: OfferEndReason.BUSY,
    403: OfferEndReason.DECLINED,
    603: OfferEndReason.DECLINED,
    607: OfferEndReason.DECLINED,
}
"""What a desk means by a status; others: it cannot be reached."""

_log = logging.getLogger(__name__)


class Offer(msgspec.Struct):
    """An agent being rung."""

    order: Ring
    leg: Leg
    rang: bool = False


class Offers:
    """Rings desks for `party` and tells what becomes of it, but for who has won."""

    def __init__(self, hub: Hub, party: Party) -> None:
        self._hub = hub
        self._party = party
        self._offers: dict[UUID, Offer] = {}

    def __len__(self) -> int:
        """How many desks ring."""
        return len(self._offers)

    def ring(
        self, order: Ring, caller: tuple[str, str], codecs: tuple[str, ...], headers: dict[str, str]
    ) -> None:
        """Ring a desk, with these headers besides the order's; twice for the same offer is once."""
        if order.offer in self._offers:
            return
        try:
            leg = self._hub.dial(self._party, order.contact, caller)
        except NetworkError as fault:
            _log.warning("agent %s cannot be rung at %r: %s", order.agent, order.contact, fault)
            self.tell_end(order, OfferEndReason.UNREACHABLE)
            return
        self._offers[order.offer] = Offer(order, leg)
        every = {"X-Interaction-Id": str(self._party.interaction)} | headers
        leg.call(codecs, every | {name: one_line(value) for name, value in order.headers.items()})

    def rang(self, leg: Leg) -> None:
        """A desk said that it rings."""
        offer = self._of(leg)
        if offer is not None and not offer.rang:
            offer.rang = True
            self._hub.fact(OfferRinging, self._party, offer=offer.order.offer, agent=offer.order.agent)

    def take(self, leg: Leg) -> Ring | None:
        """The order that a leg was rung for, which rings no more; None when it is none of these."""
        offer = self._of(leg)
        if offer is not None:
            del self._offers[offer.order.offer]
        return offer.order if offer is not None else None

    def failed(self, leg: Leg, code: int) -> bool:
        """A desk did not want to, or could not; False when it is none of these."""
        order = self.take(leg)
        if order is not None:
            self.tell_end(order, ENDS.get(code, OfferEndReason.UNREACHABLE))
        return order is not None

    def cancel(self, offer: UUID, *, elsewhere: bool) -> bool:
        """Stop ringing for an offer; False when it is none of these."""
        found = self._offers.pop(offer, None)
        if found is not None:
            found.leg.withdraw(ELSEWHERE if elsewhere else None)
        return found is not None

    def drop(self, *, elsewhere: bool = False) -> list[Ring]:
        """Stop ringing for all; returns what was rung for."""
        orders = [offer.order for offer in self._offers.values()]
        for order in orders:
            self.cancel(order.offer, elsewhere=elsewhere)
        return orders

    def tell_end(self, order: Ring, reason: OfferEndReason) -> None:
        """Tell that an offer came to nothing."""
        self._hub.fact(OfferEnded, self._party, offer=order.offer, agent=order.agent, reason=reason)

    def _of(self, leg: Leg) -> Offer | None:
        return next((offer for offer in self._offers.values() if offer.leg is leg), None)


def one_line(value: str) -> str:
    """A header's value that cannot begin another header."""
    return " ".join(value.split())
