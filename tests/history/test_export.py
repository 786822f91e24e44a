import csv
import io
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.domain.call import CallEnd, Quality
from console.domain.errors import BadInput, StoreError
from console.history.export import COLUMNS, export_csv, export_json
from tests.history.desk_calls import DeskCalls


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[DeskCalls]:
    desk = DeskCalls(tmp_path / "desk.db")
    await desk.recorder.start()
    yield desk
    await desk.close()


def names_in(folder: Path, pattern: str) -> list[str]:
    return sorted(file.name for file in folder.glob(pattern))


def read_csv(path: Path) -> list[dict[str, str]]:
    text = path.read_bytes().decode("utf-8-sig")
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


async def test_csv_keeps_every_character(desk: DeskCalls, tmp_path: Path) -> None:
    call = desk.arrive("sip:+4930123456@pbx", 'Müller, "Max"', queue="Billing", waited_s=3.5)
    desk.answer(call)
    desk.clock.move(61)
    desk.end(call, CallEnd.HUNG_UP_HERE, Quality(codec="PCMU", mos=4.1, loss_percent=0.5))
    await desk.recorder.flush()
    await desk.history.note(call, "Solved", "two\nlines; and a\ttab")
    path = tmp_path / "calls.csv"
    assert await export_csv(desk.database, path) == 1
    (row,) = read_csv(path)
    assert tuple(row) == COLUMNS
    assert row["name"] == 'Müller, "Max"'
    assert row["note"] == "two\nlines; and a\ttab"
    assert (row["number"], row["queue"], row["waited_s"], row["talk_s"]) == (
        "+4930123456",
        "Billing",
        "3.5",
        "61.0",
    )
    assert (row["mos"], row["codec"], row["end"]) == ("4.1", "PCMU", "hung_up_here")
    assert row["started_at"] == "2026-11-22T09:00:00+00:00"
    assert (row["call"], row["interaction"]) == (str(call), "")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert not path.read_bytes().startswith(b"\xef\xbb\xbf")


FORMULAS = [
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    " =HYPERLINK(1)",
    "\uff1d1+1",
    "+49 30 1",
    "+",
]


@pytest.mark.parametrize("name", FORMULAS)
async def test_no_cell_is_a_formula(desk: DeskCalls, tmp_path: Path, name: str) -> None:
    call = await desk.whole_call("sip:=1@pbx", name)
    await desk.history.note(call, name, "\t=1")
    path = tmp_path / "calls.csv"
    await export_csv(desk.database, path, bom=True)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    (row,) = read_csv(path)
    assert row["name"] == "'" + name.strip()
    assert row["disposition"].startswith("'")
    assert row["number"] == "'=1"
    harmless = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'")
    assert all(cell[0] in harmless for cell in row.values() if cell)


async def test_json_is_the_same_rows(desk: DeskCalls, tmp_path: Path) -> None:
    for number in range(3):
        await desk.whole_call(f"sip:{number}@pbx", "=name", CallEnd.MISSED)
    path = tmp_path / "calls.json"
    assert await export_json(desk.database, path) == 3
    rows = json.loads(path.read_text(encoding="utf-8"))
    assert [row["number"] for row in rows] == ["2", "1", "0"]
    assert tuple(rows[0]) == COLUMNS
    assert (rows[0]["name"], rows[0]["mos"], rows[0]["delivery"]) == ("=name", None, "waiting")


async def test_an_empty_history_exports_to_valid_files(desk: DeskCalls, tmp_path: Path) -> None:
    assert await export_csv(desk.database, tmp_path / "a.csv") == 0
    assert await export_json(desk.database, tmp_path / "a.json") == 0
    assert read_csv(tmp_path / "a.csv") == []
    assert (tmp_path / "a.json").read_bytes() == b"[]\n"


async def test_an_export_takes_what_a_search_finds_all_of_it(desk: DeskCalls, tmp_path: Path) -> None:
    for number in range(1200):
        desk.end(desk.arrive(f"sip:{number}@pbx", "Berta" if number % 2 else "Caesar"), CallEnd.MISSED)
    await desk.recorder.flush()
    assert await export_csv(desk.database, tmp_path / "a.csv", text="berta", only="missed") == 600
    assert {row["name"] for row in read_csv(tmp_path / "a.csv")} == {"Berta"}
    assert await export_json(desk.database, tmp_path / "a.json") == 1200
    with pytest.raises(BadInput):
        await export_csv(desk.database, tmp_path / "b.csv", only="nothing")


async def test_a_file_that_cannot_be_written_is_told(desk: DeskCalls, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        await export_csv(desk.database, tmp_path / "nowhere" / "a.csv")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match="Name a file"):
        await export_json(desk.database, tmp_path / "folder")
    with pytest.raises(StoreError, match="Name a file"):
        await export_csv(desk.database, Path(os.devnull))


async def test_on_a_full_disk_the_export_of_before_stays(desk: DeskCalls, tmp_path: Path) -> None:
    await desk.whole_call("sip:1@a")
    path = tmp_path / "a.csv"
    await export_csv(desk.database, path)
    before = path.read_bytes()
    await desk.whole_call("sip:2@a")
    (tmp_path / "a.csv.part").symlink_to("/dev/full")
    with pytest.raises(StoreError, match="No space left"):
        await export_csv(desk.database, path)
    assert path.read_bytes() == before
    assert names_in(tmp_path, "a.csv*") == ["a.csv"]
