"""The connection to one Asterisk, made again whenever it breaks.

While what went on meanwhile is being found out, events wait: none is lost, and none comes too early.
"""

import asyncio
import logging
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

from console.clock import Clock
from console.domain.errors import NetworkError
from console.switch.ari import Ari, AriEvent
from console.switch.asterisk_adopt import Seen, look

_FIRST_S, _MOST_S = 0.1, 5.0
_UNWANTED = (
    *(
        "ChannelDialplan",
        "ChannelConnectedLine",
        "ChannelCallerId",
        "ChannelEnteredBridge",
        "ChannelLeftBridge",
    ),
    *("BridgeCreated", "BridgeDestroyed", "PlaybackStarted", "PlaybackContinuing", "RecordingStarted"),
    "ChannelVarset",  # more than all others together
    *("DeviceStateChanged", "PeerStatusChange", "ContactStatusChange"),
)
_log = logging.getLogger(__name__)

Back = Callable[[Seen, datetime], Awaitable[None]]
Dead = Callable[[datetime], None]


class Link:
    """Opens, and opens again; `back` is told what is there then, `dead` that no Asterisk runs any more."""

    def __init__(self, ari: Ari, clock: Clock, take: Callable[[AriEvent], None]) -> None:
        """`take` gets the events."""
        self.changed: Callable[[], None] = lambda: None
        self.since = clock.now()
        self.give_up: timedelta | None = None
        """After so long without a connection its calls count as over; None: never."""
        self._ari = ari
        self._clock = clock
        self._take = take
        self._held: list[AriEvent] | None = None
        self._coming: asyncio.Task[None] | None = None
        self._back: Back | None = None
        self._dead: Dead | None = None

    @property
    def connected(self) -> bool:
        """Whether commands get there."""
        return self._ari.connected and self._coming is None

    async def open(self, back: Back, dead: Dead) -> None:
        """Connect for the first time; an Asterisk that is not there, or refuses, is asked again and again."""
        self._back, self._dead = back, dead
        try:
            await self._connect()
        except NetworkError as fault:
            _log.error("%s It is asked again until it can be; meanwhile no call arrives.", fault)
            self._coming = asyncio.create_task(self._come_back(self._clock.now()), name="asterisk-link")
        self.since = self._clock.now()

    async def close(self) -> None:
        """Disconnect for good. Calls go on in Asterisk."""
        self._back = None
        coming, self._coming = self._coming, None
        if coming is not None:
            coming.cancel()
            with suppress(asyncio.CancelledError):
                await coming
        await self._ari.close()

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[Seen]:
        """What is there now; events wait until this is over. Raises NetworkError."""
        if self._held is None:
            self._held = []
        try:
            yield await look(self._ari)
        finally:
            held, self._held = self._held, None
            for event in held:
                self._take(event)

    # ------------------------------------------------------------------ inside

    async def _connect(self) -> None:
        await self._ari.open(self._event, self._lost)
        unwanted = {"disallowed": [{"type": name} for name in _UNWANTED]}
        self._ari.send("PUT", f"applications/{self._ari.app}/eventFilter", body=unwanted)

    def _event(self, event: AriEvent) -> None:
        if self._held is None:
            self._take(event)
        else:
            self._held.append(event)

    def _lost(self) -> None:
        if self._back is None or self._coming is not None:
            return
        self.since = self._clock.now()
        _log.error("the connection to Asterisk at %s is lost", self._ari.url)
        self._coming = asyncio.create_task(self._come_back(self.since), name="asterisk-link")
        self.changed()

    async def _come_back(self, lost_at: datetime) -> None:
        wait_s = 0.0
        while not await self._tried(lost_at):
            wait_s = min(_MOST_S, max(_FIRST_S, 2 * wait_s))
            await asyncio.sleep(wait_s * random.uniform(0.5, 1.0))
        self._coming = None
        self.since = self._clock.now()
        _log.warning("connected to Asterisk at %s again", self._ari.url)
        self.changed()

    async def _tried(self, lost_at: datetime) -> bool:
        """Whether everything is known again."""
        try:
            self._held = []  # from the first event on
            await self._connect()
            async with self.quiet() as seen:
                if self._back is not None:
                    await self._back(seen, lost_at)
        except NetworkError as fault:
            _log.debug("not yet: %s", fault)
            late = self.give_up is not None and self._clock.now() - lost_at > self.give_up
            if (self._ari.nobody or late) and self._dead is not None:
                self._dead(lost_at)
            return False
        except Exception:  # noqa: BLE001 - our bug, told loudly; the connection must come back all the same
            _log.exception("what went on meanwhile in Asterisk at %s cannot be taken up", self._ari.url)
            return self._ari.connected
        return self._ari.connected
