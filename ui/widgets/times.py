"""Durations and moments in figures: `0:42`, `1:02:05`, `Yesterday 14:32`. The caller brings the zone."""

from datetime import datetime, tzinfo

from ui.widgets.words import Words

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def running(seconds: float) -> str:
    """A running time: minutes and seconds, with hours once there are any; never below zero."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, seconds_left = divmod(rest, 60)
    if hours:
        return f"{hours}:{minutes:02}:{seconds_left:02}"
    return f"{minutes}:{seconds_left:02}"


def spoken(seconds: float, words: Words) -> str:
    """A duration to read: `42 s`, `3 min 5 s`, `1 h 2 min`."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, seconds_left = divmod(rest, 60)
    if hours:
        return words("{h} h {m} min", h=hours, m=minutes)
    if minutes:
        return (
            words("{m} min {s} s", m=minutes, s=seconds_left) if seconds_left else words("{m} min", m=minutes)
        )
    return words("{s} s", s=seconds_left)


def moment(at: datetime, now: datetime, zone: tzinfo | None, words: Words) -> str:
    """When something was, as short as it is clear: `14:32` today, then yesterday, a weekday, a date.

    `zone` None is the machine's own.
    """
    there, here = at.astimezone(zone), now.astimezone(zone)
    clock = f"{there:%H:%M}"
    days = (here.date() - there.date()).days
    if days == 0:
        return clock
    if days == 1:
        return words("Yesterday {clock}", clock=clock)
    if 1 < days < 7:
        return f"{words(_WEEKDAYS[there.weekday()])} {clock}"
    return f"{date(there, words)} {clock}"


def date(at: datetime, words: Words) -> str:
    """A date in figures, as the language writes it."""
    return f"{at:%d.%m.%Y}" if words.language == "de" else f"{at:%Y-%m-%d}"
