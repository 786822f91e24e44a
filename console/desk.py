"""The desk's composition root: phone, history and link made one, without a window.

Used by the windows, by the headless demo and by tests. Everything happens on one loop, but for the engine's
thread and the database's.
"""

import asyncio
import socket
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

from console.bus import Bus
from console.clock import Clock
from console.domain.errors import EnvironmentFault, NetworkError
from console.domain.events import LinkChanged, LinkState, UnencryptedRefused
from console.history.queries import History
from console.history.recorder import Recorder
from console.history.retention import purge
from console.history.schema import history_migrations
from console.provision.answer import PATH as PROVISION
from console.provision.answer import Provision
from console.settings import DeskSettings
from console.store.database import LateDatabase
from console.store.outbox import outbox_migrations
from console.sync.link import Link
from console.sync.outbox import Outbox
from console.sync.request import Request, decoded
from console.telephony.access import AccessKeeper
from console.telephony.accounts import (
    CENTRE_KEY,
    PHONE_KEY,
    centre_account,
    engine_settings,
    load_password,
    new_contact_user,
    phone_account,
    registered_account,
)
from console.telephony.audio import Ringer
from console.telephony.engine import Engine, EngineSettings, Transport
from console.telephony.live import LiveCall
from console.telephony.phone import Phone
from console.wire import AgentView, PhoneAccess

_NOWHERE = "callboard.invalid"
_ANYWHERE = frozenset({"0.0.0.0", "[::]", "::"})


class Desk:
    """One agent's desk. Make it with `make_desk` or `open_desk`."""

    def __init__(
        self,
        settings: DeskSettings,
        bus: Bus,
        clock: Clock,
        database: LateDatabase,
        phone: Phone,
        engine: EngineSettings,
    ) -> None:
        """Nothing is started yet."""
        self._engine = engine
        self.settings = settings
        self.bus = bus
        self.clock = clock
        self.phone = phone
        self.database = database
        self.outbox = Outbox(bus, database, clock)
        self.link = Link(bus, clock, self.outbox, contact=self.contact)
        self.history = History(bus, database, clock, self._user, deliver=self._has_centre)
        self.recorder = Recorder(bus, database, clock, self._user, deliver=self._has_centre)
        self.faults: list[str] = []
        self.tell_fault: Callable[[str], None] = self.faults.append
        """Told what is wrong, in words for the person; a window puts its own notices here."""
        self.given_passwords: dict[str, str] = {}
        """Passwords by SIP address that hold for this run without a keyring."""
        self._contact_user = new_contact_user()
        self._doubtful: set[UUID] = set()
        self._calling: UUID | None = None
        phone.answer_when(self._asked_for)
        self._centre_at = "127.0.0.1"
        self._access = AccessKeeper(self._fault)
        self._undo: list[Callable[[], None]] = []

    async def start(self) -> None:
        """Begin to keep history, then open the phone. Raises NetworkError when the phone cannot start; the
        history stays usable.
        """
        await asyncio.to_thread(self.database.path.parent.mkdir, parents=True, exist_ok=True)
        await self.database.open_late()
        if self.database.notice:
            self.faults.append(self.database.notice)
        await self.recorder.start()
        self._undo = [
            self.bus.subscribe(LinkChanged, self._link_changed),
            self.bus.subscribe(UnencryptedRefused, self._unencrypted),
            self.link.on_agent(self._view_changed),
            self.link.on_phone(self._access_given),
        ]
        await purge(self.database, self.clock, self.settings.history.keep_days)
        await self.phone.start(self._engine)
        if self.settings.centre and self.settings.user:
            await self._access.load(self.settings.centre, self.settings.user)
        self._use_centre_account("")
        await self.use_own_account()

    async def stop(self) -> None:
        """Hang up, deliver what can be delivered, close everything."""
        await self.phone.stop()
        await self.recorder.stop()
        await self.link.stop()
        await self._access.stop()
        for undo in self._undo:
            undo()
        await self.database.close()

    # ------------------------------------------------------------ the centre

    def contact(self) -> str:
        """The SIP address at which the centre can ring this desk ("" without a phone). Nobody can guess its
        user.
        """
        ours, self._centre_at = _way_to(self.link.url)
        return self.phone.contact(CENTRE_KEY, self.settings.phone.bind or ours, Transport.TCP)

    def _user(self) -> str:
        return self.link.user

    def _has_centre(self) -> bool:
        """Whether there is, or will be, a centre to deliver to; a plain SIP phone's history is its own."""
        return bool(self.settings.centre or self.link.url)

    def _unencrypted(self, event: UnencryptedRefused) -> None:
        source = event.source
        self._fault(
            f"A call from {source} did not ring: it would not have been encrypted, and this phone takes "
            "encrypted calls only. Ask your IT to have the telephone system offer SRTP."
        )

    def _fault(self, words: str) -> None:
        self.tell_fault(words)

    def _access_given(self, access: PhoneAccess) -> None:
        """Register with this from now on; calls at hand go on."""
        self._access.take(self.link.url, self.link.user, access)
        self._use_centre_account(self.link.welcome.sip_domain if self.link.welcome else "")

    def _link_changed(self, event: LinkChanged) -> None:
        if event.state is LinkState.SIGNED_OUT:
            self._access.forget()
            self.phone.drop_account(CENTRE_KEY)
            self._use_centre_account("")
        if event.state is LinkState.REFUSED:
            # Perhaps the agent is at another desk now: its phone, not this one, is to be called. Calls go on.
            self._access.forget()
            self._use_centre_account("")
        if event.state is LinkState.ONLINE and self.link.welcome is not None:
            self._use_centre_account(self.link.welcome.sip_domain)
            self._doubtful = {call.call for call in self.phone.calls if call.interaction is not None}

    def _asked_for(self, live: LiveCall) -> bool:
        """Whether the centre rings for a call that we asked it to make; not the call alone may say so."""
        return live.at_once and live.interaction is not None and live.interaction == self._calling

    def _view_changed(self, view: AgentView) -> None:
        """A call of before the link came back that the centre does not know is over: its centre died."""
        contact = view.contact
        self._calling = contact.interaction if contact is not None and contact.outbound else None
        for ringing in self.phone.calls:
            if self._asked_for(ringing) and ringing.answered_at is None:
                self.phone.answer(ringing.call)
        known = view.contact.interaction if view.contact is not None else None
        doubtful, self._doubtful = self._doubtful, set()
        for call in doubtful:
            live = self.phone.live(call)
            if live is not None and live.interaction != known:
                self.phone.hang_up(call)

    def _use_centre_account(self, sip_domain: str) -> None:
        account = centre_account(
            self.link.user or "callboard",
            _reachable(sip_domain, self._centre_at) or _NOWHERE,
            shown=self.link.name,
            contact_user=self._contact_user,
            auto_answer=self.settings.phone.auto_answer,
            peers=(self._centre_at,),
        )
        access = self._access.of(self.link.url, self.link.user)
        if access is not None:
            account = registered_account(access, account, self.settings.phone.srtp)
        self.phone.use_account(account)

    async def use_settings(self, settings: DeskSettings, *, password_changed: bool = False) -> None:
        """Put other settings to use: account and codecs at once, from the next call on; the address and the
        authorities of the phone at the next start. Raises SettingsError for an account that is none.
        """
        before, self.settings = self.settings, settings
        if settings.phone.codecs != before.phone.codecs and self.phone.started is not None:
            self.phone.use_codecs(settings.phone.codecs)
        ours, theirs = settings.phone, before.phone
        if (ours.auto_answer, ours.srtp) != (
            theirs.auto_answer,
            theirs.srtp,
        ) and self.link.welcome is not None:
            self._use_centre_account(self.link.welcome.sip_domain)
        if settings.phone != before.phone or password_changed:
            await self.use_own_account()

    async def provision(self) -> Provision | None:
        """What the centre gives this desk; None from a centre that does not know how. Raises Refused or
        NetworkError.
        """
        answer = await self.link.ask(Request("GET", PROVISION))
        return None if answer.status == HTTPStatus.NOT_FOUND else decoded(answer, Provision)

    async def use_own_account(self) -> None:
        """The account of the settings, if there is one; without its password it is tried all the same."""
        settings = self.settings.phone
        if not settings.uri:
            self.phone.drop_account(PHONE_KEY)
            return
        password = self.given_passwords.get(settings.uri, "")
        try:
            password = password or await asyncio.to_thread(load_password, settings.uri)
        except EnvironmentFault as fault:
            self.faults.append(str(fault))
        account = phone_account(settings, password)
        if account is not None:
            self.phone.use_account(account)


