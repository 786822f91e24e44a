"""Deliver the records that wait in the desk's database to the centre, each once, losing none.

A record leaves the database only after the centre has said that it committed it; if that answer is lost, the
record is sent again, and the centre knows it by its id. What the centre refuses for good is parked with the
reason.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from console.bus import Bus
from console.clock import Clock
from console.domain.errors import EnvironmentFault
from console.domain.events import HistoryChanged
from console.store import outbox as table
from console.store.database import Connection, Database
from console.store.outbox import OutboxCounts, Waiting
from console.sync.backoff import Backoff, retry_after_s

_log = logging.getLogger(__name__)

BATCH = 100
"""Records in one delivery at most."""

_BATCH_BYTES = 1_000_000


class Answer(msgspec.Struct, frozen=True):
    """What came back over HTTP."""

    status: int
    body: bytes = b""
    retry_after: str = ""


class Courier(Protocol):
    """Who carries a delivery to the centre."""

    @property
    def agent(self) -> str:
        """Whose records go this way."""
        ...

    async def deliver(self, body: bytes) -> Answer:
        """POST the body to the centre's records. Raises NetworkError when there is no answer."""
        ...


class _Refusal(msgspec.Struct, frozen=True):
    id: str  # as it was sent: a centre echoes what it could not read
    reason: str = ""


class _Receipt(msgspec.Struct, frozen=True):
    acknowledged: tuple[UUID, ...] = ()
    refused: tuple[_Refusal, ...] = ()


_receipts = msgspec.json.Decoder(_Receipt)


class Verdict(msgspec.Struct, frozen=True):
    """What an answer means: taken and refused records; `sign_in`, `smaller` what to do; `fault` why nothing
    moved.
    """

    taken: tuple[UUID, ...] = ()
    refused: tuple[tuple[UUID, str], ...] = ()
    sign_in: bool = False
    smaller: bool = False
    fault: str = ""


def judge(answer: Answer, sent: Sequence[UUID]) -> Verdict:
    """Read the centre's answer to a delivery. Ids that we did not send are passed over."""
    if answer.status == 401:
        return Verdict(sign_in=True, fault="the centre wants a new sign-in")
    if answer.status in {400, 413, 422}:
        reason = f"the centre refused it (HTTP {answer.status}): {_words(answer.body)}"
        return Verdict(refused=((sent[0], reason),)) if len(sent) == 1 else Verdict(smaller=True)
    if not 200 <= answer.status < 300:
        return Verdict(fault=f"the centre answered HTTP {answer.status}")
    try:
        receipt = _receipts.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        return Verdict(fault=f"what answered is not a Callboard centre: {fault}")
    return _read(receipt, set(sent))


def _read(receipt: _Receipt, sent: set[UUID]) -> Verdict:
    taken = tuple(id_ for id_ in receipt.acknowledged if id_ in sent)
    open_ = {str(id_): id_ for id_ in sent.difference(taken)}
    refused = tuple((open_[one.id], one.reason) for one in receipt.refused if one.id in open_)
    nothing = "" if taken or refused else "the centre confirmed nothing of what was sent"
    return Verdict(taken=taken, refused=refused, fault=nothing)


def _words(body: bytes) -> str:
    try:
        found = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        words = msgspec.json.decode(found["detail"], type=str)
    except (msgspec.DecodeError, UnicodeDecodeError, KeyError, RecursionError):
        return "no reason given"
    return words[:200]


