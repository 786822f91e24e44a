"""The desk as an archive that runs from any folder, for distributions without .deb."""

import os
import re
import shutil
import tarfile
from pathlib import Path

import deb
from freeze import run

_README = """\
Callboard {version}, from any folder:   ./callboard    or   ./callboardctl --help

./install.sh [PREFIX] links it into PREFIX (~/.local): programs, menu entry, icons, link
handlers, manual pages.
./install.sh --remove [PREFIX] takes those links away again.

It needs glibc {glibc} or newer, OpenSSL 3, and a desktop's usual libraries:
X11 or Wayland, OpenGL, fontconfig, D-Bus, PulseAudio's client library.
"""
_EXTRA = (
    *("libffi", "libsqlite3", "libbz2", "liblzma", "libuuid", "libexpat"),
    *("libxcb-cursor", "libxcb-icccm", "libxcb-image", "libxcb-keysyms", "libxcb-render-util", "libxcb-util"),
    "libxkbcommon-x11",
)
_SONAME = re.compile(r"\.so\.[0-9](\.0)?$")


def pack(build: deb.Build, staged: Path, to: Path) -> Path:
    """Write the archive from the staged package."""
    name = f"callboard-{build.version}"
    folder = build.work / "archive" / name
    shutil.rmtree(folder.parent, ignore_errors=True)
    shutil.copytree(staged / "usr/lib/callboard", folder, copy_function=os.link, symlinks=True)
    for part in ("share/applications", "share/icons", "share/metainfo", "share/man", "share/callboard/shell"):
        shutil.copytree(staged / "usr" / part, folder / part, copy_function=os.link)
    documents = staged / "usr/share/doc/callboard"
    for each in ("sbom.cdx.json", "copyright"):
        os.link(documents / each, folder / each)
    for library in _leaf_libraries():
        shutil.copy2(library, folder / "_internal" / library.name)
    shutil.copyfile(build.linux / "install.sh", folder / "install.sh")
    (folder / "install.sh").chmod(0o755)
    (folder / "README").write_text(_README.format(version=build.version, glibc="2.36"), encoding="utf-8")
    _write(folder, name, build.epoch, to)
    return to


def _leaf_libraries() -> list[Path]:
    """Small libraries that not every distribution installs or names alike, and that no driver shares."""
    places = [each for each in Path("/usr/lib").glob("*-linux-gnu") if each.is_dir()]
    return [
        found
        for name in _EXTRA
        for place in places
        for found in sorted(place.glob(f"{name}.so.[0-9]*"))
        if _SONAME.search(found.name)
    ]


def _write(folder: Path, name: str, epoch: int, to: Path) -> None:
    def plain(entry: tarfile.TarInfo) -> tarfile.TarInfo:
        entry.uid = entry.gid = 0
        entry.uname = entry.gname = "root"
        entry.mtime = epoch
        entry.mode = 0o755 if entry.isdir() or entry.mode & 0o100 else 0o644
        return entry

    plain_tar = to.with_suffix("")
    with tarfile.open(plain_tar, "w", format=tarfile.GNU_FORMAT) as made:
        made.add(folder, name, recursive=False, filter=plain)
        for path in sorted(folder.rglob("*")):
            made.add(path, f"{name}/{path.relative_to(folder)}", recursive=False, filter=plain)
    run(["xz", "--force", "-6", "--threads=2", plain_tar])
