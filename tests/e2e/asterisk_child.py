"""A centre on an Asterisk in a process of its own, for test_asterisk_kill: it is there to be killed.

`python -m tests.e2e.asterisk_child JSON`: says `ready` when its calls are taken up and its desks are linked.
Then each line is an agent's command, `agent|action|argument`.
"""

import asyncio
import json
import logging
import sys

from console.centre.centre import Centre
from console.clock import SystemClock
from console.domain.agent import Agent
from console.domain.queue import VOICEMAIL, Queue
from console.ledger.ledger import Ledger
from console.ledger.users import Users
from console.settings import CentreSettings, SwitchSettings
from console.switch.asterisk import AsteriskOptions, AsteriskSwitch


async def main(said: str) -> None:
    asked = json.loads(said)
    logging.basicConfig(level=logging.WARNING)
    clock = SystemClock()
    settings = CentreSettings(
        queues=(
            Queue(key="support", numbers=("100",), wrap_up_s=0.0, ring_timeout_s=60.0, announce_every_s=0.0),
            Queue(key="mail", numbers=("200",), max_wait_s=0.1, overflow_to=VOICEMAIL),
        ),
        switch=SwitchSettings(messages=asked["messages"]),
        agents=tuple(Agent(key=key, queues=("support",)) for key in asked["agents"]),
    )
    ledger = await Ledger.open(f"sqlite:///{asked['database']}")
    users = await Users.open(ledger.database)
    options = AsteriskOptions(
        url=asked["url"],
        password="ari-secret",
        sounds=asked["sounds"],
        fallback=asked["fallback"],
        queue_log=asked["queue_log"],
    )
    centre = Centre(settings, clock, ledger, users, AsteriskSwitch(options, clock))
    began = clock.monotonic()
    await centre.start()
    await centre.settled()
    took_s = clock.monotonic() - began
    for key, contact in asked["agents"].items():
        await centre.desk_linked(key, contact, clock.new_id())
        await centre.command(key, "ready", "")
    sys.stdout.write(f"ready {took_s:.3f}\n")
    sys.stdout.flush()
    while line := await asyncio.to_thread(sys.stdin.readline):  # until it is closed
        await centre.command(*line.rstrip("\n").split("|"))
    await centre.stop()
    await ledger.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
