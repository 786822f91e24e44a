"""kill -9 at random moments: nothing acknowledged is lost, nothing is doubled, work goes on afterwards."""

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest

from console.bus import Bus
from console.clock import SystemClock
from console.demo import scenario
from console.demo.floor import Floor, prepare_floor
from console.demo.hands import InnerHand
from console.demo.peers import Voice
from console.demo.robots import RobotCustomer
from console.demo.scenario import BRISK
from console.demo.sound import AGENT_TONES, CUSTOMER_TONES, DESK_TONE
from console.domain import events as ev
from console.domain.agent import AgentState
from console.ledger.ledger import Ledger
from console.metrics.snapshot import Fold
from console.sync.backoff import Backoff
from console.sync.link import Link
from console.telephony.pjsua import PjsuaEngine

pytestmark = [pytest.mark.e2e, pytest.mark.sip]

CLOCK = SystemClock()
_ROUNDS = 3


async def _call(floor: Floor, number: int, talk_s: float) -> bool:
    """One customer calls; whether it heard the desk."""
    customer = RobotCustomer(
        f"sip:100@{floor.sip_udp}",
        Voice(tone=CUSTOMER_TONES[0], listens_for=(*AGENT_TONES, DESK_TONE)),
        number=f"+4930{number:04d}",
        patience_s=4.0,
        talk_s=talk_s,
    )
    return (await customer.run()).heard


async def _at_work(watch: Link, after: int) -> None:
    """Wait until the board is newer than a sequence and the desk can be rung: its agent is ready, which a
    centre's death does not change, and it is linked, which comes later.
    """

    def fits() -> bool:
        board = watch.board
        if board is None or board.sequence <= after:
            return False
        (row,) = board.agents
        return row.state is AgentState.READY and row.linked

    changed = asyncio.Event()
    undo = watch.on_board(lambda _: changed.set())
    async with asyncio.timeout(60.0):
        while not fits():
            await changed.wait()
            changed.clear()
    undo()


async def _kill_in_a_call(floor: Floor, watch: Link, number: int, after_s: float) -> tuple[int, bool]:
    """Kill the centre in a call: what was acknowledged before, and whether the customer was served."""
    call = asyncio.create_task(_call(floor, number, talk_s=4.0))
    await asyncio.wait({call}, timeout=after_s)
    seen = watch.board.sequence if watch.board else 0
    floor.kill()
    await floor.stop()
    heard = await call
    last = await _last_fact(floor)
    await floor.start()
    await _at_work(watch, last)
    return seen, heard


async def _last_fact(floor: Floor) -> int:
    """What the dead centre wrote last; some of it the board may not have shown yet."""
    ledger = await Ledger.open(floor.database)
    last = await ledger.last_sequence()
    await ledger.close()
    return last


async def test_a_centre_killed_again_and_again_keeps_every_acknowledged_fact(
    tmp_path: Path, free_port: int
) -> None:
    dice = random.Random(11)
    floor = prepare_floor(tmp_path, scenario.agents(0, 1), BRISK, port=free_port)
    await floor.start()
    hand = InnerHand(floor, CLOCK, {}, PjsuaEngine, tmp_path / "desk")
    # It only looks on: unlike the desk it need not be gentle with a centre that is back.
    watch = Link(Bus(), CLOCK, None, contact=lambda: "", backoff=Backoff(0.1, 0.5))
    watch.want_board(wanted=True)
    kills: list[tuple[int, bool]] = []
    try:
        await watch.sign_in(floor.url, scenario.SUPERVISOR, floor.password)
        await hand.open()
        await _at_work(watch, 0)
        for number in range(_ROUNDS):
            kill = await _kill_in_a_call(floor, watch, number, dice.uniform(0.3, 2.5))
            kills.append(kill)
        assert await _call(floor, _ROUNDS, talk_s=1.0), "no call got through after the last restart"
        book = (await hand.finish()).book
    finally:
        await hand.close()
        await watch.stop()
        await floor.stop()
    ledger = await Ledger.open(floor.database)
    facts = [numbered async for numbered in ledger.read()]
    await ledger.close()
    assert book.unsynced_rows == 0
    assert [sequence for sequence, _ in facts] == list(range(1, len(facts) + 1))
    assert len(facts) >= max(seen for seen, _ in kills)
    assert max(Counter(event.id for _, event in facts).values()) == 1
    records = [event for _, event in facts if isinstance(event, ev.CallRecorded)]
    assert len({record.call for record in records}) == len(records) == book.history_rows
    _check_interactions(facts, served=sum(heard for _, heard in kills) + 1)


def _check_interactions(facts: list[tuple[int, ev.LedgerEvent]], served: int) -> None:
    """Every interaction ends exactly once, and the figures add up."""
    arrived = {event.interaction for _, event in facts if isinstance(event, ev.InteractionArrived)}
    ends = Counter(event.interaction for _, event in facts if isinstance(event, ev.InteractionEnded))
    assert set(ends) == arrived
    assert max(ends.values()) == 1
    fold = Fold()
    for sequence, event in facts:
        fold.apply(event, sequence)
    total = fold.snapshot(CLOCK.now()).total
    assert total is not None
    assert total.waiting_since == ()
    counts = total.counts
    assert counts.offered == len(arrived) == counts.answered + counts.abandoned + counts.flowed_out
    assert counts.answered >= served
