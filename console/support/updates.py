"""The look for a newer version: it tells, and on request fetches and checks; installing is the person's act.

Programs that came as a package of the system are left to the system: it knows who may replace what.
"""

import contextlib
import hashlib
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from console import __version__
from console.domain.errors import BadInput, EnvironmentFault, NetworkError, SettingsError
from console.settings import UpdateSettings
from console.support.versions import (
    MOST_BYTES,
    Download,
    Seen,
    Versions,
    believed,
    numbers,
    this_system,
)

EVERY = timedelta(days=1)
SEEN_FILE = "updates.json"
MARKER = "managed-by"
"""A file of this name beside the program names who looks after it: apt, Intune."""

_PATIENCE_S = 20.0
_HOPS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What a look has found. `download` is this system's file, when there is one."""

    newer: bool
    version: str
    notes: str
    download: Download | None


def managed_by(program: Path | None = None, info: Path = Path("/var/lib/dpkg/info")) -> str:
    """Who looks after this installation: the marker's first word, dpkg; "" for nobody."""
    file = (program or Path(sys.executable)).resolve()
    for folder in (file.parent, file.parent.parent):
        with contextlib.suppress(OSError):
            words = (folder / MARKER).read_text(encoding="utf-8").split()
            return words[0][:40] if words else "the system"
    if program is None and not getattr(sys, "frozen", False):
        return ""  # the Python is the system's, not this program
    line = f"{file}\n"
    for listing in info.glob("callboard*.list"):
        with contextlib.suppress(OSError):
            if line in listing.read_text(encoding="utf-8"):
                return "apt"
    return ""


class Updates:
    """The look for updates of one user; it remembers the newest list it has believed in `folder`."""

    def __init__(self, settings: UpdateSettings, folder: Path) -> None:
        """`settings` are those that hold: policy may have switched the look off."""
        self._settings = settings
        self._file = folder / SEEN_FILE

    def due(self, now: datetime) -> bool:
        """Whether to look by itself: it is wanted, there is somewhere to look, and a day has passed."""
        wanted = self._settings
        if not (wanted.check and wanted.url and wanted.key) or managed_by():
            return False
        looked = self.seen().looked_at
        return looked is None or not timedelta(0) <= now - looked < EVERY

    def seen(self) -> Seen:
        """What was seen before. A file that cannot be read is as none: it can only be deleted by who may
        replace the program anyway.
        """
        try:
            return msgspec.json.decode(self._file.read_bytes(), type=Seen)
        except (OSError, msgspec.MsgspecError):
            return Seen()

    async def look(self, now: datetime) -> Found:
        """Fetch the list and judge it. Raises SettingsError when nothing says where to look, NetworkError
        when it does not come, BadInput when it is not to be believed.
        """
        wanted = self._settings
        if not wanted.url or not wanted.key:
            raise SettingsError("updates.url and updates.key: set both to look for updates.")
        seen = self.seen()
        self._remember(msgspec.structs.replace(seen, looked_at=now))
        data = await fetched(wanted.url, MOST_BYTES)
        signature = await fetched(f"{wanted.url}.minisig", MOST_BYTES)
        made = believed(data, signature.decode(errors="replace"), wanted.key, seen, now)
        sha256 = hashlib.sha256(data).hexdigest()
        self._remember(Seen(serial=made.serial, version=made.version, sha256=sha256, looked_at=now))
        return _found(made)

    def _remember(self, seen: Seen) -> None:
        part = self._file.with_suffix(".part")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(msgspec.json.encode(seen))
            part.replace(self._file)
        except OSError as fault:
            part.unlink(missing_ok=True)
            raise EnvironmentFault(
                f"{self._file} cannot be written ({fault}): updates are not looked for. Make room."
            ) from None


def _found(made: Versions) -> Found:
    return Found(
        newer=numbers(made.version) > numbers(__version__),
        version=made.version,
        notes=made.notes,
        download=made.files.get(this_system()),
    )


async def fetched(url: str, most_bytes: int) -> bytes:
    """A small file over https. Raises NetworkError, BadInput when it is longer than that."""
    data = bytearray()
    async with _opened(url) as answer:
        async for piece in answer.aiter_bytes():
            data += piece
            if len(data) > most_bytes:
                raise BadInput(f"{url[:80]} gives more than {most_bytes} bytes: it is not used")
    return bytes(data)


async def download(wanted: Download, folder: Path) -> Path:
    """Fetch a file into a folder and check it: it is there when it is right, else not at all. Raises
    NetworkError, BadInput, EnvironmentFault.
    """
    name = Path(urlsplit(wanted.url).path).name or "callboard-update"
    target, part = folder / name, folder / f".{name}.part"
    if target.exists():
        raise BadInput(f"{target} is there already: move it away first.")
    digest, size = hashlib.sha256(), 0
    try:
        async with _opened(wanted.url) as answer:
            with part.open("wb") as out:
                async for piece in answer.aiter_bytes():
                    size += len(piece)
                    if size > wanted.size:
                        break
                    digest.update(piece)
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
        if size != wanted.size or digest.hexdigest() != wanted.sha256:
            raise BadInput(
                f"{name} is not the file that was signed (its size or sum differs): it was deleted."
            )
        part.replace(target)
    except OSError as fault:
        raise EnvironmentFault(f"{target} cannot be written: {fault}. Nothing is left of it.") from None
    finally:
        part.unlink(missing_ok=True)
    return target


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[httpx.Response]:
    """An answer with status 200; redirects are followed as long as they stay on https."""
    async with httpx.AsyncClient(timeout=_PATIENCE_S) as http:
        for _ in range(_HOPS):
            if urlsplit(url).scheme != "https":
                raise BadInput(f"{url[:80]} is not at https: it is not used")
            try:
                async with http.stream("GET", url) as answer:
                    if answer.status_code not in _REDIRECTS:
                        answer.raise_for_status()
                        yield answer
                        return
                    url = urljoin(url, answer.headers.get("location", ""))
            except httpx.HTTPStatusError as fault:
                raise NetworkError(f"{url[:80]} answers {fault.response.status_code}. Is it right?") from None
            except (httpx.HTTPError, httpx.InvalidURL) as fault:
                raise NetworkError(f"{url[:80]} cannot be fetched: {fault}. Try again later.") from None
        raise NetworkError(f"{url[:80]}: sent on more than {_HOPS} times")
