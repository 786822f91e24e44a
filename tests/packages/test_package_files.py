"""What is in the packages, without installing them: checked by the tools of Debian and of desktops."""

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.machine import tool
from tests.packages.conftest import ROOT, Built, clean_env, pjsua2

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]
PACKAGES = ("callboard", "callboard-centre")
_MOST_EXPOSED = 2.0  # systemd-analyze's exposure, 0 to 10; a service without options has 9.6


def said(*command: str | Path) -> str:
    done = subprocess.run([str(each) for each in command], capture_output=True, text=True)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def unpacked(built: Built, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both packages as files in folders."""
    folders = {}
    for name in PACKAGES:
        folders[name] = tmp_path_factory.mktemp(name)
        said("dpkg-deb", "--raw-extract", built.deb(name), folders[name])
    return folders


def test_lintian_finds_no_errors(built: Built) -> None:
    """The packages under test are not compressed, which saves minutes; those that are given out are."""
    quick = "uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball"
    done = subprocess.run(
        [tool("lintian"), "--allow-root", "--tag-display-limit", "0", "--fail-on", "error", "--suppress-tags",
         f"initial-upload-closes-no-bugs,{quick}", *(str(built.deb(name)) for name in PACKAGES)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_checkout_is_named_nowhere(unpacked: dict[str, Path]) -> None:
    """The prefix that Python was compiled for does stand in libpython: it is Python's own, and harmless."""
    words = [os.fsencode(str(ROOT))]
    for folder in unpacked.values():
        for file in folder.rglob("*"):
            if file.is_file() and not file.is_symlink():
                content = file.read_bytes()
                found = [word.decode() for word in words if word + b"/" in content]
                assert not found, f"{file.relative_to(folder)} names {found}"


def test_only_the_parts_of_qt_that_windows_use(unpacked: dict[str, Path]) -> None:
    names = {each.name for each in unpacked["callboard"].rglob("*")}
    assert not [
        each for each in names if re.search("WebEngine|Qml|Quick|3D|Pdf|avcodec|VirtualKeyboard", each)
    ]
    plugins = {"libqxcb.so", "libqwayland.so", "libqoffscreen.so", "libqsvg.so", "libqsvgicon.so"}
    assert plugins <= names
    centre = {each.name for each in unpacked["callboard-centre"].rglob("*")}
    assert not [each for each in centre if "Qt" in each or "PySide" in each]


def test_libraries_depend_on_no_newer_system(unpacked: dict[str, Path]) -> None:
    """Debian 12 has glibc 2.36: what is built there runs on Debian 13 and Ubuntu 24.04, too."""
    for name, folder in unpacked.items():
        control = (folder / "DEBIAN/control").read_text()
        needed = re.search(r"libc6 \(>= ([0-9.]+)\)", control)
        assert needed, control
        here = re.search(r"([0-9.]+)$", said("getconf", "GNU_LIBC_VERSION").strip())
        assert here
        least = max((2, 36), tuple(int(each) for each in here[1].split(".")))
        assert tuple(int(each) for each in needed[1].split(".")) <= least, name


def test_menu_entry_and_software_centre_data(unpacked: dict[str, Path]) -> None:
    folder = unpacked["callboard"]
    for entry in ("usr/share/applications/callboard.desktop", "etc/xdg/autostart/callboard.desktop"):
        said(tool("desktop-file-validate"), folder / entry)
    said(
        tool("appstreamcli"),
        "validate",
        "--no-net",
        folder / "usr/share/metainfo/org.callboard.Callboard.metainfo.xml",
    )
    entry_words = (folder / "usr/share/applications/callboard.desktop").read_text()
    for scheme in ("tel", "sip", "sips", "callto", "callboard"):
        assert f"x-scheme-handler/{scheme};" in entry_words
    for size in (16, 22, 24, 32, 48, 64, 128, 256, 512):
        icon = folder / f"usr/share/icons/hicolor/{size}x{size}/apps/callboard.png"
        assert icon.read_bytes()[16:24] == size.to_bytes(4) * 2, icon


def test_the_unit_is_sound_and_shut(unpacked: dict[str, Path], tmp_path: Path) -> None:
    """`verify` looks for the program that a unit starts: the root it is given has one."""
    unit = "usr/lib/systemd/system/callboard-centre.service"
    exposed = json.loads(
        said(
            tool("systemd-analyze"),
            "security",
            "--offline=true",
            "--json=short",
            unpacked["callboard-centre"] / unit,
        )
    )
    assert exposed, "systemd-analyze told nothing"
    overall = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold", str(int(_MOST_EXPOSED * 10)),
         str(unpacked["callboard-centre"] / unit)],
        capture_output=True, text=True,
    )  # fmt: skip
    assert overall.returncode == 0, overall.stdout[-300:]
    words = (unpacked["callboard-centre"] / unit).read_text()
    program = unpacked["callboard-centre"] / "usr/lib/callboard-centre/callboardctl"
    here = tmp_path / "callboard-centre.service"
    here.write_text(words.replace("/usr/lib/callboard-centre/callboardctl", str(program)))
    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(here)], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert "callboard-centre.service" not in checked.stderr, checked.stderr


