"""What the history tests share: a desk without a phone: bus, database, recorder and a stopped clock."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from console.bus import Bus
from console.clock import StoppedClock
from console.domain.address import Address
from console.domain.call import CallEnd, Quality
from console.domain.events import (
    CallAnswered,
    CallArrived,
    CallDialled,
    CallEnded,
    HistoryChanged,
)
from console.history.queries import History
from console.history.recorder import Recorder
from console.history.schema import history_migrations
from console.store.database import Database
from console.store.outbox import outbox_migrations

START = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


class DeskCalls:
    """Publishes call facts as the phone would, and holds the rooms under test."""

    def __init__(self, path: Path, *, deliver: bool = True, start: datetime = START) -> None:
        self.clock = StoppedClock(start)
        self.bus = Bus()
        self.database = Database.open(path, [outbox_migrations, history_migrations], clock=self.clock)
        self.agent = "anna"
        self.recorder = Recorder(
            self.bus, self.database, self.clock, lambda: self.agent, deliver=lambda: deliver
        )
        self.history = History(
            self.bus, self.database, self.clock, lambda: self.agent, deliver=lambda: deliver
        )
        self.changes: list[HistoryChanged] = []
        self.bus.subscribe(HistoryChanged, self.changes.append)

    async def close(self) -> None:
        await self.recorder.stop()
        await self.database.close()

    def arrive(self, uri: str = "sip:+4930123456@pbx.example", name: str = "", **more: object) -> UUID:
        call = self.clock.new_id()
        self.bus.publish(
            CallArrived(
                id=self.clock.new_id(), at=self.clock.now(), call=call, peer=Address(uri, name), **more
            )
        )
        return call

    def dial(self, uri: str = "sip:+4930123456@pbx.example", name: str = "") -> UUID:
        call = self.clock.new_id()
        self.bus.publish(
            CallDialled(id=self.clock.new_id(), at=self.clock.now(), call=call, peer=Address(uri, name))
        )
        return call

    def answer(self, call: UUID) -> None:
        self.bus.publish(CallAnswered(id=self.clock.new_id(), at=self.clock.now(), call=call))

    def end(
        self,
        call: UUID,
        end: CallEnd = CallEnd.HUNG_UP_THERE,
        quality: Quality | None = None,
        reason: str = "",
    ) -> None:
        self.bus.publish(
            CallEnded(
                id=self.clock.new_id(),
                at=self.clock.now(),
                call=call,
                end=end,
                sip_code=200,
                quality=quality,
                reason=reason,
            )
        )

    async def whole_call(self, uri: str, name: str = "", end: CallEnd = CallEnd.HUNG_UP_THERE) -> UUID:
        """A call of a minute from somebody, written down."""
        call = self.arrive(uri, name)
        if end not in {CallEnd.MISSED, CallEnd.DECLINED}:
            self.answer(call)
        self.clock.move(60)
        self.end(call, end)
        await self.recorder.flush()
        return call
