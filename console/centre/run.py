"""One centre as a process: opens the ledger, makes the first administrator, serves, drains when told to."""

import asyncio
import secrets
import signal
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import datetime

import msgspec

from console import paths
from console.centre.collector import spare_what_stays
from console.centre.switches import centre_of, metrics_of, sip_of, switch_of
from console.clock import Clock
from console.domain.agent import Role
from console.domain.errors import CallboardError
from console.ledger.ledger import Ledger
from console.ledger.users import User, Users
from console.server.app import build_app
from console.server.auth import hash_password
from console.server.run import serve
from console.settings import CentreSettings

_ADMIN = "admin"


class Announced(msgspec.Struct, frozen=True, kw_only=True):
    """Where a running centre can be reached."""

    url: str
    sip_udp: str = ""
    sip_tcp: str = ""


async def run_centre(
    settings: CentreSettings,
    clock: Clock,
    say: Callable[[str], None],
    tell: Callable[[str], None],
    *,
    until_stdin_closes: bool = False,
) -> None:
    """Say `listening on URL` once ready (and nothing else), tell the rest; serve until SIGTERM or SIGINT,
    or until standard input closes when asked to (a parent that dies takes its centre along). Raises
    EnvironmentFault when it cannot start.
    """
    for option, words in settings.warnings():
        tell(f"warning: {option}: {words}")
    stopping = _stop_signal(until_stdin_closes=until_stdin_closes)
    async with AsyncExitStack() as stack:
        ledger = await Ledger.open(
            settings.server.database or f"sqlite:///{paths.data_folder() / 'centre.db'}"
        )
        stack.push_async_callback(ledger.close)
        users = await Users.open(ledger.database)
        await _known_users(settings, users, clock.now(), tell)
        switch = switch_of(settings, clock)
        centre = centre_of(settings, clock, ledger, users, switch)
        await centre.start()
        stack.push_async_callback(centre.stop)
        udp, centre.sip_domain = sip_of(switch, settings)  # desks call over TCP
        if udp:
            tell(f"switch: SIP on udp {udp} and tcp {centre.sip_domain}")
        app = build_app(centre, clock)
        counted = metrics_of(switch)
        if counted is not None:
            app.state.services.gauges.count_also(
                "callboard_switch", "What the voice switch took, refused, dropped and repeated.", counted
            )
        server = await serve(
            app,
            settings.server.host,
            settings.server.port,
            certificate=settings.server.tls_certificate,
            key=settings.server.tls_key,
        )
        stack.push_async_callback(server.stop)
        spare_what_stays()
        say(f"listening on {server.url}")
        await _first_of(stopping, centre.broken)
        if centre.broken.is_set():
            raise CallboardError(
                "the centre ended by a fault of its own; the log tells which. Start it again."
            )
        await centre.drain(settings.server.drain_s)


async def _first_of(*events: asyncio.Event) -> None:
    waiting = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in waiting:
        task.cancel()


def _stop_signal(*, until_stdin_closes: bool) -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, stopping.set)
        except NotImplementedError:  # Windows has no signal handlers on its loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stopping.set))
    if until_stdin_closes:
        waiting = loop.run_in_executor(None, sys.stdin.read)
        waiting.add_done_callback(lambda _: stopping.set())
    return stopping


async def _known_users(
    settings: CentreSettings, users: Users, now: datetime, tell: Callable[[str], None]
) -> None:
    """Put the file's users into the database; on the very first start make an administrator and say how to
    sign in.
    """
    for user in settings.users:
        known = await users.get(user.name)
        hashed = user.password_hash or (known.password_hash if known else "")
        wanted = User(
            name=user.name,
            role=user.role,
            shown=user.shown or user.name,
            password_hash=hashed,
            tokens_after=known.tokens_after if known else now,
        )
        if wanted != known:
            await users.put(wanted)
    everybody = await users.all()
    if any(user.role is Role.ADMIN for user in everybody):
        return
    password = secrets.token_urlsafe(12)
    hashed = await asyncio.to_thread(hash_password, password)
    await users.put(
        User(name=_ADMIN, role=Role.ADMIN, shown="Administrator", password_hash=hashed, tokens_after=now)
    )
    tell(f"first start: sign in as “{_ADMIN}” with the password {password} and change it")
