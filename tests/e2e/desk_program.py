"""A desk as a program, to be killed: answers what rings. Says "ready", then "answered ID" for each call."""

import asyncio
import sys
from pathlib import Path

from console.clock import SystemClock
from console.demo import scenario
from console.demo.hands import demo_settings
from console.demo.sound import ListeningTone
from console.desk import open_desk
from console.domain.agent import AgentState
from console.domain.events import CallAnswered
from console.telephony.pjsua import PjsuaEngine


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


async def main(url: str, password: str, folder: str) -> None:
    sound = ListeningTone()
    desk = await open_desk(
        demo_settings(url, person=False),
        Path(folder),
        lambda engine: PjsuaEngine(engine, sound),
        SystemClock(),
    )
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


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:4]))
