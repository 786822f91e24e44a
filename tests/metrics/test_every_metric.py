"""Every metric of the catalogue, by each dimension and window: live, folded again, stored, and in plain SQL.

The SQL reads a real ledger in SQLite; its counts and its formulas are written out here and in ledger_sql,
apart from the fold's.
"""

import asyncio
import math
import random
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from console.clock import StoppedClock
from console.domain import events as ev
from console.domain.events import LedgerEvent
from console.ledger.ledger import Ledger
from console.metrics.board import Board
from console.metrics.catalogue import CATALOGUE, metrics_for, values
from console.metrics.increments import Dimension, Increment, merge_increments, minutes_start, rolled_up
from console.metrics.intervals import us_of
from console.metrics.reading import reading_of
from console.metrics.snapshot import Fold
from tests.metrics.ledger_sql import RAW, SCHEMA, SPELLS
from tests.metrics.rich import AGENTS, QUEUES, rich_history

Window = tuple[int, int]
BUSY = "(s_on_contact + s_hold + s_wrap_up)"
STATES = ("ready", "offered", "on_contact", "hold", "wrap_up", "paused", "not_responding")

# Formulas over the sums of `fact`, in SQL; what is not here is a sum itself.
FORMULAS = {
    "service_level": "level_met * 1.0 / level_of",
    "level_answered_in_time_of_answered": "answered_in_time * 1.0 / answered",
    "level_in_time_of_all": "(answered_in_time + abandoned_in_time) * 1.0 / (answered + abandoned)",
    "level_answered_in_time_of_all": "answered_in_time * 1.0 / (answered + abandoned)",
    "level_answered_in_time_of_all_less_short": (
        "answered_in_time * 1.0 / (answered + abandoned - short_abandoned)"
    ),
    "level_answered_in_time_of_due": "answered_in_time * 1.0 / (answered + abandoned - abandoned_in_time)",
    "abandon_rate": "abandoned * 1.0 / (answered + abandoned - short_abandoned)",
    "asa_s": "wait_answered_us / 1e6 / answered",
    "wait_abandoned_mean_s": "wait_abandoned_us / 1e6 / abandoned",
    "estimate_error_s": "estimate_error_us / 1e6 / estimates",
    "estimate_abs_error_s": "estimate_abs_error_us / 1e6 / estimates",
    "estimate_near": "estimates_near * 1.0 / estimates",
    "first_contact_resolution": "1 - contacts_repeated * 1.0 / contacts_known",
    "repeat_callers": "callers_repeated * 1.0 / callers_known",
    "aht_s": "(talk_us + hold_us + wrap_up_us) / 1e6 / answered",
    "att_s": "talk_us / 1e6 / answered",
    "average_hold_s": "hold_us / 1e6 / answered",
    "acw_s": "wrap_up_us / 1e6 / answered",
    "callback_aht_s": "callback_us / 1e6 / callbacks_done",
    "rona_rate": "rona * 1.0 / offers",
    "contacts_per_hour": f"contacts * 3600e6 / ({' + '.join(f's_{state}' for state in STATES)})",
    "occupancy": f"{BUSY} * 1.0 / ({BUSY} + s_ready)",
    "utilisation": f"{BUSY} * 1.0 / ({BUSY} + s_ready + s_paused)",
    "adherence": "null",
    **{f"{name}_s": f"{name}_us / 1e6" for name in ("talk", "hold", "wrap_up", "callback", "outbound")},
    **{f"in_{state}_s": f"s_{state} / 1e6" for state in STATES},
}
OF_NOW = {key for key, metric in CATALOGUE.items() if metric.live}
WAITS = {key for key in CATALOGUE if key.startswith("wait_") and key not in FORMULAS}


def _ledger(path: Path, events: list[LedgerEvent]) -> sqlite3.Connection:
    async def write() -> None:
        ledger = await Ledger.open(f"sqlite:///{path}")
        await ledger.append(events)
        await ledger.close()

    asyncio.run(write())
    database = sqlite3.connect(path)
    for script in (SCHEMA, RAW, SPELLS):
        database.executescript(script)
    return database


