"""A bundle for support: a ZIP of texts without secrets and people, listed for the person before it is saved.

What cannot be read is told in the list, and the rest is taken all the same.
"""

import os
import zipfile
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path

import msgspec

from console.domain.errors import BadInput, CallboardError
from console.support.disk import disk_faults

MOST_BYTES = 4_000_000
"""Of one source: the end of a longer log is taken."""

_LONGEST_LINE = 20_000
_LIST = "contents.txt"


class Source(msgspec.Struct, frozen=True):
    """What to take: the name in the bundle, what it is, and how it is read."""

    name: str
    what: str
    read: Callable[[], str]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken. `fault` tells why it could not be read."""

    name: str
    what: str
    text: str
    fault: str = ""

    @property
    def line(self) -> str:
        """For the list that the person sees."""
        size = f"could not be read: {self.fault}" if self.fault else f"{len(self.text.encode()):,} bytes"
        return f"{self.name:28} {self.what} ({size})"


def collect(sources: Iterable[Source], redact: Callable[[str], str]) -> list[Entry]:
    """Read all of it; what is returned holds no secret and nobody any more."""
    return [_taken(source, redact) for source in sources]


def _taken(source: Source, redact: Callable[[str], str]) -> Entry:
    try:
        lines = source.read().splitlines()
    except (OSError, CallboardError, ValueError) as fault:
        return Entry(name=source.name, what=source.what, text="", fault=redact(str(fault)))
    whole = "\n".join(line[:_LONGEST_LINE] for line in lines)
    return Entry(name=source.name, what=source.what, text=redact(whole) + "\n")


def contents(entries: Iterable[Entry]) -> str:
    """The list of what is in a bundle, for the person."""
    head = (
        "What is in this bundle. Passwords, tokens, keys, numbers, addresses and known names were taken\n"
        "out; look through it before you pass it on: a name that stood in no list may be left.\n\n"
    )
    return head + "\n".join(entry.line for entry in entries) + "\n"


def save(entries: Iterable[Entry], to: Path, now: datetime) -> None:
    """Write the bundle: whole or not at all, readable by its owner alone. Raises BadInput, StoreError."""
    entries = list(entries)
    if to.is_dir() or not to.absolute().parent.is_dir():
        raise BadInput(f"{to}: name a file in a folder that is there, such as bundle.zip")
    part = to.with_name(f".{to.name}.{os.getpid()}.part")
    with disk_faults(f"the bundle {to} cannot be written"):
        try:
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
                for name, text in [(_LIST, contents(entries)), *((one.name, one.text) for one in entries)]:
                    info = zipfile.ZipInfo(name, now.timetuple()[:6])
                    info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
                    archive.writestr(info, text)
            part.replace(to)
        finally:
            part.unlink(missing_ok=True)


def tail(file: Path) -> str:
    """The end of a file, from the beginning of a line. Raises OSError."""
    with file.open("rb") as source:
        size = os.fstat(source.fileno()).st_size
        source.seek(max(0, size - MOST_BYTES))
        data = source.read(MOST_BYTES)
    if size > MOST_BYTES:
        data = data.partition(b"\n")[2]
    return data.decode("utf-8", "replace")
