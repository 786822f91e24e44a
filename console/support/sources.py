"""What a bundle is made of: of a desk its logs, settings, crashes and last calls; of a centre its settings,
log and ledger in numbers; of both the doctor's report and versions.
"""

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from console import __version__
from console.domain.errors import BadInput, CallboardError, EnvironmentFault
from console.domain.events import InteractionArrived
from console.ledger.copying import glance, newest_bodies
from console.policy.explain import explained
from console.policy.keeper import Keeper
from console.settings import CentreSettings, read_settings
from console.support.backup import places
from console.support.bundle import Source, tail
from console.support.crashes import Crashes, Report
from console.wire import decode_event

CALLS = 100
"""So many of the last calls are described."""

HISTORY = "desk.db"
LOGS = "logs"
CRASHES = "crashes"
_CUSTOMERS = 20_000
_JOURNAL_LINES = "20000"
_JOURNAL_S = 30
_HIDDEN = frozenset({"user", "phone.uri", "phone.username"})
_PACKAGES = (
    "PySide6-Essentials",
    "pjsua2-python",
    "pjsua2",
    "qasync",
    "litestar",
    "uvicorn",
    "sqlalchemy",
    "msgspec",
    "httpx",
    "websockets",
    "aiosipua",
    "aiortp",
    "cryptography",
    "psycopg",
)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What other rooms know: the doctor's report; of a desk's history its last calls and its people."""

    doctor: Callable[[], Any]
    calls: Callable[[Path, int], list[dict[str, Any]]]
    people: Callable[[Path], list[str]]


def _json(value: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=1).decode()


def common(parts: Parts) -> list[Source]:
    """What every bundle holds."""
    return [
        Source("versions.json", "this program and what it is made of", lambda: _json(versions())),
        Source("doctor.json", "what works on this machine", lambda: _json(parts.doctor())),
    ]


def versions() -> dict[str, Any]:
    """Versions of this program, the system, and the parts that are installed."""
    found = {}
    for name in _PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return {
        "callboard": __version__,
        "frozen": bool(getattr(sys, "frozen", False)),
        "python": sys.version,
        "system": platform.platform(),
        "packages": found,
    }


# ---------------------------------------------------------------- a desk


def of_desk(keeper: Keeper, folder: Path, history: Path, parts: Parts, crashes: Crashes) -> list[Source]:
    """What there is of a desk whose data lie in `folder`."""
    found = [
        Source("settings.json", "settings and where each came from", lambda: _json(_settings(keeper))),
        Source(
            "calls.json", "how the last calls went and sounded", lambda: _json(parts.calls(history, CALLS))
        ),
        Source("folder.txt", "files of the data folder and their sizes", lambda: _listing(folder)),
    ]
    found += [
        Source(f"logs/{file.name}", "log of the desk", _reader(file))
        for file in sorted((folder / LOGS).glob("*.log*"))
    ]
    found += [
        Source(f"crashes/{report.name}.txt", "crash report", _crash(report)) for report in crashes.all()
    ]
    return found


def people_of_desk(keeper: Keeper, history: Path, parts: Parts) -> list[str]:
    """Whose names are to be hidden."""
    settings = keeper.settings
    known = [settings.user, settings.phone.username, settings.phone.uri.partition(":")[2].partition("@")[0]]
    with suppress(CallboardError):
        known += parts.people(history)
    return [name for name in known if name]


def _settings(keeper: Keeper) -> dict[str, Any]:
    told = explained(keeper)
    rows = told.pop("settings")
    for row in rows:
        if row["name"] in _HIDDEN and row["value"]:
            row["value"] = "[removed]"
        row["origin"] = row.pop("from")
    return {**told, "settings": {row.pop("name"): row for row in rows}}


def _crash(report: Report) -> Callable[[], str]:
    about = f"{report.kind}, {report.times} times, at {report.at.isoformat()}"
    return lambda: f"{about}\nCallboard {report.version}, Python {report.python}\n\n{report.text}"


def _listing(folder: Path) -> str:
    lines = [
        f"{file.stat().st_size:>12} {file.relative_to(folder)}"
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "messages" not in file.parts
    ]
    return "\n".join(lines)


def _reader(file: Path) -> Callable[[], str]:
    return lambda: tail(file)


# ---------------------------------------------------------------- a centre


def of_centre(config: Path | None, database: str, logs: Sequence[Path]) -> list[Source]:
    """What there is of a centre: settings, ledger in numbers, its journal, log files that were named."""
    found = [
        Source("centre/ledger.json", "the ledger in numbers", lambda: _json(_ledger(config, database))),
        Source("centre/journal.txt", "what the centre's service logged", journal),
    ]
    if config is not None:
        found.insert(0, Source("centre/settings.json", "the centre's settings", lambda: _centre(config)))
    return found + of_logs(logs)


def of_logs(files: Sequence[Path]) -> list[Source]:
    """Log files that were named."""
    return [
        Source(f"more/{number}-{file.name}", str(file), _reader(file)) for number, file in enumerate(files)
    ]


def _centre(config: Path) -> str:
    """Numbers and switches; of queues, agents and users how many there are and what is not theirs alone."""
    settings = msgspec.to_builtins(read_settings(config, CentreSettings), enc_hook=str)
    for name in ("agents", "users"):
        settings[name] = f"{len(settings[name])} of them"
    settings["routing"]["customers"] = f"{len(settings['routing']['customers'])} of them"
    settings.pop("provision", None)
    return _json(settings)


def _ledger(config: Path | None, database: str) -> dict[str, Any]:
    where = places(config, database)
    return {"shape": msgspec.to_builtins(glance(where.database)), "kind": where.database.partition(":")[0]}


def people_of_centre(config: Path | None, database: str) -> list[str]:
    """Agents, users, and the customers of the newest interactions."""
    known: list[str] = []
    with suppress(CallboardError):
        settings = read_settings(config, CentreSettings) if config else CentreSettings()
        for agent in settings.agents:
            known += [agent.key, agent.name]
        for user in settings.users:
            known += [user.name, user.shown]
        known += [rule.number for rule in settings.routing.customers]
    with suppress(CallboardError):
        for body in newest_bodies(places(config, database).database, "InteractionArrived", _CUSTOMERS):
            with suppress(BadInput):
                event = decode_event(body)
                if isinstance(event, InteractionArrived):
                    known += [event.customer.name, event.customer.uri.partition(":")[2].partition("@")[0]]
                    known += [value for value in event.attached.values() if len(value) > 3]
    return [name for name in known if name]


def journal() -> str:
    """What systemd's journal has of the service. Raises EnvironmentFault."""
    program = shutil.which("journalctl")
    if program is None:
        raise EnvironmentFault("there is no journalctl here: name log files with --log")
    try:
        done = subprocess.run(
            [program, "-u", "callboard-centre", "-n", _JOURNAL_LINES, "--no-pager", "-o", "short-iso"],
            check=False,
            capture_output=True,
            timeout=_JOURNAL_S,
        )
    except (OSError, subprocess.TimeoutExpired) as fault:
        raise EnvironmentFault(f"journalctl: {fault}") from None
    if done.returncode:
        raise EnvironmentFault(f"journalctl: {done.stderr.decode(errors='replace').strip()[:200]}")
    return done.stdout.decode(errors="replace")
