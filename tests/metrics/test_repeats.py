"""Who came again: the days are the queue's of then, and more customers than memory holds bend no share."""

import random
from collections import Counter
from datetime import UTC, datetime

import msgspec
import pytest

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.errors import SettingsError
from console.domain.queue import Queue
from console.metrics import repeats
from console.metrics.catalogue import CATALOGUE, values
from console.metrics.increments import Dimension
from console.metrics.repeats import Contact, Repeats
from console.metrics.snapshot import Fold
from console.settings import CentreSettings, parse_settings

DAY_US = 86_400_000_000
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class Story:
    """One queue, one agent, customers who come and are answered."""

    def __init__(self, queue: Queue) -> None:
        self.clock = StoppedClock(START)
        self.fold = Fold()
        self.queue = queue
        self.tell(ev.QueueConfigured, queue=queue)
        self.tell(ev.AgentConfigured, agent=Agent(key="ada", queues=(queue.key,)))

    def tell(self, kind: type[ev.LedgerEvent], **facts: object) -> None:
        event = kind(id=self.clock.new_id(), at=self.clock.now(), **facts)  # type: ignore[arg-type]
        self.fold.apply(event, self.fold.sequence + 1)

    def come(self, user: str) -> None:
        """A customer comes, is answered and done within the minute."""
        about = {"interaction": self.clock.new_id()}
        offer = {"offer": self.clock.new_id(), "agent": "ada", "queue": self.queue.key}
        now = self.clock.now()
        self.tell(ev.InteractionArrived, customer=Address(f"sip:{user}@x"), called=self.queue.key, **about)
        self.tell(ev.InteractionQueued, queue=self.queue.key, waiting_since=now, **about)
        self.tell(ev.InteractionOffered, ring_timeout_s=20, **offer, **about)
        self.tell(ev.InteractionAnswered, **offer, **about)
        self.tell(ev.InteractionEnded, by=ev.EndedBy.CUSTOMER, **about)

    def set_days(self, days: float) -> None:
        self.queue = msgspec.structs.replace(self.queue, repeat_days=days)
        self.tell(ev.QueueConfigured, queue=self.queue)

    def pass_days(self, days: float) -> None:
        self.clock.move(days * 86400)

    def counts(self) -> tuple[int, int, int, int]:
        """Callers known and repeated, contacts known and repeated, from the beginning."""
        found = [0, 0, 0, 0]
        names = ("callers_known", "callers_repeated", "contacts_known", "contacts_repeated")
        for page in self.fold.books.queues[self.queue.key].track.pages.values():
            for place, name in enumerate(names):
                found[place] += page.tally.n[name]
        return found[0], found[1], found[2], found[3]

    def settle(self) -> tuple[int, int, int, int]:
        self.fold.books.queues[self.queue.key].track.settle()
        return self.counts()


def test_the_days_are_those_of_the_queue() -> None:
    story = Story(Queue(key="q", repeat_days=0.5))
    story.come("anna")
    story.pass_days(0.4)
    story.come("anna")  # again
    story.pass_days(0.6)
    story.come("anna")  # too late to be again
    assert story.settle() == (3, 1, 3, 1)


def test_the_last_instant_of_the_days_still_counts() -> None:
    story = Story(Queue(key="q", repeat_days=1))
    story.come("anna")
    story.pass_days(1)
    story.come("anna")
    story.come("bert")
    story.pass_days(1)
    story.clock.move(1e-6)
    story.come("bert")
    assert story.settle() == (4, 1, 4, 1)


def test_a_contact_keeps_the_days_that_held_when_it_came() -> None:
    story = Story(Queue(key="q", repeat_days=1))
    story.come("short")
    story.set_days(2)
    story.come("long")
    story.pass_days(1.5)
    story.set_days(0.1)
    story.come("short")  # its one day is over, though two would not be
    story.come("long")  # within its two days, though a tenth is over
    assert story.settle() == (4, 1, 4, 1)


