"""From runs to results: every figure with its confidence interval, and how far variants are apart.

The figures are those of the fold by metrics' formulas. `wait_p50_s` to `wait_p95_s` are exact (nearest rank)
over the waits of the answered. Means are over replications; a variant's customers are the same as those of
the scenario as it is (common random numbers), so the interval of a difference is narrower than either's.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from console.domain.figures import Counts
from console.domain.queue import Queue, ServiceLevelFormula
from console.metrics.kpis import (
    SIGNED_IN,
    abandon_rate,
    aht_s,
    asa_s,
    contacts_per_hour,
    level,
    occupied,
    percentile,
    ratio,
)
from console.simulator.confidence import Estimate, estimate
from console.simulator.course import Course
from console.simulator.reading import added
from console.simulator.scenario import Scenario

TOTAL = ""
AS_IT_IS = "as it is"
CONFIDENCE = 0.95
_PERCENTILES = {"wait_p50_s": 0.5, "wait_p90_s": 0.9, "wait_p95_s": 0.95}

Figures = dict[str, float | None]
"""One run's figures of one queue or group, by name; None is "-"."""


class Outcome(msgspec.Struct, frozen=True):
    """What one run came to. `slots` are counts by queue and time of day (minutes from local midnight)."""

    arrived: int
    facts: int
    unfinished: int
    counts: dict[str, Counts]
    queues: dict[str, Figures]
    groups: dict[str, Figures]
    slots: dict[tuple[str, int], Counts]


class QueueResult(msgspec.Struct, frozen=True, kw_only=True):
    """One queue ("" is all together) over all runs. `counts` are means of one run; the service level's inputs
    are sums of all runs; `difference` is to the scenario as it is, run by run.
    """

    key: str
    name: str
    formula: ServiceLevelFormula
    threshold_s: float
    in_time: int
    of: int
    figures: dict[str, Estimate | None]
    difference: dict[str, Estimate | None] = {}
    counts: dict[str, float] = {}


class GroupResult(msgspec.Struct, frozen=True, kw_only=True):
    """One group of agents over all runs."""

    key: str
    name: str
    count: int
    figures: dict[str, Estimate | None]
    difference: dict[str, Estimate | None] = {}


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """One stretch of the day of one queue, all days and runs together; None is "-"."""

    queue: str
    at: str
    offered: float
    service_level: float | None
    asa_s: float | None
    abandon_rate: float | None


class VariantResult(msgspec.Struct, frozen=True, kw_only=True):
    """A variant over all runs; `calls` and `unfinished` are sums of all runs."""

    name: str
    changed: dict[str, Any] = {}
    calls: int
    facts: int
    unfinished: int
    queues: tuple[QueueResult, ...]
    groups: tuple[GroupResult, ...]
    slots: tuple[Slot, ...]


class Results(msgspec.Struct, frozen=True, kw_only=True):
    """All of a scenario. The first variant is the scenario as it is."""

    scenario: str
    seed: int
    replications: int
    days: int
    warm_up_hours: float
    confidence: float = CONFIDENCE
    variants: tuple[VariantResult, ...]


# ---------------------------------------------------------------- one run


def run_once(scenario: Scenario, replication: int) -> Outcome:
    """Simulate one replication of a scenario (a variant's, with its changes made)."""
    course = Course(scenario, replication)
    course.go()
    reader, customers = course.reader, course.customers
    keys = [TOTAL, *(queue.key for queue in scenario.queues)]
    counts = {key: reader.counts(key) for key in keys}
    waits = {key: sorted(answers.waits) for key, answers in customers.answers.items()}
    waits[TOTAL] = sorted(wait for answers in customers.answers.values() for wait in answers.waits)
    return Outcome(
        arrived=customers.arrived,
        facts=course.engine.sequence,
        unfinished=course.unfinished,
        counts=counts,
        queues={key: _figures(settings_of(scenario, key), counts[key], waits[key]) for key in keys},
        groups={
            group.key: _staff_figures(course, [member.key for member in members])
            for group, members in zip(scenario.agents, course.staff.groups, strict=True)
        },
        slots=reader.slots(),
    )


def settings_of(scenario: Scenario, key: str) -> Queue:
    """A queue's settings; for all together what the queues agree on, else the default."""
    queues = [queue for queue in scenario.queues if not key or queue.key == key]
    if key:
        return queues[0]
    agreed = {
        name: values.pop()
        for name in ("formula", "threshold_s")
        if len(values := {getattr(queue, name) for queue in queues}) == 1
    }
    return Queue(key=TOTAL, name="All queues", **{"threshold_s": 0.0, **agreed})


