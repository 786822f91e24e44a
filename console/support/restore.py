"""`callboardctl restore`: a backup checked, and put in the place of a centre's data.

Everything is unpacked and checked beside its place first: sums, the ledger's own soundness, its digest, and
that its events fold to the same figures. Then names are changed, and changed back when one of them cannot be.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from console import __version__
from console.domain.errors import BadInput, StoreError
from console.ledger.copying import copy_ledger, in_use, is_there, ledger_file, load_into_server, shape
from console.settings import CentreSettings, parse_settings
from console.support.archive import Part, unpack
from console.support.backup import (
    FORM,
    LEDGER,
    MANIFEST,
    MESSAGES,
    PASSWORDS,
    SETTINGS,
    Manifest,
    Places,
    Refold,
    look_into,
    places,
    places_of,
    sweep,
    sync_folder,
)
from console.support.disk import disk_faults

_STAGE = ".callboard-restore-"
_FOLDERS = (MESSAGES, PASSWORDS)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Where a backup is to go. What is not given is as the settings in `config` say, if that file is there,
    else as those in the backup do. `settings`: those of the backup replace the file. `force`: what is there
    is kept aside.
    """

    config: Path | None = None
    database: str = ""
    messages: str = ""
    settings: bool = False
    force: bool = False


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What was put where; `aside` is what was there before, `settings` what became of the settings."""

    manifest: Manifest
    places: Places
    aside: tuple[Path, ...]
    settings: str


def verify(file: Path, refold: Refold | None) -> Manifest:
    """Check a backup without putting it anywhere; it is unpacked to the temporary folder.

    Raises StoreError.
    """
    with disk_faults(f"{file} cannot be checked"), tempfile.TemporaryDirectory(prefix=_STAGE) as stage:
        return _checked(file, Path(stage), refold)


async def restore(
    file: Path, wanted: Wanted, now: datetime, refold: Refold | None, tell: Callable[[str], None]
) -> Restored:
    """Put a backup in place.

    Raises BadInput where something is there and `force` is not given, StoreError for a running centre, a bad
    backup or a full disk: then all is as it was.
    """
    target = _known_places(wanted)
    if target is not None:
        _free(target, wanted)
    beside = _beside(target, wanted, file)
    with disk_faults("the backup cannot be put in place"), ExitStack() as stack:
        stage = stack.enter_context(_stage(beside))
        manifest = _checked(file, stage, refold)
        if target is None:
            target = _places_in(stage, wanted)
            _free(target, wanted)
        tell(f"{file.name} is sound: {manifest.ledger.rows['events']} events")
        return await _put(stage, manifest, target, wanted, now)


def _known_places(wanted: Wanted) -> Places | None:
    """Where it is to go, as far as that is known before the backup is opened."""
    if wanted.config is not None and wanted.config.exists() and not wanted.settings:
        return places(wanted.config, wanted.database, wanted.messages)
    if wanted.database and wanted.messages:
        return places_of(CentreSettings(), wanted.config, wanted.database, wanted.messages)
    return None


def _places_in(stage: Path, wanted: Wanted) -> Places:
    """Where the settings in the backup want it."""
    file = stage / SETTINGS
    settings = CentreSettings()
    if file.exists():
        settings = parse_settings(file.read_text(encoding="utf-8"), CentreSettings, "the backup's settings")
    elif wanted.settings:
        raise BadInput("--settings: there are none in this backup.")
    return places_of(settings, wanted.config, wanted.database, wanted.messages)


def _beside(target: Places | None, wanted: Wanted, file: Path) -> Path:
    """A folder on the disk where the ledger is to lie, or as near as is known."""
    database = target.database if target is not None else wanted.database
    ledger = ledger_file(database) if database else None
    folder = ledger.parent if ledger is not None else None
    if folder is None:
        return Path(tempfile.gettempdir()) if target is not None else file.absolute().parent
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _free(target: Places, wanted: Wanted) -> None:
    """Raise when a centre runs there, or something is there that was not given up."""
    if in_use(target.database):
        raise StoreError(
            "a centre (or another program) works with this ledger. Stop it first: nothing was changed."
        )
    if wanted.force:
        return
    if is_there(target.database):
        raise BadInput(
            "there is a ledger already where the backup is to go. Name another place with --database, or say "
            "--force: what is there is then kept aside."
        )
    if target.messages.is_dir() and any(target.messages.iterdir()):
        raise BadInput(
            f"there are messages already in {target.messages}. Name another place with --messages, or say "
            "--force: what is there is then kept aside."
        )


# ---------------------------------------------------------------- checking


def _checked(file: Path, stage: Path, refold: Refold | None) -> Manifest:
    for folder in _FOLDERS:
        (stage / folder).mkdir(mode=0o700)
    parts = unpack(file, lambda name: _place(stage, name))
    manifest = _manifest(stage, file)
    _same_files(file, manifest, parts[:-1])
    figures = refold if manifest.callboard == __version__ and manifest.figures is not None else None
    try:
        found, folded = look_into(stage / LEDGER, figures)
    except StoreError as fault:
        raise StoreError(f"{file}: {fault}") from None
    if found != manifest.ledger:
        raise StoreError(f"{file}: its ledger is not the one that was backed up. Take another backup.")
    if figures is not None and folded != manifest.figures:
        raise StoreError(
            f"{file}: its events do not give the figures that they gave when it was made. Nothing was "
            "changed. Keep the file and report this: it is a fault of Callboard."
        )
    return manifest


def _place(stage: Path, name: str) -> Path:
    folder, _, last = name.rpartition("/")
    known = name in {LEDGER, SETTINGS, MANIFEST} or (folder in _FOLDERS and last)
    if not known:
        raise StoreError(f"“{name[:80]}” does not belong into a backup: nothing was changed.")
    path = stage / name
    if path.exists():
        raise StoreError(f"“{name[:80]}” is in the backup twice: nothing was changed.")
    return path


def _manifest(stage: Path, file: Path) -> Manifest:
    try:
        raw = (stage / MANIFEST).read_bytes()
        form = msgspec.json.decode(raw, type=_Form).form
        if form > FORM:
            raise StoreError(f"{file} was made by a newer Callboard: update this program first.")
        return msgspec.json.decode(raw, type=Manifest)
    except FileNotFoundError:
        raise StoreError(f"{file} is cut off: the list of what is in it is missing. Take another.") from None
    except msgspec.MsgspecError as fault:
        raise StoreError(f"{file}: the list of what is in it cannot be read: {fault}") from None


class _Form(msgspec.Struct, frozen=True):
    form: int


def _same_files(file: Path, manifest: Manifest, parts: list[Part]) -> None:
    found = {part.path: part for part in parts}
    for part in manifest.files:
        if found.get(part.path) != part:
            raise StoreError(f"{file}: {part.path} in it is not what was backed up. Take another backup.")
    if len(found) != len(manifest.files):
        raise StoreError(f"{file}: there is more in it than was backed up. Take another backup.")


# ---------------------------------------------------------------- putting in place


async def _put(stage: Path, manifest: Manifest, target: Places, wanted: Wanted, now: datetime) -> Restored:
    moves = Moves(f"{now:%Y%m%dT%H%M%SZ}")
    try:
        moves.put(stage / MESSAGES, target.messages)
        if any((stage / PASSWORDS).iterdir()) and target.passwords is not None:
            moves.put(stage / PASSWORDS, target.passwords)
        told = _put_settings(stage / SETTINGS, wanted, moves)
        await _put_ledger(stage / LEDGER, manifest, target, moves)  # last: a server's cannot be undone
    except BaseException:
        moves.undo()
        raise
    return Restored(manifest=manifest, places=target, aside=tuple(moves.aside), settings=told)


async def _put_ledger(copy: Path, manifest: Manifest, target: Places, moves: "Moves") -> None:
    file = ledger_file(target.database)
    if file is not None:
        moves.put(copy, file, also=("-wal", "-shm", "-journal"))
        return
    if is_there(target.database):
        old = moves.aside_of(target.messages.with_name("centre.sqlite"))
        old.parent.mkdir(parents=True, exist_ok=True)
        copy_ledger(target.database, old)
        moves.aside.append(old)
    await load_into_server(copy, target.database)
    back = copy.with_name("back.sqlite")
    copy_ledger(target.database, back)
    if shape(back).sha256 != manifest.ledger.sha256:
        raise StoreError("the server does not give back what was put into it: do not start the centre on it.")


def _put_settings(file: Path, wanted: Wanted, moves: "Moves") -> str:
    if wanted.config is None or not file.exists():
        return ""
    if not wanted.config.exists() or wanted.settings:
        moves.put(file, wanted.config)
        return f"the settings are at {wanted.config}"
    if wanted.config.read_bytes() == file.read_bytes():
        return f"the settings in {wanted.config} are the same"
    beside = wanted.config.with_name(f"{wanted.config.name}.from-backup")
    moves.put(file, beside)
    return f"{wanted.config} was left as it is; the settings of the backup are at {beside}"


class Moves:
    """Files and folders put in place, and what was there set aside, until all of it stands or is undone."""

    def __init__(self, stamp: str) -> None:
        """`stamp` goes into the names of what is set aside."""
        self._stamp = stamp
        self._done: list[tuple[Path, Path]] = []
        self._copied: list[Path] = []
        self.aside: list[Path] = []

    def aside_of(self, path: Path) -> Path:
        """Where what is at `path` goes; a name that nobody has."""
        name = f"{path.name}.before-restore-{self._stamp}"
        choices = (path.with_name(name + (f"-{number}" if number else "")) for number in range(1000))
        return next(choice for choice in choices if not choice.exists())

    def put(self, new: Path, place: Path, also: tuple[str, ...] = ()) -> None:
        """Put `new` at `place`; `also` are endings of files that belong to what is there now."""
        place.parent.mkdir(parents=True, exist_ok=True)
        owner = _owner(place)
        if place.exists() and (not place.is_dir() or any(place.iterdir())):
            aside = self.aside_of(place)
            for ending in ("", *also):
                old = place.with_name(place.name + ending)
                if old.exists():
                    self._rename(old, aside.with_name(aside.name + ending))
            self.aside.append(aside)
        elif place.is_dir():
            place.rmdir()
        self._bring(new, place)
        _give(place, owner)
        sync_folder(place.parent)

    def _bring(self, new: Path, place: Path) -> None:
        if os.stat(new).st_dev == os.stat(place.parent).st_dev:  # noqa: PTH116
            new.rename(place)
            self._copied.append(place)
            return
        near = place.with_name(f"{_STAGE}{os.getpid()}-{place.name}")
        self._copied.append(near)
        shutil.copytree(new, near) if new.is_dir() else shutil.copy2(new, near)
        near.rename(place)
        self._copied[-1] = place

    def _rename(self, old: Path, new: Path) -> None:
        old.rename(new)
        self._done.append((old, new))

    def undo(self) -> None:
        """Take away what was put, and put back what was there."""
        for path in reversed(self._copied):
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        for old, new in reversed(self._done):
            new.rename(old)
        self._copied, self._done = [], []


def _owner(place: Path) -> os.stat_result:
    """Whose it should be: of what is there, else of the folder around."""
    return place.stat() if place.exists() else place.parent.stat()


def _give(place: Path, owner: os.stat_result) -> None:
    """Root puts things where the centre's own user has to read them."""
    if sys.platform == "win32" or os.geteuid() != 0:
        return
    for path in (place, *(place.rglob("*") if place.is_dir() else ())):
        os.chown(path, owner.st_uid, owner.st_gid)
    if place.suffix == ".toml":
        place.chmod(0o640)


@contextmanager
def _stage(folder: Path) -> Iterator[Path]:
    sweep(folder, _STAGE)
    with tempfile.TemporaryDirectory(prefix=f"{_STAGE}{os.getpid()}-", dir=folder) as stage:
        yield Path(stage)
