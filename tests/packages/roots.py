"""Clean Debian systems to install packages in: made by debootstrap once, then overlaid for each use.

A system lives in namespaces of its own (mounts, processes): whatever a test does, the end of one process
(or of the test that holds its standard input) takes all of it along. Needs root, as dpkg does.
"""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.machine import tool

SUITES = ("bookworm", "trixie")
_BASE = """
set -e
mount -t tmpfs -o size={size} callboard "{room}"
mkdir "{room}/upper" "{room}/work" "{room}/whole"
mount -t overlay -o lowerdir="{lower}",upperdir="{room}/upper",workdir="{room}/work" overlay "{room}/whole"
mount -t proc proc "{room}/whole/proc"
mount --rbind /dev "{room}/whole/dev"
mount -t tmpfs -o mode=755 run "{room}/whole/run"
mkdir -p "{room}/whole/var/cache/apt/archives"
mount --bind "{archives}" "{room}/whole/var/cache/apt/archives"
echo ready
exec cat
"""
_ENV = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/tmp",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "CALLBOARD_TEST": "yes",
}


def mirror() -> str:
    """Return where this machine's own apt finds Debian; fail the test where it does not."""
    said = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CREATED_BY) $(REPO_URI)"], capture_output=True, text=True
    ).stdout
    for line in said.splitlines():
        kind, _, place = line.partition(" ")
        if kind == "Packages" and place.rstrip("/").endswith("/debian"):
            return place
    pytest.fail("this machine's apt sources name no Debian mirror, which clean roots are made from")


class Base:
    """A suite's minimal system, made by debootstrap where it is not there yet; never written to."""

    def __init__(self, suite: str, folder: Path) -> None:
        """Start making it; `wait` until it is there."""
        self.suite = suite
        self.folder = folder / suite
        self.archives = folder / f"archives-{suite}"
        self._stamp = folder / f"{suite}.stamp"
        self._mark = f"minbase {mirror()}"
        self._making: subprocess.Popen[bytes] | None = None
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)
        if not self._stamp.is_file() or self._stamp.read_text() != self._mark:
            shutil.rmtree(self.folder, ignore_errors=True)
            with (folder / f"{suite}.log").open("wb") as log:
                self._making = subprocess.Popen(
                    [tool("debootstrap"), "--variant=minbase", suite, str(self.folder), mirror()],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                )  # fmt: skip

    def wait(self) -> Path:
        """Return its folder once it is there."""
        if self._making is not None:
            if self._making.wait():
                log = self._stamp.with_suffix(".log").read_text(errors="replace")
                pytest.fail(f"debootstrap of {self.suite} failed:\n{log[-2000:]}")
            self._making = None
            _settle(self.folder)
            self._stamp.write_text(self._mark)
        return self.folder


def _settle(folder: Path) -> None:
    """Let apt in there reach what apt out here reaches, keep what it fetched, and start no services."""
    asked = subprocess.run(["apt-config", "dump"], capture_output=True, text=True).stdout.splitlines()
    kept = [each for each in asked if each.startswith(("Acquire::http", "Acquire::ftp", "Acquire::Check-"))]
    kept += [
        'APT::Keep-Downloaded-Packages "true";',
        'Acquire::Languages "none";',
        'APT::Sandbox::User "root";',
    ]
    (folder / "etc/apt/apt.conf.d/99tests").write_text("\n".join(kept) + "\n")
    for name in ("resolv.conf", "hosts"):
        if Path("/etc", name).is_file():
            (folder / "etc" / name).write_bytes(Path("/etc", name).read_bytes())
    (folder / "etc/machine-id").touch()


