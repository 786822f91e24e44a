"""Which calls are recorded: those of queues that say so, and those for which somebody asks.

One recording covers one interaction, from the moment it begins until the interaction ends: through hold,
transfers and the waiting between two agents. It ends sooner when somebody stops it, or when the customer of a
recorded queue is answered for one that is not. What was begun for a queue an agent may pause, but not stop.
"""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import msgspec

from console.clock import Clock
from console.domain.errors import BadInput, NotThere, Refused, TooLate
from console.domain.events import (
    InteractionAnswered,
    LedgerEvent,
    RecordingEnded,
    RecordingPaused,
    RecordingResumed,
    RecordingStarted,
)
from console.domain.interaction import Phase
from console.domain.queue import Recorded
from console.domain.standing import InteractionStanding
from console.ledger.ledger import Found, Ledger
from console.routing.router import Router
from console.switch.switch import Capability, Record, Recording, Switch
from console.wire import RecordingOrder, RecordingView

CANNOT = "This switch cannot record calls: connect an Asterisk (switch.kind = “asterisk”)."
LOST = "nothing of it was found after the centre had been away"
_LOOKED_AT = 20_000
_OLDEST = timedelta(days=7)
_TALKING = frozenset({Phase.CONNECTED, Phase.HELD})


COMMANDS = {f"record_{order.value}": order for order in RecordingOrder}
"""What a desk calls them."""


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """A recording that was ordered. `by` "": for a queue. `begun`: the switch has begun to write."""

    recording: UUID
    by: str = ""
    paused: bool = False
    begun: bool = False


