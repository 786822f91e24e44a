"""Which stretch of time the figures are of: today, or the last minutes. Pure."""

from collections.abc import Iterable, Mapping

import msgspec

from console.domain.figures import Counts, QueueFigures, Window
from ui.metrics.tongue import Tongue

TODAY = 0
SPANS = (TODAY, 60, 30, 15)
"""What can be chosen: today, and the last so many minutes."""

Windows = Mapping[tuple[str, int], Window]


class Seen(msgspec.Struct, frozen=True):
    """A queue's row as it is in a span. `told`: the centre told its figures of that span."""

    row: QueueFigures
    minutes: int = TODAY
    told: bool = True


def by_span(windows: Iterable[Window]) -> dict[tuple[str, int], Window]:
    """The board's windows by queue and length."""
    return {(window.queue, window.minutes): window for window in windows}


def seen(row: QueueFigures, minutes: int, window: Window | None) -> Seen:
    """A row in a span: what is of now stays, what was counted is the window's. A window that the board does
    not hold is not nought: nothing of it is known.
    """
    if minutes == TODAY:
        return Seen(row)
    if window is None:
        nothing = msgspec.structs.replace(row.service_level, value=None, numerator=0, denominator=0)
        unknown = msgspec.structs.replace(
            row, counts=Counts(), service_level=nothing, asa_s=None, aht_s=None, abandon_rate=None
        )
        return Seen(unknown, minutes, told=False)
    level = msgspec.structs.replace(
        row.service_level,
        value=window.service_level,
        numerator=window.counts.level_met,
        denominator=window.counts.level_of,
    )
    return Seen(
        msgspec.structs.replace(
            row,
            counts=window.counts,
            service_level=level,
            asa_s=window.asa_s,
            aht_s=window.aht_s,
            abandon_rate=window.abandon_rate,
        ),
        minutes,
    )


def span_words(minutes: int, tongue: Tongue) -> str:
    """A span in a word or two."""
    return tongue.say("span minutes", n=minutes) if minutes else tongue.say("span today")


def read_span(kept: bytes) -> int:
    """The span that was kept; today where there is none, or none of ours."""
    text = kept.decode("ascii", "replace")
    return int(text) if text.isdigit() and int(text) in SPANS else TODAY
