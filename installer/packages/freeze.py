"""Puts Python, libraries and our code into one folder a package, and takes out what only a debugger reads."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_ELF = b"\x7fELF"
SOURCES = ("console", "ui", "resources", "installer/packages")
_NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.pyc", "screenshots")


class BuildFault(Exception):
    """The packages cannot be built; the message says what to do."""


def run(
    command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None
) -> str:
    """Run a tool and return what it printed. Raises BuildFault with its last words when it fails."""
    try:
        done = subprocess.run(
            [str(each) for each in command],
            env={**os.environ, **(env or {})},
            cwd=cwd,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        raise BuildFault(f"{command[0]} is not installed: sh installer/setup.sh packages") from None
    if done.returncode:
        words = "\n".join((done.stdout + done.stderr).splitlines()[-25:])
        raise BuildFault(f"{Path(command[0]).name} failed:\n{words}")
    return done.stdout


def copy_sources(root: Path, to: Path) -> Path:
    """Copy what the programs are made of: nothing changes under the build, and no stray file gets in."""
    shutil.rmtree(to, ignore_errors=True)
    for each in SOURCES:
        shutil.copytree(root / each, to / each, ignore=_NOT_COPIED)
    return to


def freeze(
    source: Path, work: Path, packages: Sequence[str], epoch: int, first: Sequence[Path]
) -> dict[str, Path]:
    """Return the folder of each package (`desk`, `centre`), made side by side from the copied sources.

    Modules are looked for in the folders of `first`, then in the sources, then in this Python.
    """
    env = {
        **os.environ,
        "PYTHONHASHSEED": "0",
        "SOURCE_DATE_EPOCH": str(epoch),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPATH": os.pathsep.join(str(each) for each in (*first, source)),
    }
    logs = {each: work / f"pyinstaller-{each}.log" for each in packages}
    running = {each: _started(source, work, each, env, logs[each]) for each in packages}
    failed = [each for each, process in running.items() if process.wait()]
    if failed:
        words = "\n".join(logs[failed[0]].read_text(errors="replace").splitlines()[-15:])
        raise BuildFault(f"PyInstaller failed on the {failed[0]}:\n{words}")
    names = {"desk": "callboard", "centre": "callboard-centre"}
    folders = {each: work / "frozen" / names[each] for each in packages}
    for folder in folders.values():
        _strip(folder)
    if "desk" in folders and sys.platform.startswith("linux"):
        (folders["desk"] / "callboardctl").unlink(missing_ok=True)
        (folders["desk"] / "callboardctl").hardlink_to(folders["desk"] / "callboard")
    return folders


def _started(
    source: Path, work: Path, package: str, env: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as words:
        return subprocess.Popen(
            [
                sys.executable, "-m", "PyInstaller", "--noconfirm", "--clean", "--log-level", "INFO",
                "--distpath", str(work / "frozen"), "--workpath", str(work / f"pyinstaller-{package}"),
                str(source / "installer/packages/callboard.spec"),
            ],
            env={
                **env, "CALLBOARD_PACKAGE": package,
                "PYINSTALLER_CONFIG_DIR": str(work / f"cache-{package}"),
            },
            stdin=subprocess.DEVNULL, stdout=words, stderr=words, cwd=work,
        )  # fmt: skip


def is_elf(file: Path) -> bool:
    """Whether a file is a program or library of this system."""
    if file.is_symlink() or not file.is_file():
        return False
    with file.open("rb") as head:
        return head.read(4) == _ELF


def _strip(folder: Path) -> None:
    """Take the debugger's part out of libraries that have one, and this machine's folders where they look.

    A program of PyInstaller carries its archive in a section of its own: it is left alone.
    """
    for file in sorted((folder / "_internal").rglob("*")):
        if not is_elf(file):
            continue
        told = run(["readelf", "-SdW", file])
        file.chmod(0o644)
        if re.search(r"\(R(UN)?PATH\).*\[/", told):
            run(["patchelf", "--remove-rpath", file])
        if ".symtab" in told:
            _strip_one(file)


def _strip_one(file: Path) -> None:
    """Libraries that auditwheel has rewritten do not load once they are stripped: those stay as they are."""
    slim = file.with_name(f"{file.name}.slim")
    run(["strip", "--strip-unneeded", "-o", slim, file])
    if _is_aligned(slim):
        slim.replace(file)
    else:
        slim.unlink()


def _is_aligned(file: Path) -> bool:
    """Whether the loader takes it: each segment's offset and address agree modulo its alignment (elf(5))."""
    for line in run(["readelf", "-lW", file]).splitlines():
        words = line.split()
        if words[:1] == ["LOAD"]:
            offset, address, alignment = int(words[1], 16), int(words[2], 16), int(words[-1], 16)
            if (offset - address) % alignment:
                return False
    return True
