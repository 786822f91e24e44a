"""Two desks with a virtual headset each, on a real call with each other."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.machine import Pulse
from tests.telephony.far import ROOT, FarEnd

PROGRAM = Path(__file__).with_name("sound_desk.py")


async def start_desk(headset: str, **options: object) -> FarEnd:
    """A desk on one headset; in a process of its own, as pjsua2 has one engine a process."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(PROGRAM),
        json.dumps({"speaker": headset, "microphone": headset, **options}),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT), "QT_LOGGING_RULES": "qt.multimedia.ffmpeg=false"},
    )
    desk = FarEnd(process)
    desk.started = await desk.fact("Started")
    return desk


@asynccontextmanager
async def call_between_headsets(pulse: Pulse) -> AsyncIterator[tuple[FarEnd, FarEnd]]:
    """The headsets are called `agent` and `caller`; the caller dials, the agent answers."""
    with pulse.plugged("agent"), pulse.plugged("caller"):
        agent = await start_desk("agent", auto_answer=True)
        caller = await start_desk("caller")
        try:
            caller.do("dial", to=agent.contact)
            await caller.fact("CallAnswered")
            await agent.fact("Devices", names=["agent", "agent"])
            await caller.fact("Devices", names=["caller", "caller"])
            yield agent, caller
        finally:
            await caller.stop()
            await agent.stop()
