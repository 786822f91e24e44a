"""The desk's rooms that the link tests share."""

import random
from pathlib import Path

from console.bus import Bus
from console.clock import SystemClock
from console.domain.events import LinkChanged, LinkState
from console.history.schema import history_migrations
from console.store.database import Database
from console.store.outbox import outbox_migrations
from console.sync.backoff import Backoff
from console.sync.link import Link
from console.sync.outbox import Outbox
from tests.sync.small_centre import Facts, SmallCentre


class Rooms:
    """A desk's link with what it needs."""

    def __init__(self, path: Path, backoff: Backoff | None = None) -> None:
        self.clock = SystemClock()
        self.bus = Bus()
        self.facts = Facts(self.bus)
        self.database = Database.open(path, [outbox_migrations, history_migrations])
        self.outbox = Outbox(self.bus, self.database, self.clock, backoff=Backoff(0.01, 0.05))
        self.contact = "sip:k3jd9@127.0.0.1:5070"
        self.link = Link(
            self.bus,
            self.clock,
            self.outbox,
            contact=lambda: self.contact,
            backoff=backoff or Backoff(0.01, 0.05, random.Random(1)),
        )

    async def online(self, centre: SmallCentre, user: str = "anna", password: str = "secret") -> None:
        await self.link.sign_in(centre.url, user, password)
        await self.until(LinkState.ONLINE)

    async def until(self, state: LinkState) -> None:
        await self.facts.wait(lambda: self.link.state is state)

    def reasons(self) -> list[str]:
        """Every time that the centre was lost: why."""
        return [event.reason for event in self.facts.of(LinkChanged) if event.state is LinkState.LOST]

    def states(self) -> list[LinkState]:
        return [event.state for event in self.facts.of(LinkChanged)]
