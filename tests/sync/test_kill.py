"""kill -9 of a desk at any moment: nothing that it reported as kept is lost, nothing is doubled."""

import asyncio
import random
import sys
from collections import Counter
from pathlib import Path

import pytest

from console.domain.call import CallEnd
from console.domain.events import CallNoted, CallRecorded
from console.history.rows import HistoryRow
from tests.history.desk_calls import DeskCalls
from tests.sync.small_centre import SmallCentre

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
KILLS = 8


async def run_desk(path: Path, centre: SmallCentre, seed: int, count: int, kill_after: int) -> list[str]:
    """Run the desk; kill it after so many lines (0: let it finish). What it said."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.sync.desk_process",
        str(path),
        centre.url,
        str(seed),
        str(count),
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )
    assert child.stdout is not None
    said = []
    async with asyncio.timeout(60):
        while line := await child.stdout.readline():
            said.append(line.decode().strip())
            if len(said) == kill_after:
                child.kill()
        code = await child.wait()
    assert code == (-9 if kill_after else 0)
    return said


async def history_of(path: Path) -> dict[str, HistoryRow]:
    desk = DeskCalls(path)
    rows = await desk.history.search(limit=100_000)
    assert (await desk.history.totals()).unsynced == 0
    await desk.database.close()
    assert len({row.call for row in rows}) == len(rows)
    return {str(row.call): row for row in rows}


def check_books(said: list[str], rows: dict[str, HistoryRow], centre: SmallCentre) -> None:
    told = {
        word: {line.split()[1] for line in said if line.startswith(word)}
        for word in ("begun", "ended", "noted")
    }
    assert told["begun"] | told["ended"] <= set(rows), "a call that was reported as kept is gone"
    for call in told["ended"]:
        assert rows[call].end is CallEnd.HUNG_UP_THERE
    for call in told["noted"]:
        assert rows[call].note == f"note on {call}"
    assert all(row.end is not None for row in rows.values())
    assert all(row.synced for row in rows.values())
    recorded = Counter(str(one.call) for one in centre.ledger.values() if isinstance(one, CallRecorded))
    assert set(recorded) == set(rows)
    assert set(recorded.values()) == {1}, "a call was doubled"
    noted = {str(one.call) for one in centre.ledger.values() if isinstance(one, CallNoted)}
    assert told["noted"] <= noted


async def test_kill_9_of_the_desk_loses_and_doubles_nothing(centre: SmallCentre, tmp_path: Path) -> None:
    path, draw, said = tmp_path / "desk.db", random.Random(20), []
    for turn in range(KILLS):
        said += await run_desk(path, centre, turn, 1000, draw.randrange(1, 60))
    said += await run_desk(path, centre, 99, 0, 0)
    rows = await history_of(path)
    assert len(rows) > KILLS
    check_books(said, rows, centre)


async def test_kill_9_while_answers_are_lost_and_the_centre_comes_and_goes(
    centre: SmallCentre, tmp_path: Path
) -> None:
    path, draw, said = tmp_path / "desk.db", random.Random(4), []

    def lose_some(body: bytes) -> tuple[int, dict[str, str], bytes] | None:
        if draw.random() < 0.5:
            return None
        centre._records(body)
        return 502, {}, b"lost on the way"

    centre.answer_records = lose_some
    for turn in range(KILLS):
        said += await run_desk(path, centre, turn, 1000, draw.randrange(1, 60))
    centre.answer_records = lambda _: None
    said += await run_desk(path, centre, 99, 0, 0)
    check_books(said, await history_of(path), centre)


async def test_a_desk_that_finishes_has_everything_delivered(centre: SmallCentre, tmp_path: Path) -> None:
    said = await run_desk(tmp_path / "desk.db", centre, 1, 20, 0)
    assert said[-1] == "done"
    rows = await history_of(tmp_path / "desk.db")
    assert len(rows) == 20
    check_books(said, rows, centre)
