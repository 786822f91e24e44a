"""`callboard`: the agent's window and the wallboard; `callboard demo`: a whole call centre at work."""

import argparse
import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Coroutine, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console import paths
from console.domain.errors import BadInput, CallboardError, EnvironmentFault
from console.domain.links import is_link
from console.log import LogFile, log_to_file, setup_logging, stop_logging_to

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from console.clock import Clock
    from console.policy.keeper import Keeper
    from console.support.bundle import Entry
    from console.support.crashes import Crashes
    from console.support.updates import Found
    from console.telephony.audio import AudioPort
    from console.telephony.engine import Engine, EngineSettings
    from ui.app import App
    from ui.shell.health import Care, Health
    from ui.shell.instance import Place
    from ui.shell.window import AgentWindow

_BAD_USE = 2
_FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 when it went well, 1 when it failed, 2 for bad use."""
    words, link = split_link(list(sys.argv[1:] if arguments is None else arguments))
    parser = _parser()
    chosen = parser.parse_args(words)
    if link and chosen.command is not _open:
        parser.error("a link goes to the desk, not to a command: callboard LINK")
    chosen.link = link
    setup_logging(chosen.log_level, as_json=chosen.log_json)
    try:
        done: int = chosen.command(chosen)
    except BadInput as fault:
        return _complain(fault, _BAD_USE)
    except CallboardError as fault:
        return _complain(fault, _FAILED)
    except KeyboardInterrupt:
        return _FAILED
    return done


def split_link(words: list[str]) -> tuple[list[str], str]:
    """Take the link off the end of a command line; "" for none.

    The system's handlers call `callboard -- LINK`: whatever a web page puts into a link, nothing after the
    dashes is an option, and more than one word is refused by the parser.
    """
    if len(words) >= len(("--", "LINK")) and words[-2] == "--":
        return words[:-2], words[-1]
    if words and is_link(words[-1]) and "--" not in words:
        return words[:-1], words[-1]
    return words, ""


def _complain(fault: Exception, code: int) -> int:
    print(f"callboard: {' '.join(str(fault).split())}", file=sys.stderr)
    return code


def _say(line: str) -> None:
    print(line, flush=True)


def has_screen() -> bool:
    """Whether windows can be shown here."""
    if sys.platform in {"win32", "darwin"}:
        return True
    return bool(os.environ.get("WAYLAND_DISPLAY")) or _answers(os.environ.get("DISPLAY", ""))


def _answers(display: str) -> bool:
    """Whether an X server is there (X(7)): Qt would end the program by SIGABRT when none is."""
    host, _, rest = display.rpartition(":")
    number = rest.partition(".")[0]
    if not number.isdigit():
        return False
    if host not in {"", "unix"}:
        return True  # far away, as through ssh: Qt finds out
    for path in (f"\0/tmp/.X11-unix/X{number}", f"/tmp/.X11-unix/X{number}"):
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.connect(path)
            return True
    return False


def _open(chosen: argparse.Namespace) -> int:
    if not has_screen() and not os.environ.get("QT_QPA_PLATFORM"):
        raise CallboardError(
            "there is no screen here. Start callboard in a graphical session; callboardctl needs none."
        )
    if chosen.at_login and not _keeper(chosen, keeps=False).settings.start.autostart:
        return 0
    from ui.shell.instance import Handover, activation, take_place

    folder = Path(chosen.data) if chosen.data else paths.data_folder()
    place = take_place(folder, Handover(chosen.link, activation()))
    if place is not None:
        _run_desk(chosen, folder, place)
    return 0


def _keeper(chosen: argparse.Namespace, *, keeps: bool) -> "Keeper":
    from console.policy.command import here

    asked = {name: value for name, value in (("centre", chosen.centre), ("user", chosen.user)) if value}
    return here(chosen.data, asked=asked, keeps=keeps)


def _run_desk(chosen: argparse.Namespace, folder: Path, place: "Place") -> None:
    from console.clock import SystemClock
    from console.support.crashes import Crashes
    from ui.shell.instance import Instance

    clock, keeper = SystemClock(), _keeper(chosen, keeps=True)
    crashes = Crashes(folder / "crashes", clock)
    with _watched(keeper, folder, crashes):
        application = _application()
        instance = Instance(place)
        from ui.app import App

        app = App(application, keeper, clock, _engine, folder)

        async def run() -> None:
            crashes.catch_loop(asyncio.get_running_loop())
            for number in (signal.SIGINT, signal.SIGTERM):  # leave as the cross does, hanging up first
                signal.signal(number, lambda *_: app.closed.set())
            window = await app.open()
            try:
                instance.serve(window)
            except EnvironmentFault as fault:  # the phone works all the same
                window.notices.tell("links", app.words.fault(str(fault)), "warning")
            health = _health(app, window, _care(keeper, folder, crashes, clock))
            window.support_wanted.connect(health.offer_bundle)
            if chosen.link:
                window.take_link(chosen.link)
            await app.closed.wait()
            instance.deafen()
            await app.close()

        _run(application, run())
        instance.leave()


@contextlib.contextmanager
def _watched(keeper: "Keeper", folder: Path, crashes: "Crashes") -> Iterator[None]:
    """Log to a file, and keep what nobody catches."""
    from ui.shell.crashes import catch_qt

    log = _log_file(keeper, folder)
    undo = (crashes.catch(), catch_qt(crashes))
    try:
        yield
    finally:
        for step in reversed(undo):
            step()
        if log is not None:
            stop_logging_to(log)


def _log_file(keeper: "Keeper", folder: Path) -> logging.Handler | None:
    """The desk's log; a folder that cannot be written is told once, and the desk opens all the same."""
    wanted = keeper.settings.log
    file = LogFile(
        path=folder / "logs" / "desk.log",
        level=wanted.level,
        most_bytes=round(wanted.size_mb * 1_000_000),
        older=wanted.files,
    )
    try:
        return log_to_file(file)
    except CallboardError as fault:
        logging.getLogger(__name__).warning("%s", fault)
        return None


