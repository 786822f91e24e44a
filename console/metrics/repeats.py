"""Who came again: for repeat callers and first-contact resolution.

A contact is an interaction's first coming into a queue; the customer is known by number or user, the
subject is the queue. Somebody who comes to the same queue within the days (`repeat_days`) that the queue had
when the contact before came is a repeat caller, counted on coming. That earlier contact, if it was answered,
was not resolved: that is counted where its answer was, so the figures of an interval are provisional until
the days are over, and corrected by one more increment. Withheld numbers, transfers, moves and callbacks are
no contacts here, nor is who comes to a queue of no days.

Memory is bounded: KEPT contacts at most are followed, and up to there every one is. With more, only every
second customer is followed, then every fourth and so on, chosen by a hash of customer and queue that nothing
they do depends on; contacts of the others whose days are not over are counted out again, resolved or not. So
both shares stay right, made of fewer, and their counts say of how many: who is not followed counts in neither
part of either. A caller is asked for an earlier contact only if followed at the scarcest moment of the days
before. When memory is nearly empty again, twice as many are followed. Over the ledger itself the same is
exact at any size.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import NamedTuple
from zlib import crc32

import msgspec

from console.metrics.intervals import MINUTE_US

KEPT = 50_000

Mix = tuple[str, tuple[str, ...]]

_DAY_US = 24 * 60 * MINUTE_US
_EARLIER_KEPT = 50
_LAST_CHOICE = 1 << 31
_WITHHELD = frozenset({"", "anonymous", "unavailable", "unknown", "restricted", "withheld", "private"})


class Contact(msgspec.Struct, array_like=True):
    """A contact of a customer in a queue: when, where its answer counted (0: unanswered), and for how
    long (microseconds) who comes again comes again. The last contact holds the `earlier` ones that were
    answered, repeated, and may still be counted out.
    """

    at: int
    answered: int = 0
    agent: str = ""
    channel: str = ""
    skills: tuple[str, ...] = ()
    within: int = 7 * _DAY_US
    earlier: tuple["Contact", ...] = ()


class Coming(NamedTuple):
    """What a customer's coming is: `before`, the contact it repeats; `followed`, whether it is a contact that
    counts; `asked`, whether it counts among those who may have come before.
    """

    before: Contact | None
    followed: bool
    asked: bool


class Dropped(NamedTuple):
    """An answered contact that is not followed any more, and whether it counts as repeated."""

    key: str
    contact: Contact
    repeated: bool


class Repeats:
    """The last contacts by customer and queue, the oldest first."""

    def __init__(self) -> None:
        """Nobody."""
        self._lines: dict[int, OrderedDict[str, Contact]] = {}
        self._held = 0
        self.chosen: dict[int, int] = {}
        """When (microseconds) only one of so many customers was followed last; the last entry holds now."""
        self._one_of = 1

    def came(self, key: str, us: int, days: float) -> Coming:
        """A customer comes to a queue whose contacts are followed for so many days."""
        before, earlier = self._repeated(key, us)
        within = round(days * _DAY_US)
        if within <= 0:
            return Coming(before, followed=False, asked=False)
        if not self.chosen:
            mark = 0
        else:
            self._breathe(us, within)
            mark = crc32(key.encode())
            if mark % self._one_of:
                return Coming(before, followed=False, asked=False)
        line = self._lines.get(within)
        if line is None:
            line = self._lines[within] = OrderedDict()
        line[key] = Contact(us, within=within, earlier=earlier)
        self._held += 1 + len(earlier)
        asked = not self.chosen or not mark % self._fewest(us, within)
        return Coming(before, followed=True, asked=asked)

    def answered(self, key: str, came: int, minute: int, agent: str, mix: Mix) -> bool:
        """The contact that came then was answered; one that another has followed already is over. Returns
        whether the customer is still followed.
        """
        for line in self._lines.values():
            contact = line.get(key)
            if contact is not None:
                break
        else:
            return False
        if contact.at == came:
            contact.answered, contact.agent = minute, agent
            contact.channel, contact.skills = mix
        return True

    def thin(self, us: int) -> list[Dropped]:
        """Follow fewer if there are more than can be: the contacts to count out."""
        dropped: list[Dropped] = []
        while self._held > KEPT and self._one_of < _LAST_CHOICE:
            self._forget(us)
            if self._held > KEPT:
                self._choose(self._one_of * 2, us)
                dropped += self._drop(us)
        return dropped

    def known(self) -> dict[str, Contact]:
        """All who are followed, for a checkpoint."""
        return {key: contact for line in self._lines.values() for key, contact in line.items()}

    def restore(self, known: Mapping[str, Contact], chosen: Mapping[int, int]) -> None:
        """Know whom another knew; only for a new one."""
        for key, contact in known.items():
            self._lines.setdefault(contact.within, OrderedDict())[key] = contact
            self._held += 1 + len(contact.earlier)
        self.chosen.update(chosen)
        self._one_of = next(reversed(self.chosen), 1)

    def _repeated(self, key: str, us: int) -> tuple[Contact | None, tuple[Contact, ...]]:
        """The contact that a coming repeats, and all that may still be counted out for its customer."""
        for line in self._lines.values():
            before = line.pop(key, None)
            if before is not None:
                break
        else:
            return None, ()
        self._held -= 1 + len(before.earlier)
        earlier = before.earlier and tuple(one for one in before.earlier if us - one.at <= one.within)
        if not 0 <= us - before.at <= before.within:
            return None, earlier
        if before.answered:
            earlier = (*earlier[1 - _EARLIER_KEPT :], before)
        before.earlier = ()
        return before, earlier

    def _breathe(self, us: int, within: int) -> None:
        """While not all are followed: those whose days are over go; if few are left, more are followed."""
        self._forget(us)
        now = self._one_of
        scarce = any(us - last <= within for one_of, last in self.chosen.items() if one_of > now)
        if now > 1 and self._held < KEPT // 4 and not scarce:
            self._choose(now // 2, us)
        elif now > 1:
            self.chosen[now] = us

    def _choose(self, one_of: int, us: int) -> None:
        self._one_of = one_of
        self.chosen.pop(one_of, None)
        self.chosen[one_of] = us

    def _drop(self, us: int) -> list[Dropped]:
        dropped: list[Dropped] = []
        for line in self._lines.values():
            for key in [key for key in line if crc32(key.encode()) % self._one_of]:
                last = line.pop(key)
                self._held -= 1 + len(last.earlier)
                open_ones = [(contact, True) for contact in last.earlier] + [(last, False)]
                dropped += [
                    Dropped(key, contact, repeated)
                    for contact, repeated in open_ones
                    if contact.answered and us - contact.at <= contact.within
                ]
        return dropped

    def _forget(self, us: int) -> None:
        """Those whose days are over are followed no more."""
        for within, line in self._lines.items():
            while line and us - (oldest := next(iter(line.values()))).at > within:
                line.popitem(last=False)
                self._held -= 1 + len(oldest.earlier)

    def _fewest(self, us: int, within: int) -> int:
        """Of how many customers one was followed at the scarcest moment of a time that ends now."""
        return max((one_of for one_of, last in self.chosen.items() if us - last <= within), default=1)


def contact_key(user: str, queue: str) -> str:
    """A customer in a queue; "" for one who cannot be known again."""
    return "" if user.casefold() in _WITHHELD else f"{user}\n{queue}"


def queue_of(key: str) -> str:
    """The queue of such a key."""
    return key.rpartition("\n")[2]