def _sums(database: sqlite3.Connection, dimension: Dimension, key: str, window: Window) -> dict[str, int]:
    """Counts by name, and seconds in states as microseconds by state."""
    rows = database.execute(
        "select name, sum(value) from fact where dimension = ? and key = ? and us >= ? and us < ?"
        " group by name",
        (dimension.value, key, *window),
    )
    sums = {name: value for name, value in rows if value}
    of = {
        Dimension.AGENT: "agent = :key",
        Dimension.QUEUE: "agent in (select agent from serves where queue = :key)",
        Dimension.CENTRE: "1",
    }.get(dimension, "0")
    spent = database.execute(
        f"select shown, sum(max(0, min(until, :to) - max(us, :since))) from spell where {of} group by shown",
        {"key": key, "since": window[0], "to": window[1]},
    )
    return sums | {f"s_{state}": value for state, value in spent if value and state != "offline"}


def _value(database: sqlite3.Connection, sums: dict[str, int], key: str) -> float | None:
    names = set(FORMULAS.get(key, key).replace("(", " ").replace(")", " ").split())
    columns = ", ".join(
        f"{sums.get(name, 0)} as {name}" for name in sorted(names) if name.isidentifier() and name != "null"
    )
    (value,) = database.execute(f"select {FORMULAS.get(key, key)} from (select {columns or '0'})").fetchone()
    return value


def _wait(database: sqlite3.Connection, where: tuple[Any, ...], key: str) -> float | None:
    _, how, which, _ = key.split("_")
    ordered = [
        waited
        for (waited,) in database.execute(
            "select waited from wait where dimension = ? and key = ? and us >= ? and us < ? and how = ?"
            " order by waited",
            (*where, how),
        )
    ]
    share = {"median": 0.5, "p90": 0.9, "p95": 0.95, "longest": 1.0}[which]
    return ordered[max(math.ceil(len(ordered) * share), 1) - 1] / 1e6 if ordered else None


def _crowd(database: sqlite3.Connection, dimension: Dimension, key: str, window: Window) -> tuple[int, int]:
    """How many waited when the window began, and the most until it ended."""
    rows = database.execute(
        "select us, sum(d) over (order by n, d) from crowd where dimension = ? and key = ? order by n, d",
        (dimension.value, key),
    )
    before, most = 0, 0
    for us, waiting in rows:
        if us < window[0]:
            before = waiting
        elif us < window[1]:
            most = max(most, waiting)
    return before, max(most, before)


def _now(database: sqlite3.Connection, dimension: Dimension, key: str, now: datetime) -> dict[str, Any]:
    """The metrics of now."""
    waiting, longest = database.execute(
        "select count(*), (? - min(since)) / 1e6 from waits_now where dimension = ? and key = ?",
        (us_of(now), dimension.value, key),
    ).fetchone()
    (callbacks,) = database.execute(
        "select count(*) from"
        " (select i, queue, row_number() over (partition by i order by n desc) as nth from"
        " (select i, n, queue from callback union all select i, n, queue from ev"
        " where type = 'InteractionQueued' and i in (select i from callback)))"
        " where nth = 1 and (? = '' or queue = ?) and i not in"
        " (select i from reached where type != 'CustomerNotReached')",
        (key, key),
    ).fetchone()
    agents = dict(
        database.execute(
            "select shown, count(*) from"
            " (select agent, shown,"
            " row_number() over (partition by agent order by us desc, until desc) as nth from spell)"
            " where nth = 1 and shown != 'offline'"
            " and (? = '' or agent in (select agent from serves where queue = ?)) group by shown",
            (key, key),
        )
    )
    found = {f"agents_{state}": agents.get(state, 0) for state in STATES}
    return found | {
        "agents_signed_in": sum(agents.values()),
        "waiting": waiting,
        "longest_wait_now_s": longest,
        "callbacks_waiting": callbacks,
    }


def _expected(database: sqlite3.Connection, dimension: Dimension, key: str, window: Window) -> dict[str, Any]:
    sums = _sums(database, dimension, key, window)
    found: dict[str, Any] = {}
    for metric in metrics_for(dimension):
        if metric.live:
            continue
        if metric.key in WAITS:
            found[metric.key] = _wait(database, (dimension.value, key, *window), metric.key)
        elif metric.key == "waiting_max":
            found[metric.key] = _crowd(database, dimension, key, window)
        else:
            found[metric.key] = _value(database, sums, metric.key)
    return found


