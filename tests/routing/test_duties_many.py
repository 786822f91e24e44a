"""Very many duties at once, as a broadcast that is withdrawn brings: each is met in the same time."""

import time
from datetime import datetime
from uuid import UUID

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.standing import OpenOffer
from console.domain.standings import Standings
from console.routing.duties import Duties, Open

START = datetime.fromisoformat("2026-11-23T09:00:00+00:00")
FEW, MANY = 2_000, 64_000
MOST = 4.0
"""How much more one duty may take among many; looked for among all met before it would be over 8 times."""


def _meet_s(number: int) -> float:
    """CPU seconds for each of so many offers that are to end."""
    clock = StoppedClock(START)
    caller = clock.new_id()
    offers: dict[UUID, tuple[OpenOffer, ev.OfferEndReason]] = {}
    for _ in range(number):
        offer = OpenOffer(clock.new_id(), caller, "ada", "a", START, 20.0)
        offers[offer.offer] = offer, ev.OfferEndReason.WITHDRAWN
    duties = Duties(Standings())
    duties.open = Open(offers=dict(offers))
    ended: list[UUID] = []
    began = time.process_time()
    for event in duties.met(START, lambda: caller):
        duties.apply(event)
        assert isinstance(event, ev.OfferEnded)
        ended.append(event.offer)
    took = time.process_time() - began
    assert ended == list(offers)
    assert not duties
    return took / number


def test_each_of_very_many_offers_ends_in_the_same_time() -> None:
    few = min(_meet_s(FEW) for _ in range(5))
    many = min(_meet_s(MANY) for _ in range(3))
    assert many < MOST * few
