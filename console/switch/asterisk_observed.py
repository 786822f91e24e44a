"""What an Asterisk switch does beside its calls: recordings, and supervisors who listen."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from console.domain.errors import NetworkError
from console.domain.events import InteractionEvent, MonitoringMode, RecordingEnded
from console.switch.ari import Bridge
from console.switch.asterisk_adopt import is_agent
from console.switch.asterisk_lines import Lines
from console.switch.asterisk_recording import Recordings
from console.switch.asterisk_sides import TAP
from console.switch.asterisk_snoop import Ears
from console.switch.switch import Monitor, Record

if TYPE_CHECKING:
    from console.switch.asterisk_calls import Call

LOST = "nothing of it was found after the centre had been away"
KEEP_S = 5.0
"""Seconds that a stop waits for the files of recordings that have just ended."""


class Observed:
    """The part of the switch that has `recordings` and `ears`; `_calls` are the customers' calls."""

    lines: Lines
    recordings: Recordings
    ears: Ears
    _sought: Sequence[Record] = ()
    _calls: "dict[UUID, Call]"

    def fact(self, kind: type[InteractionEvent], interaction: UUID, **fields: object) -> None:
        """Tell a fact."""
        raise NotImplementedError

    def observe(self) -> None:
        """Nothing is recorded yet, nobody listens."""
        self.recordings = Recordings(self)
        self.ears = Ears(self)

    def customer_of(self, interaction: UUID) -> str:
        """The customer's channel; "": it is over."""
        call = self._calls.get(interaction)
        return call.customer if call is not None and not call.over else ""

    def agent_of(self, interaction: UUID) -> str:
        """The channel of the agent who talks; "": nobody does."""
        call = self._calls.get(interaction)
        owners: Mapping[str, object] = self.lines.owners
        mine = (one for one, owner in owners.items() if owner is call and is_agent(one))
        return next((one for one in mine if one in self.lines.names), "")

    # ------------------------------------------------------------------ commands

    def record(self, order: Record) -> None:
        """Record a call from now on."""
        self.recordings.record(order)

    def pause_recording(self, recording: UUID, *, on: bool, by: str = "") -> None:
        """Record silence instead, or sound again."""
        self.recordings.pause(recording, on=on, by=by)

    def stop_recording(self, recording: UUID) -> None:
        """Record no more."""
        self.recordings.stop(recording)

    async def find_recordings(self, begun: Sequence[Record]) -> set[UUID]:
        """Take up what a dead centre had begun, and end what nobody knows. Raises NetworkError."""
        if not self.lines.ari.connected:
            self._sought = begun
            return {order.recording for order in begun}
        found = await self.recordings.find(begun)
        answer = await self.lines.ari.ask("GET", "bridges")
        if not answer.ok:
            raise NetworkError(f"Asterisk does not tell its bridges: {answer.status} {answer.words}")
        ours = tuple(f"{TAP}{one.hex}-" for one in found)
        for bridge in msgspec.json.decode(answer.body, type=list[Bridge]):
            if bridge.id.startswith(TAP) and not bridge.id.startswith(ours):
                self.lines.part(bridge.id)
        return found

    async def seek_recordings(self) -> None:
        """Look for those that could not be looked for yet. Raises NetworkError."""
        sought, self._sought = self._sought, ()
        if sought:
            found = await self.find_recordings(sought)
            for order in sought:
                if order.recording not in found:
                    lost = {"recording": order.recording, "file": "", "seconds": 0.0, "reason": LOST}
                    self.fact(RecordingEnded, order.interaction, **lost)

    def monitor(self, order: Monitor) -> None:
        """Ring a supervisor for a call."""
        self.ears.monitor(order)

    def change_monitoring(self, monitoring: UUID, mode: MonitoringMode) -> None:
        """Into another mode."""
        self.ears.change(monitoring, mode)

    def end_monitoring(self, monitoring: UUID) -> None:
        """Let a supervisor go."""
        self.ears.end(monitoring)


class ObservedNodes:
    """The same of several Asterisks: each records its own calls, and lets supervisors into them."""

    @property
    def observed(self) -> Sequence[Observed]:
        """The Asterisks."""
        raise NotImplementedError

    def record(self, order: Record) -> None:
        """Record a call from now on."""
        self._of(order.interaction).record(order)

    def pause_recording(self, recording: UUID, *, on: bool, by: str = "") -> None:
        """Record silence instead, or sound again."""
        for node in self.observed:
            node.pause_recording(recording, on=on, by=by)

    def stop_recording(self, recording: UUID) -> None:
        """Record no more."""
        for node in self.observed:
            node.stop_recording(recording)

    async def find_recordings(self, begun: Sequence[Record]) -> set[UUID]:
        """Each takes up its own; the rest may be with one that is away. Raises NetworkError."""
        found: set[UUID] = set()
        for node in sorted(self.observed, key=lambda one: not one.lines.ari.connected):
            found |= await node.find_recordings([one for one in begun if one.recording not in found])
        return found

    def monitor(self, order: Monitor) -> None:
        """Ring a supervisor for a call."""
        self._of(order.interaction).monitor(order)

    def change_monitoring(self, monitoring: UUID, mode: MonitoringMode) -> None:
        """Into another mode."""
        for node in self.observed:
            node.change_monitoring(monitoring, mode)

    def end_monitoring(self, monitoring: UUID) -> None:
        """Let a supervisor go."""
        for node in self.observed:
            node.end_monitoring(monitoring)

    def _of(self, interaction: UUID) -> Observed:
        return next((node for node in self.observed if node.customer_of(interaction)), self.observed[0])
