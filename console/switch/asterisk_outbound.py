"""A call that an agent makes on an Asterisk: first the agent's own phone is rung, then the customer.

It is put through as a callback is, but nothing of it waits again: whatever it comes to is its end.
"""

import asyncio
from uuid import UUID

from console.domain.events import EndedBy, InteractionEnded, InteractionEvent
from console.switch.asterisk_callbacks import Callback
from console.switch.asterisk_lines import Lines
from console.switch.asterisk_offers import Hub
from console.switch.switch import Ring

NO_CONNECTION = "no connection to Asterisk"
_BY = {
    "busy": EndedBy.CUSTOMER,
    "refused": EndedBy.CUSTOMER,
    "agent left": EndedBy.AGENT,
}
_OWN_PHONE = {
    480: "own phone not reached",
    404: "own phone not reached",
    486: "own phone busy",
    600: "own phone busy",
}


class Outbound(Callback):
    """From the ring at the agent's own phone until customer and agent are there, or one of them is not."""

    headers = {"X-Outbound": "1"}  # noqa: RUF012 - as in Callback

    def ring(self, order: Ring) -> None:
        """Ring the agent's own phone."""
        self._timer = asyncio.get_running_loop().call_later(order.ring_s, self._unanswered)
        super().ring(order)

    def gone(self, channel: str, code: int) -> None:
        """The own phone did not answer; or what a callback makes of it."""
        if self._offers.lost(channel):
            self._finish(EndedBy.AGENT, _OWN_PHONE.get(code, "own phone declined"))
        else:
            super().gone(channel, code)

    def stop(self) -> None:
        """The switch stops."""
        self._finish(EndedBy.CENTRE, "switch stopped")

    def _unanswered(self) -> None:
        self._finish(EndedBy.AGENT, "own phone not answered")

    def _settle(self) -> None:
        """Nobody can be rung."""
        if not self.over and not self._agent and not len(self._offers):
            self._finish(EndedBy.AGENT, _OWN_PHONE[480])

    def _not_reached(self, reason: str) -> None:
        self._finish(_BY.get(reason, EndedBy.CENTRE), reason)

    def _finish(self, by: EndedBy, reason: str) -> None:
        if not self.over:
            self._close()
            self._hub.fact(InteractionEnded, self.interaction, by=by, reason=reason)


class CallsOut:
    """The part of the switch that calls customers for agents, and back."""

    lines: Lines
    trunk: str
    _callbacks: dict[UUID, Callback]
    _places: dict[str, str]

    def fact(self, kind: type[InteractionEvent], interaction: UUID, **fields: object) -> None:
        """Tell a fact."""
        raise NotImplementedError

    def call_out(self, hub: Hub, order: Ring) -> None:
        """Ring a desk, then the customer."""
        if not self.lines.ari.connected:
            if order.outbound:
                self.fact(InteractionEnded, order.interaction, by=EndedBy.CENTRE, reason=NO_CONNECTION)
            return
        kind = Outbound if order.outbound else Callback
        place = self._places.get(order.call_out, "")
        callback = self._callbacks.get(order.interaction)
        if callback is None:
            callback = kind(hub, order.interaction, self.trunk, "callboard.invalid", place)
            self._callbacks[order.interaction] = callback
        callback.ring(order)
