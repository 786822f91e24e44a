"""A real centre gives a real desk its settings after sign-in; a link changes more, a bad one nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.provision.link import make_link
from console.server.auth import hash_password
from console.signature import new_key, public_of

pytestmark = [pytest.mark.e2e, pytest.mark.sip]
HOUSE = Path(__file__).resolve().parents[2]
KEY, STRANGER = new_key(), new_key()
VALUES: dict[str, object] = {"phone.transport": "tcp", "window.theme": "dark", "phone.srtp": "off"}
CENTRE = """
[server]
port = 0
[switch]
kind = "none"
[[queues]]
key = "support"
name = "Support"
[[agents]]
key = "ada"
queues = ["support"]
[[users]]
name = "ada"
password_hash = "{hash}"
[provision]
passwords = "{folder}/passwords"
trusted_keys = ["{key}"]
[provision.desks]
phone.codecs = ["PCMA"]
history.keep_days = 9
start.autostart = true
[provision.queues.support]
phone.registrar = "sip:127.0.0.1:9"
history.keep_days = 8
[provision.users.ada]
phone.uri = "sip:ada@127.0.0.1"
history.keep_days = 7
"""
POLICY = """organisation = "Example IT"
[locks]
phone.codecs = ["G722"]
phone.bind = "127.0.0.1"
"""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A centre's URL."""
    folder = tmp_path_factory.mktemp("centre")
    (folder / "passwords").mkdir()
    (folder / "passwords" / "ada").write_text("s3cret of the telephone\n")
    config = folder / "centre.toml"
    config.write_text(CENTRE.format(hash=hash_password("ada-secret"), folder=folder, key=public_of(KEY)))
    process = subprocess.Popen(
        [sys.executable, "-m", "console", "centre", "--config", str(config), "--database",
         f"sqlite:///{folder / 'c.db'}", "--until-stdin-closes"],
        cwd=HOUSE, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    yield process.stdout.readline().strip().removeprefix("listening on ")
    process.communicate(timeout=30)


def _desk(folder: Path, centre: str, link: str, policy: str = POLICY) -> list[Any]:
    """What a desk told, line by line."""
    (folder / "policy.toml").write_text(policy)
    (folder / "desk.toml").write_text('# mine\n[start]\nautostart = false\n[window]\nlanguage = "en"\n')
    done = subprocess.run(
        [sys.executable, str(HOUSE / "tests/e2e/provisioned_desk.py"), str(folder),
         str(folder / "policy.toml"), centre, "ada", "ada-secret", link],
        cwd=HOUSE, capture_output=True, text=True, timeout=90, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_desk_is_set_up_by_its_centre_and_by_a_link(centre: str, tmp_path: Path) -> None:
    link = make_link(KEY, "Example IT", VALUES, datetime.now(UTC) + timedelta(days=1))
    before, changes, after = _desk(tmp_path, centre, link)
    settings, origin = before["settings"], before["from"]
    assert (settings["phone.uri"], origin["phone.uri"]) == ("sip:ada@127.0.0.1", "PROVISIONED")
    assert settings["phone.registrar"] == "sip:127.0.0.1:9"
    assert settings["history.keep_days"] == 7  # the user's goes before the queue's, that before the desks'
    assert (settings["start.autostart"], origin["start.autostart"]) == (False, "USER")
    assert (settings["phone.codecs"], origin["phone.codecs"]) == (["G722"], "LOCK")
    assert before["account"] == ["sip:ada@127.0.0.1", "s3cret of the telephone", "udp"]
    assert before["passwords"] == ["s3cret of the telephone"]

    assert changes == [
        "Transport: UDP becomes TCP.",
        "Theme: Like the system becomes Dark.",
        "Encrypted sound: Off, as it is already.",
    ]
    assert (after["settings"]["window.theme"], after["from"]["window.theme"]) == ("dark", "PROVISIONED")
    assert after["account"] == ["sip:ada@127.0.0.1", "s3cret of the telephone", "tcp"]
    assert "The settings of Example IT are in use." in after["notices"]

    kept = (tmp_path / "desk.toml").read_text()
    assert kept.startswith(f'# mine\ncentre = "{centre}"\nuser = "ada"\n') or f'centre = "{centre}"' in kept
    for theirs in ("codecs", "keep_days", "registrar", "dark", "s3cret"):
        assert theirs not in kept
    assert "s3cret" not in (tmp_path / "provisioned.json").read_text()


def test_a_strangers_link_changes_nothing(centre: str, tmp_path: Path) -> None:
    link = make_link(STRANGER, "Example IT", VALUES, datetime.now(UTC) + timedelta(days=1))
    before, after = _desk(tmp_path, centre, link)
    assert after["settings"] == before["settings"]
    assert any("somebody this computer does not know" in notice for notice in after["notices"])


def test_a_phone_that_cannot_be_as_the_policy_wants_it_works_and_tells(centre: str, tmp_path: Path) -> None:
    policy = POLICY.replace('"127.0.0.1"', '"not an address"') + 'phone.tls_ca = "/nowhere/ca.pem"\n'
    before, after = _desk(tmp_path, centre, "callboard://provision?x", policy)
    assert before["account"][0] == "sip:ada@127.0.0.1"
    assert any("phone.bind: 'not an address' is no IP address" in notice for notice in before["notices"])
    assert any("This is no link with settings" in notice for notice in after["notices"])
