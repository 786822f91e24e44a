"""A centre that is killed with 100 live and 100 waiting calls, and one at work with 100 live and 300 waiting.

Callers and agents are bare UDP (no sound of theirs); Asterisk plays music to all who wait.
"""

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

from console.domain import events as ev
from tests.bench.asterisk_peers import Agents, Callers
from tests.e2e.test_asterisk_kill import Killed, check_books
from tests.switch.asterisk_server import AsteriskServer
from tests.switch.test_asterisk import asterisk_sounds

pytestmark = [pytest.mark.bench, pytest.mark.timeout(300)]

LIVE, MOST_S, MOST_DECISION_S = 100, 3.0, 0.050
RATE = 50.0


class Desk:
    """An agent of the crowd, by the address where it is rung."""

    def __init__(self, contact: str) -> None:
        self.contact = contact


class Crowd:
    """A hundred agents, and callers by number."""

    def __init__(self, centre: Killed) -> None:
        self.centre = centre
        self.rung: list[tuple[str, float]] = []
        self.agents = Agents()
        self.callers = Callers()
        self._transports: list[asyncio.BaseTransport] = []

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self.agents.on_ring = lambda number: self.rung.append((number, loop.time()))
        desks, _ = await loop.create_datagram_endpoint(lambda: self.agents, local_addr=("127.0.0.1", 0))
        lines, _ = await loop.create_datagram_endpoint(lambda: self.callers, local_addr=("127.0.0.1", 0))
        self._transports = [desks, lines]
        port = desks.get_extra_info("sockname")[1]
        for number in range(LIVE):
            self.centre.desks[f"bot{number}"] = Desk(f"sip:bot{number}@127.0.0.1:{port}")  # type: ignore[assignment]
        await self.centre.start()

    async def call(self, count: int) -> list[str]:
        """So many call, and have arrived and talk, or wait."""
        numbers = [str(1000 + number) for number in range(count)]
        for number in numbers:
            self.callers.call(number, "100", ("127.0.0.1", self.centre.server.sip))
            await asyncio.sleep(1 / RATE)
        await self.centre.until_fact(ev.InteractionQueued, count)
        await self.centre.until_fact(ev.InteractionAnswered, LIVE)
        assert len(self.rung) == LIVE
        return numbers

    def close(self) -> None:
        for transport in self._transports:
            transport.close()


@pytest.fixture(scope="module")
def server() -> Iterator[AsteriskServer]:
    folder = Path(tempfile.mkdtemp(prefix="cb-adopt-"))
    sounds = folder / "sounds"
    sounds.mkdir()
    asterisk_sounds(sounds)
    server = AsteriskServer(folder, sounds, rtp_first=20000, rtp_last=23999)
    server.start()
    yield server
    server.remove()


@pytest.fixture
async def crowd(server: AsteriskServer, tmp_path: Path) -> AsyncIterator[Crowd]:
    crowd = Crowd(Killed(server, tmp_path / "centre.db"))
    yield crowd
    await crowd.centre.stop()
    crowd.close()


def tell(what: str, seconds: list[float]) -> float:
    """Print them; returns the p95."""
    p95 = quantiles(seconds, n=20)[18]
    print(f"  {what}: p50 {median(seconds) * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms")
    return p95


async def test_adoption_after_a_kill(crowd: Crowd) -> None:
    centre = crowd.centre
    await crowd.open()
    numbers = await crowd.call(2 * LIVE)
    await centre.kill()
    took_s = await centre.start()
    channels, bridges = await centre.left()
    print(f"\nadoption of {LIVE} live and {LIVE} waiting calls: {took_s:.3f} s (most {MOST_S} s)")
    print(f"  channels {len(channels)} of {3 * LIVE}, bridges {len(bridges)} of {LIVE}")
    assert (len(channels), len(bridges)) == (3 * LIVE, LIVE)
    assert len(crowd.rung) == LIVE, "somebody was rung again"
    for number in numbers:
        crowd.callers.hang_up(number)
        await asyncio.sleep(0.005)
    await centre.until_fact(ev.InteractionEnded, 2 * LIVE)
    await centre.stop()
    facts = await centre.facts()
    ends = check_books(facts)
    by = Counter(end.by for end in ends.values())
    print(f"  ends {len(ends)}, each once, by {dict(by)}; facts {len(facts)}")
    assert await centre.left() == ([], [])
    assert took_s < MOST_S


async def test_at_work_with_many_waiting(crowd: Crowd) -> None:
    centre = crowd.centre
    await crowd.open()
    numbers = await crowd.call(4 * LIVE)
    loop = asyncio.get_running_loop()
    left: list[float] = []
    for number in numbers[:LIVE]:
        left.append(loop.time())
        crowd.callers.hang_up(number)
        await asyncio.sleep(0.05)
    await centre.until_fact(ev.InteractionAnswered, 2 * LIVE)
    seconds = [rung - gone for gone, (_, rung) in zip(left, crowd.rung[LIVE:], strict=True)]
    print(f"\n{3 * LIVE} waiting with music, {LIVE} talking, {LIVE} callers hang up:")
    outside = tell("BYE of a caller to INVITE of the next one's agent", seconds)
    facts = await centre.facts()
    freed = [one.at for one in facts if isinstance(one, ev.InteractionEnded)]
    offered = [one.at for one in facts if isinstance(one, ev.InteractionOffered)][LIVE:]
    decided = [(offer - free).total_seconds() for free, offer in zip(freed, offered, strict=True)]
    p95 = tell("end of a call to the next offer, in the centre", decided)
    assert outside >= p95
    line = [one.interaction for one in facts if isinstance(one, ev.InteractionQueued)]
    served = [one.interaction for one in facts if isinstance(one, ev.InteractionOffered)]
    assert served == line[: 2 * LIVE], "not in the order of the line"
    for number in numbers[LIVE:]:
        crowd.callers.hang_up(number)
        await asyncio.sleep(0.005)
    await centre.until_fact(ev.InteractionEnded, 4 * LIVE)
    await centre.stop()
    ends = check_books(await centre.facts())
    print(
        f"  arrived, answered and ended: {len(ends)} of {4 * LIVE}; left in Asterisk: {await centre.left()}"
    )
    assert len(ends) == 4 * LIVE
    assert await centre.left() == ([], [])
    assert p95 < MOST_DECISION_S
