"""Results in lines for a person: a table a queue and a group, the variants side by side.

Every figure has its 95 % confidence interval, and a variant's also the difference to the scenario as it is,
marked where chance alone does not explain it.
"""

from collections.abc import Callable, Iterator, Sequence

from console.simulator.confidence import Estimate
from console.simulator.results import GroupResult, QueueResult, Results, VariantResult

_FIRST = 28
_COLUMN = 30
_BESIDE = 3

_Estimates = dict[str, Estimate | None]
_Show = Callable[[float], str]


def _count(value: float) -> str:
    return f"{value:,.1f}"


def _seconds(value: float) -> str:
    return f"{value:,.1f} s"


def _percent(value: float) -> str:
    return f"{value * 100:.1f} %"


_OF_QUEUES: dict[str, tuple[str, _Show]] = {
    "offered": ("offered", _count),
    "answered": ("answered", _count),
    "abandoned": ("abandoned", _count),
    "flowed_out": ("flowed out", _count),
    "refused": ("refused", _count),
    "callbacks_done": ("called back", _count),
    "requeued": ("not answered (RONA)", _count),
    "service_level": ("service level", _percent),
    "abandon_rate": ("abandon rate", _percent),
    "asa_s": ("ASA", _seconds),
    "wait_p50_s": ("wait, median", _seconds),
    "wait_p90_s": ("wait, 90 of 100", _seconds),
    "wait_p95_s": ("wait, 95 of 100", _seconds),
    "wait_max_s": ("longest wait", _seconds),
    "aht_s": ("AHT", _seconds),
}

_OF_GROUPS: dict[str, tuple[str, _Show]] = {
    "occupancy": ("occupancy", _percent),
    "paused": ("paused", _percent),
    "not_responding": ("not responding", _percent),
    "contacts": ("contacts", _count),
    "contacts_per_hour": ("contacts an hour", _count),
    "signed_in_hours": ("hours signed in", _count),
}

_MAY_BE_ZERO = frozenset({"flowed_out", "refused", "callbacks_done", "requeued", "paused", "not_responding"})


def words(results: Results) -> list[str]:
    """The results in lines."""
    interval = (
        f"; ± is their {results.confidence:.0%} confidence interval" if results.replications > 1 else ""
    )
    lines = [
        f"{results.scenario}: {runs_in_words(results)}, seed {results.seed}."
        f" Figures are means of one run{interval}."
    ]
    if len(results.variants) > 1:
        lines.append(
            "In brackets: the difference to as it is, for the same customers; * is more than chance."
        )
    lines += [f"! {warning}" for warning in _warnings(results)]
    base, *others = results.variants
    for first in range(0, max(1, len(others)), _BESIDE):
        lines += _tables([base, *others[first : first + _BESIDE]])
    return lines


def runs_in_words(results: Results) -> str:
    """How much was simulated: 10 runs of 1 day."""
    runs, days = results.replications, results.days
    return f"{runs} run{'s' * (runs != 1)} of {days} day{'s' * (days != 1)}"


def _warnings(results: Results) -> Iterator[str]:
    for variant in results.variants:
        if variant.unfinished:
            yield (
                f"{variant.name}: {variant.unfinished:,} of {variant.calls:,} callers still waited at the"
                " end: the agents cannot keep up, and longer runs give longer waits"
            )


def _tables(variants: Sequence[VariantResult]) -> Iterator[str]:
    for index, queue in enumerate(variants[0].queues):
        if index == 0 and len(variants[0].queues) == 2:
            continue  # all queues together are the one queue
        rows = [variant.queues[index] for variant in variants]
        yield ""
        yield _header(queue.name, variants)
        yield from _rows(_OF_QUEUES, rows, _within(rows))
    for index, group in enumerate(variants[0].groups):
        groups = [variant.groups[index] for variant in variants]
        yield ""
        yield _header(f"{group.name} ({'/'.join(dict.fromkeys(str(row.count) for row in groups))})", variants)
        yield from _rows(_OF_GROUPS, groups, "")


def _within(rows: Sequence[QueueResult]) -> str:
    thresholds = {row.threshold_s for row in rows}
    return f" ({thresholds.pop():g} s)" if len(thresholds) == 1 and 0 not in thresholds else ""


def _header(name: str, variants: Sequence[VariantResult]) -> str:
    return f"{_cut(name, _FIRST)}" + "".join(_cut(variant.name, _COLUMN) for variant in variants)


def _cut(text: str, width: int) -> str:
    shown = text if len(text) < width else f"{text[: width - 2]}…"
    return f"{shown:<{width}}"


def _rows(
    shown: dict[str, tuple[str, _Show]], columns: Sequence[QueueResult | GroupResult], within: str
) -> Iterator[str]:
    for name, (label, show) in shown.items():
        if name in _MAY_BE_ZERO and all(_is_zero(column.figures[name]) for column in columns):
            continue
        label += within if name == "service_level" else ""
        cells = (_cell(column.figures, column.difference, name, show) for column in columns)
        yield f"  {_cut(label, _FIRST - 2)}{''.join(_cut(cell, _COLUMN) for cell in cells)}".rstrip()


def _is_zero(figure: Estimate | None) -> bool:
    return figure is None or figure.mean == 0


def _cell(figures: _Estimates, difference: _Estimates, name: str, show: _Show) -> str:
    figure = figures[name]
    if figure is None:
        return "-"
    text = show(figure.mean)
    if figure.half_width:
        text += f" ± {show(figure.half_width).split(' ')[0]}"
    apart = difference.get(name)
    if apart is None or apart.mean == 0:
        return text
    sure = apart.low is not None and apart.high is not None and not apart.low <= 0 <= apart.high
    by = show(abs(apart.mean)).split(" ")[0]
    return f"{text} ({'+' if apart.mean > 0 else '-'}{by}{'*' if sure else ''})"
