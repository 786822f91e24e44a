"""The signed list of versions: what it holds, when it is believed, and how a builder makes one.

A list is JSON of this form, with the signature of minisign beside it (`URL.minisig`):

    {"form": 1, "product": "callboard", "serial": 7, "version": "1.4.0", "date": "2026-11-23T12:00:00Z",
     "expires": "2027-02-23T12:00:00Z", "notes": "https://…",
     "files": {"linux-x86_64": {"url": "https://…", "size": 123, "sha256": "…"}}}

`serial` grows with every list. Whoever can hold back or replay lists makes nobody believe an older one
than was seen before, nor one that has expired: the attacks of https://theupdateframework.io/docs/security/.
"""

import hashlib
import platform
import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from console.domain.errors import BadInput
from console.signature import verify_minisign

MOST_BYTES = 262_144
"""Of a list."""

_VERSION = re.compile(r"\d{1,6}(?:\.\d{1,6}){1,3}")
_MOST_FILE = 4 * 2**30
_CHUNK = 1 << 20


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """One system's file."""

    url: str
    size: Annotated[int, msgspec.Meta(ge=1, le=_MOST_FILE)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """A list of versions."""

    form: int = 1
    product: str = "callboard"
    serial: Annotated[int, msgspec.Meta(ge=1)]
    version: str
    date: datetime
    expires: datetime
    notes: str = ""
    files: dict[str, Download] = {}


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The newest list that was believed, and when it was looked for last."""

    serial: int = 0
    version: str = "0.0"
    sha256: str = ""
    looked_at: datetime | None = None


class _Form(msgspec.Struct, frozen=True):
    form: int


def numbers(version: str) -> tuple[int, ...]:
    """A version as numbers to compare. Raises BadInput."""
    if not _VERSION.fullmatch(version):
        raise BadInput(f"“{version[:40]}” is no version such as 1.4.0")
    found = tuple(int(part) for part in version.split("."))
    return (*found, *(0,) * (4 - len(found)))


def believed(data: bytes, signature: str, key: str, seen: Seen, now: datetime) -> Versions:
    """The list, when it is to be believed. Raises BadInput (SignatureFault) with the reason, when not."""
    if len(data) > MOST_BYTES:
        raise BadInput(f"the list of versions is too long ({len(data)} bytes): it is not used")
    verify_minisign(key, data, signature)
    try:
        if msgspec.json.decode(data, type=_Form).form != 1:
            raise BadInput("the list of versions is of a newer form: update this program by hand")
        made = msgspec.json.decode(data, type=Versions)
    except msgspec.MsgspecError as fault:
        raise BadInput(f"the list of versions cannot be read: {fault}") from None
    _check(made)
    _not_older(made, hashlib.sha256(data).hexdigest(), seen)
    if made.expires <= now:
        raise BadInput(
            f"the list of versions has expired on {made.expires:%Y-%m-%d}: either nobody keeps it any more, "
            "or somebody holds newer ones back. Ask who runs updates.url."
        )
    return made


def _check(made: Versions) -> None:
    numbers(made.version)
    if made.product != "callboard":
        raise BadInput(f"the list is of “{made.product[:40]}”, not of callboard")
    if made.date.tzinfo is None or made.expires.tzinfo is None:
        raise BadInput("the list of versions has a time without a zone")
    for download in made.files.values():
        if urlsplit(download.url).scheme != "https":
            raise BadInput(f"the list names a file that is not at https: {download.url[:80]}")


def _not_older(made: Versions, sha256: str, seen: Seen) -> None:
    older = made.serial < seen.serial or numbers(made.version) < numbers(seen.version)
    if older or (made.serial == seen.serial and sha256 != seen.sha256):
        raise BadInput(
            f"the list of versions (number {made.serial}, version {made.version}) is older than one seen "
            f"before (number {seen.serial}, version {seen.version}): it is not used; somebody may replay it."
        )


def this_system() -> str:
    """The name of this machine in a list: linux-x86_64, windows-x86_64, macos-arm64."""
    system = {"win32": "windows", "darwin": "macos"}.get(sys.platform, "linux")
    machine = platform.machine().lower()
    return f"{system}-{ {'amd64': 'x86_64', 'aarch64': 'arm64'}.get(machine, machine) }"


def described(file: Path, url: str) -> Download:
    """A file as a list has it. Raises BadInput when it cannot be read."""
    digest = hashlib.sha256()
    try:
        with file.open("rb") as source:
            while data := source.read(_CHUNK):
                digest.update(data)
        return Download(url=url, size=file.stat().st_size, sha256=digest.hexdigest())
    except OSError as fault:
        raise BadInput(f"{file} cannot be read: {fault}") from None


def written(made: Versions) -> bytes:
    """A list as it is signed. Raises BadInput for one that nobody would believe."""
    _check(made)
    return msgspec.json.format(msgspec.json.encode(made), indent=1) + b"\n"
