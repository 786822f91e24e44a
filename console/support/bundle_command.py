"""`callboardctl support-bundle`: what was taken is listed, and saved when the person says so."""

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from console.support.bundle import Entry
    from console.support.sources import Parts

_Say = Callable[[str], None]


def add_support_bundle(commands: Any, say: _Say, parts: "Callable[[], Parts]") -> argparse.ArgumentParser:
    """Declare `support-bundle`; `parts` is asked for when it runs."""
    made: argparse.ArgumentParser = commands.add_parser(
        "support-bundle", help="logs, settings and figures for support, without secrets and people"
    )
    made.add_argument("--to", required=True, metavar="FILE.zip", help="where to save it")
    made.add_argument("--data", metavar="DIR", default="", help="another folder of settings and history")
    made.add_argument("--config", metavar="FILE", help="of a centre: its TOML settings")
    made.add_argument("--database", metavar="URL", default="", help="of a centre: its ledger")
    made.add_argument("--log", action="append", default=[], metavar="FILE", help="a log file to take as well")
    made.add_argument("--yes", action="store_true", help="save without asking")
    made.set_defaults(command=partial(_support_bundle, say=say, parts=parts))
    return made


def _support_bundle(chosen: argparse.Namespace, say: _Say, parts: "Callable[[], Parts]") -> int:
    from console.clock import SystemClock
    from console.support.bundle import contents, save

    clock = SystemClock()
    entries = _entries(chosen, parts(), clock)
    say(contents(entries).rstrip())
    if not chosen.yes and sys.stdin.isatty():
        say(f"Save it to {chosen.to}? [y/N]")
        if sys.stdin.readline().strip().lower() not in {"y", "yes", "j", "ja"}:
            say("Nothing was saved.")
            return 0
    save(entries, Path(chosen.to), clock.now())
    say(f"Saved: {chosen.to}")
    return 0


def _entries(chosen: argparse.Namespace, parts: "Parts", clock: Any) -> "list[Entry]":
    from console import paths
    from console.policy.command import here
    from console.support import sources
    from console.support.bundle import collect
    from console.support.crashes import Crashes
    from console.support.redaction import Redactor

    config = Path(chosen.config) if chosen.config else None
    logs = [Path(name) for name in chosen.log]
    if config is not None or chosen.database:
        people = sources.people_of_centre(config, chosen.database)
        taken = sources.of_centre(config, chosen.database, logs)
    else:
        folder = Path(chosen.data) if chosen.data else paths.data_folder()
        keeper, history = here(chosen.data), folder / sources.HISTORY
        people = sources.people_of_desk(keeper, history, parts)
        crashes = Crashes(folder / sources.CRASHES, clock)
        taken = sources.of_desk(keeper, folder, history, parts, crashes) + sources.of_logs(logs)
    return collect([*sources.common(parts), *taken], Redactor(people))