def _care(keeper: "Keeper", folder: Path, crashes: "Crashes", clock: "Clock") -> "Care":
    """What the window's health works with; what is slow to load is loaded when it is wanted."""
    from console.support.crashes import send
    from ui.shell.health import Care

    async def look() -> "Found | None":
        if not keeper.settings.updates.check:
            return None
        from console.support.updates import Updates

        updates = Updates(keeper.settings.updates, folder)
        return await updates.look(clock.now()) if updates.due(clock.now()) else None

    def gathered() -> "list[Entry]":
        from console.doctor import examine
        from console.history.statistics import last_calls, people
        from console.support import sources
        from console.support.bundle import collect
        from console.support.redaction import Redactor
        from console.telephony.pjsua_build import describe_build

        history = folder / sources.HISTORY
        parts = sources.Parts(
            doctor=lambda: examine(describe_build, keeper=keeper), calls=last_calls, people=people
        )
        known = sources.people_of_desk(keeper, history, parts)
        taken = sources.of_desk(keeper, folder, history, parts, crashes)
        return collect([*sources.common(parts), *taken], Redactor(known))

    async def gather() -> "list[Entry]":
        return await asyncio.to_thread(gathered)

    async def save(entries: "Sequence[Entry]", to: Path) -> None:
        from console.support.bundle import save

        await asyncio.to_thread(save, entries, to, clock.now())

    return Care(
        reports=crashes, crash=lambda: keeper.settings.crash, send=send, look=look, gather=gather, save=save
    )


def _health(app: "App", window: "AgentWindow", care: "Care") -> "Health":
    from ui.shell.health import Health

    health = Health(window, window.notices, care, app.words, app.tasks)
    health.begin()
    return health


def _engine(settings: "EngineSettings", audio: "AudioPort | None") -> "Engine":
    from console.telephony.pjsua import PjsuaEngine

    return PjsuaEngine(settings, audio)


