"""A third party whom an agent asks while the customer waits: called, swapped with, joined, or handed over to.

Agent and third party are in the agent's bridge; the customer leaves it for music and comes back (swap: the
third party leaves it). Nobody's end is tied to the agent's meanwhile, so that no customer is lost with it.
"""

import asyncio
import logging
from enum import Enum, auto
from typing import Protocol

from console.domain.errors import BadInput, NetworkError
from console.domain.events import ConferenceStarted, ConsultAnswered, ConsultEnded, ConsultStarted
from console.switch.asterisk_lines import Owner
from console.switch.asterisk_offers import INTERACTION, Hub
from console.switch.callbacks import RINGBACK
from console.switch.dialling import target_of
from console.switch.switch import Consult, Known

HOLD_MUSIC = "hold-music"

_REASONS = {486: "busy", 600: "busy", 603: "declined", 408: "no answer", 487: "no answer"}

_Fact = ConsultStarted | ConsultAnswered | ConferenceStarted | ConsultEnded

_log = logging.getLogger(__name__)


class Talk(Owner, Protocol):
    """The call whose agent asks."""

    @property
    def agent(self) -> str:
        """Who asks."""

    @property
    def partner(self) -> str:
        """The agent's channel."""

    @property
    def customer(self) -> str:
        """The customer's channel."""

    @property
    def bridge(self) -> str:
        """Where the agent is."""

    @property
    def caller(self) -> tuple[str, str]:
        """The customer's address and name, for others to see."""

    def hold(self) -> None:
        """The customer leaves the bridge and hears music."""

    def resume(self) -> None:
        """The customer is in the bridge again."""

    def hand_over(self, channel: str, order: Consult) -> None:
        """The agent leaves, the customer goes on with this one."""


class Stage(Enum):
    """How far it is."""

    NONE = auto()
    RINGING = auto()
    ASKING = auto()  # agent and third party talk, the customer hears music
    ASIDE = auto()  # agent and customer talk, the third party hears music
    TOGETHER = auto()