class Outbox:
    """The delivery of what waits.

    Runs between `start` and `stop`; what is not delivered stays in the database.
    """

    def __init__(self, bus: Bus, database: Database, clock: Clock, *, backoff: Backoff | None = None) -> None:
        """Nothing is delivered until `start`."""
        self._bus = bus
        self._database = database
        self._clock = clock
        self._backoff = backoff or Backoff(0.5, 60.0)
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()
        self._batch = BATCH
        self._fault = ""
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self.delivered = 0
        """Records that the centre confirmed since the program began."""

    @property
    def fault(self) -> str:
        """Why nothing is delivered right now, in words; "" while it works."""
        return self._fault

    async def counts(self) -> OutboxCounts:
        """How many records wait, and how many the centre refused for good."""
        return await self._database.read(table.counts)

    async def retry_parked(self) -> int:
        """Send the refused ones again; how many they are."""
        count = await self._database.run(table.release)
        self._wake.set()
        return count

    def start(self, courier: Courier, sign_in_needed: Callable[[], None]) -> None:
        """Deliver from now on, as `courier.agent`.

        `sign_in_needed` is called when the token is refused, and it stops.
        """
        if self._task is not None:
            raise RuntimeError("the outbox is delivering already")
        self._unsubscribe = self._bus.subscribe(HistoryChanged, self._on_changed)
        self._empty.clear()
        self._backoff.reset()
        self._task = asyncio.create_task(self._run(courier, sign_in_needed), name="outbox")

    async def stop(self, patience_s: float = 0.0) -> None:
        """Stop delivering; with `patience_s`, first try for so long to deliver what waits."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        task, self._task = self._task, None
        if task is None:
            return
        if patience_s > 0:
            self._empty.clear()
            self._wake.set()
            done = asyncio.ensure_future(self._empty.wait())
            await asyncio.wait({done, task}, timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
            done.cancel()
            await asyncio.gather(done, return_exceptions=True)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    async def drained(self) -> None:
        """Return when nothing that is ours to deliver waits (refused ones do not count)."""
        self._empty.clear()
        self._wake.set()
        await self._empty.wait()

    def _on_changed(self, event: HistoryChanged) -> None:
        if event.unsynced:
            self._wake.set()

    async def _run(self, courier: Courier, sign_in_needed: Callable[[], None]) -> None:
        while True:
            self._wake.clear()
            try:
                wait_s = await self._round(courier)
            except EnvironmentFault as fault:
                wait_s = self._failed(str(fault), 0.0)
            if wait_s is None:
                sign_in_needed()
                return
            if wait_s > 0:
                await asyncio.sleep(wait_s)
            elif wait_s < 0:
                self._empty.set()
                await self._wake.wait()

    async def _round(self, courier: Courier) -> float | None:
        """One delivery. Seconds until the next; below 0: nothing waits; None: a new sign-in is needed."""
        agent, most = courier.agent, self._batch
        rows = _within(await self._database.read(lambda db: table.waiting(db, agent, most)))
        if not rows:
            return -1.0
        answer = await courier.deliver(_body(rows))
        verdict = judge(answer, [row.id for row in rows])
        if verdict.sign_in:
            self._failed(verdict.fault, 0.0)
            return None
        if verdict.smaller:
            self._batch = max(1, len(rows) // 2)
            return 0.0
        if verdict.fault:
            return self._failed(verdict.fault, retry_after_s(answer.retry_after, self._clock.now()))
        await self._settle(rows, verdict)
        return 0.0

    async def _settle(self, rows: list[Waiting], verdict: Verdict) -> None:
        def settle(db: Connection) -> int:
            table.take_out(db, verdict.taken)
            table.park(db, verdict.refused)
            return table.counts(db).waiting

        waiting = await self._database.run(settle)
        self._worked(verdict)
        settled = {*verdict.taken, *(id_ for id_, _ in verdict.refused)}
        for call in dict.fromkeys(row.call for row in rows if row.id in settled):
            self._bus.publish(
                HistoryChanged(id=self._clock.new_id(), at=self._clock.now(), call=call, unsynced=waiting)
            )

    def _worked(self, verdict: Verdict) -> None:
        self._backoff.reset()
        self._batch = min(BATCH, self._batch * 2)
        self.delivered += len(verdict.taken)
        for id_, reason in verdict.refused:
            _log.warning("the centre refused record %s for good, it is kept here: %s", id_, reason)
        if self._fault:
            self._fault = ""
            _log.warning("records are delivered again")

    def _failed(self, fault: str, asked_s: float) -> float:
        if not self._fault:
            _log.warning("records cannot be delivered, they wait: %s", fault)
        self._fault = fault
        return max(self._backoff.next_s(), asked_s, 0.001)


def _within(rows: list[Waiting]) -> list[Waiting]:
    """As many of the first rows as fit one request, at least one."""
    size = 0
    for count, row in enumerate(rows):
        size += len(row.event)
        if size > _BATCH_BYTES and count:
            return rows[:count]
    return rows


def _body(rows: list[Waiting]) -> bytes:
    return b'{"records":[' + b",".join(row.event.encode() for row in rows) + b"]}"
