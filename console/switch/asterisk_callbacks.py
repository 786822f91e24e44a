"""A callback on an Asterisk: first the agent's desk is rung, then the customer; when both are there it is a
call.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from uuid import UUID

from console.domain.errors import BadInput, NetworkError
from console.domain.events import (
    CallbackDialled,
    CustomerNotReached,
    EndedBy,
    InteractionEnded,
    OfferEndReason,
)
from console.switch.asterisk_offers import Hub, Offers
from console.switch.callbacks import HEADERS, REASONS, RINGBACK
from console.switch.dialling import shown_as, target_of
from console.switch.switch import Ring

_log = logging.getLogger(__name__)


class Callback:
    """From the ring at the first desk until customer and agent are there, or it came to nothing.

    `headers` tell a desk that the customer is not there yet.
    """

    headers: Mapping[str, str] = HEADERS

    def __init__(self, hub: Hub, interaction: UUID, trunk: str, here: str, place: str = "") -> None:
        """`trunk` is where numbers are called, `here` our own host and port; `place` where the customer's
        last call came from, "" when nobody knows.
        """
        self.interaction = interaction
        self.over = False
        self._hub = hub
        self._lines = hub.lines
        self._trunk = trunk
        self._here = here
        self._place = place
        self._offers = Offers(hub, interaction, self)
        self._order: Ring | None = None
        self._agent = ""
        self._customer = ""
        self._bridge = ""
        self._timer: asyncio.TimerHandle | None = None
        self._holding = False

    # ------------------------------------------------------------------ commands

    def ring(self, order: Ring) -> None:
        """Ring a desk."""
        if self.over or self._agent:
            return
        self._offers.ring(order, (order.caller_uri, order.caller_name), self.headers)
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
        if self._agent:
            self._not_reached("agent left")

    def hang_up(self, reason: str, after: Sequence[str]) -> None:
        """End it for good; there is nobody to say `after` to."""
        del after
        if not self.over:
            self._close()
            self._hub.fact(InteractionEnded, self.interaction, by=EndedBy.CENTRE, reason=reason)

    def stop(self) -> None:
        """The switch stops: the customer keeps the place."""
        if self._agent:
            self._not_reached("switch stopped")
        elif not self.over:
            for order in self._close():
                self._offers.tell_end(order, OfferEndReason.WITHDRAWN)

    # ------------------------------------------------------------------ what happens on the channels

    def ringing(self, channel: str) -> None:
        """A desk rings, or the customer's phone."""
        if channel != self._customer:
            self._offers.rang(channel)

    def early(self, channel: str) -> None:
        """The customer's side sends sound: from now on the agent hears that instead of our tone."""
        if channel == self._customer and not self._bridge:
            self._join()

    def up(self, channel: str) -> None:
        """The agent is there: call the customer. The customer is there: it is a call."""
        if self.over:
            self._lines.hang_up(channel)
        elif channel == self._customer:
            self._reached()
        else:
            self._answered(channel)

    def gone(self, channel: str, code: int) -> None:
        """A desk, or the customer, did not want to or could not; or the agent hung up too early."""
        if channel == self._customer:
            self._not_reached(REASONS.get(code, "failed"))
        elif channel == self._agent:
            self._not_reached("agent left")
        elif self._offers.failed(channel, code):
            self._settle()

    def holds(self, channel: str, *, on: bool) -> None:
        """The agent may hold before the customer is there; it counts from then on."""
        if channel == self._agent:
            self._holding = on

    def digit(self, channel: str, digit: str) -> None:
        """Before the customer is there no digit is the customer's."""

    def spoken(self, playback: str) -> None:
        """Nothing is spoken."""

    def recorded(self, name: str, seconds: float) -> None:
        """Nothing is recorded."""

    def transfers(self, channel: str, target: str) -> None:
        """Nobody is there to be transferred."""
        self._lines.told_of_transfer(channel, done=False)

    # ------------------------------------------------------------------ inside

    def _answered(self, channel: str) -> None:
        if channel == self._agent:
            return  # told again, after a connection was lost
        order = self._offers.take(channel)
        if order is None or self._agent:
            self._lines.hang_up(channel)
            return
        self._agent, self._order = channel, order
        if self._timer is not None:
            self._timer.cancel()
        self._offers.drop(elsewhere=True)
        self._hub.fact(CallbackDialled, self.interaction, offer=order.offer, agent=order.agent)
        if not self.over:  # the listener may have ended it
            self._lines.music(channel, RINGBACK)
            self._dial(order)

    def _dial(self, order: Ring) -> None:
        channel = self._lines.name("customer", self.interaction)
        self._customer = channel
        caller = (shown_as(order.call_out_from or order.queue, self._here), order.call_out_name)
        if why := self._hub.refuses(order.call_out):  # the rule was changed since it was promised
            _log.warning("%r must not be called: %s by [switch.callbacks]", order.call_out[:60], why)
            self._not_reached("failed")
            return
        try:
            to = target_of(order.call_out, self._trunk, self._place)
            self._lines.dial_early(self, channel, to, caller=caller, timeout_s=order.call_out_s)
        except (BadInput, NetworkError) as fault:
            _log.warning("the customer of callback %s cannot be called: %s", self.interaction, fault)
            self._not_reached("failed")
            return
        self._timer = asyncio.get_running_loop().call_later(order.call_out_s, self._not_reached, "no answer")

    def _join(self) -> None:
        self._lines.music(self._agent, "")
        self._bridge = self._lines.name("bridge", self.interaction)
        self._lines.join(self._bridge, self._agent, self._customer)

    def _reached(self) -> None:
        order = self._order
        if order is None:
            return
        if not self._bridge:
            self._join()
        if self._timer is not None:
            self._timer.cancel()
        self.over = True
        caller = (order.caller_uri, order.caller_name)
        call = self._hub.reached(self.interaction, self._customer, caller)
        call.meet(self._agent, order, self._bridge, holding=self._holding)

    def _not_reached(self, reason: str) -> None:
        order = self._order
        if self.over or order is None:
            return
        self._close()
        self._hub.fact(CustomerNotReached, self.interaction, agent=order.agent, reason=reason)

    def _settle(self) -> None:
        """Forget it when nobody is rung any more."""
        if not self.over and not self._agent and not len(self._offers):
            self._close()

    def _close(self) -> list[Ring]:
        """End all channels; returns what was still rung for."""
        self.over = True
        if self._timer is not None:
            self._timer.cancel()
        orders = self._offers.drop()
        for channel in (self._customer, self._agent):
            if channel:
                self._lines.hang_up(channel)
        if self._bridge:
            self._lines.part(self._bridge)
        self._hub.given_up(self.interaction)
        return orders
