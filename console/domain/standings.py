"""The one derivation of standings from events that routing and figures share.

A pure fold of open interactions and of agents who are known or signed in. Facts come late, twice and out of
order as a matter of course: what does not fit is counted in `ignored` and changes nothing.

An answer wins over the end of its offer, and who answers is responding; the end of an interaction, or a move,
frees whoever was rung for it at once; an end of an offer counts only for one that is open.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from console.domain import events as ev
from console.domain.agent import Presence, Work
from console.domain.attached import Attached
from console.domain.consults import Asked
from console.domain.interaction import Phase
from console.domain.outbound import CalledOut
from console.domain.queue import Channel, Queue
from console.domain.staff import Touched
from console.domain.standing import InteractionStanding, OpenOffer, after

_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})
_QUEUED_FROM = frozenset({Phase.ARRIVED, Phase.WAITING, Phase.OFFERED})
_IN_LINE = frozenset({Phase.WAITING, Phase.OFFERED})
_SET_BACK = timedelta(days=1)
HANGING_UP_S = 15.0  # nobody is called back while the call that asked for it goes on, so long at most


class Standings:
    """All standings of a centre, folded event by event in ledger order."""

    def __init__(self) -> None:
        """Nobody and nothing."""
        self.queues: dict[str, Queue] = {}
        self.interactions: dict[UUID, InteractionStanding] = {}
        self.by_number: dict[int, InteractionStanding] = {}  # the same by UUID.int, found four times as fast
        self.staff = Asked(self.by_number)
        self.agents = self.staff.agents
        self.ignored = self.arrived = 0
        self.latest: datetime | None = None
        self.steps: dict[type, Callable[[Any], Touched | None]] = {
            ev.QueueConfigured: self._queue_configured,
            ev.QueueRemoved: self._queue_removed,
            ev.InteractionArrived: self._interaction_arrived,
            ev.InteractionRefused: self._refused,
            ev.InteractionQueued: self._queued,
            ev.InteractionLeftQueue: self._left_queue,
            ev.InteractionRelaxed: self._relaxed,
            ev.InteractionPrioritised: self._prioritised,
            ev.InteractionPulled: self._pulled,
            ev.InteractionOffered: self._offered,
            ev.OfferEnded: self._offer_ended,
            ev.InteractionAnswered: self._answered,
            ev.InteractionHeld: self._held,
            ev.InteractionResumed: self._resumed,
            ev.InteractionTransferred: self._transferred,
            ev.DigitReceived: self._digit,
            ev.PositionAnnounced: self._told,
            ev.CallbackProposed: self._told,
            ev.CallbackRefused: self._told,
            ev.CallbackRequested: self._callback_requested,
            ev.CallbackDialled: self._dialled,
            ev.CustomerNotReached: self._not_reached,
            ev.CallbackPostponed: self._postponed,
            ev.VoicemailStarted: self._voicemail,
            ev.InteractionEnded: self._ended,
            **self.staff.steps,
        }
        CalledOut(self)
        Attached(self)

    def apply(self, event: ev.LedgerEvent) -> Touched:
        """Take one fact; returns the agents whose standing may have changed. Never raises on a late fact."""
        step = self.steps.get(type(event))
        if step is None:
            return ()
        touched = step(event)
        if touched is None:
            self.ignored += 1
            return ()
        return touched

    def _queue_configured(self, event: ev.QueueConfigured) -> Touched:
        self.queues[event.queue.key] = event.queue
        return ()

    def _queue_removed(self, event: ev.QueueRemoved) -> Touched:
        self.queues.pop(event.queue, None)
        return ()

    # ------------------------------------------------------------ in, on and out of queues

    def _interaction_arrived(self, event: ev.InteractionArrived) -> Touched | None:
        if event.interaction.int in self.by_number:
            return None
        self.arrived += 1
        self._know(
            InteractionStanding(
                event.interaction,
                self.arrived,
                event.channel,
                event.customer,
                event.called,
                arrived_at=event.at,
                waiting_since=event.at,
                queued_at=event.at,
                offered_at=event.at,
                line_since=self._forward(event.at),
                attached=event.attached,
            )
        )
        return ()

    def _know(self, standing: InteractionStanding) -> None:
        self.interactions[standing.interaction] = self.by_number[standing.interaction.int] = standing

    def restore(self, interactions: Iterable[InteractionStanding]) -> None:
        """Know these again; only for new standings."""
        for standing in interactions:
            self._know(standing)

    def _forward(self, at: datetime) -> datetime:
        """A moment that is not before those of who came earlier, unless the clock was set back by days."""
        if self.latest is None or at > self.latest or self.latest - at > _SET_BACK:
            self.latest = at
        return self.latest

    def _refused(self, event: ev.InteractionRefused) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        if known is None or known.phase is not Phase.ARRIVED:
            return None
        known.refused = event.reason
        known.to = event.to
        if event.queue and event.queue not in known.tried:
            known.tried += (event.queue,)
        return ()

    def _queued(self, event: ev.InteractionQueued) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        if known is None or known.phase not in _QUEUED_FROM:
            return None
        touched = self._stop_ringing(known, event.at)
        known.phase = Phase.WAITING
        known.queue = event.queue
        known.skills, known.tier, known.step = event.skills, event.tier, 0
        known.priority, known.value = event.priority, event.value
        if event.waiting_since != known.waiting_since:
            known.line_since = self._forward(event.waiting_since)
        known.waiting_since = event.waiting_since
        known.queued_at = event.at
        known.relax_since = event.at if event.reason == "overflow" else event.waiting_since
        known.estimate_s = event.estimate_s
        known.wanted = event.wanted
        known.wanted_until = after(event.at, event.wanted_s) if event.wanted and event.wanted_s > 0 else None
        known.pulled = ""
        known.announced_at = known.proposed_at = known.left = None
        known.returned = known.asked = False
        known.refused = known.to = ""
        fresh = event.reason in {"moved", "transfer"}
        known.tried = (event.queue,) if fresh else (*known.tried, event.queue)
        return touched

    def _left_queue(self, event: ev.InteractionLeftQueue) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        if known is None or known.phase is not Phase.WAITING:
            return None
        known.phase = Phase.ARRIVED
        known.left = event.reason
        known.to = event.to
        known.asked = False
        return ()

    def _relaxed(self, event: ev.InteractionRelaxed) -> Touched | None:
        known = self._in_line(event.interaction)
        if known is None or event.step <= known.step:
            return None
        known.step, known.skills, known.tier = event.step, event.skills, event.tier
        return ()

    def _prioritised(self, event: ev.InteractionPrioritised) -> Touched | None:
        known = self._in_line(event.interaction)
        if known is None:
            return None
        known.priority = event.priority
        return ()

    def _pulled(self, event: ev.InteractionPulled) -> Touched | None:
        known = self._in_line(event.interaction)
        if known is None or event.agent not in self.agents:
            return None
        known.pulled = event.agent
        return ()

    def _digit(self, event: ev.DigitReceived) -> Touched:
        known = self._in_line(event.interaction)
        queue = self.queues.get(known.queue) if known is not None and known.proposed_at is not None else None
        if known is not None and queue is not None and event.digit == queue.callback_digit:
            known.asked = True
        return ()

    def _told(self, event: ev.PositionAnnounced | ev.CallbackProposed | ev.CallbackRefused) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        if known is None:
            return None
        if isinstance(event, ev.CallbackProposed):
            known.proposed_at = event.at
        elif isinstance(event, ev.CallbackRefused):
            known.asked = False
        else:
            known.announced_at = event.at
        return ()

    def _in_line(self, interaction: UUID) -> InteractionStanding | None:
        known = self.by_number.get(interaction.int)
        return known if known is not None and known.phase in _IN_LINE else None

    # ------------------------------------------------------------ callbacks, messages

    def _callback_requested(self, event: ev.CallbackRequested) -> Touched | None:
        asked = self.by_number.get(event.interaction.int)
        if event.callback in self.interactions:
            return None
        self.arrived += 1
        if asked is not None:
            asked.to, asked.calls_back = "", event.callback
        self._know(
            InteractionStanding(
                event.callback,
                asked.number if asked is not None else self.arrived,
                asked.channel if asked is not None else Channel.VOICE,
                event.customer,
                asked.called if asked is not None else event.queue,
                arrived_at=event.at,
                waiting_since=event.waiting_since,
                queued_at=event.at,
                offered_at=event.at,
                phase=Phase.WAITING,
                queue=event.queue,
                skills=event.skills,
                tier=event.tier,
                step=asked.step if asked is not None and asked.queue == event.queue else 0,
                relax_since=asked.relax_since if asked is not None else None,
                priority=event.priority,
                value=event.value,
                line_since=asked.since if asked is not None else self._forward(event.waiting_since),
                tried=(event.queue,),
                callback=True,
                attached=asked.attached if asked is not None else {},
                not_before=after(event.at, HANGING_UP_S) if asked is not None else None,
            )
        )
        return ()

    def _dialled(self, event: ev.CallbackDialled) -> Touched | None:
        known = self._in_line(event.interaction)
        if known is None or not known.callback:
            return None
        touched = self._stop_ringing(known, event.at)
        known.phase, known.offer, known.agent = Phase.DIALLED, event.offer, event.agent
        return touched + self._responds(known, event.at)

    def _not_reached(self, event: ev.CustomerNotReached) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        if known is None or known.phase is not Phase.DIALLED or known.outbound:
            return None
        known.phase = Phase.WAITING
        known.tries += 1
        known.not_before = event.at
        known.returned = False
        return self._release(known, event.at)

    def _postponed(self, event: ev.CallbackPostponed) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        if known is None or known.phase is not Phase.WAITING or not known.callback:
            return None
        known.not_before = event.until
        known.tries = event.tries
        return ()

    def _voicemail(self, event: ev.VoicemailStarted) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        if known is None or known.phase is not Phase.ARRIVED:
            return None
        known.voicemail = True
        known.to = ""
        return ()

    # ------------------------------------------------------------ offers and contacts

    def _offered(self, event: ev.InteractionOffered) -> Touched | None:
        known = self._in_line(event.interaction)
        if known is None or event.offer in known.open_offers:
            return None
        offer = OpenOffer(
            event.offer, event.interaction, event.agent, event.queue, event.at, event.ring_timeout_s
        )
        known.phase = Phase.OFFERED
        known.open_offers[event.offer] = offer
        known.offer, known.offered_at = event.offer, event.at
        known.target = ""
        return self.staff.offered(offer, known.channel)

    def _offer_ended(self, event: ev.OfferEnded) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        offer = known.open_offers.pop(event.offer, None) if known is not None else None
        if known is None or offer is None:
            return None
        if known.phase is Phase.OFFERED and not known.open_offers:
            known.phase = Phase.WAITING
            known.returned = True
        return self.staff.offer_over(offer, event.at)

    def _answered(self, event: ev.InteractionAnswered) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        if known is None or (known.phase in _TALKING and known.offer == event.offer):
            return None
        touched: Touched = ()
        if known.agent and known.agent != event.agent:
            touched = self._release(known, event.at)
        self.staff.talked(known, event.at)
        offer = known.open_offers.pop(event.offer, None)
        if offer is not None:
            touched += self.staff.offer_over(offer, event.at)
        known.phase, known.agent, known.offer = Phase.CONNECTED, event.agent, event.offer
        known.queue = known.queue or event.queue
        known.answered_at = known.talk_since = event.at
        known.held_at = known.left = None
        known.target = known.to = ""
        known.asked = False
        agent = self.agents.get(event.agent)
        if agent is not None:
            agent.contacts += 1
        return touched + self._responds(known, event.at)

    def _responds(self, known: InteractionStanding, at: datetime) -> Touched:
        """Who answered is on contact, and responding."""
        agent = self.agents.get(known.agent)
        if agent is not None and agent.presence is Presence.NOT_RESPONDING:
            agent.presence = Presence.READY
        return self.staff.at_work(known.agent, known.interaction, Work.TALKING, known.channel, at)

    def _held(self, event: ev.InteractionHeld) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        if known is None or known.phase not in _TALKING:
            return None
        if known.phase is Phase.CONNECTED:
            self.staff.talked(known, event.at)
            known.held_at = event.at
        known.phase = Phase.HELD
        return self.staff.at_work(known.agent, known.interaction, Work.HELD, known.channel, event.at)

    def _resumed(self, event: ev.InteractionResumed) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        if known is None or known.phase not in _TALKING:
            return None
        if known.phase is Phase.HELD:
            known.talk_since = event.at
        known.phase, known.held_at = Phase.CONNECTED, None
        return self.staff.at_work(known.agent, known.interaction, Work.TALKING, known.channel, event.at)

    def _transferred(self, event: ev.InteractionTransferred) -> Touched | None:
        known = self.by_number.get(event.interaction.int)
        if known is None or known.phase not in _TALKING:
            return None
        touched = self._release(known, event.at)
        known.phase = Phase.ARRIVED
        known.target, known.transferred_at, known.held_at = event.target, event.at, None
        known.refused, known.to, known.tried = "", "", ()
        return touched

    def _ended(self, event: ev.InteractionEnded) -> Touched | None:
        known = self.by_number.pop(event.interaction.int, None)
        if known is None:
            return None
        del self.interactions[event.interaction]
        if known.calls_back and (back := self.interactions.get(known.calls_back)) and not back.tries:
            back.not_before = None
        known.phase = Phase.ENDED
        return self._release(known, event.at)

    def _release(self, known: InteractionStanding, at: datetime) -> Touched:
        """Free whoever talks on it or is rung for it."""
        touched = self._stop_ringing(known, at) + self.staff.asked_no_more(known, at)
        self.staff.talked(known, at)
        talking = self.agents.get(known.agent)
        known.agent = ""
        if talking is None or talking.work.get(known.interaction) is Work.WRAP_UP:
            return touched
        talking.drop(known.interaction)
        return touched + self.staff.show(talking, at)

    def _stop_ringing(self, known: InteractionStanding, at: datetime) -> Touched:
        if not known.open_offers:
            return ()
        offers, known.open_offers = known.open_offers, {}
        return tuple(one for offer in offers.values() for one in self.staff.offer_over(offer, at))
