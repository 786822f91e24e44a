"""A desk as a program, to be killed: answers what rings. Says "ready", then "answered ID" for each call.

With the file of an authority as a fourth argument it also says "account PASSWORD" and "registered", then
"hears" as soon as it hears somebody. Its log, of debug level, goes to standard error.
"""

import asyncio
import sys
from pathlib import Path

import msgspec

from console.clock import SystemClock
from console.demo import scenario
from console.demo.hands import demo_settings
from console.demo.sound import ListeningTone
from console.desk import Desk, open_desk
from console.domain.agent import AgentState
from console.domain.events import CallAnswered, RegistrationChanged
from console.log import setup_logging
from console.settings import DeskSettings
from console.telephony.pjsua import PjsuaEngine
from console.wire import PhoneAccess


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def settings_for(url: str, authority: str) -> DeskSettings:
    settings = demo_settings(url, person=False)
    if not authority:
        return settings
    setup_logging("debug")
    phone = msgspec.structs.replace(settings.phone, tls_ca=authority, codecs=("PCMA",))
    return msgspec.structs.replace(settings, user=scenario.DESK, phone=phone)


async def tell_more(desk: Desk, sound: ListeningTone) -> None:
    def account(access: PhoneAccess) -> None:
        say(f"account {access.password}")

    def registered(fact: RegistrationChanged) -> None:
        say("registered" if fact.registered else f"not registered {fact.sip_code} {fact.reason}")
        sound.begin()
        again.set()

    again = asyncio.Event()
    desk.link.on_phone(account)
    desk.bus.subscribe(RegistrationChanged, registered)
    while True:
        await again.wait()
        if sound.heard_somebody:
            again.clear()
            say("hears")
        await asyncio.sleep(0.02)  # sound tells nobody


async def main(url: str, password: str, folder: str, authority: str = "") -> None:
    sound = ListeningTone()
    desk = await open_desk(
        settings_for(url, authority),
        Path(folder),
        lambda engine: PjsuaEngine(engine, sound),
        SystemClock(),
    )
    telling = asyncio.create_task(tell_more(desk, sound)) if authority else None
    desk.bus.subscribe(CallAnswered, lambda fact: say(f"answered {fact.call}"))
    seen = asyncio.Event()
    desk.link.on_agent(lambda _view: seen.set())
    await desk.link.sign_in(url, scenario.DESK, password)
    await seen.wait()
    view = desk.link.agent_view
    if view is not None and view.state is AgentState.PAUSED:
        await desk.link.command("ready")
    say("ready")
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await desk.recorder.flush()
    while (await desk.history.totals()).unsynced:  # noqa: ASYNC110  # delivery has no event of its own
        await asyncio.sleep(0.05)
    await desk.link.sign_out()
    await desk.stop()
    if telling is not None:
        telling.cancel()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5]))
