"""The desk's composition root: phone, history and link made one, without a window.

Used by the windows, by the headless demo and by tests. Everything happens on one loop, but for the engine's
thread and the database's.
"""

import asyncio
import secrets
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from console.bus import Bus
from console.clock import Clock
from console.domain.agent import Role
from console.domain.errors import EnvironmentFault, NetworkError
from console.domain.events import LinkChanged, LinkState
from console.history.queries import History
from console.history.recorder import Recorder
from console.history.retention import purge
from console.history.schema import history_migrations
from console.settings import DeskSettings
from console.store.database import Database
from console.store.outbox import outbox_migrations
from console.sync.link import Link
from console.sync.outbox import Outbox
from console.telephony.accounts import account_of, load_password
from console.telephony.audio import Ringer
from console.telephony.engine import Account, Engine, EngineSettings, Transport
from console.telephony.live import LiveCall
from console.telephony.phone import Phone

CENTRE_ACCOUNT = "centre"
OWN_ACCOUNT = "own"
_SECRET_BYTES = 12


class Desk:
    """One agent's desk. Make it with `open_desk`."""

    def __init__(
        self, settings: DeskSettings, bus: Bus, clock: Clock, database: Database, phone: Phone
    ) -> None:
        """Nothing is started yet."""
        self.settings = settings
        self.bus = bus
        self.clock = clock
        self.phone = phone
        self.database = database
        self.outbox = Outbox(bus, database, clock)
        self.link = Link(bus, clock, self.outbox, contact=self.contact)
        deliver = bool(settings.centre)
        self.history = History(bus, database, clock, lambda: self.link.user, deliver=deliver)
        self.recorder = Recorder(bus, database, clock, lambda: self.link.user, deliver=deliver)
        self._contact_user = f"desk-{secrets.token_urlsafe(_SECRET_BYTES)}"
        self._url = settings.centre
        self._undo: list[Callable[[], None]] = []

    async def start(self, engine: EngineSettings) -> None:
        """Begin to keep history, then open the phone. Raises NetworkError when the phone cannot start; the
        history stays usable.
        """
        await self.recorder.start()
        self._undo = [self.bus.subscribe(LinkChanged, self._link_changed)]
        await purge(self.database, self.clock.now(), self.settings.history.keep_days)
        await self.phone.start(engine)
        self._use_centre_account("")
        phone = self.settings.phone
        if phone.uri:
            password = await asyncio.to_thread(load_password, phone.uri)
            self.phone.use_account(account_of(phone, password, key=OWN_ACCOUNT))

    async def stop(self) -> None:
        """Hang up, deliver what can be delivered, close everything."""
        await self.phone.stop()
        await self.recorder.stop()
        await self.link.stop()
        for undo in self._undo:
            undo()
        await self.database.close()

    # ------------------------------------------------------------ the centre

    async def sign_in(self, url: str, user: str, password: str) -> None:
        """Sign in to a centre. Raises Refused or NetworkError, in words."""
        self._url = url
        await self.link.sign_in(url, user, password)

    def contact(self) -> str:
        """The SIP address at which the centre can ring this desk ("" without a phone). Nobody can guess its
        user.
        """
        host = self.settings.phone.bind or _address_towards(self._url)
        return self.phone.contact(CENTRE_ACCOUNT, host)

    def _link_changed(self, event: LinkChanged) -> None:
        if event.state is LinkState.ONLINE and self.link.welcome is not None:
            self._use_centre_account(self.link.welcome.sip_domain)

    def _use_centre_account(self, sip_domain: str) -> None:
        user = self.link.user or "callboard"
        self.phone.use_account(
            Account(
                key=CENTRE_ACCOUNT,
                uri=f"sip:{user}@{sip_domain or 'callboard.invalid'}",
                transport=Transport.TCP,
                contact_user=self._contact_user,
                display_name=self.link.welcome.name if self.link.welcome else "",
            )
        )


async def open_desk(
    settings: DeskSettings,
    folder: Path,
    make_engine: Callable[[EngineSettings], Engine],
    clock: Clock,
    *,
    ringer: Ringer | None = None,
) -> Desk:
    """Open a desk whose database lies in `folder`, and start it. Raises StoreError or NetworkError."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    database = await asyncio.to_thread(
        Database.open, folder / "desk.db", [history_migrations, outbox_migrations], clock=clock
    )
    bus = Bus()
    engine = EngineSettings(bind=settings.phone.bind, codecs=settings.phone.codecs)

    def answered_at_once(call: LiveCall) -> bool:
        return settings.phone.auto_answer and call.interaction is not None

    phone = Phone(make_engine(engine), bus, clock, ringer=ringer, auto_answer=answered_at_once)
    desk = Desk(settings, bus, clock, database, phone)
    try:
        await desk.start(engine)
    except EnvironmentFault:
        await desk.stop()
        raise
    return desk


def sees_board(role: Role | None) -> bool:
    """Whether the role may look at the wallboard."""
    return role is not None and role.includes(Role.SUPERVISOR)


def _address_towards(url: str) -> str:
    """Our own address as the centre sees it: of the interface that leads there (no packet is sent)."""
    parts = urlsplit(url)
    if not parts.hostname:
        return "127.0.0.1"
    try:
        family, kind, _, _, target = socket.getaddrinfo(
            parts.hostname, parts.port or 443, type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, kind) as probe:
            probe.connect(target)
            address: str = probe.getsockname()[0]
    except OSError as fault:
        raise NetworkError(f"The way to {parts.hostname} is not known: {fault}") from None
    return f"[{address}]" if ":" in address else address
