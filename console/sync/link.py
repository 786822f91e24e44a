"""The desk's link to its centre: sign-in, one websocket that is kept up, commands, the outbox's way out.

States (LinkState) and what moves between them; every change is one LinkChanged on the bus:

* none, signed out, refused: sign_in makes it connecting;
* connecting, lost: a Welcome makes it online, a refused token or a Farewell without return refused;
* online: silence or a closed connection makes it lost, which tries again by itself;
* any: sign_out makes it signed out.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from console.bus import Bus
from console.clock import Clock
from console.domain.agent import Role
from console.domain.errors import BadInput, NetworkError, Refused
from console.domain.events import LinkChanged, LinkState
from console.domain.figures import Snapshot
from console.sync.backoff import Backoff
from console.sync.centre_view import CentreView
from console.sync.outbox import Answer, Outbox
from console.sync.place import Place, SignedIn, read_url
from console.sync.request import Request
from console.wire import AgentView, CentreFrame, Command, Hello, PhoneAccess, Reply, Welcome

if TYPE_CHECKING:
    from console.sync.conversation import Conversation, Ending
    from console.sync.http import CentreHttp

_log = logging.getLogger(__name__)

REPLY_S = 10.0
"""Seconds that the centre has to reply to a command."""

_STEADY_S = 5.0


class _Way:
    """The outbox's way to the centre, for one sign-in."""

    def __init__(self, http: "CentreHttp", signed_in: SignedIn) -> None:
        self._http = http
        self._token = signed_in.token
        self.agent = signed_in.user

    async def deliver(self, body: bytes) -> Answer:
        return await self._http.deliver(self._token, body)


