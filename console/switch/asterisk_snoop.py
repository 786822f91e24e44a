"""Supervisors in calls on an Asterisk: a supervisor's phone is bridged with a snoop channel on the agent's.

The snoop channel hears both sides of the agent's channel (`spy=both`); what the supervisor says goes to the
agent's phone (`whisper=out`), to both sides (`whisper=both`) or nowhere. The call's own bridge is never
touched: whatever becomes of the supervisor, customer and agent talk on. Another mode is another snoop
channel, which takes the place of the one before. It ends with the agent's channel, and with the centre: who
listens must be known to somebody.
"""

import logging
from typing import Protocol
from uuid import UUID

from console.domain.errors import NetworkError
from console.domain.events import (
    InteractionEvent,
    MonitoringChanged,
    MonitoringEnded,
    MonitoringMode,
    MonitoringStarted,
)
from console.switch.ari import AriAnswer
from console.switch.asterisk_lines import Lines
from console.switch.asterisk_sides import TAP
from console.switch.switch import Monitor

MONITORING = "X-Monitoring-Id"
"""The header of the INVITE that rings a supervisor."""

NOBODY_TALKS = "no agent talks with this customer"
_WHISPERS = {
    MonitoringMode.LISTEN: "none",
    MonitoringMode.WHISPER: "out",
    MonitoringMode.BARGE: "both",
}
_log = logging.getLogger(__name__)


class Hub(Protocol):
    """The switch, as the supervisors see it."""

    lines: Lines

    def fact(self, kind: type[InteractionEvent], interaction: UUID, **fields: object) -> None:
        """Tell a fact."""

    def agent_of(self, interaction: UUID) -> str:
        """The channel of the agent who talks; "": nobody does."""


class Ear:
    """One supervisor in one call."""

    def __init__(self, hub: Hub, order: Monitor, ears: dict[UUID, "Ear"]) -> None:
        self.order = order
        self.interaction = order.interaction
        self._hub = hub
        self._lines = hub.lines
        self._ari = hub.lines.ari
        self._ears = ears
        self._mode = order.mode
        self._shown: MonitoringMode | None = None
        self._phone = f"callboard-monitor-{order.monitoring.hex}-phone"
        self._bridge = f"{TAP}{order.monitoring.hex}-ear"
        self._snoop = self._coming = ""
        self._made = 0
        self._answered = self._over = False

    def begin(self) -> None:
        """Ring the supervisor."""
        if not self._hub.agent_of(self.interaction):
            self._end(NOBODY_TALKS)
            return
        order = self.order
        headers = {MONITORING: str(order.monitoring), "X-Monitoring-Mode": order.mode.value}
        try:
            self._lines.dial(
                self, self._phone, order.contact, caller=("", order.agent), headers=headers, variables={}
            )
        except NetworkError as fault:
            _log.warning("the supervisor %s cannot be rung: %s", order.supervisor, fault)
            self._end("unreachable")

    def change(self, mode: MonitoringMode) -> None:
        """Into another mode, now or as soon as the phone is answered."""
        if mode is self._mode:
            return
        self._mode = mode
        if self._answered:
            self._listen()

    def end(self, reason: str = "ended") -> None:
        """Let the supervisor go."""
        self._end(reason)

    # ------------------------------------------------------------------ what happens on the channels

    def up(self, channel: str) -> None:
        """The supervisor answered, or a snoop channel is ours."""
        if channel == self._phone and not self._answered:
            self._answered = True
            self._ari.send("POST", f"bridges/{self._bridge}", {"type": "mixing"})
            self._lines.put(self._bridge, self._phone)
            self._listen()
        elif channel == self._coming:
            self._lines.put(self._bridge, channel)
            if self._snoop:
                self._lines.hang_up(self._snoop)
            self._snoop, self._coming = channel, ""
            self._tell()

    def gone(self, channel: str, code: int) -> None:
        """Somebody hung up: the supervisor, or the agent whom the snoop channel was on."""
        if channel == self._phone:
            self._end("supervisor hung up" if self._answered else "not answered")
        elif channel in {self._snoop, self._coming}:
            self._end("agent hung up")

    def ringing(self, channel: str) -> None:
        """The supervisor knows."""

    def early(self, channel: str) -> None:
        """Nobody hears a supervisor's own ring-back."""

    def holds(self, channel: str, *, on: bool) -> None:
        """A supervisor who holds hears nothing for that time; the call does not notice."""

    def digit(self, channel: str, digit: str) -> None:
        """Keys mean nothing here."""

    def spoken(self, playback: str) -> None:
        """Nothing is played."""

    def recorded(self, name: str, seconds: float) -> None:
        """Nothing is recorded."""

    def transfers(self, channel: str, target: str) -> None:
        """A call that is listened to cannot be passed on by who listens."""
        self._lines.told_of_transfer(channel, done=False)

    # ------------------------------------------------------------------ inside

    def _listen(self) -> None:
        """A snoop channel for the mode; the one before goes on until it is there."""
        agent = self._hub.agent_of(self.interaction)
        if not agent:
            self._end(NOBODY_TALKS)
            return
        if self._coming:
            self._lines.hang_up(self._coming)
        self._made += 1
        coming = self._coming = f"callboard-snoop-{self.order.monitoring.hex}-{self._made}"
        self._lines.known(coming, self)

        def answered(answer: AriAnswer) -> None:
            if answer.refused and self._coming == coming:
                self._end(f"Asterisk says {answer.status} {answer.words}")

        query = {"spy": "both", "whisper": _WHISPERS[self._mode], "app": self._ari.app, "appArgs": "snoop"}
        self._ari.send("POST", f"channels/{agent}/snoop/{coming}", query, answered=answered)

    def _tell(self) -> None:
        order = self.order
        if self._shown is None:
            self._hub.fact(
                MonitoringStarted,
                self.interaction,
                monitoring=order.monitoring,
                supervisor=order.supervisor,
                agent=order.agent,
                mode=self._mode,
            )
        elif self._shown is not self._mode:
            self._hub.fact(MonitoringChanged, self.interaction, monitoring=order.monitoring, mode=self._mode)
        self._shown = self._mode

    def _end(self, reason: str) -> None:
        if self._over:
            return
        self._over = True
        for channel in (self._phone, self._snoop, self._coming):
            if channel:
                self._lines.hang_up(channel)
        self._lines.part(self._bridge)
        self._ears.pop(self.order.monitoring, None)
        self._hub.fact(
            MonitoringEnded,
            self.interaction,
            monitoring=self.order.monitoring,
            supervisor=self.order.supervisor,
            reason=reason,
        )


class Ears:
    """All supervisors in calls on one Asterisk."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._ears: dict[UUID, Ear] = {}

    def monitor(self, order: Monitor) -> None:
        """Ring a supervisor for a call."""
        if order.monitoring not in self._ears:
            ear = self._ears[order.monitoring] = Ear(self._hub, order, self._ears)
            ear.begin()

    def change(self, monitoring: UUID, mode: MonitoringMode) -> None:
        """Into another mode."""
        if ear := self._ears.get(monitoring):
            ear.change(mode)

    def end(self, monitoring: UUID) -> None:
        """Let one go."""
        if ear := self._ears.get(monitoring):
            ear.end()

    def stop(self) -> None:
        """Let all go."""
        for ear in list(self._ears.values()):
            ear.end("switch stopped")
