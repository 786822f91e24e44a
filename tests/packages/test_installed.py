"""The packages in clean Debian systems: installed by apt, used as people use them, removed, purged."""

import json
import re
from collections.abc import Callable

import pytest

from tests.packages.conftest import Installed, centre_command, report
from tests.packages.roots import Root

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
SOUND = "/usr/lib/callboard/_internal/resources/sounds/hold-music.wav"


def lines_until(process: "object", wanted: str) -> str:
    """Return the first line with the wanted words that a program says."""
    stream = process.stdout  # type: ignore[attr-defined]
    said = ""
    for line in stream:
        said += line
        if wanted in line:
            return str(line)
    pytest.fail(f"ended before it said {wanted!r}:\n{said}")


def test_doctor_runs_and_knows_our_own_phone(root: Root) -> None:
    done = root.run("callboardctl", "doctor", "--json")
    told = json.loads(done.stdout)
    assert told["phone"]["installed"], told
    assert told["phone"]["builder"] == "Callboard"
    assert "OpenSSL 3" in told["phone"]["tls"]
    assert any("opus" in each.lower() for each in told["phone"]["codecs"])
    assert root.ok("callboardctl", "--version").startswith("callboardctl ")
    assert "usage: callboard" in root.ok("callboard", "--help")


def test_headless_demo_balances_its_books(root: Root) -> None:
    """Of the centre's package; the desk's own runs the demo with windows."""
    words = ("--headless", "--duration", "6", "--seed", "7", "--agents", "2", "--callers", "4")
    root.ok(
        "/usr/lib/callboard-centre/callboardctl", "demo", *words, "--report", "/tmp/demo.json", timeout=180
    )
    told = report(root, "/tmp/demo.json")
    assert told["offered"] == 4
    assert told["unsynced_rows"] == 0


def test_windows_of_the_installed_desk_are_drawn(root: Root) -> None:
    """The demo starts the windows as a second program of the package."""
    words = ("demo", "--duration", "6", "--seed", "7", "--agents", "2", "--callers", "4")
    root.ok("callboard", *words, "--screenshots", "/tmp/pictures", "--report", "/tmp/demo.json", timeout=180)
    assert report(root, "/tmp/demo.json")["offered"] == 4
    pictures = sorted((root.path / "tmp/pictures").glob("*.png"))
    assert len(pictures) >= 2
    assert all(each.stat().st_size > 10_000 for each in pictures)


def test_a_call_between_two_installed_phones(root: Root) -> None:
    answering = root.start(
        "callboardctl", "call", "--answer", "--from", "sip:bea@127.0.0.1", "--record", "/tmp/heard.wav",
        "--report", "/tmp/answered.json",
    )  # fmt: skip
    address = lines_until(answering, "ready at").removeprefix("ready at ").strip()
    root.ok(
        "callboardctl",
        "call",
        "--to",
        address,
        "--play",
        SOUND,
        "--duration",
        "2",
        "--report",
        "/tmp/made.json",
    )
    answering.communicate(timeout=60)
    assert answering.returncode == 0
    made, answered = report(root, "/tmp/made.json"), report(root, "/tmp/answered.json")
    assert made["answered"] is True, made
    assert answered["answered"] is True, answered
    heard = (root.path / "tmp/heard.wav").read_bytes()[44:]
    assert sum(1 for each in heard[::2] if each) > len(heard) // 20  # it was not silence


def test_links_open_the_desk(root: Root) -> None:
    """As xdg-open and GIO would: through the database that the desktop keeps of menu entries."""
    root.ok("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "desktop-file-utils",
            "libglib2.0-bin", "xdg-utils")  # fmt: skip
    root.ok("update-desktop-database")
    cache = (root.path / "usr/share/applications/mimeinfo.cache").read_text()
    for scheme in ("tel", "sip", "sips", "callto", "callboard"):
        assert re.search(rf"^x-scheme-handler/{scheme}=.*callboard\.desktop;", cache, re.MULTILINE)
        told = root.ok("gio", "mime", f"x-scheme-handler/{scheme}")
        assert "callboard.desktop" in told
    root.ok("xdg-mime", "default", "callboard.desktop", "x-scheme-handler/tel")
    assert root.ok("xdg-mime", "query", "default", "x-scheme-handler/tel").strip() == "callboard.desktop"


def test_both_packages_share_one_callboardctl(root: Root) -> None:
    assert root.ok("readlink", "-f", "/usr/bin/callboardctl").strip() == "/usr/lib/callboard/callboardctl"
    root.ok("dpkg", "--remove", "callboard")
    assert (
        root.ok("readlink", "-f", "/usr/bin/callboardctl").strip() == "/usr/lib/callboard-centre/callboardctl"
    )
    root.ok("callboardctl", "--version")


def test_the_centre_answers_as_its_own_user(root: Root) -> None:
    centre = root.start(*centre_command())
    url = lines_until(centre, "listening on").removeprefix("listening on ").strip()
    said = root.run("callboardctl", "doctor", "--centre", url, "--json")
    assert json.loads(said.stdout)["centre"]["available"] is True, said.stdout
    owner = root.ok("stat", "-c", "%U %a", "/var/lib/callboard/centre.db").strip()
    assert owner == "callboard-centre 600"
    assert (
        root.ok("stat", "-c", "%U:%G %a", "/etc/callboard/centre.toml").strip() == "root:callboard-centre 640"
    )
    root.ok("sh", "-c", "kill -TERM $(pidof callboardctl)")
    centre.communicate(timeout=60)
    assert centre.returncode == 0


def test_remove_keeps_data_and_purge_leaves_nothing(
    root: Root, installed: Installed, events: Callable[[], int]
) -> None:
    before = events()
    root.ok("apt-get", "remove", "--yes", "--quiet", "callboard", "callboard-centre")
    assert (root.path / "var/lib/callboard/centre.db").is_file()
    assert (root.path / "etc/callboard/centre.toml").is_file()
    assert not (root.path / "usr/lib/callboard").exists()
    assert not (root.path / "usr/bin/callboardctl").is_symlink()
    root.ok("apt-get", "install", "--yes", "--quiet", *root.bring(*(installed.debs())))
    assert events() == before
    brought = set(root.ok("dpkg", "-L", "callboard", "callboard-centre").split("\n"))
    root.ok("apt-get", "purge", "--yes", "--quiet", "callboard", "callboard-centre")
    left = root.files() - installed.before
    assert not {each for each in left if "callboard" in each}
    for each in sorted(left & brought):  # only what another package has brought, too
        root.ok("dpkg", "-S", each)
    assert root.run("getent", "passwd", "callboard-centre").returncode != 0
