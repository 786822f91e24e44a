"""Backups are whole and as of one moment; restores check everything first and change nothing when refused."""

import asyncio
import gzip
import io
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from console.__main__ import main
from console.ledger.ledger import Ledger
from tests.ledger.conftest import PostgresServer
from tests.support.conftest import EVENTS, House, fill

_SMALL = 30_000
"""Bytes that a full disk still takes."""


async def ctl(*words: object) -> int:
    """As IT types it; commands have a loop of their own."""
    return await asyncio.to_thread(main, [str(word) for word in words])


async def bodies(url: str) -> list[object]:
    ledger = await Ledger.open(url)
    found = [numbered async for numbered in ledger.read()]
    await ledger.close()
    return list(found)


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def repack(file: Path, change: Callable[[str, bytes], bytes | None], extra: dict[str, bytes]) -> None:
    """A backup with other content, as a mistaken or wicked hand would make it."""
    with tarfile.open(file) as old:
        members = {info.name: old.extractfile(info).read() for info in old}  # type: ignore[union-attr]
    with tarfile.open(file, "w:gz") as new:
        for name, data in ({**extra, **members}).items():
            changed = change(name, data)
            if changed is not None:
                info = tarfile.TarInfo(name)
                info.size = len(changed)
                new.addfile(info, io.BytesIO(changed))


@pytest.mark.parametrize("ending", ["tar.gz", "tar.zst"])
async def test_a_backup_of_a_ledger_in_use_is_restored_elsewhere_the_same(
    house: House, tmp_path: Path, ending: str
) -> None:
    file, new = tmp_path / f"b.{ending}", tmp_path / "new"
    assert await ctl("backup", "--config", house.config, "--to", file) == 0
    assert file.stat().st_mode & 0o777 == 0o600
    assert await ctl("restore", "--verify", "--from", file) == 0
    url = f"sqlite:///{new / 'centre.db'}"
    to = ("--config", new / "centre.toml", "--database", url, "--messages", new / "messages")
    shutil.rmtree(house.passwords)
    assert await ctl("restore", "--from", file, *to) == 0
    assert await bodies(url) == await bodies(house.url)
    assert names(new) == {"centre.db", "centre.toml", "messages"}
    assert names(new / "messages") == {"one.wav"}
    assert (new / "centre.toml").read_text() == house.config.read_text()
    assert (new / "centre.db").stat().st_mode & 0o777 == 0o600
    with sqlite3.connect(new / "centre.db") as copy:
        assert copy.execute("SELECT name FROM users").fetchall() == [("ada",)]
    copy.close()


async def test_what_is_written_meanwhile_is_in_the_next_backup(house: House, tmp_path: Path) -> None:
    """The copy is one snapshot: no half of a transaction, and nobody who writes waits or fails."""
    ledger = await Ledger.open(house.url)
    known = [event async for _, event in ledger.read()]

    async def write() -> None:
        for number in range(200):
            again = msgspec.structs.replace(
                known[0], id=msgspec.structs.replace(known[0]).id.__class__(int=number)
            )
            await ledger.append([again])

    file = tmp_path / "b.tar.gz"
    _, done = await asyncio.gather(write(), ctl("backup", "--config", house.config, "--to", file))
    assert done == 0
    assert await ctl("restore", "--verify", "--from", file) == 0
    assert await ledger.count() == EVENTS + 200
    await ledger.close()


