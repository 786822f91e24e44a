"""The packages beside linphone-desktop and .venv: size, start to a usable window cold and warm, install time.

`make packages` first: it is dist/ that is measured, unpacked where it is not installed. Cold means with the
page cache dropped, which takes root.
"""

import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.bench.bench_program import _PROGRAMS, _once
from tests.machine import Display

pytestmark = pytest.mark.bench

ROOT = Path(__file__).resolve().parents[2]
_TRIES = 5


def _packages() -> list[Path]:
    found = sorted((ROOT / "dist").glob("callboard*.deb"))
    if not found:
        pytest.fail("there are no packages in dist/: make packages")
    return found


def _field(text: str, name: str) -> int:
    found = re.search(rf"^{name}: (\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0


def _sizes(name: str, shown: str, packed: int) -> None:
    print(
        f"{name:20} package {packed / 1e6:6.1f} MB, installed",
        f"{_field(shown, 'Installed-Size') / 1024:6.1f} MB",
    )


def test_size_beside_linphone() -> None:
    for file in _packages():
        shown = subprocess.run(
            ["dpkg-deb", "--field", file], capture_output=True, text=True, check=True
        ).stdout
        _sizes(file.name.split("_")[0], shown, file.stat().st_size)
    shown = subprocess.run(["apt-cache", "show", "linphone-desktop"], capture_output=True, text=True).stdout
    if not shown:
        print("linphone-desktop     is not in this machine's apt")
        return
    _sizes("linphone-desktop", shown, _field(shown, "Size"))
    asked = [
        "apt-get",
        "install",
        "--simulate",
        "--no-install-recommends",
        "-o",
        "Dir::State::status=/dev/null",
    ]
    planned = subprocess.run([*asked, "linphone-desktop"], capture_output=True, text=True).stdout
    names = re.findall(r"^Inst (\S+)", planned, re.MULTILINE)
    own = [
        each for each in names if re.search(r"linphone|belle|mediastreamer|ortp|bctoolbox|qt5|qml|lime", each)
    ]
    told = subprocess.run(
        ["apt-cache", "show", "--no-all-versions", *own], capture_output=True, text=True
    ).stdout
    size = sum(int(each) for each in re.findall(r"^Size: (\d+)", told, re.MULTILINE))
    laid = sum(int(each) for each in re.findall(r"^Installed-Size: (\d+)", told, re.MULTILINE))
    print(
        f"  with its libraries and its Qt: {size / 1e6:.1f} MB in {len(own)} packages,",
        f"installed {laid / 1024:.1f} MB",
    )


def test_install_and_start(xvfb: Display, tmp_path: Path) -> None:
    home = tmp_path / "installed"
    desk = next(each for each in _packages() if each.name.startswith("callboard_"))
    began = time.perf_counter()
    subprocess.run(["dpkg-deb", "--extract", desk, home], check=True)
    print(f"unpacked in {time.perf_counter() - began:.1f} s")
    _PROGRAMS["package"] = ([str(home / "usr/lib/callboard/callboard")], "Callboard")
    _PROGRAMS["venv"] = ([sys.executable, "-m", "ui"], "Callboard")
    figures: dict[str, float] = {}
    for name in ("package", "venv"):
        (tmp_path / name).mkdir()
        cold = []
        for _ in range(2):
            _drop_caches()
            cold.append(_once(name, xvfb, tmp_path / name, settle=False)[0])
        warm = [_once(name, xvfb, tmp_path / name, settle=False)[0] for _ in range(_TRIES)]
        _, memory, _ = _once(name, xvfb, tmp_path / name, settle=True)
        figures[name] = statistics.median(warm)
        print(f"{name:8} window after {min(cold):5.2f} s cold, {figures[name]:5.2f} s warm, {memory:6.1f} MB")
    print(f"package / venv: {figures['package'] / figures['venv']:.2f}")
    assert figures["package"] < 2 * figures["venv"]


def _drop_caches() -> None:
    subprocess.run(["sync"], check=True)
    if os.access("/proc/sys/vm/drop_caches", os.W_OK):
        Path("/proc/sys/vm/drop_caches").write_text("3")
    else:
        print("the page cache cannot be dropped here: what is called cold is warm")