class CallRecordings:
    """Tells the switch what to record, from the facts; `running` is what is recorded now, by interaction."""

    def __init__(self, router: Router, clock: Clock, switch: Switch | None, folder: Path) -> None:
        """`folder` is where the files go."""
        self.running: dict[UUID, Running] = {}
        self.folder = folder
        self._router = router
        self._clock = clock
        able = switch is not None and Capability.RECORDING in switch.capabilities
        self._switch = switch if able and isinstance(switch, Recording) else None

    @property
    def able(self) -> bool:
        """Whether the switch can record."""
        return self._switch is not None

    def view(self, interaction: UUID) -> RecordingView | None:
        """How an interaction is recorded; None while it is not."""
        running = self.running.get(interaction)
        if running is None or not running.begun:
            return None
        return RecordingView(paused=running.paused, stoppable=bool(running.by))

    # ------------------------------------------------------------ what happens

    def heard(self, fact: LedgerEvent) -> None:
        """A durable fact: an answer may begin or end a recording."""
        match fact:
            case InteractionAnswered():
                self._answered(fact)
            case RecordingStarted() | RecordingPaused() | RecordingResumed():
                self._switched(fact)
            case RecordingEnded():
                running = self.running.get(fact.interaction)
                if running is not None and running.recording == fact.recording:
                    del self.running[fact.interaction]

    def _answered(self, fact: InteractionAnswered) -> None:
        queue = self._router.queue(fact.queue)
        wanted = queue is not None and queue.record is Recorded.ON
        running = self.running.get(fact.interaction)
        if wanted and running is None:
            self._begin(fact.interaction, fact.queue, fact.agent, "")
        elif running is not None and not wanted and not running.by and self._switch is not None:
            self._switch.stop_recording(running.recording)

    def _switched(self, fact: RecordingStarted | RecordingPaused | RecordingResumed) -> None:
        running = self.running.get(fact.interaction)
        if running is not None and running.recording == fact.recording:
            paused = isinstance(fact, RecordingPaused)
            self.running[fact.interaction] = msgspec.structs.replace(running, paused=paused, begun=True)

    def _begin(self, interaction: UUID, queue: str, agent: str, by: str) -> None:
        if self._switch is None:
            return
        recording = self._clock.new_id()
        self.running[interaction] = Running(recording=recording, by=by)
        file = self.folder / f"{recording}.wav"
        self._switch.record(
            Record(interaction=interaction, recording=recording, file=file, queue=queue, agent=agent, by=by)
        )

    # ------------------------------------------------------------ what is asked for

    def order(self, by: str, interaction: UUID, order: RecordingOrder) -> None:
        """A supervisor's order. Raises Refused, NotThere, TooLate or BadInput, in words."""
        self._do(by, interaction, order, may_stop_all=True)

    def command(self, agent: str, action: str) -> bool:
        """An agent's, about the call at hand; False when it is another kind of command. Raises Refused."""
        order = COMMANDS.get(action)
        if order is None:
            return False
        mine = [one for one in self._router.open_interactions() if one.agent == agent]
        talking = next((one for one in mine if one.phase in _TALKING), None)
        if talking is None:
            raise Refused("There is no call to record: nobody talks with you.")
        try:
            self._do(agent, talking.interaction, order, may_stop_all=False)
        except BadInput as fault:
            raise Refused(str(fault)) from None
        return True

    def _do(self, by: str, interaction: UUID, order: RecordingOrder, *, may_stop_all: bool) -> None:
        if self._switch is None:
            raise Refused(CANNOT)
        standing = self._router.interaction(interaction)
        if standing is None:
            raise NotThere("There is no such open interaction.")
        if order is RecordingOrder.START:
            self._start(by, standing)
            return
        running = self.running.get(interaction)
        if running is None:
            raise TooLate("This call is not recorded.")
        if order is not RecordingOrder.STOP:
            self._switch.pause_recording(running.recording, on=order is RecordingOrder.PAUSE, by=by)
        elif running.by or may_stop_all:
            self._switch.stop_recording(running.recording)
        else:
            raise BadInput("This queue's calls are recorded: you can pause it, but not stop it.")

    def _start(self, by: str, standing: InteractionStanding) -> None:
        if standing.phase not in _TALKING:
            raise TooLate("Nobody talks with this customer: there is nothing to record yet.")
        if standing.interaction not in self.running:
            self._begin(standing.interaction, standing.queue, standing.agent, by)

    # ------------------------------------------------------------ after the centre was away

    async def find(self, ledger: Ledger) -> list[LedgerEvent]:
        """Go on with what a centre that died had begun; returns the ends of what is lost. Raises StoreError,
        NetworkError.
        """
        begun = await self._begun(ledger)
        lost: list[LedgerEvent] = []
        found = await self._switch.find_recordings(list(begun.values())) if self._switch else set()
        for recording, order in begun.items():
            if recording in found:
                running = Running(recording=recording, by=order.by, paused=order.paused, begun=True)
                self.running[order.interaction] = running
            else:
                lost.append(self._lost(order))
        return lost

    async def _begun(self, ledger: Ledger) -> dict[UUID, Record]:
        """What has not ended, of the last days."""
        since = self._clock.now() - _OLDEST
        kinds = (RecordingStarted, RecordingPaused, RecordingResumed, RecordingEnded)
        wanted = Found(types=tuple(kind.__name__ for kind in kinds), start=since)
        begun: dict[UUID, Record] = {}
        for _, event in reversed(await ledger.newest(wanted, _LOOKED_AT)):
            match event:
                case RecordingStarted():
                    begun[event.recording] = self._record_of(event)
                case RecordingEnded():
                    begun.pop(event.recording, None)
                case RecordingPaused() | RecordingResumed() if event.recording in begun:
                    paused = isinstance(event, RecordingPaused)
                    before = begun[event.recording]
                    begun[event.recording] = msgspec.structs.replace(before, paused=paused)
        return begun

    def _record_of(self, event: RecordingStarted) -> Record:
        return Record(
            interaction=event.interaction,
            recording=event.recording,
            file=self.folder / f"{event.recording}.wav",
            queue=event.queue,
            agent=event.agent,
            by=event.by,
        )

    def _lost(self, order: Record) -> RecordingEnded:
        return RecordingEnded(
            id=self._clock.new_id(),
            at=self._clock.now(),
            interaction=order.interaction,
            recording=order.recording,
            file="",
            seconds=0.0,
            reason=LOST,
        )