def make_desk(
    settings: DeskSettings,
    folder: Path,
    make_engine: Callable[[EngineSettings], Engine],
    clock: Clock,
    *,
    ringer: Ringer | None = None,
) -> Desk:
    """A desk whose database lies in `folder`. Nothing is opened before `start`, so that a window can be shown
    first. Raises SettingsError. Needs a running loop.
    """
    engine = engine_settings(settings.phone)
    database = LateDatabase(folder / "desk.db", [history_migrations, outbox_migrations], clock)
    bus = Bus()
    phone = Phone(make_engine(engine), bus, clock, ringer=ringer)
    return Desk(settings, bus, clock, database, phone, engine)


async def open_desk(
    settings: DeskSettings, folder: Path, make_engine: Callable[[EngineSettings], Engine], clock: Clock
) -> Desk:
    """A desk at work. Raises StoreError, SettingsError or NetworkError."""
    desk = make_desk(settings, folder, make_engine, clock)
    try:
        await desk.start()
    except EnvironmentFault:
        await desk.stop()
        raise
    return desk


def _reachable(sip_domain: str, centre_at: str) -> str:
    """The switch's host and port; one that listens on all addresses is where the centre is."""
    host, colon, port = sip_domain.rpartition(":")
    return f"{centre_at}:{port}" if colon and host in _ANYWHERE else sip_domain


def _way_to(url: str) -> tuple[str, str]:
    """Our own address as the centre sees it, and the centre's as we see it (no packet is sent)."""
    parts = urlsplit(url)
    if not parts.hostname:
        return "127.0.0.1", "127.0.0.1"
    try:
        family, kind, _, _, target = socket.getaddrinfo(
            parts.hostname, parts.port or 443, type=socket.SOCK_DGRAM
        )[0]
        with socket.socket(family, kind) as probe:
            probe.connect(target)
            return _in_a_uri(probe.getsockname()[0]), _in_a_uri(str(target[0]))
    except OSError as fault:
        raise NetworkError(f"The way to {parts.hostname} is not known: {fault}") from None


def _in_a_uri(address: str) -> str:
    return f"[{address}]" if ":" in address else address
