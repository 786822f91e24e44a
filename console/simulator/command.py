"""`callboardctl simulate`: its options, and what it does with them. The work is loaded late."""

import argparse
import csv
import io
import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from console.clock import SystemClock
from console.domain.errors import BadInput

if TYPE_CHECKING:
    from console.simulator.results import Results

_Say = Callable[[str], None]
_MOST_JOBS = 256


def add_simulate(commands: Any, say: _Say, tell: _Say) -> argparse.ArgumentParser:
    """Declare the command's options; `commands` is what argparse's add_subparsers returned. Results are said,
    progress is told where somebody watches.
    """
    made: argparse.ArgumentParser = commands.add_parser(
        "simulate", help="what if: a scenario with its variants, through the real routing, in virtual time"
    )
    made.add_argument(
        "--scenario", required=True, metavar="FILE.toml", help="customers, agents, queues and variants"
    )
    made.add_argument("--json", action="store_true", help="as JSON")
    made.add_argument("--plot", metavar="FILE.svg", help="draw service level and wait over the day")
    made.add_argument("--csv", metavar="FILE.csv", help="write every figure with its interval")
    made.add_argument("--jobs", type=_jobs, default=0, metavar="N", help="processes at once (one a core)")
    made.set_defaults(command=partial(run_simulate, say=say, progress=tell if sys.stderr.isatty() else None))
    return made


def run_simulate(chosen: argparse.Namespace, say: _Say, progress: _Say | None) -> int:
    """Simulate and tell. Raises SettingsError (in the scenario) and BadInput (a file that cannot be used)."""
    from console.simulator.run import simulate
    from console.simulator.scenario import read_scenario

    path = Path(chosen.scenario)
    if not path.is_file():
        raise BadInput(f"--scenario {path}: there is no such file")
    for file in (chosen.plot, chosen.csv):
        _check(file)
    scenario = read_scenario(path)
    clock = SystemClock()
    begun = clock.monotonic()
    results = simulate(scenario, chosen.jobs, _teller(progress))
    spent_s = clock.monotonic() - begun
    _write(chosen, results)
    if chosen.json:
        say(msgspec.json.format(msgspec.json.encode(results), indent=2).decode())
        return 0
    from console.simulator.words import words

    for line in words(results):
        say(line)
    calls = sum(variant.calls for variant in results.variants)
    say(f"\n{calls:,} calls in {spent_s:.1f} s: {calls / max(spent_s, 1e-9):,.0f} calls/s")
    return 0


def rows(results: "Results") -> Iterator[tuple[str, str, str, str, float | None, float | None, float | None]]:
    """Every figure of queues and groups: variant, queue or agents, key, figure, mean, low, high."""
    for variant in results.variants:
        for kind, parts in (("queue", variant.queues), ("agents", variant.groups)):
            for part in parts:
                for name, found in part.figures.items():
                    low, high = (found.low, found.high) if found else (None, None)
                    yield variant.name, kind, part.key, name, found.mean if found else None, low, high


def _jobs(text: str) -> int:
    number = int(text)
    if not 0 <= number <= _MOST_JOBS:
        raise argparse.ArgumentTypeError(f"must be from 0 to {_MOST_JOBS}")
    return number


def _teller(progress: _Say | None) -> Callable[[int, int], None]:
    """Say how far it is, each tenth of the way."""

    def tell(done: int, whole: int) -> None:
        if progress is not None and done * 10 // whole > (done - 1) * 10 // whole:
            progress(f"simulated {done} of {whole} runs")

    return tell


def _check(file: str | None) -> None:
    if file and (Path(file).is_dir() or not os.access(Path(file).absolute().parent, os.W_OK)):
        raise BadInput(f"{file} cannot be written: choose a file in a folder that you may write to")


def _write(chosen: argparse.Namespace, results: "Results") -> None:
    if chosen.plot:
        from console.simulator.plot import svg

        _put(chosen.plot, svg(results))
    if chosen.csv:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(("variant", "kind", "key", "figure", "mean", "low", "high"))
        writer.writerows(rows(results))
        _put(chosen.csv, text.getvalue().encode())


def _put(file: str, content: bytes) -> None:
    try:
        Path(file).write_bytes(content)
    except OSError as fault:
        raise BadInput(f"{file} cannot be written: {fault}") from None
