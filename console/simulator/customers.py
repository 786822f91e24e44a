"""What customers do, and the switch for them: arrive, wait, hang up, talk, ask for a callback."""

from array import array
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from console.domain import events as ev
from console.domain.address import Address
from console.domain.queue import Channel
from console.simulator.arrivals import times
from console.simulator.engine import Engine
from console.simulator.scenario import Arrivals
from console.simulator.spread import LONGEST_S

MESSAGE_S = 30.0
"""How long a message on a voicemail is."""

PRESS_S = 4.0
"""How long somebody thinks about the offer of a callback."""

REACHED_S = 12.0
"""How long the telephone of somebody who is called back rings before it is answered, or given up."""

_CUSTOMER = ev.EndedBy.CUSTOMER


class _Stream:
    """One stream of customers with its dice."""

    def __init__(self, engine: Engine, number: int, wanted: Arrivals) -> None:
        dice = engine.dice(f"customers {number}")
        self.called = wanted.queue
        self.last = engine.now
        self.times: Iterator[datetime] = times(engine.scenario, wanted, engine.dice(f"arrivals {number}"))
        self.talk = wanted.talk.sampler(dice)
        self.patience = wanted.patience.sampler(engine.dice(f"patience {number}"))
        self.callback_share = wanted.callback_share
        self.reached_share = wanted.reached_share
        self.chance = engine.dice(f"choices {number}").random
        self.channel = next(
            (
                queue.channel
                for queue in engine.scenario.queues
                if wanted.queue in (queue.key, *queue.numbers)
            ),
            Channel.VOICE,
        )


class Customer:
    """Somebody who called and is not gone yet."""

    __slots__ = ("gap_s", "interaction", "since", "stream", "talk_s", "talking")

    def __init__(self, interaction: UUID, stream: _Stream, since: datetime, talk_s: float) -> None:
        """Waiting since a moment; will talk so long."""
        self.interaction = interaction
        self.stream = stream
        self.since = since
        self.talk_s = talk_s
        self.gap_s = 0.0
        self.talking = False


class Answers:
    """Of the answered of one queue, in their order: the wait, the talk, the time since the one who called
    before; all in seconds.
    """

    def __init__(self) -> None:
        """Nobody was answered."""
        self.waits = array("d")
        self.talks = array("d")
        self.gaps = array("d")

    def add(self, wait_s: float, customer: Customer) -> None:
        """One more."""
        self.waits.append(wait_s)
        self.talks.append(customer.talk_s)
        self.gaps.append(customer.gap_s)