def test_manual_pages_have_no_faults(unpacked: dict[str, Path]) -> None:
    pages = [each for folder in unpacked.values() for each in folder.rglob("*.1.gz")]
    assert {each.name for each in pages} == {"callboard.1.gz", "callboardctl.1.gz"}
    for page in pages:
        done = subprocess.run(
            [tool("man"), "--warnings", "--local-file", str(page)],
            capture_output=True, text=True, env={**os.environ, "MANPAGER": "cat", "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert not done.stderr, done.stderr
        assert "EXIT STATUS" in done.stdout


def test_completions_know_commands_options_and_values(unpacked: dict[str, Path]) -> None:
    shell = unpacked["callboard"] / "usr/share/callboard/shell"
    script = f"""
        source {shell}/callboardctl.bash
        ask() {{
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _callboardctl; echo "${{COMPREPLY[*]}}"
        }}
        ask callboardctl do; ask callboardctl call --tr; ask callboardctl call --transport t
    """
    first, second, third = said("bash", "-c", script).splitlines()
    assert first.split() == ["doctor"]
    assert second.split() == ["--transport"]
    assert sorted(third.split()) == ["tcp", "tls"]
    said(tool("zsh"), "-n", shell / "_callboardctl")
    said(tool("fish"), "--no-execute", shell / "callboardctl.fish")


def test_bill_of_materials_names_what_is_in_it(built: Built, unpacked: dict[str, Path]) -> None:
    for name, folder in unpacked.items():
        beside = built.deb(name).with_suffix(".cdx.json")
        bill = json.loads(beside.read_text())
        assert (folder / "usr/share/doc" / name / "sbom.cdx.json").read_bytes() == beside.read_bytes()
        assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
        names = {each["name"].lower() for each in bill["components"]}
        assert {"python", "msgspec", "sqlalchemy", "pjsua2-python", "cryptography"} <= names
        assert ("pyside6_essentials" in names) == (name == "callboard")
        assert not names & {"pytest", "pyinstaller", "mypy", "ruff"}
        known = {each["bom-ref"] for each in bill["components"]} | {bill["metadata"]["component"]["bom-ref"]}
        for each in bill["dependencies"]:
            assert {each["ref"], *each.get("dependsOn", ())} <= known
        ours = next(each for each in bill["components"] if each["name"] == "pjsua2-python")
        assert "callboard" in ours["version"]  # our own build, not PyPI's


def test_sums_are_right(built: Built) -> None:
    folder = built.folder
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    made = {f"{built.deb(name).stem}{ending}" for name in PACKAGES for ending in (".deb", ".cdx.json")}
    assert {line.split("  ")[1] for line in lines} == made
    for line in lines:
        total, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == total


def build_again(built: Built, out: Path, *words: str, work: Path | None = None) -> Path:
    """Build the centre's package elsewhere, in another time zone and with another umask; return it."""
    script = ROOT / "installer/packages/build.py"
    command = [sys.executable, script, "--quick", "--only", "centre", *pjsua2(), *words]
    command += ["--work", work or built.work, "--out", out]
    line = shlex.join(str(each) for each in command)
    env = {**clean_env(), "TZ": "Asia/Tokyo", "LC_ALL": "C"}
    done = subprocess.run(
        ["sh", "-c", f"umask 077; exec {line}"], env=env, cwd=out.parent, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return next(out.glob("*.deb"))


@pytest.mark.soak
def test_freezing_again_gives_the_same_bytes(built: Built, tmp_path: Path) -> None:
    made = build_again(built, tmp_path / "again", work=tmp_path / "work")
    assert made.read_bytes() == built.deb("callboard-centre").read_bytes()


def test_packing_again_gives_the_same_bytes(built: Built, tmp_path: Path) -> None:
    """Of the same frozen files: freezing again takes minutes, and is the soak test above."""
    made = build_again(built, tmp_path / "again")
    assert made.name == built.deb("callboard-centre").name
    assert made.read_bytes() == built.deb("callboard-centre").read_bytes()
