"""How offers, contacts, callbacks and ends count. The definitions are those of metrics.snapshot."""

from datetime import datetime

from console.domain import events as ev
from console.domain.figures import AbandonedCaller
from console.domain.interaction import Phase
from console.domain.standing import InteractionStanding
from console.domain.standings import Standings
from console.metrics.books import Books
from console.metrics.intervals import us_of
from console.metrics.lines import Case, Lines
from console.metrics.tally import Tally

LOST_MEDIA = "media lost"
"""The reason of an end that the silence of a line brought about; the customer is gone, whoever ended it."""

_IN_LINE = frozenset({Phase.WAITING, Phase.OFFERED, Phase.DIALLED})
_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})
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
            ev.CustomerNotReached: self._not_reached,
            ev.VoicemailStarted: self._voicemail_started,
            ev.VoicemailLeft: self._voicemail_left,
            ev.InteractionEnded: self._ended,
            ev.WrapUpEnded: self._wrap_up_ended,
        }

    # ------------------------------------------------------------ offers

    def _offered(self, event: ev.InteractionOffered) -> None:
        if self.stand(event):
            self._agent(event.agent).n["offers"] += 1

    def _offer_ended(self, event: ev.OfferEnded) -> None:
        before = self.standings.interactions.get(event.interaction)
        offered = before is not None and before.phase is Phase.OFFERED
        if not self.stand(event) or before is None or not offered:
            return
        if event.reason is ev.OfferEndReason.WITHDRAWN:
            return
        tallies = [*self._tallies(before.queue, self._case(before)), self._agent(event.agent)]
        names = ("requeued", _OF_REASON[event.reason]) if event.reason in _OF_REASON else ("requeued",)
        self._count(tallies, *names)

    # ------------------------------------------------------------ contacts

    def _answered(self, event: ev.InteractionAnswered) -> None:
        before = self.standings.interactions.get(event.interaction)
        phase = before.phase if before else Phase.NEW
        if before is not None and phase in _TALKING:
            self._close_segment(before)
        if not self.stand(event) or before is None:
            return
        case = self._case(before)
        case.segment = self.books.us
        if phase in _IN_LINE:
            tallies = self._of_queue(before.queue), self._wholes(case)
            self._leave(before.interaction, before.queue)
            if case.callback:
                self._count_callback([*tallies[0], *tallies[1]], case, event.agent)
            else:
                self._count_answer(before, case, event.agent, tallies)
        if phase not in _TALKING:
            self.books.agent_answered(event.agent, before.customer.shown)

    def _count_answer(
        self, standing: InteractionStanding, case: Case, agent: str, places: tuple[list[Tally], list[Tally]]
    ) -> None:
        waited = max(0, self.books.us - us_of(standing.waiting_since))
        in_time = waited <= self.books.queue(standing.queue).threshold_s * 1_000_000
        tallies = places[0] if case.settled else [*places[0], *places[1]]
        if case.estimate is not None:
            for tally in tallies:
                tally.estimate(case.estimate, self.books.us - case.queued)
        tallies.append(self._agent(agent))
        for tally in tallies:
            tally.answer(waited, in_time=in_time)
        if case.contact and not case.settled:
            self._count(tallies, "contacts_known")
            self.repeats.answered(case.contact, case.came, self.books.minute, agent, case.mix)
        case.settled = True

    def _count_callback(self, tallies: list[Tally], case: Case, agent: str) -> None:
        if not case.settled:
            case.settled = True
            self._count([*tallies, self._agent(agent)], "callbacks_done")

    def _switched(self, event: ev.InteractionHeld | ev.InteractionResumed) -> None:
        """Talk becomes hold, or hold talk: what went on until now is counted."""
        standing = self.standings.interactions.get(event.interaction)
        if standing is not None and standing.phase in _TALKING:
            self._close_segment(standing)
        self.stand(event)

    def _transferred(self, event: ev.InteractionTransferred) -> None:
        standing = self.standings.interactions.get(event.interaction)
        if standing is not None and standing.phase in _TALKING:
            self._close_segment(standing)
            case = self._case(standing)
            tallies = [*self._tallies(standing.queue, case), self._agent(standing.agent)]
            self._count(tallies, "transferred_out")
            self._remember_wrap_up(standing, case)
        self.stand(event)

    def _close_segment(self, standing: InteractionStanding) -> None:
        case = self.cases.get(standing.interaction)
        if case is None or case.segment is None:
            return
        spent = max(0, self.books.us - case.segment)
        name = "hold_us" if standing.phase is Phase.HELD else "talk_us"
        self._spend(standing.queue, case, standing.agent, (name, spent))
        case.segment = self.books.us

    def _spend(self, queue: str, case: Case, agent: str, what: tuple[str, int]) -> None:
        """Handling time; that of callbacks is apart."""
        name, spent = ("callback_us", what[1]) if case.callback else what
        for tally in (*self._tallies(queue, case), self._agent(agent)):
            tally.n[name] += spent

    # ------------------------------------------------------------ wrap-up

    def _remember_wrap_up(self, standing: InteractionStanding, case: Case) -> None:
        """A wrap-up may follow, when the interaction is no more."""
        row = self.books.agents.get(standing.agent)
        if row is not None:
            row.wrapping[standing.interaction] = (case.mix, case.callback)
            if len(row.wrapping) > _WRAPPING_MOST:
                del row.wrapping[next(iter(row.wrapping))]

    def _wrap_up_ended(self, event: ev.WrapUpEnded) -> None:
        agent = self.standings.agents.get(event.agent)
        wrap_up = agent.wrap_ups.get(event.interaction) if agent else None
        self.stand(event)
        row = self.books.agents.get(event.agent)
        kept = row.wrapping.pop(event.interaction, None) if row else None
        if wrap_up is None:
            return
        spent = max(0, self.books.us - us_of(wrap_up.started_at))
        mix, callback = kept or (("voice", ()), False)
        self._spend(wrap_up.queue, Case(mix, callback=callback), event.agent, ("wrap_up_us", spent))

    # ------------------------------------------------------------ callbacks, messages

    def _callback_requested(self, event: ev.CallbackRequested) -> None:
        asked = self.cases.get(event.interaction)
        if not self.stand(event):
            return
        standing = self.standings.interactions[event.callback]
        case = self._case(standing)
        case.callback = True
        if asked is not None:
            case.mix = asked.mix
            if asked.offered:
                self._settle_flow(asked, event.interaction, "callback")
        self._count(self._tallies(event.queue, case), "callbacks_asked")
        self._line_up_callback(standing)

    def _not_reached(self, event: ev.CustomerNotReached) -> None:
        standing = self.standings.interactions.get(event.interaction)
        if not self.stand(event) or standing is None:
            return
        tallies = [*self._tallies(standing.queue, self._case(standing)), self._agent(event.agent)]
        self._count(tallies, "callbacks_not_reached")

    def _voicemail_started(self, event: ev.VoicemailStarted) -> None:
        case = self.cases.get(event.interaction)
        if self.stand(event) and case is not None and case.offered:
            self._settle_flow(case, event.interaction, "voicemail")

    def _voicemail_left(self, event: ev.VoicemailLeft) -> None:
        standing = self.standings.interactions.get(event.interaction)
        if not self.stand(event) or standing is None:
            return
        case = self._case(standing)
        if case.last != event.id:
            case.last = event.id
            self._count(self._tallies(event.queue, case), "voicemails")

    # ------------------------------------------------------------ ends

    def _ended(self, event: ev.InteractionEnded) -> None:
        standing = self.standings.interactions.get(event.interaction)
        phase = standing.phase if standing else Phase.NEW
        case = self.cases.get(event.interaction)
        if standing is not None and case is not None and phase in _TALKING:
            self._close_segment(standing)
            self._remember_wrap_up(standing, case)
        if not self.stand(event) or standing is None or case is None:
            return
        del self.cases[event.interaction]
        if phase in _IN_LINE:
            self._tallies(standing.queue, case)
            self._leave(standing.interaction, standing.queue)
            if not case.callback:
                self._count_loss(standing, case, event)
            elif not case.settled:
                self._count(self._tallies(standing.queue, case), "callbacks_failed")
        elif standing.left is not None:
            self._settle_flow(case, event.interaction, standing.left.value)

    def _count_loss(self, standing: InteractionStanding, case: Case, event: ev.InteractionEnded) -> None:
        """It ended before an answer: abandoned by the customer, or let go by the centre."""
        waited = max(0, self.books.us - us_of(standing.waiting_since))
        queue = self.books.queue(standing.queue)
        in_time, short = waited <= queue.threshold_s * 1_000_000, waited < queue.short_abandon_s * 1_000_000
        abandoned = event.by is ev.EndedBy.CUSTOMER or event.reason == LOST_MEDIA
        formulas = [(tally, queue.formula) for tally in self._of_queue(standing.queue)]
        if not case.settled:
            formulas += [(tally, self.books.whole().queue.formula) for tally in self._wholes(case)]
        for tally, formula in formulas:
            if abandoned:
                tally.abandon(waited, formula, in_time=in_time, short=short)
            else:
                self._count([tally], "flowed_out", "out_ended")
        if abandoned:
            self.books.remember(self._caller(standing, event.at, waited, short=short))

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
