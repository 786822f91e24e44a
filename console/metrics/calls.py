"""How offers, contacts, callbacks and ends count. The definitions are those of metrics.snapshot."""

from datetime import datetime

from console.domain import events as ev
from console.domain.figures import AbandonedCaller
from console.domain.interaction import Phase
from console.domain.queue import ServiceLevelFormula
from console.domain.standing import InteractionStanding
from console.domain.standings import Standings
from console.metrics.books import Books
from console.metrics.intervals import us_of
from console.metrics.journal import ANSWER, LATE_ANSWER
from console.metrics.lines import CALLBACK, OUTBOUND, Case, Lines
from console.metrics.tally import Tally

LOST_MEDIA = "media lost"
"""The reason of an end that the silence of a line brought about; the customer is gone, whoever ended it."""

_IN_LINE = frozenset({Phase.WAITING, Phase.OFFERED, Phase.DIALLED})
_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})
_REACHED = {CALLBACK: "callbacks_done", OUTBOUND: "outbound_reached"}
_WRAPPING_MOST = 64
_OF_REASON = {ev.OfferEndReason.NO_ANSWER: "rona", ev.OfferEndReason.DECLINED: "declined"}


class Calls(Lines):
    """Folds all facts of interactions into the books."""

    def __init__(self, standings: Standings, books: Books) -> None:
        """`books.begin` comes before each fact."""
        super().__init__(standings, books)
        self.steps |= {
            ev.InteractionOffered: self._offered,
            ev.OfferEnded: self._offer_ended,
            ev.InteractionAnswered: self._answered,
            ev.InteractionHeld: self._switched,
            ev.InteractionResumed: self._switched,
            ev.InteractionTransferred: self._transferred,
            ev.CallbackRequested: self._callback_requested,
            ev.CallbackRefused: self._callback_refused,
            ev.OutboundRequested: self._outbound,
            ev.CustomerNotReached: self._not_reached,
            ev.VoicemailStarted: self._voicemail_started,
            ev.VoicemailLeft: self._voicemail_left,
            ev.InteractionEnded: self._ended,
            ev.WrapUpEnded: self._wrap_up_ended,
        }

    # ------------------------------------------------------------ offers

    def _offered(self, event: ev.InteractionOffered) -> None:
        if self.stand(event):
            self._count_agent(event.agent, "offers")

    def _offer_ended(self, event: ev.OfferEnded) -> None:
        before = self.standings.by_number.get(event.interaction.int)
        offered = before is not None and before.phase is Phase.OFFERED
        if not self.stand(event) or before is None or not offered:
            return
        if event.reason is ev.OfferEndReason.WITHDRAWN:
            return
        names = ("requeued", _OF_REASON[event.reason]) if event.reason in _OF_REASON else ("requeued",)
        self._count_all(before.queue, self._case(before), *names, agent=event.agent)

    # ------------------------------------------------------------ contacts

    def _answered(self, event: ev.InteractionAnswered) -> None:
        before = self.standings.by_number.get(event.interaction.int)
        phase = before.phase if before else Phase.NEW
        if before is not None and phase in _TALKING:
            self._close_segment(before)
        if not self.stand(event) or before is None:
            return
        case = self._case(before)
        case.segment = self.books.us
        if phase in _IN_LINE:
            tally = self.books.cell(before.queue, case.mix)
            self._leave(before.interaction, before.queue)
            if not case.apart:
                self._count_answer(before, case, event.agent, tally)
            elif not case.settled:
                case.settled = True
                self._count_all(before.queue, case, _REACHED[case.apart], agent=event.agent)
        if phase not in _TALKING:
            self.books.agent_answered(event.agent, before.customer.shown)

    def _count_answer(self, standing: InteractionStanding, case: Case, agent: str, everywhere: Tally) -> None:
        """An answer out of a queue; in the total it counts once."""
        waited = max(0, self.books.us - us_of(standing.waiting_since))
        in_time = waited <= self.books.queue(standing.queue).threshold_s * 1_000_000
        for tally in self._of_queue(standing.queue) if case.settled else [everywhere]:
            if case.estimate is not None:
                tally.estimate(case.estimate, self.books.us - case.queued)
            tally.answer(waited, in_time=in_time)
        self._count_agent(agent, ANSWER if in_time else LATE_ANSWER, waited)
        if case.contact and not case.settled:
            minute = self.books.minute
            if self.repeats.answered(case.contact, case.came, minute, agent, case.mix):
                everywhere.n["contacts_known"] += 1
                self._count_agent(agent, "contacts_known")
        case.settled = True

    def _switched(self, event: ev.InteractionHeld | ev.InteractionResumed) -> None:
        """Talk becomes hold, or hold talk: what went on until now is counted."""
        standing = self.standings.by_number.get(event.interaction.int)
        if standing is not None and standing.phase in _TALKING:
            self._close_segment(standing)
        self.stand(event)

    def _transferred(self, event: ev.InteractionTransferred) -> None:
        standing = self.standings.by_number.get(event.interaction.int)
        if standing is not None and standing.phase in _TALKING:
            self._close_segment(standing)
            case = self._case(standing)
            self._count_all(standing.queue, case, "transferred_out", agent=standing.agent)
            self._remember_wrap_up(standing, case)
        self.stand(event)

    def _close_segment(self, standing: InteractionStanding) -> None:
        case = self.cases.get(standing.interaction.int)
        if case is None or case.segment is None:
            return
        spent = max(0, self.books.us - case.segment)
        name = "hold_us" if standing.phase is Phase.HELD else "talk_us"
        self._spend(standing.queue, case, standing.agent, (name, spent))
        case.segment = self.books.us

    def _spend(self, queue: str, case: Case, agent: str, what: tuple[str, int]) -> None:
        """Handling time; that of callbacks and of outbound calls is apart."""
        name, spent = (f"{case.apart}_us", what[1]) if case.apart else what
        self.books.cell(queue, case.mix).n[name] += spent
        self._count_agent(agent, name, spent)

    # ------------------------------------------------------------ wrap-up

    def _remember_wrap_up(self, standing: InteractionStanding, case: Case) -> None:
        """A wrap-up may follow, when the interaction is no more."""
        row = self.books.agents.get(standing.agent)
        if row is not None:
            row.wrapping[standing.interaction.int] = (case.mix, case.apart)
            if len(row.wrapping) > _WRAPPING_MOST:
                del row.wrapping[next(iter(row.wrapping))]

    def _wrap_up_ended(self, event: ev.WrapUpEnded) -> None:
        agent = self.standings.agents.get(event.agent)
        wrap_up = agent.wrap_ups.get(event.interaction) if agent else None
        self.stand(event)
        row = self.books.agents.get(event.agent)
        kept = row.wrapping.pop(event.interaction.int, None) if row else None
        if wrap_up is None:
            return
        spent = max(0, self.books.us - us_of(wrap_up.started_at))
        mix, apart = kept or (("voice", ()), "")
        self._spend(wrap_up.queue, Case(mix, apart=apart), event.agent, ("wrap_up_us", spent))

    # ------------------------------------------------------------ callbacks, messages

    def _callback_requested(self, event: ev.CallbackRequested) -> None:
        asked = self.cases.get(event.interaction.int)
        if not self.stand(event):
            return
        standing = self.standings.by_number[event.callback.int]
        case = self._case(standing)
        case.apart = CALLBACK
        if asked is not None:
            case.mix = asked.mix
            if asked.offered:
                self._settle_flow(asked, event.interaction, "callback")
        self._count_all(event.queue, case, "callbacks_asked")
        self._line_up_callback(standing)

    def _outbound(self, event: ev.OutboundRequested) -> None:
        if self.stand(event):
            case = self._case(self.standings.by_number[event.interaction.int])
            case.apart = OUTBOUND
            self._count_all(event.queue, case, "outbound", agent=event.agent)

    def _callback_refused(self, event: ev.CallbackRefused) -> None:
        standing = self.standings.by_number.get(event.interaction.int)
        if not self.stand(event) or standing is None:
            return
        case = self._case(standing)
        if case.last != event.id:
            case.last = event.id
            self._count_all(standing.queue, case, "callbacks_refused")

    def _not_reached(self, event: ev.CustomerNotReached) -> None:
        standing = self.standings.by_number.get(event.interaction.int)
        if not self.stand(event) or standing is None:
            return
        case = self._case(standing)
        self._count_all(standing.queue, case, "callbacks_not_reached", agent=event.agent)

    def _voicemail_started(self, event: ev.VoicemailStarted) -> None:
        case = self.cases.get(event.interaction.int)
        if self.stand(event) and case is not None and case.offered:
            self._settle_flow(case, event.interaction, "voicemail")

    def _voicemail_left(self, event: ev.VoicemailLeft) -> None:
        standing = self.standings.by_number.get(event.interaction.int)
        if not self.stand(event) or standing is None:
            return
        case = self._case(standing)
        if case.last != event.id:
            case.last = event.id
            self._count_all(event.queue, case, "voicemails")

    # ------------------------------------------------------------ ends

    def _ended(self, event: ev.InteractionEnded) -> None:
        standing = self.standings.by_number.get(event.interaction.int)
        phase = standing.phase if standing else Phase.NEW
        case = self.cases.get(event.interaction.int)
        if standing is not None and case is not None and phase in _TALKING:
            self._close_segment(standing)
            self._remember_wrap_up(standing, case)
        if not self.stand(event) or standing is None or case is None:
            return
        del self.cases[event.interaction.int]
        if phase in _IN_LINE:
            self.books.cell(standing.queue, case.mix)
            self._leave(standing.interaction, standing.queue)
            if not case.apart:
                self._count_loss(standing, case, event)
            elif not case.settled and case.apart == CALLBACK:
                self._count_all(standing.queue, case, "callbacks_failed")
        elif standing.left is not None:
            self._settle_flow(case, event.interaction, standing.left.value)

    def _count_loss(self, standing: InteractionStanding, case: Case, event: ev.InteractionEnded) -> None:
        """It ended before an answer: abandoned by the customer, or let go by the centre."""
        waited = max(0, self.books.us - us_of(standing.waiting_since))
        queue = self.books.queue(standing.queue)
        in_time, short = waited <= queue.threshold_s * 1_000_000, waited < queue.short_abandon_s * 1_000_000
        abandoned = event.by is ev.EndedBy.CUSTOMER or event.reason == LOST_MEDIA
        for tally, formula in self._losers(standing.queue, queue.formula, case):
            if abandoned:
                tally.abandon(waited, formula, in_time=in_time, short=short)
            else:
                self._count([tally], "flowed_out", "out_ended")
        if abandoned:
            self.books.remember(self._caller(standing, event.at, waited, short=short))

    def _losers(
        self, key: str, formula: ServiceLevelFormula, case: Case
    ) -> list[tuple[Tally, ServiceLevelFormula]]:
        """Where a loss counts, each with the formula in force there."""
        whole = self.books.whole().queue.formula
        if whole is formula and not case.settled:
            return [(self.books.cell(key, case.mix), formula)]
        places = [(tally, formula) for tally in self._of_queue(key)]
        return places if case.settled else places + [(tally, whole) for tally in self._wholes(case)]

    @staticmethod
    def _caller(standing: InteractionStanding, at: datetime, waited: int, *, short: bool) -> AbandonedCaller:
        return AbandonedCaller(
            interaction=standing.interaction,
            at=at,
            queue=standing.queue,
            customer=standing.customer.user,
            name=standing.customer.name,
            waited_s=waited / 1_000_000,
            short=short,
        )
