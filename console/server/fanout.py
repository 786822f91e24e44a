"""The live board to many: a delta is encoded once, kept for those who come back, and waits for nobody.

A client that cannot keep up loses its queue and gets a fresh snapshot once it takes something again.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import msgspec

from console.domain.figures import Delta
from console.server.auth import SignedIn
from console.server.face import BoardFace
from console.server.frames import SLOW, on_wire, text
from console.server.gauges import Gauges
from console.wire import BoardDelta, BoardSnapshot, Farewell, Frame

QUEUED = 64
"""Deltas that wait for one client at most: at 20 a second some three seconds."""
URGENT = 64
"""Replies that wait for one client at most."""
RING = 1200
"""Deltas kept for those who come back: at 20 a second one minute."""


class Client:
    """One connection's outgoing side: what waits to be sent, and the loop that sends it."""

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        signed_in: SignedIn,
        push: Callable[[bytes], bool] = lambda _: False,
    ) -> None:
        """`send` puts one text frame on the wire, waiting while the other side does not take any.

        `push` writes a finished frame at once where the other side takes it now, else says False.
        """
        self._send = send
        self._push = push
        self.signed_in = signed_in
        self.view: Callable[[], Frame | None] = lambda: None
        self.snapshot: Callable[[], str] = lambda: ""
        self.ended: tuple[int, Farewell] | None = None
        self._urgent: deque[str] = deque()
        self._deltas: deque[str] = deque()
        self._heartbeat = ""
        self._view_due = False
        self._snapshot_due = False
        self._sending_since: float | None = None
        self._idle = False  # the sender waits, and nothing waits for it
        self._wake = asyncio.Event()

    def urgent(self, frame: Frame) -> None:
        """Send this before anything else; who lets too many of them pile up is sent away."""
        if len(self._urgent) >= URGENT:
            self.end(SLOW, Farewell(reason="You do not read the answers to what you ask."))
            return
        self._urgent.append(text(frame))
        self._wakes()

    def beat(self, heartbeat: str) -> None:
        """Send a heartbeat; a newer one takes the place of one that still waits."""
        self._heartbeat = heartbeat
        self._wakes()

    def view_changed(self) -> None:
        """The agent's own view is to be sent, as it is when its turn comes."""
        self._view_due = True
        self._wakes()

    def begin(self, missed: list[str] | None) -> None:
        """Begin with what was missed, or (None) with a snapshot."""
        self._snapshot_due = missed is None
        self._deltas.extend(missed or ())
        self._wakes()

    def offer(self, delta: str, wire: bytes) -> bool:
        """Send a delta in its turn, at once if nothing waits. False when the client falls too far behind."""
        if self._idle and self._push(wire):
            return True
        if self._snapshot_due:
            return True  # the snapshot will hold it
        if len(self._deltas) >= QUEUED:
            self._deltas.clear()
            self._snapshot_due = True
            return False
        self._deltas.append(delta)
        self._wakes()
        return True

    def end(self, code: int, farewell: Farewell) -> None:
        """Say farewell after what is urgent and stop; the first reason counts."""
        if self.ended is None:
            self.ended = (code, farewell)
            self._wakes()

    def stuck_s(self, now: float) -> float:
        """Seconds since the frame that is being sent was begun (`now`: the loop's time); 0 when none is."""
        return 0.0 if self._sending_since is None else now - self._sending_since

    def _wakes(self) -> None:
        self._idle = False
        self._wake.set()

    async def run(self) -> None:
        """Send until the end; returns after the farewell. Raises what `send` raises."""
        clock = asyncio.get_running_loop().time
        while True:
            frame = self._next()
            if frame:
                self._sending_since = clock()
                await self._send(frame)
                self._sending_since = None
            elif self.ended:
                self._sending_since = clock()
                await self._send(text(self.ended[1]))
                return
            else:
                self._wake.clear()
                self._idle = True
                await self._wake.wait()

    def _next(self) -> str:
        if self._urgent:
            return self._urgent.popleft()
        if self.ended:
            return ""
        if self._heartbeat:
            beat, self._heartbeat = self._heartbeat, ""
            return beat
        if self._view_due:
            self._view_due = False
            view = self.view()
            if view is not None:
                return text(view)
        if self._snapshot_due:
            self._snapshot_due = False
            return self.snapshot()
        return self._deltas.popleft() if self._deltas else ""


class _Kept(msgspec.Struct, frozen=True):
    sequence: int
    text: str


class Fanout:
    """Takes the board's deltas and hands them to all who watch."""

    def __init__(self, board: BoardFace, gauges: Gauges, ring: int = RING) -> None:
        """Begins at the board as it is."""
        self._board = board
        self._gauges = gauges
        self._ring: deque[_Kept] = deque()
        self._ring_size = ring
        self._covered_from = board.snapshot().sequence
        self._snapshot = ""
        self._watchers: set[Client] = set()

    def join(self, client: Client, last_sequence: int | None, newest: int) -> None:
        """Let a client watch, from `last_sequence` on if it is still known; `newest` is the ledger's."""
        client.snapshot = self.snapshot_text
        missed = None
        if last_sequence is not None and self._covered_from <= last_sequence <= newest:
            # Two deltas may bear one sequence (a sample adds no event), and one that comes twice is harmless.
            missed = [kept.text for kept in self._ring if kept.sequence >= last_sequence]
        if missed is not None and len(missed) > QUEUED:
            missed = None  # a snapshot is shorter
        self._gauges.resumed.inc(missed is not None)
        client.begin(missed)
        self._watchers.add(client)

    def leave(self, client: Client) -> None:
        """The client is gone; one that never watched is no matter."""
        self._watchers.discard(client)

    def snapshot_text(self) -> str:
        """The whole board as a frame, encoded once between two deltas however many ask for it."""
        if not self._snapshot:
            self._snapshot = text(BoardSnapshot(snapshot=self._board.snapshot()))
        return self._snapshot

    def tick(self) -> bool:
        """Send out what changed since the last tick; False when nothing did."""
        delta = self._board.take_delta()
        if delta is None:
            return False
        encoded = text(BoardDelta(delta=delta))
        wire = on_wire(encoded)
        self._keep(delta, encoded)
        self._snapshot = ""
        self._gauges.deltas.inc()
        for client in self._watchers:
            if not client.offer(encoded, wire):
                self._gauges.slow_clients.inc()
        return True

    def _keep(self, delta: Delta, encoded: str) -> None:
        self._ring.append(_Kept(delta.sequence, encoded))
        if len(self._ring) > self._ring_size:
            self._covered_from = self._ring.popleft().sequence + 1
