"""`callboardctl backup`: a centre's data in one file, made while the centre runs.

    centre.sqlite   ledger, checkpoints, figures, users, the key that signs tokens: as of one moment
    centre.toml     the settings, when they were named
    messages/       voicemail; what is left while the copy runs may be in it or not
    passwords/      the files of provision.passwords
    manifest.json   versions, counts and sums; the last: an archive that is cut off has none

It holds customers' data and secrets: it belongs to its owner alone (mode 600).
"""

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from console import __version__, paths
from console.domain.errors import BadInput, StoreError
from console.domain.events import LedgerEvent
from console.ledger.copying import Shape, copy_ledger, ledger_file, shape
from console.settings import CentreSettings, read_settings
from console.support.archive import Part, Writer, compression, writing
from console.support.disk import disk_faults
from console.wire import decode_event

FORM = 1
LEDGER, SETTINGS, MESSAGES, PASSWORDS, MANIFEST = (
    "centre.sqlite",
    "centre.toml",
    "messages",
    "passwords",
    "manifest.json",
)
_STAGE = ".callboard-backup-"

Refold = Callable[[Iterable[tuple[int, LedgerEvent]]], dict[str, Any]]
"""Figures of events in ledger order, as plain JSON values."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup holds. `figures` are those of all its events (None: not made); `missed` are messages
    that were deleted while they were copied.
    """

    form: int = FORM
    callboard: str
    made_at: datetime
    kind: str
    ledger: Shape
    figures: dict[str, Any] | None = None
    files: tuple[Part, ...]
    missed: tuple[str, ...] = ()


class Places(msgspec.Struct, frozen=True, kw_only=True):
    """Where a centre keeps what it has. `config` is None when it runs without a settings file."""

    database: str
    messages: Path
    config: Path | None = None
    passwords: Path | None = None


def places(config: Path | None, database: str = "", messages: str = "") -> Places:
    """Where the centre with these settings keeps its data; `database` and `messages` in place of theirs.
    Raises SettingsError.
    """
    settings = read_settings(config, CentreSettings) if config else CentreSettings()
    return places_of(settings, config, database, messages)


def places_of(
    settings: CentreSettings, config: Path | None, database: str = "", messages: str = ""
) -> Places:
    """The same, of settings that are read already."""
    url = database or settings.server.database or f"sqlite:///{paths.data_folder() / 'centre.db'}"
    folder = messages or settings.switch.messages
    passwords = settings.provision.passwords
    return Places(
        database=url,
        messages=Path(folder) if folder else _messages_beside(url),
        config=config,
        passwords=Path(passwords) if passwords else None,
    )


def _messages_beside(url: str) -> Path:
    """Voicemail lies in the data folder of who runs the centre: for IT, who may be somebody else, that is
    where its ledger lies.
    """
    file = ledger_file(url)
    own = paths.data_folder() / MESSAGES
    if file is None:
        return own
    beside = file.parent / MESSAGES
    return beside if beside.is_dir() or not own.is_dir() else own


def backup(source: Places, to: Path, now: datetime, refold: Refold | None) -> Manifest:
    """Make the backup `to`: whole, or not there at all. `refold` None leaves the figures out, which are what
    takes the time of a large one.

    Raises BadInput for a name that is taken or tells no compression, StoreError for a ledger that cannot be
    read or a disk that is full.
    """
    how = compression(to)
    if to.exists():
        raise BadInput(f"{to} is there already: choose another name, or name a folder.")
    if not to.absolute().parent.is_dir():
        raise BadInput(f"{to.absolute().parent} is no folder: make it first.")
    with disk_faults(f"the backup {to} cannot be written"), _stage(to.absolute().parent) as stage:
        copy = stage / LEDGER
        copy_ledger(source.database, copy)
        found, figures = look_into(copy, refold)
        packed = stage / "archive"
        with writing(packed, how) as archive:
            manifest = _fill(
                archive,
                source,
                copy,
                msgspec.structs.replace(_bare(source, now), ledger=found, figures=figures),
            )
        packed.replace(to)
        sync_folder(to.absolute().parent)
    return manifest


def _bare(source: Places, now: datetime) -> Manifest:
    kind = "postgresql" if ledger_file(source.database) is None else "sqlite"
    nothing = Shape(revision="", rows={}, last_sequence=0, sha256="")
    return Manifest(callboard=__version__, made_at=now, kind=kind, ledger=nothing, files=())


def _fill(archive: Writer, source: Places, copy: Path, manifest: Manifest) -> Manifest:
    archive.add(LEDGER, copy)
    copy.unlink()  # its room is wanted for the rest
    if source.config is not None:
        archive.add(SETTINGS, source.config)
    missed: list[str] = []
    for folder, kind in ((source.messages, MESSAGES), (source.passwords, PASSWORDS)):
        for file in _files(folder):
            try:
                archive.add(f"{kind}/{file.name}", file)
            except FileNotFoundError:
                missed.append(f"{kind}/{file.name}")
    manifest = msgspec.structs.replace(manifest, files=tuple(archive.parts), missed=tuple(missed))
    archive.add_bytes(MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    return manifest


def _files(folder: Path | None) -> list[Path]:
    """Finished files; a message that is being recorded has another name until it is whole."""
    if folder is None or not folder.is_dir():
        return []
    return sorted(
        file
        for file in folder.iterdir()
        if file.is_file() and not file.is_symlink() and not file.name.endswith(".part")
    )


def look_into(copy: Path, refold: Refold | None) -> tuple[Shape, dict[str, Any] | None]:
    """What a copy of a ledger holds, and the figures that follow from it. Raises StoreError."""
    found = shape(copy)
    return found, refold(_events(copy)) if refold is not None else None


def _events(copy: Path) -> Iterator[tuple[int, LedgerEvent]]:
    ledger = sqlite3.connect(copy)
    try:
        for sequence, body in ledger.execute("SELECT sequence, body FROM events ORDER BY sequence"):
            try:
                yield sequence, decode_event(body)
            except BadInput as fault:
                raise StoreError(
                    f"event {sequence} of the ledger cannot be read ({fault}). Update this program if a "
                    "newer one wrote it."
                ) from None
    finally:
        ledger.close()


def keep_newest(folder: Path, count: int) -> list[Path]:
    """Delete all but the newest `count` backups that `name_of` named in a folder; return those deleted."""
    known = sorted(file for file in folder.glob("callboard-*Z.tar.*") if file.is_file())
    gone = known[: max(0, len(known) - count)]
    for file in gone:
        file.unlink()
    return gone


def name_of(now: datetime) -> str:
    """The name of a backup in a folder; by name they are in the order of time."""
    return f"callboard-{now:%Y%m%dT%H%M%SZ}.tar.gz"


# ---------------------------------------------------------------- what restoring needs too


@contextmanager
def _stage(folder: Path) -> Iterator[Path]:
    """A folder for what is not whole yet, on the disk where it is to go."""
    sweep(folder, _STAGE)
    with tempfile.TemporaryDirectory(prefix=f"{_STAGE}{os.getpid()}-", dir=folder) as stage:
        yield Path(stage)


def sweep(folder: Path, prefix: str) -> None:
    """Clear away what a killed one left behind."""
    if sys.platform == "win32":
        return  # there is no asking for a process there that does not disturb it
    for left in folder.glob(f"{prefix}*"):
        pid = left.name.removeprefix(prefix).partition("-")[0]
        if pid.isdigit() and not _lives(int(pid)):
            shutil.rmtree(left, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def sync_folder(folder: Path) -> None:
    """Make new names of a folder last through a loss of power, where the system can."""
    if sys.platform == "win32":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
