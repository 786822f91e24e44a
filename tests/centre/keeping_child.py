"""A program of its own for test_killed: a centre that keeps checkpoints and takes increments all the time."""

import asyncio
import sys
from pathlib import Path

from console.centre import memory
from tests.centre.doubles import Room
from tests.centre.test_memory import SETTINGS, SturdySwitch


async def main(file: Path) -> None:
    memory.EVERY_EVENTS = 3
    memory.REST = 0
    room = await Room.open(file, SETTINGS, SturdySwitch())
    await room.link("ada")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        room.centre._keeper._quarter = -1  # as if a quarter hour were over each time
        interaction = await room.arrive("100")
        await asyncio.sleep(0.001)
        if room.switch.rings:
            await room.answer()
            room.switch.rings.clear()
        await room.end(interaction)
        await room.centre.command("ada", "pause", "Lunch")
        await room.centre.command("ada", "ready", "")


asyncio.run(main(Path(sys.argv[1])))
