"""The commands that ask a ledger or a file of events: `kpi` and `explain`. Their work is loaded late."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from console import paths
from console.domain.errors import BadInput

if TYPE_CHECKING:
    from console.domain.events import LedgerEvent
    from console.metrics.increments import Dimension
    from console.metrics.reading import Reading
    from console.metrics.snapshot import Fold
    from console.server.figures import Figures
    from console.settings import RoutingSettings

_Say = Callable[[str], None]
_CUTS = ("15", "30", "60", "day", "all")
_OF_TABLES = ("key", "start", "end", "minutes", "window", "timezone", "metrics", "csv", "xlsx")
_WINDOWS = ("now", "15", "30", "60", "today")


def add_kpi(commands: Any, say: _Say) -> argparse.ArgumentParser:
    """Declare `kpi`; `commands` is what argparse's add_subparsers returned."""
    made: argparse.ArgumentParser = commands.add_parser("kpi", help="the figures of a file of events")
    _add_source(made)
    made.add_argument("--at", metavar="ISO8601", help="as of when (the last event's time)")
    made.add_argument("--json", action="store_true", help="as JSON")
    made.add_argument("--asterisk", action="store_true", help="beside the counters of the Asterisk watched")
    made.add_argument("--config", metavar="FILE", help="for --asterisk: the centre's TOML settings")
    made.add_argument("--catalogue", action="store_true", help="tell which metrics there are, and no figures")
    table = made.add_argument_group("a table of figures, instead of the whole report")
    table.add_argument("--dimension", help="rows of what: queue, channel, agent, skill or centre")
    table.add_argument("--key", metavar="KEY,...", help="only these keys in that dimension")
    table.add_argument("--from", dest="start", metavar="ISO8601", help="from this quarter hour on")
    table.add_argument("--to", dest="end", metavar="ISO8601", help="up to this quarter hour")
    table.add_argument("--minutes", choices=_CUTS, help="length of the intervals (all: one)")
    table.add_argument("--window", choices=_WINDOWS, help="as it is at --at, instead of --from and --to")
    table.add_argument("--timezone", metavar="ZONE", help="IANA name: where days begin, what files show")
    table.add_argument("--metrics", metavar="METRIC,...", help="only these, by their keys in the catalogue")
    table.add_argument("--csv", metavar="FILE.csv", help="write the table here (- is standard output)")
    table.add_argument("--xlsx", metavar="FILE.xlsx", help="write the table here as a spreadsheet")
    made.set_defaults(command=partial(run_kpi, say=say))
    return made


def add_explain(commands: Any, say: _Say) -> argparse.ArgumentParser:
    """Declare `explain`."""
    made: argparse.ArgumentParser = commands.add_parser(
        "explain", help="why an interaction went to whom it went, and to nobody else"
    )
    made.add_argument("interaction", metavar="INTERACTION", help="its id (a UUID)")
    _add_source(made)
    made.add_argument("--config", metavar="FILE", help="the centre's TOML settings, for its [routing] rules")
    made.add_argument("--json", action="store_true", help="as JSON")
    made.set_defaults(command=partial(run_explain, say=say))
    return made


def _add_source(made: argparse.ArgumentParser) -> None:
    source = made.add_mutually_exclusive_group()
    source.add_argument("--events", metavar="FILE.jsonl", help="one event a line, in the wire form")
    source.add_argument("--database", metavar="URL", help="SQLAlchemy URL of a ledger")


# ---------------------------------------------------------------- explain


def run_explain(chosen: argparse.Namespace, say: _Say) -> int:
    """Explain one interaction. Raises BadInput, SettingsError, StoreError."""
    from console.routing.explain import explain, words

    try:
        interaction = UUID(chosen.interaction)
    except ValueError:
        raise BadInput(f"{chosen.interaction[:60]} is no interaction's id: it is a UUID") from None
    events = _named(chosen, lambda: _events(chosen))
    steps = explain(enumerate(events, start=1), interaction, _routing(chosen.config))
    if not steps:
        raise BadInput(f"there is no interaction {interaction} here")
    if chosen.json:
        _write_bytes("-", msgspec.json.format(msgspec.json.encode(steps), indent=2) + b"\n")
        return 0
    for line in words(steps):
        say(line)
    return 0


