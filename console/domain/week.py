"""Times of day and days of the week as a settings file writes them."""

import re
from datetime import date

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""The days as OpenHours names them, in the order of datetime.weekday()."""

WHOLE_DAY = 24 * 60
"""Minutes."""

_CLOCK = re.compile(r"^([01][0-9]|2[0-3]):([0-5][0-9])$")
_YEARLY = re.compile(r"^(\d{2})-(\d{2})$")
_LEAP_YEAR = 2024


def minute_of(text: str) -> int | None:
    """Minutes since midnight of HH:MM (24:00 is the end of the day); None: it is no time of day."""
    if text == "24:00":
        return WHOLE_DAY
    found = _CLOCK.match(text)
    return int(found[1]) * 60 + int(found[2]) if found else None


def day_of(text: str) -> tuple[int, int, int] | None:
    """Year, month and day of YYYY-MM-DD, the year 0 for MM-DD (every year); None: there is no such day."""
    yearly = _YEARLY.match(text)
    try:
        found = date(_LEAP_YEAR, int(yearly[1]), int(yearly[2])) if yearly else date.fromisoformat(text)
    except ValueError:
        return None
    return 0 if yearly else found.year, found.month, found.day
