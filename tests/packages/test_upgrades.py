"""Upgrades of a centre with data in place: a copy first, no step back, and whatever happens half-way."""

import signal
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.packages.conftest import NEW, NOW, OLD, Built, Installed
from tests.packages.roots import Root, running

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
CENTRE = "callboard-centre"
COPIES = "var/lib/callboard/backups/upgrades"


def copies(root: Root) -> list[Path]:
    folder = root.path / COPIES
    return sorted(folder.iterdir()) if folder.is_dir() else []


def works(root: Root) -> bool:
    """Whether the installed programs run."""
    return all(
        root.run(f"/usr/lib/{name}/callboardctl", "--version").returncode == 0
        for name in ("callboard", CENTRE)
    )


def test_upgrade_copies_the_ledger_first_and_keeps_all(
    root: Root, built: Built, events: Callable[[], int]
) -> None:
    before = events()
    settings = root.path / "etc/callboard/centre.toml"
    settings.write_text(settings.read_text().replace("port = 8460", "port = 8461"))
    done = root.install(built.deb("callboard"), built.deb(CENTRE))
    assert done.returncode == 0, done.stdout + done.stderr
    assert root.installed(CENTRE) == f"installed {built.version}"
    assert "port = 8461" in settings.read_text()
    assert events() == before
    (copy,) = copies(root)
    with tarfile.open(copy) as archive:
        assert "manifest.json" in archive.getnames()
    verified = root.run("callboardctl", "restore", "--verify", "--from", f"/{COPIES}/{copy.name}")
    assert verified.returncode == 0, verified.stderr


def test_no_way_back_to_an_older_version(root: Root, built: Built, events: Callable[[], int]) -> None:
    root.ok("dpkg", "--install", *root.bring(built.deb(CENTRE, NEW), built.deb("callboard", NEW)))
    for name in ("callboard", CENTRE):
        done = root.install(built.deb(name, OLD))
        assert done.returncode != 0
        assert f"{NEW} is installed, and {OLD} is older" in done.stdout + done.stderr
        assert root.installed(name) == f"installed {NEW}"
    assert works(root)
    assert events() > 0


def test_nothing_is_upgraded_without_a_copy(root: Root, built: Built) -> None:
    ledger = root.path / "var/lib/callboard/centre.db"
    ledger.write_bytes(b"this is no ledger, and a copy of it would be worth nothing" * 100)
    done = root.install(built.deb(CENTRE))
    assert done.returncode != 0
    assert "no copy of the ledger could be made" in done.stdout + done.stderr
    assert root.installed(CENTRE) == f"installed {OLD}"
    assert works(root)
    assert (
        root.install(built.deb(CENTRE), env={"CALLBOARD_BACKUP": "skip"}).returncode != 0
    )  # nor are its tables
    assert b"this is no ledger" in ledger.read_bytes()


def test_an_upgrade_killed_half_way_is_finished_later(
    root: Root, built: Built, events: Callable[[], int]
) -> None:
    before = events()
    (name,) = root.bring(built.deb(CENTRE, NEW))
    upgrading = root.start("dpkg", "--install", name)
    home = root.path / "usr/lib" / CENTRE
    while upgrading.poll() is None and not list(home.rglob("*.dpkg-new")):
        pass
    root.ok("sh", "-c", "kill -KILL $(pidof dpkg) $(pidof dpkg-deb)")
    upgrading.communicate(timeout=60)
    assert upgrading.returncode in {-signal.SIGKILL, 128 + signal.SIGKILL}
    assert "installed" in root.installed(CENTRE).split()[0]
    assert works(root), "the old version does not run while the new one is half there"
    assert events() == before
    root.run("dpkg", "--configure", "-a")
    done = root.install(built.deb(CENTRE, NEW))
    assert done.returncode == 0, done.stdout + done.stderr
    assert root.installed(CENTRE) == f"installed {NEW}"
    assert works(root)
    assert events() == before
    assert not list(home.rglob("*.dpkg-*"))


def test_a_full_disk_leaves_the_old_version_at_work(
    installed: Installed, built: Built, tmp_path: Path
) -> None:
    with running(installed.base, tmp_path / "room", lower=[installed.layer], size="260m") as root:
        (name,) = root.bring(built.deb(CENTRE, NEW))
        root.ok("fallocate", "--length", "90M", "/var/filler")
        done = root.run("dpkg", "--install", name)
        assert done.returncode != 0
        assert "MB are free in /usr" in done.stderr
        assert root.installed(CENTRE) == f"installed {OLD}"
        assert works(root)
        said = root.ok("callboardctl", "migrate", "--database", "sqlite:////var/lib/callboard/centre.db")
        assert "is up to date" in said
        (root.path / "var/filler").unlink()
        root.grow("3g")
        root.ok("dpkg", "--install", name)
        assert root.installed(CENTRE) == f"installed {NEW}"


def test_a_disk_that_fills_up_meanwhile(installed: Installed, built: Built, tmp_path: Path) -> None:
    """The free space was there before the upgrade, and others took it: dpkg itself comes to its end."""
    with running(installed.base, tmp_path / "room", lower=[installed.layer], size="280m") as root:
        root.own(f"/usr/lib/{CENTRE}")
        (name,) = root.bring(built.deb(CENTRE, NEW))
        done = root.run("dpkg", "--install", name, env={"CALLBOARD_SPACE": "skip"})
        assert done.returncode != 0
        assert "No space left on device" in done.stderr
        assert works(root)
        root.grow("3g")
        done = root.run("dpkg", "--install", name)
        assert done.returncode == 0, done.stderr
        assert root.installed(CENTRE) == f"installed {NEW}"
        assert not list((root.path / "usr/lib" / CENTRE).rglob("*.dpkg-*"))


def test_a_truncated_package_is_refused(root: Root, built: Built, tmp_path: Path) -> None:
    root.own(f"/usr/lib/{CENTRE}")
    whole = built.deb(CENTRE, NEW).read_bytes()
    for part in (3, 2):
        cut = tmp_path / f"cut{part}.deb"
        cut.write_bytes(whole[: len(whole) // part])
        done = root.run("dpkg", "--install", *root.bring(cut))
        assert done.returncode != 0
        assert "unexpected end of file" in done.stderr or "corrupted" in done.stderr, done.stderr
        assert works(root)
        assert root.installed(CENTRE) == f"installed {OLD}", done.stderr


def test_the_version_now_is_between(built: Built, root: Root) -> None:
    """What the other tests build on."""
    for older, newer in ((OLD, built.version), (built.version, NEW)):
        root.ok("dpkg", "--compare-versions", older, "lt", newer)
    assert built.deb(CENTRE, NOW).is_file()