def _routing(config: str | None) -> "RoutingSettings":
    from console.settings import CentreSettings, RoutingSettings, read_settings

    return read_settings(Path(config), CentreSettings).routing if config else RoutingSettings()


# ---------------------------------------------------------------- kpi


def run_kpi(chosen: argparse.Namespace, say: _Say) -> int:
    """Tell figures. Raises BadInput, StoreError."""
    if chosen.catalogue:
        _tell_catalogue(chosen, say)
        return 0
    if chosen.asterisk:
        return _tell_beside(chosen, say)
    if chosen.config:
        raise BadInput("--config belongs to --asterisk")
    at = _moment(chosen.at, "--at")
    if chosen.dimension:
        return _tell_table(chosen, at, say)
    for name in _OF_TABLES:
        if getattr(chosen, name):
            raise BadInput("--dimension is missing: choose queue, channel, agent, skill or centre.")
    _tell_report(chosen, at, say)
    return 0


def _tell_beside(chosen: argparse.Namespace, say: _Say) -> int:
    from console.centre.beside import both
    from console.centre.reconciled import words
    from console.clock import SystemClock
    from console.settings import CentreSettings, read_settings

    if not chosen.config:
        raise BadInput("--asterisk needs the centre's settings: name them with --config FILE")
    settings = read_settings(Path(chosen.config), CentreSettings)
    if not chosen.events and not chosen.database:
        chosen.database = settings.server.database or f"sqlite:///{paths.data_folder() / 'centre.db'}"
    found = both(settings, _named(chosen, lambda: _events(chosen)), SystemClock())
    if chosen.json:
        _write_bytes("-", msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
        return 0
    for line in words(found):
        say(line)
    return 0


def _tell_report(chosen: argparse.Namespace, at: datetime | None, say: _Say) -> None:
    from console.metrics.report import kpi_report, words

    report = _named(chosen, lambda: kpi_report(_events(chosen), at))
    if chosen.json:
        _write_bytes("-", msgspec.json.format(msgspec.json.encode(report), indent=2) + b"\n")
        return
    for line in words(report):
        say(line)


def _tell_catalogue(chosen: argparse.Namespace, say: _Say) -> None:
    from console.metrics.catalogue import CATALOGUE, markdown

    if not chosen.json:
        say(markdown().rstrip())
        return
    rows = [
        {name: getattr(metric, name) for name in metric.__slots__ if name != "value"}
        for metric in CATALOGUE.values()
    ]
    _write_bytes("-", msgspec.json.format(msgspec.json.encode(rows), indent=2) + b"\n")


def _tell_table(chosen: argparse.Namespace, at: datetime | None, say: _Say) -> int:
    from console.server.figures import table_of
    from console.server.tables import csv_of, xlsx_of

    for file in (chosen.csv, chosen.xlsx):
        if file and file != "-" and not Path(file).absolute().parent.is_dir():
            raise BadInput(f"the table cannot be written to {file}: there is no such folder")
    figures = _named(chosen, lambda: _figures(chosen, at))
    if chosen.csv:
        _write_bytes(chosen.csv, csv_of(table_of(figures)))
    if chosen.xlsx:
        _write_bytes(chosen.xlsx, xlsx_of(table_of(figures)))
    if chosen.json:
        _write_bytes("-", msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")
    elif not chosen.csv and not chosen.xlsx:
        _tell_rows(figures, say)
    return 0


def _figures(chosen: argparse.Namespace, at: datetime | None) -> "Figures":
    from console.metrics.increments import Dimension
    from console.metrics.report import ordered
    from console.metrics.snapshot import Fold
    from console.server.figures import Figures, Names, live_rows, stored_rows, wished

    try:
        dimension = Dimension(chosen.dimension)
    except ValueError:
        raise BadInput(f"--dimension {chosen.dimension}: choose one of {', '.join(Dimension)}.") from None
    start, end = _moment(chosen.start, "--from"), _moment(chosen.end, "--to")
    wish = wished({**vars(chosen), "dimension": dimension, "start": start, "end": end})
    moment, events = ordered(_events(chosen), at)
    fold = Fold(keep_increments=True)
    for sequence, event in enumerate(events, start=1):
        fold.apply(event, sequence)
    agents = {key: standing.agent for key, standing in fold.standings.agents.items()}
    names = Names(fold.standings.queues, agents)
    if wish.between is None:
        rows = live_rows(wish, _At(fold, moment), names, moment)
    else:
        first, last = wish.between
        wanted = [
            one
            for one in fold.take_increments()
            if one.dimension is dimension
            and first <= one.start < last
            and (not wish.keys or one.key in wish.keys)
        ]
        rows = stored_rows(wish, wanted, names)
    return Figures(
        dimension=dimension,
        timezone=names.shown_in(wish),
        as_of=moment,
        metrics=[metric.key for metric in wish.metrics],
        rows=rows,
    )


class _At:
    """A fold to be read as of a moment."""

    def __init__(self, fold: "Fold", moment: datetime) -> None:
        self._fold = fold
        self._moment = moment

    def keys(self, dimension: "Dimension") -> list[str]:
        return self._fold.keys(dimension)

    def reading(self, dimension: "Dimension", key: str, minutes: int | None) -> "Reading":
        return self._fold.reading(dimension, key, self._moment, minutes)


def _tell_rows(figures: "Figures", say: _Say) -> None:
    from console.metrics.catalogue import CATALOGUE
    from console.metrics.metric import Unit

    for row in figures.rows:
        say(f"{row.name}, {row.start.isoformat()} to {row.end.isoformat()}")
        for key, value in row.values.items():
            metric = CATALOGUE[key]
            if value is None:
                shown = "-"
            elif metric.unit is Unit.SHARE:
                shown = f"{value * 100:.1f} %"
            else:
                shown = f"{value:g}" if metric.unit is Unit.COUNT else f"{value:.1f} {metric.unit.value}"
            say(f"  {metric.name}: {shown}")


def refolded(events: "Iterable[tuple[int, LedgerEvent]]") -> dict[str, Any]:
    """Fold numbered events to the board's figures, as JSON has them, of the newest event's moment."""
    from console.domain.events import CallNoted, CallRecorded
    from console.metrics.snapshot import Fold

    fold, newest = Fold(), datetime(1970, 1, 1, tzinfo=UTC)
    for sequence, event in events:
        fold.apply(event, sequence)
        if not isinstance(event, CallRecorded | CallNoted):
            newest = max(newest, event.at)
    board = fold.snapshot(newest)
    figures: dict[str, Any] = msgspec.json.decode(
        msgspec.json.encode({"at": newest, "total": board.total, "queues": board.queues})
    )
    return figures


# ---------------------------------------------------------------- what both need


def _events(chosen: argparse.Namespace) -> "Iterable[LedgerEvent]":
    """The events to read, in order. Raises BadInput, StoreError."""
    from console.wire import decode_lines

    if chosen.database:
        return asyncio.run(_of_ledger(chosen.database))
    if not chosen.events:
        raise BadInput("name the events with --events FILE.jsonl, or a ledger with --database URL.")
    try:
        with Path(chosen.events).open("rb") as lines:
            return list(decode_lines(lines))
    except OSError as fault:
        raise BadInput(f"--events: {fault}") from None


async def _of_ledger(url: str) -> "list[LedgerEvent]":
    from console.ledger.ledger import Ledger

    ledger = await Ledger.open(url)
    try:
        return [event async for _, event in ledger.read()]
    finally:
        await ledger.close()


def _named(chosen: argparse.Namespace, work: Callable[[], Any]) -> Any:
    """Do the work; what is wrong with the file names it."""
    try:
        return work()
    except BadInput as fault:
        if chosen.events and str(fault).startswith(("line ", "the id ")):
            raise BadInput(f"{chosen.events}: {fault}") from None
        raise


def _moment(text: str | None, option: str) -> datetime | None:
    """A time given by somebody; without a zone it is UTC. Raises BadInput."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInput(f"{option} {text}: not an ISO 8601 time, like 2026-11-22T14:30:00+01:00.") from None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _write_bytes(file: str, data: bytes) -> None:
    if file == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        Path(file).write_bytes(data)
    except OSError as fault:
        raise BadInput(f"the table cannot be written: {fault}") from None
