"""Crash reports: what brought a program down, kept on this computer, without secrets, few and small.

Nothing is sent from here by itself: the windows show at the next start what was kept, and `send` posts one
report when the person (or a policy) has agreed. Reports are JSON files in a folder that belongs to the user.
"""

import contextlib
import faulthandler
import hashlib
import os
import platform
import sys
import threading
import traceback
from asyncio import AbstractEventLoop
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any
from urllib.parse import urlsplit

import msgspec

from console import __version__
from console.clock import Clock
from console.domain.errors import BadInput, NetworkError
from console.support.redaction import Redactor

MOST = 20
"""Reports that are kept: the newest."""

MOST_BYTES = 64_000
"""Of one report's text; the middle of a longer one is left out."""

_HARD = "hard-"
_SEND_S = 15.0


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One crash. `kind` is exception, thread, loop, qt or hard; `times` how often it came in that run."""

    name: str
    at: datetime
    kind: str
    version: str
    python: str
    system: str
    times: int = 1
    text: str


class Crashes:
    """The reports of one program in one folder."""

    def __init__(self, folder: Path, clock: Clock, redact: Callable[[str], str] | None = None) -> None:
        """Makes the folder when there is something to keep."""
        self.folder = folder
        self._clock = clock
        self._redact = redact or Redactor()
        self._known: dict[str, str] = {}
        self._lock = threading.Lock()
        self._hard: IO[bytes] | None = None

    # ---------------------------------------------------------------- kept

    def keep(self, kind: str, text: str, at: datetime | None = None) -> Report | None:
        """Keep a report; the same one again in this run is counted on. None when the disk refuses it: a
        crash on a full disk must not become a second one.
        """
        short = shortened(self._redact(shortened(text, 2 * MOST_BYTES)))  # what is cut twice shows no half
        sign = hashlib.sha256(f"{kind}\n{short}".encode()).hexdigest()
        with self._lock, contextlib.suppress(OSError):
            before = self._read(self._known[sign]) if sign in self._known else None
            if before is not None:
                return self._write(msgspec.structs.replace(before, times=before.times + 1))
            moment = at or self._clock.now()
            report = Report(
                name=f"crash-{moment:%Y%m%dT%H%M%S}-{sign[:8]}",
                at=moment,
                kind=kind,
                version=__version__,
                python=platform.python_version(),
                system=platform.platform(),
                text=short,
            )
            self._known[sign] = report.name
            written = self._write(report)
            self._drop_oldest()
            return written
        return None

    def keep_exception(self, kind: str, fault: BaseException) -> Report | None:
        """Keep an exception with its traceback."""
        return self.keep(kind, "".join(traceback.format_exception(fault)))

    def all(self) -> list[Report]:
        """The reports that are kept, newest first. A file that is none is passed over."""
        found = [self._read(file.stem) for file in self.folder.glob("crash-*.json")]
        return sorted(
            (report for report in found if report is not None), key=lambda one: one.at, reverse=True
        )

    def unseen(self) -> list[Report]:
        """Those that the person was not asked about yet."""
        return [report for report in self.all() if not self._mark(report).exists()]

    def seen(self, report: Report) -> None:
        """Do not ask about it again."""
        with contextlib.suppress(OSError):
            self._mark(report).touch(mode=0o600)

    def delete(self, report: Report) -> None:
        """Delete it."""
        for path in (self._file(report.name), self._mark(report)):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _mark(self, report: Report) -> Path:
        return self.folder / f"{report.name}.seen"

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"

    def _read(self, name: str) -> Report | None:
        try:
            return msgspec.json.decode(self._file(name).read_bytes(), type=Report)
        except (OSError, msgspec.MsgspecError):
            return None

    def _write(self, report: Report) -> Report:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self.folder / f"{report.name}.part"
        part.touch(mode=0o600)
        part.write_bytes(msgspec.json.format(msgspec.json.encode(report), indent=1))
        part.replace(self._file(report.name))
        return report

    def _drop_oldest(self) -> None:
        for report in self.all()[MOST:]:
            self.delete(report)

    # ---------------------------------------------------------------- caught

    def catch(self, loop: AbstractEventLoop | None = None) -> Callable[[], None]:
        """Keep from now on what nobody catches: in the main thread, in threads, in the loop, and hard ones
        (a signal such as SIGSEGV). Who was told before is told still. Returns what undoes it.
        """
        hooks = (sys.excepthook, threading.excepthook)

        def main(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
            if not issubclass(kind, KeyboardInterrupt):
                self.keep_exception("exception", fault.with_traceback(trace))
            hooks[0](kind, fault, trace)

        def thread(told: threading.ExceptHookArgs) -> None:
            if told.exc_value is not None and not issubclass(told.exc_type, SystemExit):
                self.keep_exception("thread", told.exc_value)
            hooks[1](told)

        sys.excepthook, threading.excepthook = main, thread
        undo_loop = self.catch_loop(loop) if loop is not None else _nothing
        self._watch_hard()

        def undo() -> None:
            sys.excepthook, threading.excepthook = hooks
            undo_loop()
            self._stop_watching_hard()

        return undo

    def catch_loop(self, loop: AbstractEventLoop) -> Callable[[], None]:
        """Keep what tasks and callbacks of a loop leave uncaught. Returns what undoes it."""
        before = loop.get_exception_handler()

        def handle(at: AbstractEventLoop, context: dict[str, Any]) -> None:
            fault = context.get("exception")
            if isinstance(fault, BaseException):
                self.keep_exception("loop", fault)
            if before is not None:
                before(at, context)
            else:
                at.default_exception_handler(context)

        loop.set_exception_handler(handle)
        return lambda: loop.set_exception_handler(before)

    def _watch_hard(self) -> None:
        """Python's faulthandler writes the stacks of all threads when a signal ends the program."""
        self.take_hard()
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = self.folder / f"{_HARD}{os.getpid()}.txt"
            file.touch(mode=0o600)
            self._hard = file.open("wb")
            faulthandler.enable(self._hard, all_threads=True)

    def _stop_watching_hard(self) -> None:
        if self._hard is None:
            return
        faulthandler.disable()
        name = Path(self._hard.name)
        self._hard.close()
        self._hard = None
        with contextlib.suppress(OSError):
            if not name.stat().st_size:
                name.unlink()

    def take_hard(self) -> list[Report]:
        """Make reports of what faulthandler wrote in runs before this one; returns them."""
        made: list[Report] = []
        for file in sorted(self.folder.glob(f"{_HARD}*.txt")):
            with contextlib.suppress(OSError):
                text = file.read_text(encoding="utf-8", errors="replace").strip()
                at = datetime.fromtimestamp(file.stat().st_mtime, self._clock.now().tzinfo)
                report = self.keep("hard", text, at) if text else None
                made += [report] if report is not None else []
                file.unlink()
        return made