class Link:
    """One desk's link to one centre.

    `contact` gives the SIP address at which this desk can be rung, "" for a wallboard. `tls` verifies
    certificates (default: the system's authorities).
    """

    def __init__(
        self,
        bus: Bus,
        clock: Clock,
        outbox: Outbox | None,
        *,
        contact: Callable[[], str],
        tls: ssl.SSLContext | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        """Signed out; `sign_in` begins. Without an outbox there is nothing to deliver (a wallboard)."""
        self._bus = bus
        self._clock = clock
        self._outbox = outbox
        self._contact = contact
        self._tls = tls
        self._backoff = backoff or Backoff(0.5, 10.0)
        self._session = clock.new_id()
        self._state = LinkState.NONE
        self._reason = ""
        self._signed_in: SignedIn | None = None
        self._http: CentreHttp | None = None
        self._url = ""
        self._conversation: Conversation | None = None
        self._task: asyncio.Task[None] | None = None
        self._view = CentreView(clock)
        self._online_since = 0.0
        self._replies: dict[int, asyncio.Future[str]] = {}
        self._numbers = 0
        self._nudged = asyncio.Event()
        self.bad_frames = 0
        """Frames that could not be read, since the program began."""

    # ------------------------------------------------------------ what it knows

    @property
    def state(self) -> LinkState:
        """How the desk stands with its centre."""
        return self._state

    @property
    def reason(self) -> str:
        """Why it is so, in words; "" when there is nothing to say."""
        return self._reason

    @property
    def url(self) -> str:
        """The centre that it is, or was last, linked to; "" before the first sign-in."""
        return self._url

    @property
    def user(self) -> str:
        """Who is signed in, or ""."""
        return self._signed_in.user if self._signed_in else ""

    @property
    def name(self) -> str:
        """The signed-in user's name to show."""
        return (self._signed_in.name or self._signed_in.user) if self._signed_in else ""

    @property
    def role(self) -> Role | None:
        """What the signed-in user may do."""
        return self._signed_in.role if self._signed_in else None

    @property
    def welcome(self) -> Welcome | None:
        """What the centre said when it last let us in: pause reasons, dispositions."""
        return self._view.welcome

    @property
    def board(self) -> Snapshot | None:
        """The board as it stands here; where nothing changed its rows are the same objects as before."""
        return self._view.board

    @property
    def board_age(self) -> float | None:
        """Seconds since the centre last vouched for the board (any frame); None without a board."""
        return self._view.board_age

    @property
    def agent_view(self) -> AgentView | None:
        """The signed-in agent's own state, as the centre last told it."""
        return self._view.agent

    @property
    def clock_offset(self) -> timedelta:
        """Add this to the local time to get the centre's."""
        return self._view.clock_offset

    def on_board(self, handler: Callable[[Snapshot], None]) -> Callable[[], None]:
        """Call `handler` with the board whenever it changes; returns what undoes it."""
        return self._view.boards.add(handler)

    def on_agent(self, handler: Callable[[AgentView], None]) -> Callable[[], None]:
        """Call `handler` with each view of the agent's own state; returns what undoes it."""
        return self._view.agents.add(handler)

    def on_phone(self, handler: Callable[[PhoneAccess], None]) -> Callable[[], None]:
        """Call `handler` with each account that the phone is to register with; returns what undoes it."""
        return self._view.phones.add(handler)

    # ------------------------------------------------------------ what it does

    async def sign_in(self, url: str, user: str, password: str) -> None:
        """Sign in and keep the link up from now on; returns once the centre has accepted the password.

        Raises Refused (wrong password), NetworkError (not reachable) or SettingsError (no URL), in words; the
        state is then as before the attempt, or signed out when somebody else was signed in.
        """
        place = read_url(url)
        await self.sign_out()
        if not place.secure and not place.loopback:
            _log.warning("the link to %s is not encrypted: use https", place.base)
        self._become(LinkState.CONNECTING)
        http, tls = await asyncio.to_thread(_way_to, place, self._tls)
        try:
            signed_in = await http.sign_in(user, password)
        except BaseException as fault:
            await http.close()
            self._become(LinkState.SIGNED_OUT, str(fault))
            raise
        self._http, self._signed_in, self._url = http, signed_in, place.base
        if self._outbox is not None:
            self._outbox.start(_Way(http, signed_in), self._on_sign_in_needed)
        self._backoff.reset()
        self._task = asyncio.create_task(self._keep_up(place, tls), name="link to the centre")

    async def sign_out(self) -> None:
        """Tell the centre that the agent leaves, deliver what waits if that is quick, and let go of the
        token.
        """
        if self._state is LinkState.ONLINE and self._contact():
            try:
                await self.command("sign_out")
            except (Refused, NetworkError) as fault:
                _log.info("signed out without the centre's word: %s", fault)
        patience_s = 2.0 if self._state is LinkState.ONLINE else 0.0
        await self._end(patience_s)
        self._view.forget()
        if self._signed_in is not None:
            self._signed_in = None
            self._become(LinkState.SIGNED_OUT)

    async def stop(self) -> None:
        """End the link without signing out: the centre keeps the agent's state for its grace time."""
        await self._end(0.0)

    def want_board(self, wanted: bool) -> None:  # noqa: FBT001 - a switch
        """Ask for the board, or no longer. Takes effect at once, by connecting anew when that is needed."""
        if wanted == self._view.wants_board:
            return
        self._view.wants_board = wanted
        if not wanted:
            self._view.board = None
        elif self._conversation is not None:
            self._conversation.hang_up()

    def try_now(self) -> None:
        """Wait no longer before the next attempt to reach a lost centre; nothing when none is waited for."""
        self._nudged.set()

    async def ask(self, request: Request) -> Answer:
        """Carry a request over HTTP as the signed-in user; the answer may be a refusal.

        Raises NetworkError when nobody is signed in, or there is no answer.
        """
        if self._http is None or self._signed_in is None:
            raise NetworkError("There is no connection to the centre right now. Try again when it is back.")
        return await self._http.ask(request, self._signed_in.token)

    async def command(self, action: str, argument: str = "") -> None:
        """Have the centre do something: ready, pause and pause_after (argument: the reason), sign_out,
        end_wrap_up, extend_wrap_up; consult (argument: whom), swap, conference, complete, cancel_consult.

        Raises Refused with the centre's words, or NetworkError when there is no link or no reply.
        """
        if self._conversation is None or self._state is not LinkState.ONLINE:
            raise NetworkError("There is no connection to the centre right now. Try again when it is back.")
        self._numbers += 1
        number = self._numbers
        reply: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._replies[number] = reply
        try:
            await self._conversation.send(Command(number=number, action=action, argument=argument))
            async with asyncio.timeout(REPLY_S):
                error = await reply
        except TimeoutError:
            raise NetworkError("The centre did not reply. Check your state before you try again.") from None
        finally:
            self._replies.pop(number, None)
        if error:
            raise Refused(error)

    # ------------------------------------------------------------ keeping up

    async def _keep_up(self, place: Place, tls: ssl.SSLContext | None) -> None:
        while True:
            ending = await self._converse(place, tls)
            if not ending.retry:
                self._become(LinkState.REFUSED, ending.reason)
                return
            if ending.welcomed and self._clock.monotonic() - self._online_since >= _STEADY_S:
                self._backoff.reset()
            self._become(LinkState.LOST, ending.reason)
            await self._pause(self._backoff.next_s())

    async def _pause(self, seconds: float) -> None:
        self._nudged.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._nudged.wait(), seconds)

    async def _converse(self, place: Place, tls: ssl.SSLContext | None) -> "Ending":
        from console.sync.conversation import Conversation

        self._conversation = Conversation(place, tls, self._clock, self)
        try:
            return await self._conversation.run()
        finally:
            self._conversation = None
            self._drop_replies()

    def _on_sign_in_needed(self) -> None:
        self._become(LinkState.REFUSED, "The sign-in is no longer good. Sign in again.")
        if self._task is not None:
            self._task.cancel()

    async def _end(self, patience_s: float) -> None:
        if self._outbox is not None:
            await self._outbox.stop(patience_s)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    def _drop_replies(self) -> None:
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(
                    NetworkError("The connection was lost before the centre replied. Check your state.")
                )

    def _become(self, state: LinkState, reason: str = "") -> None:
        """Tell once when the state changes; words that change while it stays lost are told too, but not
        logged.
        """
        before = self._state
        if (state, reason) == (before, self._reason):
            return
        self._state, self._reason = state, reason
        if state is not before and LinkState.CONNECTING not in {state, before}:
            _log.log(
                logging.INFO if state is LinkState.SIGNED_OUT else logging.WARNING,
                "link to the centre: %s%s",
                state.value,
                f": {reason}" if reason else "",
            )
        self._bus.publish(
            LinkChanged(
                id=self._clock.new_id(),
                at=self._clock.now(),
                state=state,
                reason=reason,
                user=self.user,
                role=self.role,
            )
        )

    # ------------------------------------------------------------ what the conversation tells (Listener)

    def hello(self) -> Hello:
        """What to say first: who, and what is known already."""
        signed_in = self._signed_in
        if signed_in is None:
            raise RuntimeError("no conversation without a sign-in")
        view = self._view
        resume = view.board.sequence if view.wants_board and view.board is not None else None
        contact = self._contact()
        return Hello(
            token=signed_in.token,
            board=view.wants_board,
            last_sequence=resume,
            contact=contact,
            session=self._session if contact else None,
        )

    def welcomed(self, frame: Welcome, round_trip_s: float) -> None:
        """The centre let us in."""
        self._view.welcomed(frame, round_trip_s)
        self._online_since = self._clock.monotonic()
        self._become(LinkState.ONLINE)

    def heard(self, frame: CentreFrame) -> bool:
        """Take a frame in; False when the board has to be fetched anew."""
        if isinstance(frame, Reply):
            reply = self._replies.get(frame.number)
            if reply is not None and not reply.done():
                reply.set_result(frame.error)
        return self._view.take(frame)

    def misheard(self, fault: BadInput) -> None:
        """Count what could not be read."""
        self.bad_frames += 1

    def known_sequence(self) -> int:
        """The newest sequence that this desk has seen."""
        return self._view.sequence


def _way_to(place: Place, tls: ssl.SSLContext | None) -> "tuple[CentreHttp, ssl.SSLContext | None]":
    """The way to a centre. Runs on a thread: loading HTTP, websocket and TLS takes a third of a second, which
    neither the start of a window nor its painting should wait for.
    """
    import console.sync.conversation  # noqa: F401 - loaded here, used by the link
    from console.sync import http

    used = (tls or ssl.create_default_context()) if place.secure else None
    return http.CentreHttp(place, used), used
