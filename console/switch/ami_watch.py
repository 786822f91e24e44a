"""Watches the queues of an Asterisk (app_queue) over its manager interface: calls and agents become facts.

After every connecting it looks at what is there, and reads what it missed in queue_log where it can. Who
signs in, pauses and signs off here does so in Asterisk's queues.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from console.clock import Clock
from console.domain.errors import NetworkError
from console.domain.events import AgentEvent, EndedBy, InteractionEvent
from console.switch.ami import Ami, AmiEvent, Unwelcome
from console.switch.ami_events import STEPS, Counters, Talk, counters, is_a, moment, note, number, talks
from console.switch.ami_members import Finds, Names, Remembered, Staff, Watched
from console.switch.queue_call import Note, Step
from console.switch.queue_calls import QueueCalls
from console.switch.queue_log import STARTED, Entry, entries, note_of

_FIRST_S, _MOST_S = 0.1, 5.0
_UNWELCOME_S = 60.0
"""Who is refused does not ask again at once: Asterisk's machine may shut out who keeps asking."""

_SETTLE_EVERY_S = 0.25
_PING_EVERY_S = 5.0
_MARGIN = timedelta(seconds=2)
"""The log is read from so long before the gap: it has whole seconds."""

_SKEW = timedelta(minutes=1)
"""What a ledger remembers may be told by another clock than Asterisk's."""

_SECOND = timedelta(seconds=1)
_log = logging.getLogger(__name__)

Tell = Callable[[InteractionEvent | AgentEvent], None]