def _nothing() -> None:
    pass


def shortened(text: str, most_bytes: int = MOST_BYTES) -> str:
    """The text, or its beginning and end when it is too long for a report."""
    data = text.encode("utf-8", "replace")
    if len(data) <= most_bytes:
        return text
    half = most_bytes // 2
    left = len(data) - 2 * half
    return (
        f"{data[:half].decode(errors='ignore')}\n[... {left} bytes left out ...]\n"
        f"{data[-half:].decode(errors='ignore')}"
    )


async def send(report: Report, url: str) -> None:
    """Post one report as JSON. Raises BadInput for a URL that is not https, NetworkError when it does not
    arrive.
    """
    if urlsplit(url).scheme != "https":
        raise BadInput(f"crash.url: {url[:80]} does not begin with https://: nothing was sent.")
    import httpx  # slow to load, and rarely needed

    body = msgspec.json.encode(report)
    try:
        async with httpx.AsyncClient(timeout=_SEND_S) as http:
            answer = await http.post(url, content=body, headers={"content-type": "application/json"})
            answer.raise_for_status()
    except httpx.HTTPStatusError as fault:
        raise NetworkError(
            f"the report was not taken ({fault.response.status_code}). It is kept: try again later."
        ) from None
    except (httpx.HTTPError, httpx.InvalidURL) as fault:
        raise NetworkError(f"the report could not be sent ({fault}). It is kept: try again later.") from None