def _application() -> "QApplication":
    from PySide6.QtGui import QIcon
    from PySide6.QtWidgets import QApplication

    application = QApplication(sys.argv[:1])
    application.setApplicationName("Callboard")
    application.setDesktopFileName("callboard")
    application.setWindowIcon(QIcon(str(paths.resources() / "icons" / "callboard.png")))
    application.setQuitOnLastWindowClosed(False)
    return application


def _run(application: "QApplication", work: Coroutine[Any, Any, None]) -> None:
    """Run to the end on one loop for Qt and asyncio."""
    import qasync

    with qasync.QEventLoop(application) as loop:
        loop.run_until_complete(work)


def _demo(chosen: argparse.Namespace) -> int:
    """The demo's day runs here; both windows are a process of their own."""
    from console.clock import SystemClock
    from console.demo.run import Wish, run_demo
    from console.telephony.pjsua import PjsuaEngine

    person = has_screen()
    screenshots = chosen.screenshots or ("" if person else "demo-output")
    if not person:
        _say(f"there is no screen: both windows are drawn offscreen, their pictures go to {screenshots}")
    wish = Wish(
        duration_s=chosen.duration if chosen.duration is not None else (0.0 if person else 30.0),
        seed=chosen.seed,
        agents=chosen.agents,
        callers=chosen.callers,
        screenshots=screenshots,
        folder=chosen.folder or "",
        asterisk=chosen.switch == "asterisk",
        person=person,
    )
    report = asyncio.run(run_demo(wish, SystemClock(), _say, PjsuaEngine))
    if chosen.report:
        from console.__main__ import write_report

        write_report(report.written(), chosen.report)
    return 0 if report.balanced else _FAILED


def _demo_windows(_: argparse.Namespace) -> int:
    from console.clock import SystemClock

    if not has_screen():
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = _application()
    from ui.demo import run_windows

    _run(application, run_windows(application, SystemClock()))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="callboard",
        description=__doc__,
        epilog="callboard LINK hands a tel:, sip:, sips:, callto: or callboard: link to the running desk, or "
        "opens one: the number stands in the dial field, and nobody is called until you press Call.",
    )
    parser.add_argument("--centre", metavar="URL", default="", help="the centre to sign in to")
    parser.add_argument("--user", metavar="NAME", default="", help="the name to sign in with")
    parser.add_argument("--data", metavar="DIR", default="", help="where settings and history are kept")
    parser.add_argument(
        "--at-login", action="store_true", help="open only where the settings ask for it (start.autostart)"
    )
    parser.add_argument("--log-level", default="warning", choices=("debug", "info", "warning", "error"))
    parser.add_argument("--log-json", action="store_true", help="log records as JSON, one a line")
    parser.set_defaults(command=_open)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    demo = commands.add_parser("demo", help="a whole call centre at work, with you as one of its agents")
    demo.add_argument(
        "--duration", type=float, metavar="S", help="seconds of calls (with a screen: until you close it)"
    )
    demo.add_argument("--seed", type=int, default=1, metavar="N", help="what the dice start from (1)")
    demo.add_argument("--agents", type=int, default=4, metavar="A", help="robot agents (4)")
    demo.add_argument("--callers", type=int, default=25, metavar="C", help="customers, without a screen (25)")
    demo.add_argument("--report", metavar="FILE.json", help="write the figures and the books here")
    demo.add_argument("--screenshots", metavar="DIR", help="leave pictures of both windows here")
    demo.add_argument("--folder", metavar="DIR", help="keep the databases here (else in a temporary folder)")
    demo.add_argument("--switch", default="embedded", choices=("embedded", "asterisk"))
    demo.set_defaults(command=_demo)
    windows = commands.add_parser("demo-windows")
    windows.set_defaults(command=_demo_windows)
    return parser


if __name__ == "__main__":
    sys.exit(main())