def _same(told: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    return [
        f"{key}: {told[key]} and not {value}"
        for key, value in expected.items()
        if not _equal(told[key], value)
    ]


def _equal(told: Any, value: Any) -> bool:
    if isinstance(value, tuple):  # the most who waited: without a fact, the crowd before it is not seen
        return told == value[1] or (value[0] == value[1] and told in (0, value[0]))
    if told is None or value is None:
        return told is value
    return told == pytest.approx(value)


def _windows(dimension: Dimension, key: str, now: datetime) -> dict[str, Window]:
    """From and to in microseconds; the whole minutes of the fold's rule."""
    minute = now.replace(second=0, microsecond=0)
    end = us_of(now)
    windows = {
        str(length): (us_of(minute - timedelta(minutes=length - 1)), end + 1) for length in (15, 30, 60)
    }
    zone = next((q.timezone for q in QUEUES if q.key == key and dimension is Dimension.QUEUE), "UTC")
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    return windows | {"today": (us_of(midnight), end + 1)}


KEYS = [
    *((Dimension.QUEUE, queue.key) for queue in QUEUES),
    *((Dimension.AGENT, agent.key) for agent in AGENTS),
    (Dimension.CHANNEL, "voice"),
    (Dimension.SKILL, "english"),
    (Dimension.SKILL, "patience"),
    (Dimension.CENTRE, ""),
]


LAST: tuple[type, ...] = (ev.InteractionOffered, ev.InteractionHeld, ev.WrapUpStarted)


def _cut(events: list[LedgerEvent], last: type) -> list[LedgerEvent]:
    """Up to the last fact of a kind, so that it is what holds at the end."""
    return events[: max(n for n, event in enumerate(events, start=1) if isinstance(event, last))]


def _lived(events: list[LedgerEvent], seed: int) -> tuple[Board, list[Increment], datetime]:
    """A board that was read and taken from while it all happened."""
    chance = random.Random(seed)
    clock = StoppedClock(events[0].at)
    board = Board(clock)
    stored = []
    for sequence, event in enumerate(events, start=1):
        clock.move_to(event.at)
        board.apply(event, sequence)
        if chance.random() < 0.02:
            board.take_delta()
            stored += board.take_increments()
    return board, stored + board.take_increments(), clock.now() + timedelta(seconds=30)


def test_every_metric_is_what_sql_says(tmp_path: Path) -> None:
    faults: list[str] = []
    seen: set[str] = set()
    for seed in range(60):
        if seed >= 6 and CATALOGUE.keys() - seen == NEVER:
            break  # each metric was something else than nothing at least once
        events = _cut(rich_history(seed, calls=160), LAST[seed % len(LAST)])
        database = _ledger(tmp_path / f"ledger{seed}.db", events)
        board, stored, now = _lived(events, seed)
        again = Fold()
        for sequence, event in enumerate(events, start=1):
            again.apply(event, sequence)
        for dimension, key in KEYS:
            for name, window in _windows(dimension, key, now).items():
                minutes = int(name) if name.isdigit() else None
                live = values(board.fold.reading(dimension, key, now, minutes), dimension)
                assert live == values(again.reading(dimension, key, now, minutes), dimension)
                expected = _expected(database, dimension, key, window)
                if dimension in (Dimension.QUEUE, Dimension.CENTRE):
                    expected |= _now(database, dimension, key, now)
                faults += [f"{seed} {dimension} {key} {name}: {fault}" for fault in _same(live, expected)]
                seen |= {metric for metric, value in expected.items() if value}
        faults += _of_stored(database, stored, now)
        database.close()
    assert not faults, "\n".join(faults[:20])
    assert CATALOGUE.keys() - seen == NEVER


def _of_stored(database: sqlite3.Connection, stored: list[Increment], now: datetime) -> list[str]:
    """What was stored, by the hour, beside SQL of the same hours; the hour under way is not over."""
    hours = rolled_up(merge_increments(stored), minutes_start(60))
    faults = []
    for (start, dimension, key), tally in hours.items():
        end = start + timedelta(hours=1)
        if end > now or (dimension, key) not in KEYS:
            continue
        expected = _expected(database, dimension, key, (us_of(start), us_of(end)))
        told = values(reading_of(tally), dimension)
        faults += [f"{start} {dimension} {key}: {fault}" for fault in _same(told, expected)]
    return faults


NEVER = {"adherence", "out_closed", "out_full", "out_no_agents"}
"""There are no schedules; nobody leaves a queue because it is full; and those who leave at closing time, or
as nobody is signed in, go to voicemail in the rich centre, which is their reason.
"""
