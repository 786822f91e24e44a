"""`callboardctl`: the centre, the scripted phone, the demo, the figures and the doctor, without a window."""

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from console import __version__
from console.domain.errors import BadInput, CallboardError
from console.inquiries import add_explain, add_kpi, refolded
from console.log import setup_logging
from console.policy.command import add_settings, here
from console.provision.command import add_key, add_link
from console.simulator.command import add_simulate
from console.support.command import health_commands
from console.switch.asterisk_command import add_asterisk

if TYPE_CHECKING:
    from console.clock import Clock
    from console.support.sources import Parts
    from console.telephony.build import EngineBuild

_BAD_USE = 2
_FAILED = 1
_INTERRUPTED = 130
_OF_ASTERISK = frozenset({"asterisk", "app_queue"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it went well, 1 when it failed, 2 for bad use."""
    parser = _parser()
    chosen = parser.parse_args(arguments)
    setup_logging(chosen.log_level, as_json=chosen.log_json)
    command: Callable[[argparse.Namespace], int] = chosen.command
    try:
        return command(chosen)
    except BadInput as fault:
        return _complain(fault, _BAD_USE)
    except CallboardError as fault:
        return _complain(fault, _FAILED)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # whoever read our output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _complain(fault: Exception, code: int) -> int:
    print(f"callboardctl: {' '.join(str(fault).split())}", file=sys.stderr)
    return code


def _clock() -> "Clock":
    from console.clock import SystemClock

    return SystemClock()


def _say(line: str) -> None:
    print(line, flush=True)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def check_report(file: str) -> None:
    """Raise BadInput now, not after the work, when a report cannot be written."""
    folder = Path(file).absolute().parent
    if file != "-" and (Path(file).is_dir() or not os.access(folder, os.W_OK)):
        raise BadInput(
            f"the report cannot be written to {file}: choose a file in a folder that you may write to"
        )


def write_report(report: dict[str, Any], file: str) -> None:
    """Write a report as JSON; `-` is standard output. Raises BadInput when the file cannot be written."""
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    if file == "-":
        sys.stdout.write(text)
        return
    try:
        Path(file).write_text(text, encoding="utf-8")
    except OSError as fault:
        raise BadInput(f"the report cannot be written: {fault}") from None


# ---------------------------------------------------------------- commands


def _centre(chosen: argparse.Namespace) -> int:
    from console.centre.run import run_centre
    from console.clock import SystemClock
    from console.settings import CentreSettings, read_settings

    settings = read_settings(Path(chosen.config), CentreSettings) if chosen.config else CentreSettings()
    changes = {
        key: value
        for key, value in (("host", chosen.host), ("port", chosen.port), ("database", chosen.database))
        if value is not None
    }
    server = msgspec.structs.replace(settings.server, **changes)
    settings = msgspec.structs.replace(settings, server=server)
    alive = chosen.until_stdin_closes
    asyncio.run(run_centre(settings, SystemClock(), _say, _tell, until_stdin_closes=alive))
    return 0


def _demo(chosen: argparse.Namespace) -> int:
    from console.clock import SystemClock
    from console.demo.run import Wish, run_demo
    from console.telephony.pjsua import PjsuaEngine

    check_report(chosen.report or "-")
    wish = Wish(
        duration_s=chosen.duration,
        seed=chosen.seed,
        agents=chosen.agents,
        callers=chosen.callers,
        screenshots=chosen.screenshots or "",
        callbacks=chosen.callbacks,
        folder=chosen.folder or "",
        asterisk=chosen.switch == "asterisk",
    )
    report = asyncio.run(run_demo(wish, SystemClock(), _say, PjsuaEngine))
    if chosen.report:
        write_report(report.written(), chosen.report)
    return 0 if report.balanced else _FAILED


def _call(chosen: argparse.Namespace) -> int:
    from console.clock import SystemClock
    from console.telephony.engine import Transport
    from console.telephony.pjsua import PjsuaEngine
    from console.telephony.script import CallOptions, run_call

    check_report(chosen.report)
    options = CallOptions(
        to=chosen.to or "",
        sender=chosen.sender or "",
        password=chosen.password or "",
        registrar=chosen.registrar or "",
        play=chosen.play,
        record=chosen.record,
        answer=chosen.answer,
        transport=Transport(chosen.transport),
        srtp=chosen.srtp,
        dtmf=chosen.dtmf,
        duration_s=chosen.duration,
    )
    report = asyncio.run(
        run_call(options, PjsuaEngine, SystemClock(), ready=lambda at: _say(f"ready at {at}"))
    )
    code: int = report.pop("exit_code")
    write_report(report, chosen.report)
    return code


def _doctor(chosen: argparse.Namespace) -> int:
    from console.doctor import examine, words
    from console.settings import CentreSettings, read_settings
    from console.switch.asterisk_command import examined

    def describe() -> "EngineBuild":
        from console.telephony.pjsua_build import describe_build

        return describe_build()

    asterisks = None
    if chosen.config:
        settings = read_settings(Path(chosen.config), CentreSettings)
        asterisks = partial(examined, settings) if settings.switch.kind in _OF_ASTERISK else None
    report = examine(describe, chosen.centre, here(), asterisks)
    if chosen.json:
        write_report(report, "-")
    else:
        for line in words(report):
            _say(line)
    return 0 if report["ok"] else _FAILED


def _support_parts() -> "Parts":
    from console.doctor import examine
    from console.history.statistics import last_calls, people
    from console.support.sources import Parts
    from console.telephony.pjsua_build import describe_build

    return Parts(doctor=lambda: examine(describe_build, keeper=here()), calls=last_calls, people=people)


def _migrate(chosen: argparse.Namespace) -> int:
    from console.ledger.ledger import Ledger
    from console.support.backup import places

    if not (chosen.database or chosen.config):
        raise BadInput("say which ledger: --database URL, or --config FILE with the centre's settings")
    source = places(Path(chosen.config) if chosen.config else None, chosen.database or "")

    async def migrate() -> int:
        ledger = await Ledger.open(source.database)
        try:
            return await ledger.count()
        finally:
            await ledger.close()

    _say(f"the ledger is up to date and holds {asyncio.run(migrate())} events")
    return 0


def _password(_: argparse.Namespace) -> int:
    from getpass import getpass

    from console.server.auth import hash_password

    password = getpass("Password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    if not password:
        raise BadInput("the password is empty")
    _say(hash_password(password))
    return 0


def _bench(chosen: argparse.Namespace) -> int:
    import subprocess

    folder = Path(__file__).resolve().parent.parent / "tests" / "bench"
    if not folder.is_dir():
        raise BadInput("the benchmarks are in the source tree only: run `make bench` there.")
    wanted = ["-k", chosen.only] if chosen.only else []
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-s", "-m", "", *wanted, str(folder)],
        check=False,
        cwd=folder.parent.parent,
    )
    return _FAILED if done.returncode else 0


# ---------------------------------------------------------------- the command line


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="callboardctl", description=__doc__)
    parser.add_argument("--version", action="version", version=f"callboardctl {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    adders: tuple[Callable[[Any], argparse.ArgumentParser], ...] = (
        _add_centre,
        _add_demo,
        _add_call,
        partial(add_kpi, say=_say),
        partial(add_explain, say=_say),
        partial(add_simulate, say=_say, tell=_tell),
        _add_doctor,
        partial(add_settings, say=_say, tell=_tell),
        partial(add_key, say=_say),
        partial(add_link, clock=_clock, say=_say),
        partial(add_asterisk, say=_say),
        _add_migrate,
        *health_commands(_say, refolded, _support_parts),
        _add_bench,
        _add_password,
    )
    for add in adders:
        command = add(commands)
        command.add_argument("--log-level", default="warning", choices=("debug", "info", "warning", "error"))
        command.add_argument("--log-json", action="store_true", help="log records as JSON, one a line")
    return parser


_Commands = Any  # argparse has no public name for what add_subparsers returns


def _add_centre(commands: _Commands) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser("centre", help="run the centre (the server)")
    made.add_argument("--config", metavar="FILE", help="TOML settings")
    made.add_argument("--host", help="address to listen on (127.0.0.1)")
    made.add_argument("--port", type=_port, help="TCP port (8460); 0 takes a free one")
    made.add_argument("--database", metavar="URL", help="SQLAlchemy URL of the ledger")
    made.add_argument("--until-stdin-closes", action="store_true", help=argparse.SUPPRESS)
    made.set_defaults(command=_centre)
    return made


def _add_demo(commands: _Commands) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        "demo", help="a whole centre with robot customers and agents, over real SIP"
    )
    made.add_argument("--headless", action="store_true", help="without a window (callboard demo has one)")
    made.add_argument(
        "--duration", type=_positive, default=30.0, metavar="S", help="seconds of arrivals (30)"
    )
    made.add_argument("--seed", type=int, default=1, metavar="N", help="what the dice start from (1)")
    made.add_argument("--agents", type=_count, default=4, metavar="A", help="robot agents (4)")
    made.add_argument(
        "--callers", type=_count, default=20, metavar="C", help="robot customers, one call each (20)"
    )
    made.add_argument("--report", metavar="FILE.json", help="write the figures and the books here")
    made.add_argument("--switch", default="embedded", choices=("embedded", "asterisk"))
    made.add_argument("--screenshots", metavar="DIR", help="open both windows offscreen and leave PNGs here")
    made.add_argument("--callbacks", action="store_true", help="let some customers rather be called back")
    made.add_argument("--folder", metavar="DIR", help="keep the databases here (else in a temporary folder)")
    made.set_defaults(command=_demo)
    return made


def _add_call(commands: _Commands) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        "call", help="the softphone without a window, for scripts"
    )
    made.add_argument("--to", metavar="SIPURI", help="whom to call")
    made.add_argument("--from", dest="sender", metavar="URI", help="our own address")
    made.add_argument("--password", metavar="P", help="for the registrar")
    made.add_argument("--registrar", metavar="URI", help="where to register")
    made.add_argument("--play", type=Path, metavar="WAV", help="what to speak")
    made.add_argument("--record", type=Path, metavar="WAV", help="where to keep what is heard")
    made.add_argument("--answer", action="store_true", help="wait for a call instead of making one")
    made.add_argument("--transport", default="udp", choices=("udp", "tcp", "tls"))
    made.add_argument("--srtp", action="store_true", help="encrypt the sound")
    made.add_argument("--dtmf", default="", metavar="DIGITS", help="digits to send once answered")
    made.add_argument(
        "--duration", type=_positive, metavar="S", help="seconds to talk (until it is played, or over)"
    )
    made.add_argument(
        "--report", required=True, metavar="FILE.json", help="what happened (- is standard output)"
    )
    made.set_defaults(command=_call)
    return made


def _add_doctor(commands: _Commands) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        "doctor", help="what works here, and what to do about the rest"
    )
    made.add_argument("--centre", metavar="URL", default="", help="also ask this centre")
    made.add_argument("--config", metavar="FILE", help="the centre's TOML settings: also check its Asterisk")
    made.add_argument("--json", action="store_true", help="as JSON")
    made.set_defaults(command=_doctor)
    return made


def _add_migrate(commands: _Commands) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser("migrate", help="bring a ledger's tables up to date")
    made.add_argument("--database", metavar="URL", help="SQLAlchemy URL of the ledger")
    made.add_argument("--config", metavar="FILE", help="the centre's TOML settings, which name it")
    made.set_defaults(command=_migrate)
    return made


def _add_bench(commands: _Commands) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        "bench", help="measure this machine (source tree only)"
    )
    made.add_argument(
        "--only", metavar="WORD", default="", help="only the benchmarks with this in their name"
    )
    made.set_defaults(command=_bench)
    return made


def _add_password(commands: _Commands) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(
        "password", help="the hash of a password, for a settings file"
    )
    made.set_defaults(command=_password)
    return made


_HIGHEST_PORT = 65535
_MOST_ROBOTS = 500


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= _HIGHEST_PORT:
        raise argparse.ArgumentTypeError("a port is a number from 0 to 65535")
    return number


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError("must be more than 0")
    return number


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= _MOST_ROBOTS:
        raise argparse.ArgumentTypeError(f"must be from 0 to {_MOST_ROBOTS}")
    return number


if __name__ == "__main__":
    sys.exit(main())
