"""How many calls may begin in a moment.

pjsua2 as it is on PyPI has 64 sockets for sound, two a call, keeps a closed one for half a second, and ends
the whole
program by an assertion when none is left. So calls that come or go faster than a person makes them have to
wait.
"""

from collections import deque

WINDOW_S = 0.6
CALLS = 20


class CallBudget:
    """Counts the beginnings of calls in the last moment."""

    def __init__(self, calls: int = CALLS, window_s: float = WINDOW_S) -> None:
        """At most `calls` in any `window_s` seconds."""
        self._calls = calls
        self._window_s = window_s
        self._begun: deque[float] = deque()

    def spend(self, now: float) -> bool:
        """Whether one more may begin at `now` (monotonic seconds); if so it is counted."""
        while self._begun and now - self._begun[0] > self._window_s:
            self._begun.popleft()
        if len(self._begun) >= self._calls:
            return False
        self._begun.append(now)
        return True
