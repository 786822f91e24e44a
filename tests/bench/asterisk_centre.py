"""A whole centre on an Asterisk, for bench_asterisk, in a process of its own: router, ledger, figures.

`python asterisk_centre.py ARI_URL SOUNDS DATABASE AGENTS PORT` says `ready`, and then, for every line it
reads, the CPU seconds it has used and how many facts it has written.
"""

import asyncio
import json
import resource
import sys

from console.centre.centre import Centre
from console.centre.collector import spare_what_stays
from console.clock import SystemClock
from console.domain.agent import Agent
from console.domain.queue import Queue
from console.ledger.ledger import Ledger
from console.ledger.users import Users
from console.settings import CentreSettings
from console.switch.asterisk import AsteriskOptions, AsteriskSwitch


async def main(url: str, sounds: str, database: str, agents: str, port: str) -> None:
    clock = SystemClock()
    keys = [f"bot{number}" for number in range(int(agents))]
    settings = CentreSettings(
        queues=(Queue(key="bench", wrap_up_s=0.0),),
        agents=tuple(Agent(key=key, queues=("bench",)) for key in keys),
    )
    ledger = await Ledger.open(f"sqlite:///{database}")
    users = await Users.open(ledger.database)
    switch = AsteriskSwitch(AsteriskOptions(url=url, password="ari-secret", sounds=sounds), clock)
    centre = Centre(settings, clock, ledger, users, switch)
    await centre.start()
    for key in keys:
        await centre.desk_linked(key, f"sip:{key}@127.0.0.1:{port}", clock.new_id())
        await centre.command(key, "ready", "")
    spare_what_stays()
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        used = resource.getrusage(resource.RUSAGE_SELF)
        said = {"cpu_s": used.ru_utime + used.ru_stime, "facts": centre.board.sequence}
        print(json.dumps(said), flush=True)
    await centre.stop()
    await ledger.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