def _figures(queue: Queue, counts: Counts, waits: Sequence[float]) -> Figures:
    shares = {name: percentile(waits, share) for name, share in _PERCENTILES.items()}
    return {
        "offered": counts.offered,
        "answered": counts.answered,
        "abandoned": counts.abandoned,
        "flowed_out": counts.flowed_out,
        "refused": counts.refused,
        "callbacks_done": counts.callbacks_done,
        "requeued": counts.requeued,
        "service_level": level(queue.formula, counts, queue.threshold_s).value,
        "asa_s": asa_s(counts),
        **shares,
        "wait_max_s": counts.wait_max_s if counts.answered + counts.abandoned else None,
        "abandon_rate": abandon_rate(counts),
        "aht_s": aht_s(counts),
    }


def _staff_figures(course: Course, agents: Sequence[str]) -> Figures:
    counts = course.reader.staff(agents)
    signed_in_s = sum(getattr(counts, f"in_{state}_s") for state in SIGNED_IN)
    return {
        "occupancy": occupied(counts),
        "paused": ratio(counts.in_paused_s, signed_in_s),
        "not_responding": ratio(counts.in_not_responding_s, signed_in_s),
        "contacts": counts.contacts,
        "contacts_per_hour": contacts_per_hour(counts),
        "signed_in_hours": signed_in_s / 3600,
    }


# ---------------------------------------------------------------- all runs


def results_of(scenario: Scenario, outcomes: Sequence[Sequence[Outcome]]) -> Results:
    """All figures, from the outcomes by variant (first as it is) and replication."""
    variants: list[tuple[str, dict[str, Any], Scenario]] = [(AS_IT_IS, {}, scenario)]
    variants += [(variant.name, variant.set, scenario.variant(variant)) for variant in scenario.variants]
    return Results(
        scenario=scenario.name,
        seed=scenario.seed,
        replications=scenario.replications,
        days=scenario.days,
        warm_up_hours=scenario.warm_up_hours,
        variants=tuple(
            VariantResult(
                name=name,
                changed=changes,
                calls=sum(outcome.arrived for outcome in runs),
                facts=sum(outcome.facts for outcome in runs),
                unfinished=sum(outcome.unfinished for outcome in runs),
                queues=tuple(_queues(changed, runs, outcomes[0])),
                groups=tuple(_groups(changed, runs, outcomes[0])),
                slots=tuple(_all_slots(changed, runs)),
            )
            for (name, changes, changed), runs in zip(variants, outcomes, strict=True)
        ),
    )


def _queues(scenario: Scenario, runs: Sequence[Outcome], first: Sequence[Outcome]) -> list[QueueResult]:
    made = []
    for key in [TOTAL, *(queue.key for queue in scenario.queues)]:
        queue = settings_of(scenario, key)
        whole = added([run.counts[key] for run in runs])
        reached = level(queue.formula, whole, queue.threshold_s)
        values = [run.queues[key] for run in runs]
        before = [run.queues.get(key, {}) for run in first]
        made.append(
            QueueResult(
                key=key,
                name=queue.shown,
                formula=queue.formula,
                threshold_s=queue.threshold_s,
                in_time=reached.numerator,
                of=reached.denominator,
                figures=_estimates(values),
                difference={} if runs is first else _differences(values, before),
                counts={name: value / len(runs) for name, value in _numbers(whole).items()},
            )
        )
    return made


def _groups(scenario: Scenario, runs: Sequence[Outcome], first: Sequence[Outcome]) -> list[GroupResult]:
    made = []
    for group in scenario.agents:
        values = [run.groups.get(group.key, {}) for run in runs]
        before = [run.groups.get(group.key, {}) for run in first]
        made.append(
            GroupResult(
                key=group.key,
                name=group.shown,
                count=group.count,
                figures=_estimates(values),
                difference={} if runs is first else _differences(values, before),
            )
        )
    return made


def _estimates(values: Sequence[Figures]) -> dict[str, Estimate | None]:
    return {name: estimate([value[name] for value in values], CONFIDENCE) for name in values[0]}


def _differences(values: Sequence[Figures], before: Sequence[Figures]) -> dict[str, Estimate | None]:
    return {
        name: estimate(
            [_minus(value[name], other.get(name)) for value, other in zip(values, before, strict=True)],
            CONFIDENCE,
        )
        for name in values[0]
    }


def _minus(value: float | None, other: float | None) -> float | None:
    return None if value is None or other is None else value - other


def _numbers(counts: Counts) -> dict[str, float]:
    return {
        name: value for name, value in msgspec.structs.asdict(counts).items() if not isinstance(value, dict)
    }


def _all_slots(scenario: Scenario, runs: Sequence[Outcome]) -> list[Slot]:
    made = []
    for key, minutes in sorted({slot for run in runs for slot in run.slots}):
        parts = [run.slots[key, minutes] for run in runs if (key, minutes) in run.slots]
        queue, whole = settings_of(scenario, key), added(parts)
        made.append(
            Slot(
                queue=key,
                at=f"{minutes // 60:02}:{minutes % 60:02}",
                offered=whole.offered / len(runs) / scenario.days,
                service_level=level(queue.formula, whole, queue.threshold_s).value,
                asa_s=asa_s(whole),
                abandon_rate=abandon_rate(whole),
            )
        )
    return made
