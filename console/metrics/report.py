"""The figures of a file of events, once: what `callboardctl kpi` prints.

The report is a JSON object:

* `at`: the moment it is about (ISO 8601);
* `events`: {"given", "counted", "doubled", "later", "late", "order"}: doubled ids count once, events later
  than `at` not at all; `late` did not fit what went before and changed nothing; order is "given" or "sorted";
* `total`: all queues together, each interaction once; `queues`: {key: the same shape};
* `agents`: {"states": {state: number}, "occupancy", "rows": [{agent, name, state, since, reason, idle_since,
  answered, occupancy, seconds: {state: seconds}}]}.

A queue's shape: key, name, timezone, day, formula, counts (figures.Counts), waiting, longest_wait_s,
service_level {formula, value, numerator, denominator, threshold_s}, service_levels {formula: {value,
numerator, denominator, inputs}} for all five, asa_s, aht_s, att_s, average_hold_s, acw_s, abandon_rate,
wait_s {longest, median, p90, p95} of the answered. Figures are of the day of `at` in the queue's own zone;
null is "-". With it come `metrics`, the whole catalogue of the day, and `windows`, the same of the last 15,
30 and 60 minutes; `channels` and `skills` are {key: {metrics, windows}}, and each row of the agents has both.

Order of events: the order given is taken for the ledger's as long as no event is more than a second older
than one before it (records of the desks aside, which come when they come). Otherwise the file is not in
ledger order, and all events are sorted by time, of equal times by their UUIDv7, else as given.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from console.domain.errors import BadInput
from console.domain.events import CallNoted, CallRecorded, LedgerEvent
from console.domain.figures import Counts
from console.domain.queue import ServiceLevelFormula
from console.metrics.catalogue import values
from console.metrics.increments import Dimension
from console.metrics.kpis import SIGNED_IN, occupied, ratio, service_level
from console.metrics.rows import QueueRow
from console.metrics.snapshot import WINDOWS, Fold
from console.metrics.waits import Waits

_ORDER_SLACK = timedelta(seconds=1)
_UUID7 = 7
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def kpi_report(events: Iterable[LedgerEvent], at: datetime | None = None) -> dict[str, Any]:
    """All figures as of `at` (the newest event's time when it is None). Raises BadInput.

    BadInput is for an id that stands for two different events: which of them is true cannot be known.
    """
    given, unique = _unique(events)
    moment = at.astimezone(UTC) if at else max((event.at for event in unique), default=_EPOCH)
    taken = [event for event in unique if event.at <= moment]
    ordered, order = _in_order(taken)
    fold = Fold()
    for sequence, event in enumerate(ordered, start=1):
        fold.apply(event, sequence)
    fold.books.roll(moment)
    report = {
        "at": moment,
        "events": {
            "given": given,
            "counted": len(taken),
            "doubled": given - len(unique),
            "later": len(unique) - len(taken),
            "late": fold.standings.ignored,
            "order": order,
        },
        "total": _queue(fold, fold.books.whole(), moment),
        "queues": {key: _queue(fold, row, moment) for key, row in sorted(fold.books.queues.items())},
        "agents": _agents(fold, moment),
        "channels": {key: _key(fold, Dimension.CHANNEL, key, moment) for key in fold.keys(Dimension.CHANNEL)},
        "skills": {key: _key(fold, Dimension.SKILL, key, moment) for key in fold.keys(Dimension.SKILL)},
    }
    plain: dict[str, Any] = msgspec.to_builtins(report)
    return plain


def ordered(events: Iterable[LedgerEvent], at: datetime | None = None) -> tuple[datetime, list[LedgerEvent]]:
    """The events that a report is made of, each once and in order, and the moment it is about."""
    _, unique = _unique(events)
    moment = at.astimezone(UTC) if at else max((event.at for event in unique), default=_EPOCH)
    return moment, _in_order([event for event in unique if event.at <= moment])[0]


def words(report: dict[str, Any]) -> list[str]:
    """The report in lines for a person."""
    lines = [f"{_events_in_words(report['events'])} up to {report['at']}"]
    for row in (report["total"], *report["queues"].values()):
        counts, level = row["counts"], row["service_level"]
        lines += [
            f"{row['name']} ({row['day']}, {row['timezone']})",
            f"  service level {_percent(level['value'])}: {level['numerator']} of {level['denominator']}"
            f" ({level['formula']}{_within(level['threshold_s'])})",
            f"  offered {counts['offered']}, answered {counts['answered']}, abandoned {counts['abandoned']}"
            f" ({counts['short_abandoned']} short, rate {_percent(row['abandon_rate'])}),"
            f" waiting {row['waiting']}",
            f"  ASA {_seconds(row['asa_s'])}, AHT {_seconds(row['aht_s'])},"
            f" longest wait {_seconds(row['wait_s']['longest'])}",
        ]
    states = report["agents"]["states"]
    shown = ", ".join(f"{number} {state.replace('_', ' ')}" for state, number in states.items())
    lines.append(f"agents: {shown or 'none signed in'}; occupancy {_percent(report['agents']['occupancy'])}")
    return lines


# ---------------------------------------------------------------- events


def _unique(events: Iterable[LedgerEvent]) -> tuple[int, list[LedgerEvent]]:
    known: dict[Any, LedgerEvent] = {}
    given = 0
    for event in events:
        given += 1
        before = known.setdefault(event.id, event)
        if before is not event and before != event:
            raise BadInput(
                f"the id {event.id} stands for two different events"
                f" ({type(before).__name__} at {before.at.isoformat()},"
                f" {type(event).__name__} at {event.at.isoformat()}): remove the wrong one"
            )
    return given, list(known.values())


def _in_order(events: list[LedgerEvent]) -> tuple[list[LedgerEvent], str]:
    newest: datetime | None = None
    for event in events:
        if isinstance(event, CallRecorded | CallNoted):
            continue
        if newest is not None and event.at < newest - _ORDER_SLACK:
            return sorted(events, key=_by_time), "sorted"
        newest = event.at if newest is None else max(newest, event.at)
    return events, "given"


def _by_time(event: LedgerEvent) -> tuple[datetime, int]:
    return event.at, event.id.int if event.id.version == _UUID7 else 0


# ---------------------------------------------------------------- rows


def _queue(fold: Fold, row: QueueRow, at: datetime) -> dict[str, Any]:
    figures, counts = row.figures(), row.figures().counts
    dimension = Dimension.CENTRE if row is fold.books.total else Dimension.QUEUE
    today = fold.today(dimension, row.queue.key, at)
    oldest = figures.waiting_since[0] if figures.waiting_since else None
    longest_s = max(0.0, (at - oldest).total_seconds()) if oldest else None
    waits = today.answered_waits or Waits()
    return {
        "key": row.queue.key,
        "name": row.queue.shown,
        "timezone": row.queue.timezone,
        "day": figures.day,
        "formula": row.queue.formula,
        "counts": _all_fields(counts),
        "waiting": len(figures.waiting_since),
        "longest_wait_s": longest_s,
        "service_level": _all_fields(figures.service_level),
        "service_levels": {
            formula: _level(formula, counts, row.queue.threshold_s) for formula in ServiceLevelFormula
        },
        "asa_s": figures.asa_s,
        "aht_s": figures.aht_s,
        "att_s": ratio(counts.talk_s, counts.answered),
        "average_hold_s": ratio(counts.hold_s, counts.answered),
        "acw_s": ratio(counts.wrap_up_s, counts.answered),
        "abandon_rate": figures.abandon_rate,
        "wait_s": {
            "longest": counts.wait_max_s if counts.answered + counts.abandoned else None,
            "median": waits.percentile(0.5),
            "p90": waits.percentile(0.9),
            "p95": waits.percentile(0.95),
        },
        **_key(fold, dimension, row.queue.key, at),
    }


def _key(fold: Fold, dimension: Dimension, key: str, at: datetime) -> dict[str, Any]:
    """The catalogue of one key: of the day, and of the last minutes."""
    return {
        "metrics": values(fold.reading(dimension, key, at), dimension),
        "windows": {
            str(minutes): values(fold.reading(dimension, key, at, minutes), dimension) for minutes in WINDOWS
        },
    }


def _level(formula: ServiceLevelFormula, counts: Counts, threshold_s: float) -> dict[str, Any]:
    level = service_level(formula, counts, threshold_s)
    return {
        "value": level.value,
        "numerator": level.numerator,
        "denominator": level.denominator,
        "inputs": {
            "answered": counts.answered,
            "answered_in_time": counts.answered_in_time,
            "abandoned": counts.abandoned,
            "abandoned_in_time": counts.abandoned_in_time,
            "short_abandoned": counts.short_abandoned,
            "threshold_s": threshold_s,
        },
    }


def _agents(fold: Fold, at: datetime) -> dict[str, Any]:
    total = fold.books.total
    centre = fold.today(Dimension.CENTRE, "", at).counts()
    return {
        "states": dict(sorted(total.agents.items())) if total else {},
        "occupancy": occupied(centre),
        "rows": [_agent(fold, key, at) for key in fold.keys(Dimension.AGENT)],
    }


def _agent(fold: Fold, key: str, at: datetime) -> dict[str, Any]:
    figures, counts = fold.agent_figures(key), fold.today(Dimension.AGENT, key, at).counts()
    seconds = {state: getattr(counts, f"in_{state}_s") for state in SIGNED_IN}
    return {
        "agent": figures.agent,
        "name": figures.name,
        "state": figures.state,
        "since": figures.since,
        "reason": figures.reason,
        "idle_since": figures.idle_since,
        "answered": figures.answered,
        "occupancy": occupied(counts),
        "seconds": {state: spent for state, spent in sorted(seconds.items()) if spent},
        "pauses": counts.pauses,
        **_key(fold, Dimension.AGENT, key, at),
    }


def _all_fields(value: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__struct_fields__}


# ---------------------------------------------------------------- words


def _events_in_words(events: dict[str, Any]) -> str:
    apart = [
        f"{events[name]} {meaning}"
        for name, meaning in (("doubled", "doubled"), ("later", "later"), ("late", "too late to count"))
        if events[name]
    ]
    shown = f"{events['counted']} events{' (' + ', '.join(apart) + ')' if apart else ''}"
    return f"{shown}, sorted by time," if events["order"] == "sorted" else shown


def _within(threshold_s: float) -> str:
    return f", within {threshold_s:g} s" if threshold_s else ", each queue's own threshold"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share * 100:.1f} %"


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} s"
