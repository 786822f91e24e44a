"""`callboardctl asterisk check` where queues are watched: what is missing or wrong in an Asterisk for that.

It looks through the manager interface and at queue_log, and changes nothing: what our user may do is found
out by asking for a member that does not exist.
"""

import asyncio
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

from console.clock import Clock
from console.domain.errors import NetworkError
from console.switch.ami import Ami, AmiEvent
from console.switch.ami_events import is_a, moment
from console.switch.ami_members import Names, Watched

_PART_S = 1.0
_NOBODY = "Local/callboard-check@nowhere"
_OLDEST = 20
_VERSION = re.compile(r"(\d+)\.")

Fault = dict[str, str]


async def examine_queues(watched: Watched, clock: Clock) -> dict[str, Any]:
    """Look at everything. The report is as of `asterisk_check.examine`."""
    check = _Check(watched, clock)
    try:
        await check.all()
    except NetworkError as fault:
        what, _, do = str(fault).partition(". ")
        check.fault(f"{what}.", do or "Look at Asterisk's log, and check again.", severe=True)
    finally:
        await check.close()
    ok = not any(fault.get("severe") == "yes" for fault in check.faults)
    place = watched.place
    return {"ok": ok, "url": f"{place.host}:{place.port}", **check.found, "faults": check.faults}


class _Check:
    """One look at one Asterisk."""

    def __init__(self, watched: Watched, clock: Clock) -> None:
        self.faults: list[Fault] = []
        self.found: dict[str, Any] = {"reachable": False}
        self._watched = watched
        self._clock = clock
        self._ami = Ami(watched.place, lambda event: None)

    def fault(self, what: str, do: str, *, means: str = "", severe: bool = False) -> None:
        """Note what is wrong."""
        fault = {"what": what, "do": do}
        if means:
            fault["means"] = means
        if severe:
            fault["severe"] = "yes"
        self.faults.append(fault)

    async def all(self) -> None:
        """Everything. Raises NetworkError when it cannot be looked at."""
        await self._ami.open()
        self.found["reachable"] = True
        await self._clocks()
        await self._version()
        await self._rights()
        await self._queues()
        await asyncio.to_thread(self._log)

    async def close(self) -> None:
        """Leave."""
        await self._ami.close()

    async def _clocks(self) -> None:
        before = self._clock.now()
        at = moment(await self._ami.ask("Ping"))
        after = self._clock.now()
        if at is None:
            return
        off = at - (before + (after - before) / 2)
        self.found["clock_ahead_s"] = round(off.total_seconds(), 3)
        if abs(off) > timedelta(seconds=_PART_S) + (after - before):
            self.fault(
                f"Asterisk's clock is {abs(off).total_seconds():.1f} s "
                f"{'ahead of' if off > timedelta() else 'behind'} the one here.",
                "Let both machines take their time from the same NTP server.",
                means="The wallboard shows waits that are wrong by so much.",
            )

    async def _version(self) -> None:
        said = (await self._ami.ask("CoreSettings")).get("AsteriskVersion", "")
        self.found["version"] = said
        number = _VERSION.match(said)
        if number and int(number[1]) < _OLDEST:
            self.fault(
                f"This is Asterisk {said}.",
                "Upgrade Asterisk when you can.",
                means=f"Callboard is tried with {_OLDEST} and later.",
            )

    async def _rights(self) -> None:
        """Whether we may change members, and see channels."""
        tries = {"write=agent": "QueuePause", "write=reporting": "CoreShowChannels"}
        for right, action in tries.items():
            fields = {"Interface": _NOBODY, "Paused": "false"} if action == "QueuePause" else {}
            answer = await self._try(action, fields)
            if "ermission" in answer.get("Message", ""):
                self.fault(
                    f"The manager user “{self._watched.place.user}” may not {action}.",
                    "Give it read=call,agent and write=agent,reporting in manager.conf "
                    f"({right} is missing).",
                    means="Agents cannot sign in or pause at the desk."
                    if action == "QueuePause"
                    else "Nothing can be watched.",
                    severe=action != "QueuePause",
                )

    async def _try(self, action: str, fields: dict[str, str]) -> AmiEvent:
        if action == "QueuePause":
            return await self._ami.ask(action, **fields)
        try:
            await self._ami.list(action)
        except NetworkError as fault:
            return {"Message": str(fault)}
        return {}

    async def _queues(self) -> None:
        lines = await self._ami.list("QueueStatus")
        names = Names(self._watched)
        there = [line.get("Queue", "") for line in lines if is_a(line, "QueueParams")]
        self.found["queues"] = [queue for queue in there if names.watches(queue)]
        self.found["members"] = sum(
            is_a(line, "QueueMember") and names.watches(line.get("Queue", "")) for line in lines
        )
        wanted = [*names.queues] if not self._watched.every else []
        gone = [f"“{queue}”" for queue in wanted if queue not in there]
        if gone:
            self.fault(
                f"Asterisk has no queue {', '.join(gone)}.",
                "Mend [[queues]] or [switch.app_queue.queues]: these are the names in queues.conf "
                f"(there are: {', '.join(sorted(there)) or 'none'}).",
                means="Nothing is seen of them.",
                severe=True,
            )
        elif not there:
            self.fault("Asterisk has no queues.", "Load app_queue, and look at queues.conf.", severe=True)

    def _log(self) -> None:
        name = self._watched.queue_log
        self.found["queue_log"] = False
        if not name:
            self.fault(
                "No queue_log is named.",
                "Name it in switch.app_queue.queue_log, where the centre can read it.",
                means="What happens while the centre is away is not in the figures.",
            )
            return
        try:
            with Path(name).open("rb") as log:
                log.read(1)
        except OSError as fault:
            self.fault(
                f"{name} cannot be read: {fault.strerror}.",
                "Let the centre's user read it (it belongs to Asterisk's), or mend "
                "switch.app_queue.queue_log.",
                means="What happens while the centre is away is not in the figures.",
            )
            return
        self.found["queue_log"] = True
