"""A desk without a phone, as a program to be killed: makes calls, records them, delivers them.

`python -m tests.sync.desk_process DATABASE URL SEED COUNT` prints, a line each, `begun CALL` once a call's
first row is on the disk, `ended CALL` once its record is, `noted CALL` once its note is; `done` when all is
delivered. COUNT 0: only deliver what is left.
"""

import asyncio
import random
import sys
from pathlib import Path
from uuid import UUID

from console.bus import Bus
from console.clock import SystemClock
from console.domain.address import Address
from console.domain.call import CallEnd
from console.domain.events import CallAnswered, CallArrived, CallEnded
from console.history.queries import History
from console.history.recorder import Recorder
from console.history.schema import history_migrations
from console.store.database import Database
from console.store.outbox import outbox_migrations
from console.sync.link import Link
from console.sync.outbox import Outbox


def say(word: str, call: UUID) -> None:
    sys.stdout.write(f"{word} {call}\n")
    sys.stdout.flush()


class Desk:
    """The rooms of a desk, and somebody who calls."""

    def __init__(self, path: Path, seed: int) -> None:
        self.clock = SystemClock()
        self.bus = Bus()
        self.database = Database.open(path, [outbox_migrations, history_migrations])
        self.recorder = Recorder(self.bus, self.database, self.clock, lambda: "anna")
        self.history = History(self.bus, self.database, self.clock, lambda: "anna")
        self.outbox = Outbox(self.bus, self.database, self.clock)
        self.link = Link(self.bus, self.clock, self.outbox, contact=lambda: "")
        self.draw = random.Random(seed)

    async def one_call(self) -> None:
        call, clock, publish = self.clock.new_id(), self.clock, self.bus.publish
        peer = Address(f"sip:+4930{self.draw.randrange(10**6)}@pbx.example", "Berta")
        publish(CallArrived(id=clock.new_id(), at=clock.now(), call=call, peer=peer))
        if self.draw.random() < 0.7:
            await self.recorder.flush()
            say("begun", call)
        publish(CallAnswered(id=clock.new_id(), at=clock.now(), call=call))
        publish(CallEnded(id=clock.new_id(), at=clock.now(), call=call, end=CallEnd.HUNG_UP_THERE))
        await self.recorder.flush()
        say("ended", call)
        if self.draw.random() < 0.5:
            await self.history.note(call, "Solved", f"note on {call}")
            say("noted", call)

    async def run(self, url: str, count: int) -> None:
        await self.recorder.start()
        await self.link.sign_in(url, "anna", "secret")
        for _ in range(count):
            await self.one_call()
        await self.outbox.drained()
        sys.stdout.write("done\n")
        sys.stdout.flush()
        await self.link.stop()
        await self.recorder.stop()
        await self.database.close()


async def main(database: str, url: str, seed: str, count: str) -> None:
    await Desk(Path(database), int(seed)).run(url, int(count))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
