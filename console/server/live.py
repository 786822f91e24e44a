"""One websocket a client: Hello, Welcome, then what the role may see and what it may ask for."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import msgspec

from console.clock import Clock
from console.domain.errors import BadInput, EnvironmentFault, Refused
from console.server.auth import SignedIn, Tokens
from console.server.desks import Desks
from console.server.face import CentreFace
from console.server.fanout import Client, Fanout
from console.server.frames import (
    BAD,
    FAREWELL_S,
    FORBIDDEN,
    GONE,
    SILENT,
    SLOW,
    STOPPING,
    TOKEN,
    Ends,
    Socket,
    abort,
    close,
    pusher,
    receive,
    safe,
    say_farewell,
    send,
    text,
)
from console.server.gauges import Gauges
from console.server.rights import may
from console.wire import VERSION, Command, Farewell, Heartbeat, Hello, Reply, Welcome

HELLO_S = 10.0
"""Seconds to say Hello in."""
SLOW_S = 30.0
"""Seconds that one frame may take to be sent before the connection is cut."""
COMMANDS_PER_S = 5.0
COMMANDS_BURST = 20.0

_UNSAFE = (
    "The connection to the centre is not encrypted, so it gives your phone no password. Sign in at the "
    "centre's https address, or ask your IT."
)
_log = logging.getLogger(__name__)


class _Connection(msgspec.Struct, eq=False):
    """A client at work: its socket, its outgoing side, its task, and how many commands it has left."""

    socket: Socket
    client: Client
    hello: Hello
    task: "asyncio.Task[Any]"
    heard_at: float
    commands: float = COMMANDS_BURST

    @property
    def name(self) -> str:
        return self.client.signed_in.name

    def heard(self, now: float) -> None:
        """Something came: commands are earned with time (a token bucket)."""
        self.commands = min(COMMANDS_BURST, self.commands + (now - self.heard_at) * COMMANDS_PER_S)
        self.heard_at = now

    def spend(self) -> bool:
        """Use one command; False when there is none left."""
        if self.commands < 1:
            return False
        self.commands -= 1
        return True


class Live:
    """All websocket clients of one centre. `start` it on the loop, `stop` it before the ledger closes."""

    def __init__(self, face: CentreFace, tokens: Tokens, gauges: Gauges, clock: Clock) -> None:
        """Nobody is connected yet."""
        self._face = face
        self._tokens = tokens
        self._gauges = gauges
        self._clock = clock
        self._heartbeat_s = face.settings.server.heartbeat_s
        self._fanout = Fanout(face.board, gauges)
        self._desks = Desks(face)
        self._connections: set[_Connection] = set()
        self._under_way: set[asyncio.Task[None]] = set()
        self._of_agent: dict[str, set[Client]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._undo: list[Callable[[], None]] = []
        self._stopping = False

    def start(self) -> None:
        """Begin to send board updates and heartbeats."""
        undo_views = self._face.on_agent_view(self._view_changed)
        undo_phones = self._face.phones.on_change(self._phone_changed)
        self._undo = [undo_views, undo_phones]
        self._tasks = [asyncio.create_task(self._tick_for_ever()), asyncio.create_task(self._beat_for_ever())]

    async def stop(self) -> None:
        """Say farewell to all, wait some seconds at most until they are gone. May be called twice."""
        self._stopping = True
        while self._undo:
            self._undo.pop()()
        for connection in self._connections:
            connection.client.end(STOPPING, Farewell(reason="The centre is stopping."))
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=FAREWELL_S)
        await _cancelled([*self._under_way, *self._tasks])

    async def serve(self, socket: Socket) -> None:
        """Serve one connection until it ends; never raises for what the other side does."""
        await socket.accept()
        # A task of our own: it can be cancelled without cancelling the server's.
        task = asyncio.create_task(self._serve(socket))
        self._under_way.add(task)
        try:
            await asyncio.wait([task])
        finally:
            self._under_way.discard(task)
            if not task.done():
                await _cancelled([task])
        if task.cancelled():
            abort(socket)
        else:
            task.result()

    # ------------------------------------------------------------ one connection

    async def _serve(self, socket: Socket) -> None:
        try:
            hello, signed_in = await self._greeted(socket)
        except Ends as end:
            self._gauges.closed_clients.labels(str(end.code)).inc()
            await say_farewell(socket, end.code, end.farewell)
            return
        except GONE:
            return
        task = asyncio.current_task()
        assert task is not None
        client = Client(lambda frame: send(socket, frame), signed_in, pusher(socket))
        connection = _Connection(socket, client, hello, task, _now())
        connected = self._gauges.clients.labels(signed_in.role.value)
        self._connections.add(connection)
        connected.inc()
        try:
            await self._work(connection)
        finally:
            connected.dec()
            self._connections.discard(connection)
            self._fanout.leave(client)
            self._of_agent.get(signed_in.name, set()).discard(client)
            await asyncio.shield(self._desks.unlink(client))

    async def _greeted(self, socket: Socket) -> tuple[Hello, SignedIn]:
        """Who it is. Raises Ends for those who do not greet properly, or may not."""
        try:
            frame = await asyncio.wait_for(receive(socket, self._gauges), HELLO_S)
        except TimeoutError:
            raise Ends(SILENT, f"No Hello came within {HELLO_S:.0f} seconds.", retry=True) from None
        if not isinstance(frame, Hello):
            self._gauges.bad_frames.inc()
            raise Ends(BAD, "The first frame has to be a Hello.", retry=False)
        if frame.v > VERSION:
            words = f"This client speaks version {frame.v}, the centre {VERSION}: update the centre."
            raise Ends(BAD, words, retry=False)
        if self._stopping:
            raise Ends(STOPPING, "The centre is stopping.", retry=True)
        try:
            signed_in = self._tokens.check(frame.token)
        except Refused as fault:
            raise Ends(TOKEN, str(fault), retry=False) from None
        if not may(signed_in.role, "Hello"):
            raise Ends(FORBIDDEN, f"The role {signed_in.role} may not connect.", retry=False)
        return frame, signed_in

    async def _work(self, connection: _Connection) -> None:
        """Send and hear until one of both ends; a farewell is said and its code closes."""
        client = connection.client
        sender = asyncio.create_task(client.run())
        receiver = asyncio.create_task(self._listen(connection))
        try:
            await asyncio.wait([sender, receiver], return_when=asyncio.FIRST_COMPLETED)
            if client.ended and not sender.done():
                await asyncio.wait([sender], timeout=FAREWELL_S)
        finally:
            outcomes = await _cancelled([sender, receiver])
        for outcome in outcomes:
            if isinstance(outcome, Exception) and not isinstance(outcome, GONE):
                raise outcome
        if client.ended:
            self._gauges.closed_clients.labels(str(client.ended[0])).inc()
            await close(connection.socket, *client.ended)

    async def _listen(self, connection: _Connection) -> None:
        """Welcome the client, then hear it until it goes or has to."""
        try:
            await self._welcome(connection)
            while not connection.client.ended:
                frame = await receive(connection.socket, self._gauges)
                connection.heard(_now())
                await self._take(connection, frame)
        except Ends as end:
            connection.client.end(end.code, end.farewell)

    async def _welcome(self, connection: _Connection) -> None:
        client, hello = connection.client, connection.hello
        user, routing = client.signed_in.user, self._face.settings.routing
        newest = await self._face.ledger.last_sequence()
        client.urgent(
            Welcome(
                user=user.name,
                name=user.shown or user.name,
                role=user.role,
                now=self._clock.now(),
                heartbeat_s=self._heartbeat_s,
                sequence=newest,
                pause_reasons=routing.pause_reasons,
                dispositions=routing.dispositions,
                sip_domain=self._face.sip_domain,
            )
        )
        if self._face.is_agent(user.name):
            if hello.contact:
                if self._face.phones.registers and not safe(connection.socket):
                    raise Ends(FORBIDDEN, _UNSAFE, retry=False)
                await self._desks.link(client, hello.contact, hello.session or self._clock.new_id())
                self._phone_changed(user.name)
            client.view = lambda: self._face.agent_view(user.name)
            self._of_agent.setdefault(user.name, set()).add(client)
            client.view_changed()
        if hello.board and may(user.role, "board"):
            self._fanout.join(client, hello.last_sequence, newest)

    async def _take(self, connection: _Connection, frame: Hello | Command | Heartbeat) -> None:
        """Act on a frame. Raises Ends when the rights are gone, or the frame makes no sense here."""
        self._still_good(connection)
        if isinstance(frame, Hello):
            self._gauges.bad_frames.inc()
            raise Ends(BAD, "Hello was said before.", retry=True)
        if isinstance(frame, Command):
            error = await self._commanded(connection, frame)
            connection.client.urgent(Reply(number=frame.number, error=error))

    async def _commanded(self, connection: _Connection, command: Command) -> str:
        """Do what an agent asks for; "" when done, else why not."""
        if not may(connection.client.signed_in.role, f"Command {command.action}"):
            return f"There is no command “{command.action[:40]}” for you."
        if not self._face.is_agent(connection.name):
            return "You are not set up as an agent. Ask your admin."
        if not connection.spend():
            return "Too many commands at once. Wait a moment."
        try:
            await self._face.command(connection.name, command.action, command.argument)
        except (EnvironmentFault, BadInput) as fault:
            return str(fault)
        return ""

    def _still_good(self, connection: _Connection) -> None:
        """Look up the rights anew. Raises Ends when the token or the role is not what it was."""
        before = connection.client.signed_in
        try:
            role = self._tokens.recheck(before.claims).role
        except Refused as fault:
            raise Ends(TOKEN, str(fault), retry=False) from None
        if role != before.role:
            raise Ends(FORBIDDEN, f"Your role is now {role}.", retry=True)

    def _view_changed(self, agent: str) -> None:
        for client in self._of_agent.get(agent, ()):
            client.view_changed()

    def _phone_changed(self, agent: str) -> None:
        """The desk, and no other client of the agent's, gets its phone's account."""
        client, access = self._desks.of(agent), self._face.phones.access(agent)
        if client is not None and access is not None:
            client.urgent(access)

    # ------------------------------------------------------------ what goes on by itself

    async def _tick_for_ever(self) -> None:
        interval = self._face.settings.server.board_interval_ms / 1000
        due = _now()
        while True:
            due = max(due + interval, _now())
            await asyncio.sleep(due - _now())
            try:
                self._fanout.tick()
            except Exception:  # noqa: BLE001 - one bad update must not end the live board for all
                _log.exception("a board update failed")

    async def _beat_for_ever(self) -> None:
        while True:
            await asyncio.sleep(self._heartbeat_s)
            newest = await self._face.ledger.last_sequence()
            beat = text(Heartbeat(now=self._clock.now(), sequence=newest))
            for connection in tuple(self._connections):
                self._look_after(connection)
                connection.client.beat(beat)

    def _look_after(self, connection: _Connection) -> None:
        """Send away who has no right any more or is silent; cut off who does not take what is sent."""
        client = connection.client
        try:
            self._check(connection)
        except Ends as end:
            client.end(end.code, end.farewell)
            if client.stuck_s(_now()) > FAREWELL_S:
                self._gauges.closed_clients.labels(str(end.code)).inc()
                connection.task.cancel()

    def _check(self, connection: _Connection) -> None:
        self._still_good(connection)
        if _now() - connection.heard_at > 3 * self._heartbeat_s:
            raise Ends(SILENT, "Nothing was heard from you for too long.", retry=True)
        if connection.client.stuck_s(_now()) > SLOW_S:
            raise Ends(SLOW, "You do not take what is sent to you.", retry=True)


def _now() -> float:
    """The loop's time, seconds."""
    return asyncio.get_running_loop().time()


async def _cancelled(tasks: "list[asyncio.Task[None]]") -> list[BaseException | None]:
    """Cancel what still runs and wait for it; how each of them ended."""
    for task in tasks:
        task.cancel()
    return await asyncio.gather(*tasks, return_exceptions=True)