class Customers:
    """All customers of a run; `answers` by queue."""

    def __init__(self, engine: Engine, count_from: datetime) -> None:
        """`answers` are of those who are answered from `count_from` on."""
        self._engine = engine
        self._count_from = count_from
        self._number = 0
        self.open: dict[UUID, Customer] = {}
        self.coming = 0
        self.answers = {queue.key: Answers() for queue in engine.scenario.queues}
        engine.reactions |= {
            ev.InteractionRefused: self._refused,
            ev.InteractionLeftQueue: self._left_queue,
            ev.InteractionEnded: self._was_ended,
            ev.VoicemailStarted: self._speak_message,
            ev.CallbackProposed: self._consider_callback,
            ev.CallbackRequested: self._expect_callback,
        }

    def start(self) -> None:
        """The first of each stream is on the way."""
        for number, wanted in enumerate(self._engine.scenario.arrivals):
            self.coming += 1
            self._next(_Stream(self._engine, number, wanted))

    @property
    def arrived(self) -> int:
        """How many have come."""
        return self._number

    # ------------------------------------------------------------ coming and going

    def _next(self, stream: _Stream) -> None:
        when = next(stream.times, None)
        if when is None:
            self.coming -= 1
        else:
            self._engine.at(when, self._arrive, stream)

    def _arrive(self, stream: _Stream) -> None:
        engine = self._engine
        self._number += 1
        interaction, now = engine.new_id(), engine.now
        customer = self.open[interaction] = Customer(interaction, stream, now, stream.talk())
        customer.gap_s, stream.last = (now - stream.last).total_seconds(), now
        patience_s = stream.patience()
        if patience_s <= LONGEST_S:
            engine.at(now + timedelta(seconds=patience_s), self._lose_patience, customer)
        name = str(self._number)
        engine.tell(
            ev.InteractionArrived(
                id=engine.new_id(),
                at=now,
                interaction=interaction,
                channel=stream.channel,
                customer=Address(f"tel:{name}", name),
                called=stream.called,
            )
        )
        self._next(stream)

    def _lose_patience(self, customer: Customer) -> None:
        if not customer.talking and customer.interaction in self.open:
            self._end(customer, _CUSTOMER)

    def _end(self, customer: Customer, by: ev.EndedBy, reason: str = "") -> None:
        engine = self._engine
        if self.open.pop(customer.interaction, None) is not None:
            engine.tell(
                ev.InteractionEnded(
                    id=engine.new_id(), at=engine.now, interaction=customer.interaction, by=by, reason=reason
                )
            )

    # ------------------------------------------------------------ talking

    def meet(self, offer: ev.InteractionOffered) -> bool:
        """An agent takes the offer: they talk, or the customer is called back first."""
        customer = self.open.get(offer.interaction)
        if customer is None or customer.talking:
            return False
        if isinstance(customer, CalledBack):
            self._call_back(customer, offer)
        else:
            self._talk(customer, offer)
        return True

    def _talk(self, customer: Customer, offer: ev.InteractionOffered) -> None:
        engine, now = self._engine, self._engine.now
        customer.talking = True
        if now >= self._count_from:
            self.answers[offer.queue].add((now - customer.since).total_seconds(), customer)
        engine.tell(
            ev.InteractionAnswered(
                id=engine.new_id(),
                at=now,
                interaction=offer.interaction,
                offer=offer.offer,
                queue=offer.queue,
                agent=offer.agent,
            )
        )
        engine.later(customer.talk_s, self._say_goodbye, customer)

    def _say_goodbye(self, customer: Customer) -> None:
        self._end(customer, _CUSTOMER)

    # ------------------------------------------------------------ what the centre does to them

    def _refused(self, decision: ev.InteractionRefused) -> None:
        if not decision.to:
            self._send_away(decision.interaction, decision.reason)

    def _left_queue(self, decision: ev.InteractionLeftQueue) -> None:
        if not decision.to and decision.reason is not ev.LeaveReason.OVERFLOW:
            self._send_away(decision.interaction, decision.reason.value)

    def _send_away(self, interaction: UUID, reason: str) -> None:
        customer = self.open.get(interaction)
        if customer is not None:
            self._engine.later(0, lambda _: self._end(customer, ev.EndedBy.CENTRE, reason))

    def _was_ended(self, decision: ev.InteractionEnded) -> None:
        self.open.pop(decision.interaction, None)

    def _speak_message(self, decision: ev.VoicemailStarted) -> None:
        seconds = min(MESSAGE_S, decision.most_s)
        customer = self.open.get(decision.interaction)
        if customer is not None:
            customer.talking = True  # with a machine: nobody hangs up for want of an agent
            self._engine.later(seconds, lambda _: self._leave_message(customer, decision.queue, seconds))

    def _leave_message(self, customer: Customer, queue: str, seconds: float) -> None:
        engine = self._engine
        engine.tell(
            ev.VoicemailLeft(
                id=engine.new_id(),
                at=engine.now,
                interaction=customer.interaction,
                queue=queue,
                file="",
                seconds=seconds,
            )
        )
        self._end(customer, _CUSTOMER)

    # ------------------------------------------------------------ callbacks

    def _consider_callback(self, decision: ev.CallbackProposed) -> None:
        customer = self.open.get(decision.interaction)
        if customer is not None and customer.stream.chance() < customer.stream.callback_share:
            self._engine.later(PRESS_S, self._press, customer)

    def _press(self, customer: Customer) -> None:
        engine = self._engine
        standing = engine.router.interaction(customer.interaction)
        queue = engine.router.queue(standing.queue) if standing is not None else None
        if customer.talking or queue is None or customer.interaction not in self.open:
            return
        engine.tell(
            ev.DigitReceived(
                id=engine.new_id(),
                at=engine.now,
                interaction=customer.interaction,
                digit=queue.callback_digit,
            )
        )

    def _expect_callback(self, decision: ev.CallbackRequested) -> None:
        customer = self.open.get(decision.interaction)
        if customer is None:
            return
        self.open[decision.callback] = CalledBack(
            decision.callback, customer.stream, decision.waiting_since, customer.talk_s
        )
        self._send_away(decision.interaction, "callback")

    def _call_back(self, customer: "CalledBack", offer: ev.InteractionOffered) -> None:
        engine = self._engine
        customer.talking = True
        engine.tell(
            ev.CallbackDialled(
                id=engine.new_id(),
                at=engine.now,
                interaction=customer.interaction,
                offer=offer.offer,
                agent=offer.agent,
            )
        )
        engine.later(REACHED_S, lambda _: self._reach(customer, offer))

    def _reach(self, customer: "CalledBack", offer: ev.InteractionOffered) -> None:
        engine = self._engine
        if customer.stream.chance() < customer.stream.reached_share:
            self._talk(customer, offer)
            return
        customer.talking = False
        engine.tell(
            ev.CustomerNotReached(
                id=engine.new_id(),
                at=engine.now,
                interaction=customer.interaction,
                agent=offer.agent,
                reason="no answer",
            )
        )


class CalledBack(Customer):
    """Somebody who is called back when the turn comes, and does not wait on the line."""

    __slots__ = ()
