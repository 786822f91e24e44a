"""Builds the MSI around a staged folder: python -m installer.windows.build STAGED OUT.msi.

With WiX 3 (candle and light, on Windows) the whole; with --wixl by Debian's wixl, without the firewall's
rules (see installer/README.md).
"""

import argparse
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from installer.windows.harvest import StagingFault, guid, harvest
from installer.windows.wixl import prepared

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
_ICON = ROOT / "resources" / "icons" / "callboard.png"
_VERSION = re.compile(r"^(\d{1,3})\.(\d{1,3})\.(\d{1,5})")
_FAILED = 1


class BuildFault(Exception):
    """The package cannot be built; the message says what to do."""


def project_version() -> str:
    """Return the version that stands in pyproject.toml."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        return str(tomllib.load(file)["project"]["version"])


def msi_version(version: str) -> str:
    """Return the three numbers that Windows Installer compares. Raises BuildFault for what it cannot hold."""
    found = _VERSION.match(version)
    if found is None or int(found[1]) > 255 or int(found[2]) > 255 or int(found[3]) > 65535:
        raise BuildFault(f"version {version}: an MSI needs three numbers, at most 255.255.65535")
    return ".".join(str(int(part)) for part in found.groups())


def values(version: str, icon: Path) -> dict[str, str]:
    """Return what the source leaves open. The product code follows from the version: the same build again is
    the same product.
    """
    number = msi_version(version)
    return {"Version": number, "ProductCode": guid("product", number), "Icon": str(icon)}


def icon_of(png: bytes) -> bytes:
    """Return a Windows icon with one picture, which stays PNG (Windows Vista and newer read that)."""
    width, height = struct.unpack(">II", png[16:24])
    size = (width % 256, height % 256)
    return struct.pack("<HHHBBBBHHII", 0, 1, 1, *size, 0, 0, 1, 32, len(png), 22) + png


def build(staged: Path, out: Path, *, version: str, wixl: bool) -> None:
    """Build the MSI. Raises BuildFault or StagingFault."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="callboard-msi-") as name:
        work = Path(name)
        (work / "callboard.ico").write_bytes(icon_of(_ICON.read_bytes()))
        if wixl:
            _wixl(staged.resolve(), out.resolve(), version, work)
        else:
            _wix3(staged.resolve(), out.resolve(), version, work)


def _wixl(staged: Path, out: Path, version: str, work: Path) -> None:
    """All by relative paths: wixl knows no others."""
    (work / "staged").symlink_to(staged)
    (work / "files.wxs").write_text(harvest(staged, "staged"), encoding="utf-8")
    made = prepared(HERE / "callboard.wxs")
    (work / "callboard.wxs").write_text(made.source, encoding="utf-8")
    given = {**values(version, Path("callboard.ico")), "Toolset": "wixl"}
    defined = [word for name, value in given.items() for word in ("-D", f"{name}={value}")]
    _run("wixl", "--arch", "x64", *defined, "-o", str(out), "callboard.wxs", "files.wxs", cwd=work)
    for statement in made.statements:
        _run("msibuild", str(out), "-q", statement, cwd=work)


def _wix3(staged: Path, out: Path, version: str, work: Path) -> None:
    files = work / "files.wxs"
    files.write_text(harvest(staged, str(staged)), encoding="utf-8")
    sources = [HERE / "callboard.wxs", HERE / "firewall.wxs", files]
    given = {**values(version, work / "callboard.ico"), "Toolset": "wix3"}
    defined = [f"-d{name}={value}" for name, value in given.items()]
    extension = ("-ext", "WixFirewallExtension")
    _run(
        "candle",
        "-nologo",
        "-arch",
        "x64",
        *extension,
        *defined,
        "-out",
        f"{work}\\",
        *map(str, sources),
        cwd=work,
    )
    objects = [str(work / f"{source.stem}.wixobj") for source in sources]
    # ICE61: the same version may go over itself. ICE38, ICE43, ICE57: the shortcut is the machine's.
    _run(
        "light",
        "-nologo",
        *extension,
        "-sice:ICE38",
        "-sice:ICE61",
        "-sice:ICE43",
        "-sice:ICE57",
        "-out",
        str(out),
        *objects,
        cwd=work,
    )


def _run(*command: str, cwd: Path) -> None:
    program = shutil.which(command[0])
    if program is None:
        raise BuildFault(f"{command[0]} is not there: install WiX 3.14 (Windows) or wixl (Debian)")
    done = subprocess.run([program, *command[1:]], check=False, capture_output=True, text=True, cwd=cwd)
    told = (done.stdout + done.stderr).strip()
    if done.returncode or "CRITICAL" in told:
        raise BuildFault(f"{command[0]} failed:\n{told}")
    if told:
        print(told)


def main() -> int:
    """Build from the command line; 0, or 1 when it failed."""
    parser = argparse.ArgumentParser(prog="installer.windows.build", description=__doc__)
    parser.add_argument("staged", type=Path, help="PyInstaller's folder with callboard.exe")
    parser.add_argument("out", type=Path, help="the MSI to write")
    parser.add_argument("--version", default=project_version(), help="another version than the project's")
    parser.add_argument("--wixl", action="store_true", help="with Debian's wixl instead of WiX 3")
    chosen = parser.parse_args()
    try:
        build(chosen.staged, chosen.out, version=chosen.version, wixl=chosen.wixl)
    except (BuildFault, StagingFault) as fault:
        print(fault, file=sys.stderr)
        return _FAILED
    print(f"wrote {chosen.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