def test_a_queue_of_no_days_counts_nobody_and_keeps_nobody() -> None:
    story = Story(Queue(key="q", repeat_days=0))
    for _ in range(3):
        story.come("anna")
    assert story.settle() == (0, 0, 0, 0)
    assert not story.fold.calls.repeats.known()
    reading = story.fold.reading(Dimension.QUEUE, "q", story.clock.now())
    shown = values(reading, Dimension.QUEUE)
    assert shown["first_contact_resolution"] is None
    assert shown["repeat_callers"] is None
    assert shown["answered"] == 3


@pytest.mark.parametrize(
    ("days", "words"), [("-1", ">= 0"), ("400", "<= 366"), ("nan", "repeat_days"), ('"7"', "Expected")]
)
def test_days_that_are_none_are_told_at_load(days: str, words: str) -> None:
    text = f'[[queues]]\nkey = "q"\nrepeat_days = {days}\n'
    with pytest.raises(SettingsError, match=r"centre\.toml:3: queues\[0\]\.repeat_days") as told:
        parse_settings(text, CentreSettings, "centre.toml")
    assert words in str(told.value)


# ---------------------------------------------------------------- more than memory holds


class Plain:
    """The same without a limit: who comes at once when answered, all of one agent."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}
        self.comings = self.again = 0

    def came(self, key: str, us: int, *, counts: bool) -> bool:
        before = self.last.get(key)
        self.last[key] = us
        again = before is not None and us - before <= 7 * DAY_US
        self.comings += counts
        self.again += counts and again
        return again


class Sums:
    """What the fold makes of it: callers and contacts, known and repeated, and by day of the contact."""

    def __init__(self, known: Repeats) -> None:
        self.known = known
        self.asked = self.again = 0
        self.contacts: Counter[int] = Counter()
        self.repeated: Counter[int] = Counter()

    def came(self, key: str, us: int, *, counts: bool) -> None:
        coming = self.known.came(key, us, 7)
        self.asked += counts and coming.asked
        self.again += counts and coming.asked and coming.before is not None
        if coming.before is not None and coming.before.answered:
            self.repeated[coming.before.answered // 1440] += 1
        for _, contact, repeated in self.known.thin(us):
            self.contacts[contact.answered // 1440] -= 1
            self.repeated[contact.answered // 1440] -= repeated
        minute = us // 60_000_000
        if coming.followed and self.known.answered(key, us, minute, "ada", ("voice", ())):
            self.contacts[minute // 1440] += 1


def _customer(chance: random.Random, customers: int) -> str:
    """Some come more often than others."""
    return f"{int(customers * chance.random() ** 1.3)}\nq"


@pytest.mark.parametrize("size", [2, 20])
def test_with_more_contacts_than_memory_holds_the_shares_stay_right(
    monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    """Memory for 3,000 contacts; two and twenty times as many come within the days."""
    monkeypatch.setattr(repeats, "KEPT", 3000)
    known, plain, chance = Repeats(), Plain(), random.Random(11)
    sums, us, looked = Sums(known), DAY_US, 0
    true_contacts: Counter[int] = Counter()
    true_repeated: Counter[int] = Counter()
    while us < 40 * DAY_US:
        us += round(chance.expovariate(size * 3000 / 7 / DAY_US))
        key = _customer(chance, size * 4000)
        counts = us > 9 * DAY_US  # when the days before are whole for everybody
        before = plain.last.get(key, 0)
        if plain.came(key, us, counts=counts):
            true_repeated[before // DAY_US] += 1
        true_contacts[us // DAY_US] += 1
        sums.came(key, us, counts=counts)
        if us // DAY_US != looked:  # looking takes far longer than a contact
            looked = us // DAY_US
            assert len(known.known()) <= 3000
    assert max(known.chosen) >= size
    assert sums.asked > 1500  # it is told of how many, and that is no handful
    assert abs(sums.again / sums.asked - plain.again / plain.comings) < 0.03
    for days in (range(1, 8), range(8, 32)):  # those of the time when memory filled, and of later
        contacts, repeated = (sum(of[day] for day in days) for of in (sums.contacts, sums.repeated))
        truth = sum(true_repeated[day] for day in days) / sum(true_contacts[day] for day in days)
        assert contacts > 1000
        assert abs(repeated / contacts - truth) < 0.03


def test_up_to_its_size_memory_follows_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "KEPT", 3000)
    known, plain = Repeats(), Plain()
    chance, us = random.Random(5), 0
    for _ in range(2900):
        us += DAY_US // 150
        key = f"{chance.randrange(700)}\nq"
        again = plain.came(key, us, counts=True)
        coming = known.came(key, us, 7)
        assert coming.followed
        assert coming.asked
        assert (coming.before is not None) == again
        assert not known.thin(us)
    assert not known.chosen


def test_when_few_come_again_all_are_followed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "KEPT", 200)
    known, us = Repeats(), 0
    for number in range(2000):  # a day on which many call once
        us += DAY_US // 2000
        known.came(f"{number}\nq", us, 7)
        known.thin(us)
    assert not all(known.came(f"late {n}\nq", us, 7).followed for n in range(50))
    for number in range(3000):  # and months of three a day
        us += DAY_US // 3
        known.came(f"few {number}\nq", us, 7)
        known.thin(us)
    comings = [known.came(f"now {n}\nq", us, 7) for n in range(50)]
    assert all(coming.followed and coming.asked for coming in comings)


def test_one_number_that_calls_all_day_crowds_out_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway that shows one number for all: it takes the room of a few, not of all."""
    monkeypatch.setattr(repeats, "KEPT", 500)
    known, us = Repeats(), 0
    for number in range(5000):
        us += DAY_US // 5000
        key = "gateway\nq" if number % 50 else f"{number}\nq"
        assert known.came(key, us, 7).followed
        known.answered(key, us, us // 60_000_000 + 1, "ada", ("voice", ()))
        assert not known.thin(us)


def test_who_goes_on_from_a_checkpoint_chooses_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "KEPT", 150)
    whole, parts = Repeats(), Repeats()
    chance, us = random.Random(3), 0
    for step in range(6000):
        us += DAY_US // (500 if step < 4000 else 5)
        key, days = f"{chance.randrange(900)}\nq", chance.choice((7, 7, 1))
        assert whole.came(key, us, days) == parts.came(key, us, days)
        assert whole.thin(us) == parts.thin(us)
        answer = (key, us, us // 60_000_000, "ada", ("voice", ("english",)))
        assert whole.answered(*answer) == parts.answered(*answer)
        if step % 100 == 50:
            again = Repeats()
            kept = msgspec.msgpack.encode((parts.known(), parts.chosen))
            again.restore(*msgspec.msgpack.decode(kept, type=tuple[dict[str, Contact], dict[int, int]]))
            parts = again
    assert len(whole.chosen) > 2


def test_the_fold_counts_out_whom_it_does_not_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(repeats, "KEPT", 40)
    story = Story(Queue(key="q"))
    for number in range(400):
        story.come(str(number % 150))
    callers, again, contacts, repeated = story.settle()
    held = story.fold.calls.repeats.known().values()
    assert contacts == len(held) + sum(len(contact.earlier) for contact in held) <= 40
    assert repeated == sum(len(contact.earlier) for contact in held)
    assert 0 < again < callers < 400


def test_the_catalogue_says_what_the_limit_means() -> None:
    for key in ("first_contact_resolution", "repeat_callers"):
        assert "50,000" in CATALOGUE[key].formula
        assert "repeat_days" in CATALOGUE[key].formula


def test_a_contact_of_the_future_is_no_earlier_one() -> None:
    story = Story(Queue(key="q"))
    story.pass_days(3)
    story.come("anna")
    story.clock.move(-2e5)
    story.come("anna")
    assert story.settle() == (2, 0, 2, 0)