class Consultation:
    """At most one third party of one call, from the order until it is over."""

    def __init__(self, hub: Hub, talk: Talk) -> None:
        """Nobody is asked."""
        self.interaction = talk.interaction
        self.stage = Stage.NONE
        self._hub = hub
        self._lines = hub.lines
        self._talk = talk
        self._order: Consult | None = None
        self._third = ""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def going(self) -> bool:
        """Whether a third party is there, or rung."""
        return self.stage is not Stage.NONE

    # ------------------------------------------------------------------ commands

    def begin(self, order: Consult, trunk: str) -> None:
        """Call the third party. Numbers go over the trunk."""
        talk = self._talk
        if self.going or not talk.agent or not talk.partner:
            return
        kind = "agent" if order.to else "outside"
        self._third = self._lines.name(kind, order.consult if order.to else order.interaction)
        self._order, self.stage = order, Stage.RINGING
        self._fact(ConsultStarted, target=order.target, to=order.to)
        self._lines.untie(talk.partner)
        talk.hold()
        headers = {"X-Interaction-Id": str(order.interaction), "X-Consult": "1", **order.headers}
        kept = {INTERACTION: str(order.interaction)}
        try:
            to = order.contact if order.to else target_of(order.contact, trunk)
            self._lines.dial(
                self, self._third, to, caller=talk.caller, headers=headers if order.to else {}, variables=kept
            )
        except (BadInput, NetworkError) as fault:
            _log.warning("%r cannot be asked: %s", order.target, fault)
            self._over("failed")
            return
        self._lines.take_out(talk.bridge, talk.partner)
        self._lines.music(talk.partner, RINGBACK)
        self._timer = asyncio.get_running_loop().call_later(order.ring_s, self._over, "no answer")

    def swap(self) -> None:
        """The agent talks with the other one."""
        if self.stage is Stage.ASKING:
            self._set_aside()
            self._talk.resume()
            self.stage = Stage.ASIDE
        elif self.stage is Stage.ASIDE:
            self._talk.hold()
            self._take_back()
            self.stage = Stage.ASKING

    def conference(self) -> None:
        """All three talk."""
        if self.stage not in {Stage.ASKING, Stage.ASIDE}:
            return
        if self.stage is Stage.ASIDE:
            self._take_back()
        self.stage = Stage.TOGETHER
        self._talk.resume()
        self._fact(ConferenceStarted)

    def complete(self) -> bool:
        """The agent leaves; False when nobody has answered."""
        order = self._order
        if order is None or self.stage in {Stage.NONE, Stage.RINGING}:
            return False
        if self.stage is Stage.ASIDE:
            self._take_back()
        third, self._third = self._third, ""
        self._clear()
        self._talk.hand_over(third, order)
        return True

    def cancel(self) -> None:
        """The third party goes."""
        self._over("cancelled")

    def drop(self) -> None:
        """The call is over, or its agent: so is this."""
        third = self._third
        self._tell_end("over")
        self._clear()
        if third:
            self._lines.hang_up(third)

    def take_up(self, known: Known, channel: str, *, inside: bool, together: bool) -> None:
        """Go on where a centre that died had left it; `inside`: agent and third party are in one bridge."""
        if known.consult is None:
            return
        self._order = Consult(
            interaction=known.interaction,
            consult=known.consult,
            target=known.target,
            contact="",
            queue=known.queue,
            to=known.to,
        )
        self._third = self._lines.known(channel, self)
        if inside:
            self.stage = Stage.TOGETHER if together else Stage.ASKING
        else:
            self.stage = Stage.ASIDE if together else Stage.RINGING

    # ------------------------------------------------------------------ what happens on the third channel

    def ringing(self, channel: str) -> None:
        """It rings; the agent hears our tone already."""

    def early(self, channel: str) -> None:
        """Its own ring-back is not heard."""

    def up(self, channel: str) -> None:
        """The third party answered."""
        talk = self._talk
        if self.stage is not Stage.RINGING or channel != self._third:
            return  # told again, after a connection was lost
        self._stop_timer()
        self.stage = Stage.ASKING
        self._lines.music(talk.partner, "")
        self._lines.join(talk.bridge, talk.partner, channel)
        self._fact(ConsultAnswered)

    def gone(self, channel: str, code: int) -> None:
        """The third party did not want to, could not, or left."""
        if channel == self._third:
            self._third = ""
            answered = self.stage is not Stage.RINGING
            self._over("left" if answered else _REASONS.get(code, "failed"))

    def holds(self, channel: str, *, on: bool) -> None:
        """The third party's hold: Asterisk plays the music."""

    def digit(self, channel: str, digit: str) -> None:
        """No digit of the customer's."""

    def spoken(self, playback: str) -> None:
        """Nothing is spoken."""

    def recorded(self, name: str, seconds: float) -> None:
        """Nothing is recorded."""

    def transfers(self, channel: str, target: str) -> None:
        """The third party has nobody to pass on."""
        self._lines.told_of_transfer(channel, done=False)

    # ------------------------------------------------------------------ inside

    def _set_aside(self) -> None:
        self._lines.take_out(self._talk.bridge, self._third)
        self._lines.music(self._third, HOLD_MUSIC)

    def _take_back(self) -> None:
        self._lines.music(self._third, "")
        self._lines.put(self._talk.bridge, self._third)

    def _over(self, reason: str) -> None:
        """The agent has the customer again."""
        talk, third, rang = self._talk, self._third, self.stage is Stage.RINGING
        if self._order is None:
            return
        self._tell_end(reason)
        self._clear()
        if third:
            self._lines.hang_up(third)
        if rang:
            self._lines.music(talk.partner, "")
            self._lines.join(talk.bridge, talk.partner)
        self._lines.tie(talk.customer, talk.partner)
        talk.resume()

    def _tell_end(self, reason: str) -> None:
        if self._order is not None:
            self._fact(ConsultEnded, to=self._order.to, reason=reason)

    def _fact(self, kind: type[_Fact], **more: str) -> None:
        if self._order is not None:
            self._hub.fact(
                kind, self.interaction, consult=self._order.consult, agent=self._talk.agent, **more
            )

    def _clear(self) -> None:
        self._stop_timer()
        self.stage, self._order, self._third = Stage.NONE, None, ""

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
