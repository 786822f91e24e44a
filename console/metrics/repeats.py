"""Who came again: for repeat callers and first-contact resolution.

A contact is an interaction's first coming into a queue; the customer is known by number or user, the
subject is the queue. Somebody who came to the same queue within DAYS before is a repeat caller, counted on
coming. The earlier contact, if it was answered, was not resolved: that is counted where its answer was, so
the figures of an interval are provisional until DAYS are over, and corrected by one more increment. Withheld
numbers, transfers, moves and callbacks are no contacts here.

Memory is bounded: the KEPT newest customers of a queue are known, and no one longer than DAYS. Exact as long
as no more come within DAYS; beyond that the oldest are forgotten, and counted in `forgotten`. Over the ledger
itself the same is exact at any size.
"""

import msgspec

from console.metrics.intervals import MINUTE_US

DAYS = 7
KEPT = 50_000

Mix = tuple[str, tuple[str, ...]]

_WITHIN_US = DAYS * 24 * 60 * MINUTE_US
_WITHHELD = frozenset({"", "anonymous", "unavailable", "unknown", "restricted", "withheld", "private"})


class Contact(msgspec.Struct, array_like=True):
    """The last contact of a customer in a queue: when, and where its answer counted (0: unanswered)."""

    at: int
    answered: int = 0
    agent: str = ""
    channel: str = ""
    skills: tuple[str, ...] = ()


class Repeats:
    """The last contacts by customer and queue, the oldest first."""

    def __init__(self) -> None:
        """Nobody."""
        self.known: dict[str, Contact] = {}
        self.forgotten = 0

    def came(self, key: str, us: int) -> Contact | None:
        """A customer comes: the contact before, if it was within the days."""
        before = self.known.pop(key, None)
        self.known[key] = Contact(us)
        if len(self.known) > KEPT:
            oldest = next(iter(self.known))
            if us - self.known.pop(oldest).at <= _WITHIN_US:
                self.forgotten += 1
        if before is None or not 0 <= us - before.at <= _WITHIN_US:
            return None
        return before

    def answered(self, key: str, came: int, minute: int, agent: str, mix: Mix) -> None:
        """The contact that came then was answered; one that another has followed already is over."""
        contact = self.known.get(key)
        if contact is not None and contact.at == came:
            contact.answered, contact.agent = minute, agent
            contact.channel, contact.skills = mix


def contact_key(user: str, queue: str) -> str:
    """A customer in a queue; "" for one who cannot be known again."""
    return "" if user.casefold() in _WITHHELD else f"{user}\n{queue}"
