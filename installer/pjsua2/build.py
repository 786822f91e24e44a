"""Builds our own pjsua2 wheel from PJSIP 2.17 for the Python that runs this, under build/pjsua2/.

With nothing changed since the last time it ends at once. The path of the wheel is the last line on standard
output; everything else goes to standard error.
"""

import argparse
import ast
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import native
import wheel
from diagnostics import Diagnostics
from fault import BuildFault
from proof import prove
from source import PJSIP, SRTP, fetch

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent.parent / "build" / "pjsua2"
DEVELOPMENT = (
    "libasound2-dev",
    "libgsm1-dev",
    "libopus-dev",
    "libspeex-dev",
    "libspeexdsp-dev",
    "libssl-dev",
    "uuid-dev",
)


def main() -> int:
    """Parse the command line; 0 and the wheel's path, or 1 and what went wrong."""
    parser = argparse.ArgumentParser(prog="build.sh", description=__doc__)
    parser.add_argument("--wheel", type=Path, metavar="DIR", help="copy the wheel there as well")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="compilers at once (default: %(default)s)"
    )
    parser.add_argument("--again", action="store_true", help="build although nothing has changed")
    parser.add_argument(
        "--name", action="store_true", help="print the path that a build would have, and build nothing"
    )
    options = parser.parse_args()
    try:
        print(_wheel_path() if options.name else _build(options))
    except BuildFault as fault:
        print(f"pjsua2: {fault}", file=sys.stderr)
        return 1
    return 0


def _wheel_path() -> Path:
    return BUILD / f"wheel-{_key(HERE.glob('*.py'), _compiled().name.encode())}" / wheel.file_name()


def _compiled() -> Path:
    """Return the folder of what is compiled, named by all that it depends on."""
    files = (HERE / name for name in ("config_site.h", "native.py", "source.py"))
    return BUILD / f"compiled-{_key(files, sys.version.encode(), wheel.tag().encode(), *_installed())}"


def _key(files: Iterable[Path], *more: bytes) -> str:
    parts = [path.name.encode() + b"\0" + _substance(path) for path in sorted(files)]
    return hashlib.sha256(b"\0\0".join([*parts, *more])).hexdigest()[:16]


def _substance(path: Path) -> bytes:
    """Return what counts of a file: a comment more in a script is no reason to compile for minutes."""
    if path.suffix == ".py":
        return ast.dump(ast.parse(path.read_bytes())).encode()
    return path.read_bytes()


def _build(options: argparse.Namespace) -> Path:
    native.check_tools()
    BUILD.mkdir(parents=True, exist_ok=True)
    path, compiled = _wheel_path(), _compiled()
    if options.again or not path.exists():
        with _alone():
            if options.again or not compiled.exists():
                _compile(compiled, options.jobs)
            if options.again or not path.exists():
                _pack(compiled, path)
    if options.wheel:
        options.wheel.mkdir(parents=True, exist_ok=True)
        path = Path(shutil.copy(path, options.wheel)).resolve()
    return path


@contextmanager
def _alone() -> Iterator[None]:
    """Let one build go on at a time; another waits, and finds its work done."""
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _installed() -> tuple[bytes, ...]:
    """Return the versions of compiler, SWIG and libraries, one a line."""
    asked = (
        ("g++", "--version"), ("swig", "-version"),
        ("dpkg-query", "-W", "-f", "${Package} ${Version}\n", *DEVELOPMENT),
    )  # fmt: skip
    return tuple(_printed(*command) for command in asked)


def _printed(*command: str) -> bytes:
    try:
        return subprocess.run(command, capture_output=True, check=False).stdout
    except FileNotFoundError:
        return b""


def _compile(place: Path, jobs: int) -> None:
    """Make the folder `place`, which is there only once it is whole: built/, licences/, build.log."""
    began = time.monotonic()
    _say(f"building PJSIP {PJSIP.version} for {wheel.tag()} (some minutes)")
    part = place.with_name(f"{place.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    work = part / "work"
    work.mkdir(parents=True)
    tools = native.Toolchain(log=part / "build.log", jobs=jobs)
    pjsip = native.unpack(fetch((PJSIP, SRTP), work), work)
    wheel.collect_licences(pjsip, part / "licences")
    native.configure(tools, pjsip)
    native.compile_all(tools, pjsip, part / "built")
    shutil.rmtree(work)
    shutil.rmtree(place, ignore_errors=True)
    part.rename(place)
    _say(f"compiled in {time.monotonic() - began:.0f} s")


def _pack(compiled: Path, path: Path) -> None:
    """Read the warnings, prove the hardening, and make the wheel of what is compiled."""
    found = Diagnostics((compiled / "build.log").read_text(errors="replace"))
    _say(f"{found.summary()}; all of them: {compiled / 'build.log'}")
    if found.serious:
        raise BuildFault("The compiler warns of serious things:\n" + "\n".join(found.serious))
    (module,) = (compiled / "built").glob("_pjsua2*.so")
    needs = prove(module)
    _say(f"needs glibc {needs['glibc']} and {needs['needs']}; proved: {needs['proved']}")
    facts = {
        "builder": "Callboard", "version": wheel.VERSION, "sources": wheel.sources(), **needs,
        "carried": sorted(native.CARRIED), "warnings": found.counts,
        "libraries": _installed()[-1].decode().split("\n")[:-1],
        "compiler": _printed("g++", "-dumpfullversion").decode().strip(),
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    made = wheel.pack(compiled, facts, path)
    _say(f"{made.name}: {made.stat().st_size / 2**20:.1f} MB")


def _say(words: str) -> None:
    print(f"pjsua2: {words}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
