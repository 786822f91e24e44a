"""kill -9 while checkpoints and increments are written: the figures are those of the ledger, to the digit."""

import asyncio
import os
import random
import signal
import sys
from pathlib import Path

import pytest

from console.ledger.checkpoints import Checkpoints
from tests.centre.doubles import Room
from tests.centre.test_memory import SETTINGS, SturdySwitch, all_increments, refolded, shown

CHILD = "tests.centre.keeping_child"
ROOT = Path(__file__).parents[2]
ROUNDS = 5


@pytest.mark.e2e
async def test_killed_again_and_again_the_figures_are_those_of_the_ledger(tmp_path: Path) -> None:
    dice = random.Random(5)
    file = tmp_path / "centre.db"
    covered = []
    for _ in range(ROUNDS):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", CHILD, str(file), stdout=asyncio.subprocess.PIPE, cwd=ROOT,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )  # fmt: skip
        assert child.stdout is not None
        assert await asyncio.wait_for(child.stdout.readline(), 60) == b"ready\n"
        await asyncio.wait({asyncio.ensure_future(child.wait())}, timeout=dice.uniform(0.2, 1.5))
        child.send_signal(signal.SIGKILL)
        assert await child.wait() == -signal.SIGKILL
        room = await Room.open(file, SETTINGS, SturdySwitch())
        assert await all_increments(room) == shown((await refolded(room)).take_increments())
        covered.append(await Checkpoints(room.ledger.database).covered())
        await room.crash()
    assert covered == sorted(covered)
    assert covered[-1] > 0
