"""A callback: first the agent's desk is rung, then the customer; when both are there it is a call."""

import asyncio
import logging
from collections.abc import Sequence
from uuid import UUID

from console.domain.errors import NetworkError
from console.domain.events import (
    CallbackDialled,
    CustomerNotReached,
    EndedBy,
    InteractionEnded,
    OfferEndReason,
)
from console.switch import codecs
from console.switch.hub import Hub
from console.switch.legs import Leg, by_liking
from console.switch.offers import Offers
from console.switch.player import Player
from console.switch.switch import Ring

RINGBACK = "ringback"
HEADERS = {"X-Callback": "1"}
"""What tells a desk that the customer is not there yet."""

REASONS = {
    486: "busy",
    600: "busy",
    403: "refused",
    603: "refused",
    607: "refused",
    608: "refused",
    408: "no answer",
    480: "no answer",
    487: "no answer",
}
"""Why a customer was not reached, by the status of SIP."""

_log = logging.getLogger(__name__)


class Callback:
    """From the ring at the first desk until customer and agent are there, or it came to nothing.

    Several desks may ring; the first to answer has it. The agent then hears how the customer is rung: our
    tone, or what the customer's side sends before it answers (early media, RFC 3960).
    """

    def __init__(self, hub: Hub, interaction: UUID) -> None:
        self.interaction = interaction
        self.over = False
        self._hub = hub
        self._offers = Offers(hub, self)
        self._order: Ring | None = None
        self._agent: Leg | None = None
        self._player: Player | None = None
        self._customer: Leg | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._early = False

    # ------------------------------------------------------------------ commands

    def ring(self, order: Ring) -> None:
        """Ring a desk."""
        if self.over or self._agent is not None:
            return
        self._offers.ring(order, (order.caller_uri, order.caller_name), codecs.NAMES, HEADERS)
        self._settle()

    def cancel(self, offer: UUID, *, elsewhere: bool) -> bool:
        """Stop ringing for an offer, also when the customer is rung for it by now."""
        if self._offers.cancel(offer, elsewhere=elsewhere):
            self._settle()
            return True
        if self._order is not None and self._order.offer == offer and not self.over:
            self._not_reached("withdrawn")
            return True
        return False

    def release_agent(self) -> None:
        """Without the agent there is nothing to call the customer for."""
        if self._agent is not None:
            self._not_reached("agent left")

    def hang_up(self, reason: str, after: Sequence[str]) -> None:
        """End it for good; there is nobody to say `after` to."""
        del after
        if not self.over:
            self._close()
            self._hub.fact(InteractionEnded, self, by=EndedBy.CENTRE, reason=reason)

    def stop(self) -> None:
        """The switch stops: the customer keeps the place."""
        if self._agent is not None:
            self._not_reached("switch stopped")
        elif not self.over:
            orders = self._close()
            for order in orders:
                self._offers.tell_end(order, OfferEndReason.WITHDRAWN)

    # ------------------------------------------------------------------ what happens on the legs

    def leg_ringing(self, leg: Leg) -> None:
        """A desk rings, or the customer's phone."""
        if leg is not self._customer:
            self._offers.rang(leg)
        elif leg.remote is not None and not self._early:
            leg.port.listen(self._sound_before_answer)

    def leg_answered(self, leg: Leg) -> None:
        """The agent is there: call the customer. The customer is there: join them."""
        if leg is self._customer and not self.over:
            self._join(leg)
            return
        order = self._offers.take(leg)
        if order is None or self.over or self._agent is not None:
            leg.hang_up()
            return
        self._agent, self._order = leg, order
        self._offers.drop(elsewhere=True)
        self._hub.fact(CallbackDialled, self, offer=order.offer, agent=order.agent)
        if not self.over:  # the listener may have ended it
            self._player = self._hub.player(leg, lambda: None)
            self._player.music(RINGBACK)
            self._player.run(on=True)
            self._dial(leg, order)

    def leg_failed(self, leg: Leg, code: int, reason: str) -> None:
        """A desk, or the customer, did not want to or could not."""
        if leg is self._customer:
            _log.info("the customer of callback %s was not reached: %s %s", self.interaction, code, reason)
            self._not_reached(REASONS.get(code, "failed"))
        elif self._offers.failed(leg, code):
            self._settle()

    def leg_ended(self, leg: Leg, reason: str) -> None:
        """The agent hung up before the customer answered."""
        del reason
        if leg is self._agent:
            self._not_reached("agent left")

    def leg_changed(self, leg: Leg) -> None:
        """The agent holds, resumes, or changes codec or address while the customer is rung."""
        if leg is self._agent and leg.remote is not None and self._player is not None:
            self._player.use(leg.remote.codec)
            if self._early:
                self._match_codecs()

    def leg_may_transfer(self, leg: Leg) -> bool:
        """Nobody is there to be transferred."""
        del leg
        return False

    def leg_transfers(self, leg: Leg, target: str) -> None:
        """Never: see above."""

    def leg_digit(self, leg: Leg, digit: str) -> None:
        """Before the customer is there no digit is the customer's."""

    # ------------------------------------------------------------------ inside

    def _dial(self, agent: Leg, order: Ring) -> None:
        try:
            leg = self._hub.dial_out(self, order)
        except NetworkError as fault:
            _log.warning("the customer of callback %s cannot be called: %s", self.interaction, fault)
            self._not_reached("failed")
            return
        self._customer = leg
        self._timer = asyncio.get_running_loop().call_later(order.call_out_s, self._not_reached, "no answer")
        leg.call(by_liking(agent), {})

    def _sound_before_answer(self, data: bytes) -> None:
        """The first packet: from now on the agent hears the customer's side instead of our tone."""
        agent, customer = self._agent, self._customer
        if agent is None or customer is None or self._player is None:
            return
        customer.port.listen(None)
        self._early = True
        self._player.run(on=False)
        self._match_codecs()
        customer.port.bridge(agent.port)
        agent.port.forward_sound(data)

    def _match_codecs(self) -> None:
        agent, customer = self._agent, self._customer
        if agent is not None and customer is not None and agent.remote and customer.remote:
            agent.port.recode(codecs.transcoder(customer.remote.codec, agent.remote.codec))

    def _join(self, customer: Leg) -> None:
        agent, order = self._agent, self._order
        if agent is None or order is None:
            return
        self._quiet()
        self.over = True
        self._hub.reached(self, order.call_out).meet(customer, agent, order)

    def _not_reached(self, reason: str) -> None:
        order = self._order
        if self.over or order is None:
            return
        self._close()
        self._hub.fact(CustomerNotReached, self, agent=order.agent, reason=reason)

    def _settle(self) -> None:
        """Forget it when nobody is rung any more."""
        if not self.over and self._agent is None and not len(self._offers):
            self._close()

    def _quiet(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._player is not None:
            self._player.run(on=False)
        if self._customer is not None:
            self._customer.port.listen(None)

    def _close(self) -> list[Ring]:
        """End all legs; returns what was still rung for."""
        self.over = True
        self._quiet()
        orders = self._offers.drop()
        for leg in (self._customer, self._agent):
            if leg is not None:
                leg.port.bridge(None)
                leg.hang_up()
        self._hub.given_up(self)
        return orders
