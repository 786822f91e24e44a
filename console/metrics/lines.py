"""How coming into queues, and leaving them, counts. The definitions are those of metrics.snapshot."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec

from console.domain import events as ev
from console.domain.interaction import Phase
from console.domain.standing import InteractionStanding
from console.domain.standings import Standings
from console.metrics.books import TOTAL, Books, Mix
from console.metrics.intervals import MINUTES_A_QUARTER
from console.metrics.repeats import Contact, Repeats, contact_key, queue_of
from console.metrics.tally import Tally
from console.metrics.track import Track

_IN_QUEUE = frozenset({Phase.WAITING, Phase.OFFERED})
CALLBACK, OUTBOUND = "callback", "outbound"
_REFUSALS = frozenset({"closed", "full", "no_agents"})


class Case(msgspec.Struct):
    """What the fold remembers of an open interaction beside its standing.

    `offered` and `settled` are of the total: counted once. `segment`: since when it is talk, or hold.
    `last`: the fact that counted last, which may come twice. `apart`: it counts as a callback or an outbound
    call, and as nothing else.
    """

    mix: Mix
    apart: str = ""
    offered: bool = False
    settled: bool = False
    segment: int | None = None
    queued: int = 0
    estimate: int | None = None
    contact: str = ""
    came: int = 0
    last: UUID | None = None


class Lines:
    """Folds the facts of lines into the books."""

    def __init__(self, standings: Standings, books: Books) -> None:
        """`books.begin` comes before each fact."""
        self.standings = standings
        self._stands = standings.steps
        self.books = books
        self.repeats = Repeats()
        self.cases: dict[int, Case] = {}
        """By UUID.int of the interaction."""
        self.steps: dict[type, Callable[[Any], None]] = {
            ev.InteractionRefused: self._refused,
            ev.InteractionQueued: self._queued,
            ev.InteractionLeftQueue: self._left_queue,
        }

    def stand(self, event: ev.LedgerEvent) -> bool:
        """Fold it into the standings; False when it came too late and changed nothing."""
        step = self._stands.get(type(event))
        if step is None:
            return True
        touched = step(event)
        if touched is None:
            self.standings.ignored += 1
            return False
        for standing in touched:
            self.books.agent_moved(standing)
        return True

    # ------------------------------------------------------------ where a fact counts

    def _of_queue(self, queue: str) -> list[Tally]:
        """The queue's, if it has a row."""
        row = self.books.row(queue)
        return [] if row is None else [self.books.touch(queue, row)]

    def _wholes(self, case: Case) -> list[Tally]:
        """The total's, and that of its channel and skills."""
        books = self.books
        return [books.touch(TOTAL, books.whole()), books.mix(case.mix).at(books.minute)]

    def _count_agent(self, key: str, name: str, amount: int = 1) -> None:
        books = self.books
        row = books.agents.get(key)
        if row is not None:
            books.agent_changed(key, row)
            row.track.note((books.minute, name, amount))

    def _count_all(self, queue: str, case: Case, *names: str, agent: str = "") -> None:
        """Once in the queue, the total and its channel and skills, and for an agent."""
        n = self.books.cell(queue, case.mix).n
        for name in names:
            n[name] += 1
            if agent:
                self._count_agent(agent, name)

    def _count(self, tallies: list[Tally], *names: str) -> None:
        for tally in tallies:
            for name in names:
                tally.n[name] += 1

    def _leave(self, interaction: UUID, queue: str) -> None:
        row = self.books.queues.get(queue)
        for known in (row, self.books.total):
            if known is not None:
                known.leave(interaction)

    def _case(self, standing: InteractionStanding) -> Case:
        case = self.cases.get(standing.interaction.int)
        if case is None:
            mix = (standing.channel.value, tuple(sorted({need.skill for need in standing.skills})))
            case = self.cases[standing.interaction.int] = Case(mix)
        return case

    # ------------------------------------------------------------ in and out of queues

    def _refused(self, event: ev.InteractionRefused) -> None:
        standing = self.standings.by_number.get(event.interaction.int)
        if not self.stand(event) or standing is None:
            return
        case = self._case(standing)
        if case.last == event.id:
            return
        case.last = event.id
        onward = bool(event.to) and not event.to.startswith("*")
        tallies = self._of_queue(event.queue) if event.queue in self.books.queues else []
        if not onward and not case.offered:
            tallies += self._wholes(case)
        self._count(tallies, "refused")
        if event.reason in _REFUSALS:
            self._count(tallies, f"refused_{event.reason}")

    def _queued(self, event: ev.InteractionQueued) -> None:
        before = self.standings.by_number.get(event.interaction.int)
        moved_from = before.queue if before and before.phase in _IN_QUEUE else None
        if self._doubled(event) or not self.stand(event):
            return
        standing = self.standings.by_number[event.interaction.int]
        case = self._case(standing)
        case.last = event.id
        case.queued = self.books.us
        case.estimate = None if event.estimate_s is None else round(event.estimate_s * 1_000_000)
        if moved_from is not None:
            reason = "moved" if event.reason == "moved" else "overflow"
            self._flow_out(moved_from, case, event.interaction, reason)
        if case.apart:
            self._line_up_callback(standing)
        else:
            self._offer(event, standing, case)

    def _doubled(self, event: ev.InteractionEvent) -> bool:
        """Whether the fact that counted last came again."""
        case = self.cases.get(event.interaction.int)
        return case is not None and case.last == event.id

    def _offer(self, event: ev.InteractionQueued, standing: InteractionStanding, case: Case) -> None:
        """It is offered to the queue, and with its first queue to the total."""
        books, first = self.books, not case.offered
        if first:
            case.offered = True
            case.mix = (standing.channel.value, tuple(sorted({need.skill for need in event.skills})))
        tally = books.cell(event.queue, case.mix)
        if first:
            tally.n["offered"] += 1
        else:
            self._count(self._of_queue(event.queue), "offered")
        if event.reason == "transfer":
            tally.n["transferred_in"] += 1
        for row in (books.queues.get(event.queue), books.whole()):
            if row is not None:
                row.enter(standing, books.minute)
        if first:
            self._came(standing, case, tally)

    def _line_up_callback(self, standing: InteractionStanding) -> None:
        """A callback waits in a queue: nobody who waits on the line, unless the customer was reached already
        and is passed on.
        """
        reached = self.cases[standing.interaction.int].settled
        for key in (standing.queue, TOTAL):
            row = self.books.row(key) if key else self.books.whole()
            if row is not None:
                self.books.mark(key, row)
                if reached:
                    row.enter(standing, self.books.minute)
                else:
                    row.callbacks.add(standing.interaction.int)

    def _came(self, standing: InteractionStanding, case: Case, tally: Tally) -> None:
        """A known customer comes for the first time with this interaction: who came before, came again."""
        books = self.books
        case.contact = contact_key(standing.customer.user, standing.queue)
        case.came = books.us
        if not case.contact:
            return
        coming = self.repeats.came(case.contact, books.us, books.queue(standing.queue).repeat_days)
        if coming.asked:
            tally.n["callers_known"] += 1
            tally.n["callers_repeated"] += coming.before is not None
        if not coming.followed:
            case.contact = ""
        if coming.before is not None and coming.before.answered:
            self._correct(standing.queue, coming.before, 1, "contacts_repeated")
        for key, contact, repeated in self.repeats.thin(books.us):
            names = ("contacts_known", "contacts_repeated") if repeated else ("contacts_known",)
            self._correct(queue_of(key), contact, -1, *names)

    def _correct(self, queue: str, contact: Contact, amount: int, *names: str) -> None:
        """What an earlier contact counts for changes, where its answer was."""
        books = self.books
        row, agent = books.queues.get(queue), books.agents.get(contact.agent)
        tracks: list[Track] = [books.whole().track, books.mix((contact.channel, contact.skills))]
        tracks += [row.track] if row else []
        tracks += [agent.track] if agent else []
        for track in tracks:
            for name in names:
                track.correct(contact.answered, name, amount)
        books.changes.intervals |= {(contact.answered // MINUTES_A_QUARTER, key) for key in (queue, TOTAL)}

    def _left_queue(self, event: ev.InteractionLeftQueue) -> None:
        if not self.stand(event):
            return
        standing = self.standings.by_number[event.interaction.int]
        case = self._case(standing)
        reason = {"*callback": "callback", "*voicemail": "voicemail"}.get(event.to, event.reason.value)
        self._flow_out(standing.queue, case, event.interaction, reason)
        overflows = event.reason is ev.LeaveReason.OVERFLOW and not event.to
        if not overflows and (not event.to or event.to.startswith("*")):
            self._settle_flow(case, event.interaction, reason)

    def _flow_out(self, queue: str, case: Case, interaction: UUID, reason: str) -> None:
        if not case.apart:
            self._count(self._of_queue(queue), "flowed_out", f"out_{reason}")
        row = self.books.row(queue)
        if row is not None:
            row.leave(interaction)

    def _settle_flow(self, case: Case, interaction: UUID, reason: str) -> None:
        """It flowed out for good."""
        total = self.books.whole()
        tally = self.books.touch(TOTAL, total)
        total.leave(interaction)
        if case.settled or case.apart:
            return
        case.settled = True
        self._count([tally, self.books.mix(case.mix).at(self.books.minute)], "flowed_out", f"out_{reason}")
