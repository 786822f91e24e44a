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
from console.metrics.repeats import Repeats, contact_key
from console.metrics.tally import Tally

_IN_QUEUE = frozenset({Phase.WAITING, Phase.OFFERED})
_REFUSALS = frozenset({"closed", "full", "no_agents"})


class Case(msgspec.Struct):
    """What the fold remembers of an open interaction beside its standing.

    `offered` and `settled` are of the total: counted once. `segment`: since when it is talk, or hold.
    `last`: the fact that counted last, which may come twice.
    """

    mix: Mix
    callback: bool = False
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
        self.books = books
        self.repeats = Repeats()
        self.cases: dict[UUID, Case] = {}
        self.steps: dict[type, Callable[[Any], None]] = {
            ev.InteractionRefused: self._refused,
            ev.InteractionQueued: self._queued,
            ev.InteractionLeftQueue: self._left_queue,
        }

    def stand(self, event: ev.LedgerEvent) -> bool:
        """Fold it into the standings; False when it came too late and changed nothing."""
        standings = self.standings
        ignored = standings.ignored
        touched = standings.apply(event)
        if touched:
            for standing in touched:
                self.books.agent_moved(standing)
            return True
        return standings.ignored == ignored

    # ------------------------------------------------------------ where a fact counts

    def _of_queue(self, queue: str) -> list[Tally]:
        """The queue's, if it has a row."""
        row = self.books.row(queue)
        return [] if row is None else [self.books.touch(queue, row)]

    def _wholes(self, case: Case) -> list[Tally]:
        """The total's, and that of its channel and skills."""
        books = self.books
        return [books.touch(TOTAL, books.whole()), books.mix(case.mix).at(books.minute)]

    def _tallies(self, queue: str, case: Case) -> list[Tally]:
        """All three."""
        return [*self._of_queue(queue), *self._wholes(case)]

    def _agent(self, key: str) -> Tally:
        row = self.books.agents.get(key)
        if row is None:
            return Tally()
        self.books.agent_changed(key, row)
        return row.track.at(self.books.minute)

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
        case = self.cases.get(standing.interaction)
        if case is None:
            mix = (standing.channel.value, tuple(sorted({need.skill for need in standing.skills})))
            case = self.cases[standing.interaction] = Case(mix)
        return case

    # ------------------------------------------------------------ in and out of queues

    def _refused(self, event: ev.InteractionRefused) -> None:
        standing = self.standings.interactions.get(event.interaction)
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
        before = self.standings.interactions.get(event.interaction)
        moved_from = before.queue if before and before.phase in _IN_QUEUE else None
        if self._doubled(event) or not self.stand(event):
            return
        standing = self.standings.interactions[event.interaction]
        case = self._case(standing)
        case.last = event.id
        case.queued = self.books.us
        case.estimate = None if event.estimate_s is None else round(event.estimate_s * 1_000_000)
        if moved_from is not None:
            reason = "moved" if event.reason == "moved" else "overflow"
            self._flow_out(moved_from, case, event.interaction, reason)
        if case.callback:
            self._line_up_callback(standing)
        else:
            self._offer(event, standing, case)

    def _doubled(self, event: ev.InteractionEvent) -> bool:
        """Whether the fact that counted last came again."""
        case = self.cases.get(event.interaction)
        return case is not None and case.last == event.id

    def _offer(self, event: ev.InteractionQueued, standing: InteractionStanding, case: Case) -> None:
        """It is offered to the queue, and with its first queue to the total."""
        first = not case.offered
        if first:
            case.offered = True
            case.mix = (standing.channel.value, tuple(sorted({need.skill for need in event.skills})))
        queue, wholes = self._of_queue(event.queue), self._wholes(case)
        for tally in queue:
            self._offer_to(tally, event, offered=True)
        for tally in wholes:
            self._offer_to(tally, event, offered=first)
        if queue:
            self.books.queues[event.queue].enter(standing, queue[0])
        self.books.whole().enter(standing, wholes[0])
        if first:
            self._came(standing, case, [*queue, *wholes])

    @staticmethod
    def _offer_to(tally: Tally, event: ev.InteractionQueued, *, offered: bool) -> None:
        if offered:
            tally.n["offered"] += 1
        if event.reason == "transfer":
            tally.n["transferred_in"] += 1

    def _line_up_callback(self, standing: InteractionStanding) -> None:
        """A callback waits in a queue: nobody who waits on the line, unless the customer was reached already
        and is passed on.
        """
        reached = self.cases[standing.interaction].settled
        for key in (standing.queue, TOTAL):
            row = self.books.row(key) if key else self.books.whole()
            if row is not None:
                tally = self.books.touch(key, row)
                if reached:
                    row.enter(standing, tally)
                else:
                    row.callbacks.add(standing.interaction)

    def _came(self, standing: InteractionStanding, case: Case, tallies: list[Tally]) -> None:
        """A known customer comes for the first time with this interaction: who came before, came again."""
        books = self.books
        case.contact = contact_key(standing.customer.user, standing.queue)
        case.came = books.us
        if not case.contact:
            return
        self._count(tallies, "callers_known")
        before = self.repeats.came(case.contact, books.us)
        if before is None:
            return
        self._count(tallies, "callers_repeated")
        if before.answered:
            row, agent = books.queues.get(standing.queue), books.agents.get(before.agent)
            tracks = [books.whole().track, books.mix((before.channel, before.skills))]
            tracks += [row.track] if row else []
            tracks += [agent.track] if agent else []
            for track in tracks:
                track.correct(before.answered, "contacts_repeated", 1)
            books.changes.intervals |= {
                (before.answered // MINUTES_A_QUARTER, key) for key in (standing.queue, TOTAL)
            }

    def _left_queue(self, event: ev.InteractionLeftQueue) -> None:
        if not self.stand(event):
            return
        standing = self.standings.interactions[event.interaction]
        case = self._case(standing)
        reason = {"*callback": "callback", "*voicemail": "voicemail"}.get(event.to, event.reason.value)
        self._flow_out(standing.queue, case, event.interaction, reason)
        overflows = event.reason is ev.LeaveReason.OVERFLOW and not event.to
        if not overflows and (not event.to or event.to.startswith("*")):
            self._settle_flow(case, event.interaction, reason)

    def _flow_out(self, queue: str, case: Case, interaction: UUID, reason: str) -> None:
        if not case.callback:
            self._count(self._of_queue(queue), "flowed_out", f"out_{reason}")
        row = self.books.row(queue)
        if row is not None:
            row.leave(interaction)

    def _settle_flow(self, case: Case, interaction: UUID, reason: str) -> None:
        """It flowed out for good."""
        total = self.books.whole()
        tally = self.books.touch(TOTAL, total)
        total.leave(interaction)
        if case.settled or case.callback:
            return
        case.settled = True
        self._count([tally, self.books.mix(case.mix).at(self.books.minute)], "flowed_out", f"out_{reason}")
