"""How long to wait before trying again: exponential, capped, with full jitter.

Full jitter (a uniform draw between 0 and the bound) keeps a thousand desks that lost the same centre from
coming back in step.
"""

import random
from datetime import datetime
from email.utils import parsedate_to_datetime

_MOST_ASKED_S = 600.0


class Backoff:
    """Seconds to wait: drawn from 0 to `base_s` doubled with every failure, at most `cap_s`."""

    def __init__(self, base_s: float = 0.5, cap_s: float = 10.0, draw: random.Random | None = None) -> None:
        """`draw` is where the jitter comes from; by default the system."""
        self._base_s = base_s
        self._cap_s = cap_s
        self._draw = draw or random.SystemRandom()
        self._failures = 0

    @property
    def bound_s(self) -> float:
        """The most that the next wait can be."""
        return float(min(self._cap_s, self._base_s * 2.0 ** min(self._failures, 32)))

    def next_s(self) -> float:
        """The wait after one more failure."""
        bound = self.bound_s
        self._failures += 1
        return self._draw.uniform(0.0, bound)

    def reset(self) -> None:
        """It worked: begin anew."""
        self._failures = 0


def retry_after_s(header: str, now: datetime) -> float:
    """Seconds that a `Retry-After` header asks for (RFC 9110 10.2.3: seconds or a date); 0 when it says
    nothing usable.

    At most ten minutes: a centre that names next week must not silence the desk.
    """
    text = header.strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return min(float(text), _MOST_ASKED_S)
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return 0.0
    if when.tzinfo is None:
        return 0.0
    return min(max(0.0, (when - now).total_seconds()), _MOST_ASKED_S)
