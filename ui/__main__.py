"""`callboard`: the agent's window and the wallboard; `callboard demo`: a whole call centre at work."""

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from console import paths
from console.domain.errors import BadInput, CallboardError
from console.log import setup_logging

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from console.telephony.audio import AudioPort
    from console.telephony.engine import Engine, EngineSettings

_BAD_USE = 2
_FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run; 0 when it went well, 1 when it failed, 2 for bad use."""
    chosen = _parser().parse_args(arguments)
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
    from console.clock import SystemClock

    application = _application()
    from ui.app import App, load_settings

    file = (Path(chosen.data) if chosen.data else paths.config_folder()) / "desk.toml"
    settings, fault = load_settings(file)
    settings = msgspec.structs.replace(
        settings, centre=chosen.centre or settings.centre, user=chosen.user or settings.user
    )
    folder = Path(chosen.data) if chosen.data else paths.data_folder()
    kept = None if fault else file  # a file with a fault is left as it is: nothing of it may be lost
    app = App(application, settings, SystemClock(), _engine, folder, settings_file=kept)

    async def run() -> None:
        for number in (signal.SIGINT, signal.SIGTERM):  # leave as the window's cross does, hanging up first
            signal.signal(number, lambda *_: app.closed.set())
        window = await app.open()
        if fault:
            words = app.words
            told = words(
                "{fault}. Mend the file and start again; until then changes are not kept.", fault=fault
            )
            window.notices.tell("settings", told, "warning")
        await app.closed.wait()
        await app.close()

    _run(application, run())
    return 0


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

    if chosen.switch != "embedded":
        raise BadInput("--switch asterisk is not there yet: use --switch embedded.")
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
    parser = argparse.ArgumentParser(prog="callboard", description=__doc__)
    parser.add_argument("--centre", metavar="URL", default="", help="the centre to sign in to")
    parser.add_argument("--user", metavar="NAME", default="", help="the name to sign in with")
    parser.add_argument("--data", metavar="DIR", default="", help="where settings and history are kept")
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
