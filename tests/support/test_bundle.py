"""A bundle holds what helps; planted secrets and people of every kind, in every source, are not in it."""

import asyncio
import json
import sqlite3
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from console.__main__ import main
from console.clock import StoppedClock
from console.domain.address import Address
from console.domain.errors import BadInput, StoreError
from console.domain.events import InteractionArrived
from console.ledger.ledger import Ledger
from console.support.bundle import Source, collect, save, tail
from console.support.crashes import Crashes
from console.support.redaction import Redactor
from tests.support.test_redaction import PEOPLE, SECRETS

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PLANTED = {**SECRETS, **PEOPLE}
NAMES = ("Erika Mustermann", "ada")


def contents_of(file: Path) -> dict[str, str]:
    with zipfile.ZipFile(file) as bundle:
        return {name: bundle.read(name).decode() for name in bundle.namelist()}


def planted_text() -> str:
    return "\n".join(f"2026-11-23 02:31:39,123 INFO x: {text}" for text, _ in PLANTED.values())


def nothing_left(found: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (name, kind)
        for name, text in found.items()
        for kind, (_, telling) in PLANTED.items()
        if telling in text
    ]


def history(file: Path) -> None:
    """A desk's history with one call, as its room makes it."""
    from console.history.schema import history_migrations
    from console.store.database import Database
    from console.store.outbox import outbox_migrations

    Database.open(file, [history_migrations, outbox_migrations]).close_now()
    with sqlite3.connect(file) as opened:
        opened.execute(
            "INSERT INTO call (call, record, agent, incoming, uri, name, digits, account, queue, skills, "
            "started_at, seen_at, note, quality) VALUES ('c', 'r', 'ada', 1, 'sip:erika.m@example.org', "
            "'Erika Mustermann', '4930123456', 'a', 'sales', '', '2026-11-22T12:00:00+00:00', "
            "'2026-11-22T12:00:00+00:00', 'her password is hunter2-Xy', "
            '\'{"codec":"G722","mos":4.1,"loss_percent":0.5,"jitter_ms":12.5}\')'
        )
        opened.execute(
            "INSERT INTO peer (key, uri, name, user, digits, last_at, calls, score) VALUES "
            "('k', 'sip:erika.m@example.org', 'Erika Mustermann', 'erika.m', '4930123456', '', 1, 1)"
        )
    opened.close()


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A desk's folder with something planted in each of its files."""
    folder = tmp_path / "desk"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "desk.log").write_text(planted_text())
    (folder / "logs" / "desk.log.1").write_text(planted_text())
    (folder / "desk.toml").write_text(
        'user = "ada"\ncentre = "https://ada:hunter2-Xy@centre.example"\n'
        '[phone]\nuri = "sip:erika.m@example.org"\nusername = "erika.m"\n'
        'registrar = "sip:ada:hunter2-Xy@pbx.example"\n'
    )
    crashes = Crashes(folder / "crashes", StoppedClock(NOON), redact=lambda text: text)
    crashes.keep("exception", planted_text())
    history(folder / "desk.db")
    return folder


def test_a_desk_s_bundle_holds_no_secret_and_nobody(
    desk: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "b.zip"
    assert main(["support-bundle", "--data", str(desk), "--to", str(file), "--yes"]) == 0
    found = contents_of(file)
    assert nothing_left(found) == []
    assert file.stat().st_mode & 0o777 == 0o600
    (crash,) = (name for name in found if name.startswith("crashes/"))
    listed = {"versions.json", "doctor.json", "settings.json", "calls.json", "folder.txt"}
    assert set(found) == {*listed, "logs/desk.log", "logs/desk.log.1", crash, "contents.txt"}
    (call,) = json.loads(found["calls.json"])
    assert (call["quality"]["mos"], call["quality"]["jitter_ms"]) == (4.1, 12.5)
    assert found["logs/desk.log"].count("2026-11-23 02:31:39,123 INFO x:") == len(PLANTED)
    told = capsys.readouterr().out
    assert all(name in told for name in found if name != "contents.txt")
    settings: Any = json.loads(found["settings.json"])
    origins = {name: row["origin"] for name, row in settings["settings"].items()}
    assert origins["phone.uri"] == "user"
    assert origins["phone.transport"] == "built_in"


def test_a_centre_s_bundle_holds_no_secret_and_nobody(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'centre.db'}"

    async def fill() -> None:
        clock = StoppedClock(NOON)
        ledger = await Ledger.open(url)
        who = Address("sip:erika.m@example.org", "Erika Mustermann")
        new = clock.new_id()
        await ledger.append(
            [InteractionArrived(id=new, at=NOON, interaction=new, customer=who, called="sales")]
        )
        await ledger.close()

    asyncio.run(fill())
    config, log, file = tmp_path / "centre.toml", tmp_path / "centre.log", tmp_path / "b.zip"
    config.write_text(
        f'[server]\ndatabase = "{url}"\n[[queues]]\nkey = "sales"\n'
        '[[agents]]\nkey = "ada"\nname = "Erika Mustermann"\nqueues = ["sales"]\n'
        '[[users]]\nname = "ada"\npassword_hash = "$argon2id$v=19$m=9,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub"\n'
        '[provision.users.ada.phone]\nuri = "sip:erika.m@example.org"\n'
    )
    log.write_text(planted_text())
    words = ["support-bundle", "--config", str(config), "--log", str(log), "--to", str(file), "--yes"]
    assert main(words) == 0
    found = contents_of(file)
    assert nothing_left(found) == []
    assert json.loads(found["centre/ledger.json"])["shape"]["events"] == {"InteractionArrived": 1}
    assert json.loads(found["centre/settings.json"])["agents"] == "1 of them"


def test_what_cannot_be_read_is_told_and_the_rest_is_taken(desk: Path, tmp_path: Path) -> None:
    (desk / "logs" / "desk.log.1").unlink()
    (desk / "logs" / "desk.log.1").mkdir()
    (desk / "desk.db").write_bytes(b"no database")
    (desk / "desk.toml").write_text("[[[ no TOML")
    file = tmp_path / "b.zip"
    assert main(["support-bundle", "--data", str(desk), "--to", str(file), "--yes"]) == 0
    found = contents_of(file)
    assert found["contents.txt"].count("could not be read") == 2
    assert "logs/desk.log" in found
    assert "faults" in json.loads(found["settings.json"])


def test_a_long_log_gives_its_end_from_the_beginning_of_a_line(tmp_path: Path) -> None:
    file = tmp_path / "x.log"
    with file.open("wb") as out:
        for number in range(300_000):
            out.write(b"line %07d of it\n" % number)
    lines = tail(file).splitlines()
    assert lines[-1] == "line 0299999 of it"
    assert lines[0].startswith("line ")
    assert len(lines) < 300_000


def test_a_bundle_that_cannot_be_saved_leaves_nothing(tmp_path: Path) -> None:
    entries = collect([Source("a", "a text", lambda: "x")], Redactor())
    with pytest.raises(BadInput, match="folder"):
        save(entries, tmp_path / "no" / "b.zip", NOON)
    (tmp_path / "b.zip").mkdir()
    with pytest.raises((BadInput, StoreError)):
        save(entries, tmp_path / "b.zip", NOON)
    assert [path.name for path in tmp_path.iterdir()] == ["b.zip"]