class AmiWatch:
    """One Asterisk's queues."""

    def __init__(self, watched: Watched, clock: Clock) -> None:
        """Nothing is connected yet."""
        self.names = Names(watched)
        self._watched = watched
        self._clock = clock
        self._ami = Ami(watched.place, self._event)
        self._tell: Tell = lambda event: None
        self._finds = Finds()
        self._calls = QueueCalls(self._fact, watched.system, self.names.queues, self.names.agents)
        self.staff = Staff(self.names, self._fact, lambda *found: self._finds.agent(*found))
        self._task: asyncio.Task[None] | None = None
        self._held: list[AmiEvent] | None = None
        self._since: datetime | None = None
        self._begun: datetime | None = None
        self._margin = _MARGIN
        self._complaint = ""
        self._timeless = False
        self._was: Callable[[UUID], Awaitable[bool]] | None = None
        self._before: set[str] = set()
        self._behind = timedelta()
        self._channels: dict[str, str] = {}
        self.connected = asyncio.Event()
        """Set while events come in and what went before is known."""

    async def start(
        self, tell: Tell, remembered: Remembered | None = None, finds: Finds | None = None
    ) -> None:
        """Connect, and again whenever the connection breaks. Every fact goes to `tell`, from where
        `remembered` ends.
        """
        self._tell, self._finds = tell, finds or self._finds
        if remembered is not None:
            self._since, self._begun, self._was = remembered.since, remembered.begun, remembered.was
            self._margin = _SKEW
            self.staff.recall(remembered.staff)
            for interaction, events in remembered.calls.items():
                self._calls.recall(interaction, events)
        self._task = asyncio.create_task(self._run(), name="ami-watch")

    async def stop(self) -> None:
        """Disconnect for good."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self.connected.clear()
        await self._ami.close()

    async def sign_in(
        self,
        queue: str,
        interface: str,
        name: str = "",
        *,
        penalty: int = 0,
        state: str = "",
        paused: str = "",
    ) -> None:
        """Have a queue of Asterisk's ring an agent; `state` is the device that tells whether the agent is
        free, where that is not `interface`; `paused` the reason of a pause to begin with. Raises
        NetworkError, with Asterisk's words when it refuses.
        """
        fields = {"Queue": queue, "Interface": interface, "Penalty": str(penalty)}
        more = {"MemberName": name, "StateInterface": state, "Paused": "true" if paused else ""}
        await self._do("QueueAdd", **fields, **{key: text for key, text in more.items() if text})
        if paused:
            await self.pause(interface, paused, queue=queue)

    async def pause(self, interface: str, reason: str, *, paused: bool = True, queue: str = "") -> None:
        """Pause an agent, or end that, in a queue or in all. Raises NetworkError."""
        more = {"Queue": queue} if queue else {}
        state = "true" if paused else "false"
        await self._do("QueuePause", Interface=interface, Paused=state, Reason=reason, **more)

    async def sign_off(self, queue: str, interface: str) -> None:
        """Have a queue ring an agent no more. Raises NetworkError."""
        await self._do("QueueRemove", Queue=queue, Interface=interface)

    async def counters(self) -> list[Counters]:
        """What Asterisk itself counts. Raises NetworkError."""
        lines = await self._ami.list("QueueStatus")
        return [
            counters(one)
            for one in lines
            if is_a(one, "QueueParams") and self.names.watches(one.get("Queue", ""))
        ]

    async def started_at(self) -> str:
        """When Asterisk started, in its own words and time zone. Raises NetworkError."""
        said = await self._ami.ask("CoreStatus")
        return f"{said.get('CoreStartupDate', '')} {said.get('CoreStartupTime', '')}".strip()

    # ------------------------------------------------------------------ inside

    async def _do(self, action: str, **fields: str) -> None:
        answer = await self._ami.ask(action, **fields)
        if answer.get("Response") != "Success":
            raise NetworkError(f"Asterisk refuses {action}: {answer.get('Message', '')}")

    async def _run(self) -> None:
        wait = _FIRST_S
        while True:
            try:
                self._held = []
                await self._ami.open()
                await self._look()
                self.connected.set()
                wait, self._complaint = _FIRST_S, ""
                await self._until_lost()
            except NetworkError as fault:
                wait = _UNWELCOME_S if isinstance(fault, Unwelcome) else min(wait, _MOST_S)
                self._complain(str(fault))
            self.connected.clear()
            await self._ami.close()
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(_MOST_S, wait * 2)

    def _complain(self, fault: str) -> None:
        """Once: it is tried again and again."""
        if fault != self._complaint:
            _log.error("%s It is tried again.", fault)
        self._complaint = fault

    async def _until_lost(self) -> None:
        asked = self._clock.monotonic()
        while not self._ami.lost.is_set():
            self._calls.settle(self._now())
            if self._clock.monotonic() - asked >= _PING_EVERY_S:
                asked, before = self._clock.monotonic(), self._now()
                self._heard(await self._ami.ask("Ping"))
                self._since = before
            with suppress(TimeoutError):
                async with asyncio.timeout(_SETTLE_EVERY_S):
                    await self._ami.lost.wait()

    def _heard(self, said: AmiEvent) -> datetime:
        """When something was said, by Asterisk's clock; how far ours is ahead of it, or behind, is noted."""
        at = moment(said)
        if at is None:
            return self._now()
        self._behind = self._clock.now() - at
        return at

    def _now(self) -> datetime:
        """By Asterisk's clock, as far as is known."""
        return self._clock.now() - self._behind

    # ------------------------------------------------------------------ what is there

    async def _look(self) -> None:
        """What was missed, what is there, and then what came meanwhile."""
        self._heard(await self._ami.ask("Ping"))
        lines = await self._ami.list("QueueStatus")
        status = [one for one in lines if self.names.watches(one.get("Queue", ""))]
        channels = await self._ami.list("CoreShowChannels")
        now, there = self._now(), {one.get("Uniqueid", "") for one in channels}
        self._found(status)
        talking = [one for one in talks(channels, now) if self.names.watches(one.queue)]
        begin = self._gap_from(talking, status, now)
        self.staff.come([line for line in status if is_a(line, "QueueMember")], begin)
        if self._watched.queue_log:
            there |= await self._read(Path(self._watched.queue_log), there, begin - _MARGIN, now - _MARGIN)
        for line in status:
            if is_a(line, "QueueEntry"):
                self._waits(line, now)
        for one in talking:
            self._talks(one)
        self.staff.settle(now)
        gone_at = self._since if self._since is not None and self._since < now else now
        self._calls.end(gone_at, EndedBy.CUSTOMER, but=there)
        held, self._held = self._held or [], None
        self._since, self._margin = now, _MARGIN
        for event in held:
            self._event(event, again=True)

    def _found(self, status: Sequence[AmiEvent]) -> None:
        for line in status:
            theirs = line.get("Queue", "")
            if is_a(line, "QueueParams"):
                self._finds.queue(self.names.queues.get(theirs, theirs), number(line.get("ServiceLevel", "")))
            elif is_a(line, "QueueMember"):
                self.names.learn(line)

    def _gap_from(self, talking: Sequence[Talk], status: Sequence[AmiEvent], now: datetime) -> datetime:
        """From when on things may have happened that were not told, the first time from the oldest call."""
        if self._since is not None:
            return min(self._since, now)
        waits = [number(line.get("Wait", "")) for line in status if is_a(line, "QueueEntry")]
        oldest = now - timedelta(seconds=max(waits, default=0.0))
        return min([oldest, *(one.since for one in talking)])

    async def _read(self, log: Path, there: set[str], since: datetime, late: datetime) -> set[str]:
        """Take what the log has. Returns the calls that it told of first, and that came `late`: they may not
        have been there yet when Asterisk was asked for its channels.
        """
        try:
            lines = await asyncio.to_thread(lambda: list(entries(log, since)))
        except OSError as fault:
            _log.error("%s cannot be read, calls of the gap are lost to the figures: %s", log, fault)
            return set()
        known: dict[str, bool] = {}
        fresh: set[str] = set()
        for entry in lines:
            if entry.verb == STARTED:
                self._calls.end(entry.at, EndedBy.CENTRE, but=there, before=entry.at + _SECOND)
            elif self.names.watches(entry.queue) and entry.call:
                if entry.call not in known:
                    new = self._calls.call(entry.call) is None
                    known[entry.call] = not new or await self._is_news(entry, there)
                    fresh |= {entry.call} if new and entry.at >= late else set()
                if known[entry.call]:
                    self._logged(entry)
        return fresh

    async def _is_news(self, entry: Entry, there: set[str]) -> bool:
        """Whether a call of the log that is not known here is one to tell of."""
        if self._since is None and entry.call not in there:
            self._before.add(entry.call)
        if entry.call in self._before:
            return False
        return self._was is None or not await self._was(self._calls.interaction(entry.call))

    def _logged(self, entry: Entry) -> None:
        if entry.verb == "CONNECT":
            self._channels[entry.text(1)] = entry.call
        said = note_of(entry)
        if said is not None and not self._calls.said(said):
            self._calls.take(said)

    def _waits(self, line: AmiEvent, now: datetime) -> None:
        """A caller in a queue: perhaps in another one than we know, of which nothing tells why."""
        joined = note(Step.JOINED, line, now - timedelta(seconds=number(line.get("Wait", ""))))
        call = self._calls.call(joined.key)
        queue = self.names.queues.get(joined.queue, joined.queue)
        if call is not None and call.phase == "waiting" and call.queue != queue:
            self._calls.take(Note(step=Step.LEFT, at=joined.at, key=joined.key))
        if call is not None and call.phase == "connected":
            self._calls.take(Note(step=Step.TRANSFERRED, at=joined.at, key=joined.key, target=joined.queue))
        self._calls.take(joined)

    def _talks(self, talk: Talk) -> None:
        """A conversation of which nobody may have told us how it began: then about when it did."""
        self._channels[talk.partner_key] = talk.key
        call = self._calls.call(talk.key)
        if call is None:
            self._calls.take(
                Note(
                    step=Step.JOINED,
                    at=talk.since,
                    key=talk.key,
                    queue=talk.queue,
                    number=talk.number,
                    name=talk.name,
                    called=talk.queue,
                )
            )
            call = self._calls.call(talk.key)
        if call is not None and call.phase == "waiting":
            agent = self._agent_at(talk.partner)
            at = max(talk.answered_at, call.told[-1].at)
            self._calls.take(Note(step=Step.CONNECTED, at=at, key=talk.key, queue=talk.queue, agent=agent))

    def _agent_at(self, channel: str) -> str:
        """Whose channel this is; its own name when nobody's."""
        device = channel.rpartition("-")[0]
        for interface, agent in self.names.agents.items():
            if interface.partition("/n")[0] == device:
                return agent
        busy = {
            agent
            for agent, there in self.staff.members.items()
            if any(member.in_call for member in there.values())
        }
        return busy.pop() if len(busy) == 1 else device

    # ------------------------------------------------------------------ what happens

    def _event(self, event: AmiEvent, *, again: bool = False) -> None:
        if self._held is not None:
            self._held.append(event)
            return
        at = self._heard(event)
        if not self._timeless and moment(event) is None:
            self._timeless = True
            _log.warning("Asterisk's events carry no time: set timestampevents=yes in manager.conf")
        if not again:
            self._since = at
        name = event.get("Event", "")
        if name.startswith("QueueMember"):
            self.staff.one(event, at, gone=name == "QueueMemberRemoved")
        elif name in STEPS:
            if self.names.watches(event.get("Queue", "")):
                self._queue_event(STEPS[name], event, at, again=again)
        elif name in {"BlindTransfer", "AttendedTransfer"}:
            self._transfer(event, at)
        else:
            self._channel_event(name, event, at)

    def _channel_event(self, name: str, event: AmiEvent, at: datetime) -> None:
        if name in {"Hold", "Unhold"}:
            step = Step.HELD if name == "Hold" else Step.RESUMED
            key = self._call_of(event)
        elif name in {"HangupRequest", "SoftHangupRequest"}:
            step, key = Step.GOES, event.get("Uniqueid", "")
        elif name == "Hangup":
            step, key = Step.HUNG_UP, event.get("Uniqueid", "")
        else:
            return
        if self._calls.call(key) is not None:
            self._calls.take(Note(step=step, at=at, key=key))
        if step is Step.HUNG_UP:
            self._channels.pop(key, None)

    def _queue_event(self, step: Step, event: AmiEvent, at: datetime, *, again: bool) -> None:
        if step is Step.COMPLETED and event.get("Reason") == "transfer":
            return  # the transfer's own event tells where to
        if step is Step.CONNECTED:
            self._channels[event.get("DestUniqueid", "")] = event.get("Uniqueid", "")
        agent = self.names.learn(event) if event.get("Interface") else ""
        said = note(step, event, at, agent)
        if not again or not self._calls.said(said):
            self._calls.take(said)

    def _call_of(self, event: AmiEvent, prefix: str = "") -> str:
        """The call of an agent's channel, "" when it is none; what rang through a Local channel is known by
        the caller's.
        """
        channel, linked = event.get(f"{prefix}Uniqueid", ""), event.get(f"{prefix}Linkedid", "")
        known = self._channels.get(channel, "")
        return known or (linked if linked != channel and self._calls.call(linked) is not None else "")

    def _transfer(self, event: AmiEvent, at: datetime) -> None:
        if event.get("Result") != "Success":
            return
        blind = event.get("Event") == "BlindTransfer"
        key = self._call_of(event, "Transferer" if blind else "OrigTransferer")
        target = event.get("Extension" if blind else "TransferTargetConnectedLineNum", "")
        if key:
            target = target or event.get("TransferTargetChannel", "")
            self._calls.take(Note(step=Step.TRANSFERRED, at=at, key=key, target=target))

    def _fact(self, event: InteractionEvent | AgentEvent) -> None:
        self._tell(event)