def test_a_restore_refuses_what_is_there_and_with_force_keeps_it_aside(
    resting: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b.tar.gz"
    assert main(["backup", "--config", str(resting.config), "--to", str(file)]) == 0
    before = (resting.folder / "centre.db").read_bytes()
    restore = ["restore", "--config", str(resting.config), "--from", str(file)]
    assert main(restore) == 2
    assert "--force" in capsys.readouterr().err
    assert (resting.folder / "centre.db").read_bytes() == before
    (resting.folder / "centre.db").write_bytes(b"scrambled")
    assert main([*restore, "--force"]) == 0
    aside = {name.split(".before-restore-")[0] for name in names(resting.folder) if "before-restore" in name}
    assert aside == {"centre.db", "messages", "passwords"}
    (old,) = resting.folder.glob("centre.db.before-restore-*")
    assert old.read_bytes() == b"scrambled"
    assert len(asyncio.run(bodies(resting.url))) == EVENTS
    assert (resting.passwords / "ada").read_text() == "sesame"


async def test_a_restore_over_a_ledger_in_use_is_refused_even_with_force(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b.tar.gz"
    assert await ctl("backup", "--config", house.config, "--to", file) == 0
    assert await ctl("restore", "--config", house.config, "--from", file, "--force") == 1
    assert "Stop it first" in capsys.readouterr().err
    assert not list(house.folder.glob("*before-restore*"))


def test_settings_that_are_there_stay_unless_asked_for(resting: House, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    assert main(["backup", "--config", str(resting.config), "--to", str(file)]) == 0
    saved = resting.config.read_text()
    own = saved.replace("[server]", "[server]\nport = 1234")
    resting.config.write_text(own)
    restore = ["restore", "--config", str(resting.config), "--from", str(file), "--force"]
    assert main(restore) == 0
    assert resting.config.read_text() == own
    assert resting.config.with_name("centre.toml.from-backup").read_text() == saved
    assert main([*restore, "--settings"]) == 0
    assert resting.config.read_text() == saved
    (aside,) = resting.folder.glob("centre.toml.before-restore-*")
    assert aside.read_text() == own


@pytest.mark.parametrize("ending", ["tar.gz", "tar.zst"])
@pytest.mark.parametrize("part", [0.0, 0.3, 0.97])
def test_a_backup_that_is_cut_off_changes_nothing(
    resting: House, tmp_path: Path, ending: str, part: float, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / f"b.{ending}"
    assert main(["backup", "--config", str(resting.config), "--to", str(file)]) == 0
    whole = file.read_bytes()
    file.write_bytes(whole[: int(len(whole) * part)])
    before = {path: path.read_bytes() for path in resting.folder.rglob("*") if path.is_file()}
    assert main(["restore", "--config", str(resting.config), "--from", str(file), "--force"]) == 1
    told = capsys.readouterr().err
    assert str(file) in told
    assert {path: path.read_bytes() for path in resting.folder.rglob("*") if path.is_file()} == before


def _flipped(name: str, data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1]) if name == "messages/one.wav" else data


def _newer_tables(name: str, data: bytes) -> bytes:
    return data.replace(b"0002", b"9999") if name == "centre.sqlite" else data


def _newer_form(name: str, data: bytes) -> bytes:
    return data.replace(b'"form": 1', b'"form": 9') if name == "manifest.json" else data


def _no_manifest(name: str, data: bytes) -> bytes | None:
    return None if name == "manifest.json" else data


def _same(_: str, data: bytes) -> bytes:
    return data


@pytest.mark.parametrize(
    ("change", "extra", "told"),
    [
        (_flipped, {}, "not what was backed up"),
        (_newer_tables, {}, "backed up"),
        (_newer_form, {}, "newer Callboard"),
        (_no_manifest, {}, "cut off"),
        (_same, {"../evil": b"x"}, "plain name"),
        (_same, {"/etc/evil": b"x"}, "plain name"),
        (_same, {"other": b"x"}, "does not belong"),
        (_same, {"messages/more.wav": b"x"}, "more in it"),
    ],
)
def test_a_backup_that_was_changed_is_refused(
    resting: House,
    tmp_path: Path,
    change: Callable[[str, bytes], bytes | None],
    extra: dict[str, bytes],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = tmp_path / "b.tar.gz"
    assert main(["backup", "--config", str(resting.config), "--to", str(file)]) == 0
    repack(file, change, extra)
    assert main(["restore", "--verify", "--from", str(file)]) == 1
    assert told in capsys.readouterr().err
    assert not (tmp_path / "evil").exists()


def test_a_backup_of_a_newer_ledger_is_refused(
    resting: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Made and signed by a newer program, so every sum is right."""
    with sqlite3.connect(resting.folder / "centre.db") as ledger:
        ledger.execute("UPDATE alembic_version SET version_num = '9999'")
    ledger.close()
    assert main(["backup", "--config", str(resting.config), "--to", str(tmp_path / "b.tar.gz")]) == 1
    assert "newer Callboard" in capsys.readouterr().err


@pytest.mark.parametrize(
    "junk", [b"", b"hello", b"\x28\xb5\x2f\xfdnonsense", gzip.compress(b"no tar", mtime=0)]
)
def test_what_is_no_backup_is_told(tmp_path: Path, junk: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "b.tar.gz"
    file.write_bytes(junk)
    assert main(["restore", "--verify", "--from", str(file)]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("ending", ["tar.gz", "tar.zst"])
def test_a_full_disk_leaves_no_half_backup(resting: House, tmp_path: Path, ending: str) -> None:
    (resting.messages / "long.wav").write_bytes(random.Random(1).randbytes(1_000_000))
    out = tmp_path / "out"
    out.mkdir()
    done = _limited(250_000, "backup", "--config", str(resting.config), "--to", str(out / f"b.{ending}"))
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "disk" in done.stderr
    assert names(out) == set()


def test_a_disk_that_is_full_while_restoring_leaves_all_as_it_was(resting: House, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    assert main(["backup", "--config", str(resting.config), "--to", str(file)]) == 0
    before = {path: path.read_bytes() for path in resting.folder.rglob("*") if path.is_file()}
    done = _limited(_SMALL, "restore", "--config", str(resting.config), "--from", str(file), "--force")
    assert done.returncode == 1, done.stderr
    assert "disk is full" in done.stderr
    assert {path: path.read_bytes() for path in resting.folder.rglob("*") if path.is_file()} == before


def _limited(limit: int, *words: str) -> subprocess.CompletedProcess[str]:
    """`callboardctl` on a disk that takes no file larger than `limit` bytes."""
    return subprocess.run(
        [sys.executable, "-m", "console", *words],
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


def test_only_the_newest_dated_backups_stay(resting: House, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for day in range(1, 6):
        (out / f"callboard-2026010{day}T000000Z.tar.gz").write_bytes(b"")
    (out / "mine.tar.gz").write_bytes(b"")
    assert main(["backup", "--config", str(resting.config), "--to", str(out), "--keep", "2"]) == 0
    left = sorted(names(out))
    assert len(left) == 3
    assert left[0] == "callboard-20260105T000000Z.tar.gz"
    assert left[-1] == "mine.tar.gz"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["backup", "--to", "b.zip"], "tar.gz"),
        (["backup", "--database", "sqlite:////nowhere/x.db", "--to", "{}/b.tar.gz"], "no ledger"),
        (["backup", "--config", "/nowhere.toml", "--to", "{}/b.tar.gz"], "no such file"),
        (["backup", "--to", "{}/no/b.tar.gz"], "no folder"),
        (["backup", "--to", "{}/b.tar.gz", "--keep", "3"], "folder"),
        (["restore", "--from", "{}/none.tar.gz", "--verify"], "no backup"),
        (["restore", "--from", "{}/none.tar.gz"], "--config"),
    ],
)
def test_bad_use_is_told_in_one_line(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.format(tmp_path) for word in words]) in {1, 2}
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
    assert list(tmp_path.iterdir()) == []


def test_an_empty_or_foreign_database_is_no_ledger(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with sqlite3.connect(tmp_path / "x.db") as other:
        other.execute("CREATE TABLE songs (name TEXT)")
    other.close()
    url = f"sqlite:///{tmp_path / 'x.db'}"
    assert main(["backup", "--database", url, "--to", str(tmp_path / "b.tar.gz")]) == 1
    assert "no ledger" in capsys.readouterr().err


@pytest.mark.e2e
async def test_a_ledger_on_postgresql_goes_to_sqlite_and_back(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    here = House(tmp_path / "here", postgres.fresh())
    file, lite = tmp_path / "b.tar.gz", f"sqlite:///{tmp_path / 'lite.db'}"
    ledger = await fill(here.url)
    assert await ctl("backup", "--config", here.config, "--to", file) == 0
    assert await ctl("restore", "--from", file, "--config", here.config, "--force") == 1, "it is in use"
    await ledger.close()
    facts = await bodies(here.url)
    assert len(facts) == EVENTS
    messages = ("--messages", tmp_path / "messages")
    assert await ctl("restore", "--from", file, "--database", lite, *messages) == 0
    assert await bodies(lite) == facts
    other = postgres.fresh()
    messages = ("--messages", tmp_path / "more")
    assert await ctl("restore", "--from", file, "--database", other, *messages) == 0
    assert await bodies(other) == facts
    assert await ctl("restore", "--from", file, "--database", other, *messages) == 2, "something is there"
    assert await ctl("restore", "--from", file, "--database", other, *messages, "--force") == 0
    assert await bodies(other) == facts
    assert any("before-restore" in name for name in names(tmp_path))
    ledger = await Ledger.open(other)
    event = msgspec.structs.replace(facts[0][1], id=ledger_id())  # type: ignore[index]
    assert await ledger.append([event]) == [EVENTS + 1]
    await ledger.close()


def ledger_id() -> object:
    from console.clock import SystemClock

    return SystemClock().new_id()