class Root:
    """A running clean system over `lower` (a base, or a base under what was installed); gone after `stop`."""

    def __init__(self, base: Base, room: Path, *, lower: Sequence[Path] = (), size: str = "3g") -> None:
        """Mount it. `size` is all that can be written before its disk is full."""
        self.base = base
        self.suite = base.suite
        self.room = room
        room.mkdir(parents=True, exist_ok=True)
        layers = ":".join(str(each) for each in (*lower, base.wait()))
        script = _BASE.format(room=room, lower=layers, archives=base.archives, size=size)
        self._holder = subprocess.Popen(
            [
                *(tool("unshare"), "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"),
                *("sh", "-c", script),
            ],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "ready\n":
            self.stop()
            pytest.fail("a clean root cannot be mounted here: it needs root, overlayfs and namespaces")
        self._inside = (
            Path(f"/proc/{self._holder.pid}/task/{self._holder.pid}/children").read_text().split()[0]
        )

    @property
    def path(self) -> Path:
        """Its files as seen from out here."""
        return Path(f"/proc/{self._inside}/root") / str(self.room / "whole").lstrip("/")

    @property
    def written(self) -> Path:
        """What was written over the layers below, as seen from out here."""
        return Path(f"/proc/{self._inside}/root") / str(self.room / "upper").lstrip("/")

    def command(self, *words: str, env: dict[str, str] | None = None) -> list[str]:
        """Return the command line that runs `words` in there."""
        sets = [f"{name}={value}" for name, value in {**_ENV, **(env or {})}.items()]
        enter = ["nsenter", "--target", self._inside, "--mount", "--pid", "chroot", str(self.room / "whole")]
        return [*enter, "/usr/bin/env", "-i", *sets, *words]

    def run(
        self, *words: str, env: dict[str, str] | None = None, timeout: float = 240
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in there to its end, whatever that is."""
        return subprocess.run(
            self.command(*words, env=env), capture_output=True, text=True, errors="replace",
            stdin=subprocess.DEVNULL, timeout=timeout, check=False,
        )  # fmt: skip

    def ok(self, *words: str, env: dict[str, str] | None = None, timeout: float = 240) -> str:
        """Run a command in there and return what it printed; fail the test when it fails."""
        done = self.run(*words, env=env, timeout=timeout)
        assert done.returncode == 0, f"{' '.join(words)}:\n{(done.stdout + done.stderr)[-3000:]}"
        return done.stdout

    def start(self, *words: str, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start a command in there and go on."""
        return subprocess.Popen(
            self.command(*words, env=env), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip

    def own(self, folder: str) -> None:
        """Copy a folder up from the layers below: dpkg undoes by hard links, which work only there."""
        self.ok("sh", "-c", f"cp -a {folder} {folder}.copy && rm -r {folder} && mv {folder}.copy {folder}")

    def grow(self, size: str) -> None:
        """Make room on a full disk."""
        enter = ["nsenter", "--target", self._inside, "--mount"]
        subprocess.run([*enter, "mount", "-o", f"remount,size={size}", str(self.room)], check=True)

    def bring(self, *files: Path) -> list[str]:
        """Put files into its /tmp; return their names in there."""
        return [f"/tmp/{Path(shutil.copy(each, self.path / 'tmp')).name}" for each in files]

    def install(self, *files: Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Have apt install packages with what they depend on."""
        names = self.bring(*files)
        apt = ("apt-get", "install", "--quiet", "--yes", "--no-install-recommends", "--allow-downgrades")
        done = self.run(*apt, *names, env=env, timeout=600)
        for name in names:
            (self.path / name.lstrip("/")).unlink()
        return done

    def installed(self, package: str) -> str:
        """Return the state and version that dpkg has of a package: `installed 0.1.0-1`."""
        return self.run("dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}", package).stdout

    def files(self) -> set[str]:
        """Return every file, folder and link there is, but for what apt and dpkg note for themselves."""
        roots = [
            each.name for each in self.path.iterdir() if each.name not in {"proc", "dev", "run", "sys", "tmp"}
        ]
        found = set()
        for top in roots:
            for folder, folders, names in os.walk(self.path / top):
                found |= {f"{folder}/{name}" for name in (*folders, *names)}
        start = len(str(self.path))
        return {each[start:] for each in found}

    def keep(self, to: Path) -> Path:
        """Copy what was written into a folder that can lie under other roots; return it."""
        subprocess.run(["cp", "-a", str(self.written), str(to)], check=True)
        return to

    def stop(self) -> None:
        """End all that runs in there, and its mounts with it."""
        self._holder.kill()
        self._holder.wait()
        for pipe in (self._holder.stdin, self._holder.stdout):
            if pipe is not None:
                pipe.close()


@contextlib.contextmanager
def running(base: Base, room: Path, *, lower: Sequence[Path] = (), size: str = "3g") -> Iterator[Root]:
    """Have a clean system for a while."""
    root = Root(base, room, lower=lower, size=size)
    try:
        yield root
    finally:
        root.stop()
