"""Publish facts by class. Subscribing returns the unsubscribe; a fact published inside a handler waits its
turn.
"""

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from console.domain.events import Event

_E = TypeVar("_E", bound=Event)
_log = logging.getLogger(__name__)


class Bus:
    """One loop's facts. Not thread-safe: publish on the loop's thread only."""

    def __init__(self) -> None:
        """An empty bus."""
        self._handlers: dict[type[Event], list[Callable[[Any], None]]] = {}
        self._pending: deque[Event] = deque()
        self._draining = False

    def subscribe(self, kind: type[_E], handler: Callable[[_E], None]) -> Callable[[], None]:
        """Call `handler` with every fact of class `kind` or a subclass; returns what undoes it."""
        handlers = self._handlers.setdefault(kind, [])
        handlers.append(handler)

        def unsubscribe() -> None:
            if handler in handlers:
                handlers.remove(handler)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Tell all subscribers, in order; one that raises is logged and does not keep the others from it."""
        self._pending.append(event)
        if self._draining:
            return
        self._draining = True
        try:
            while self._pending:
                self._deliver(self._pending.popleft())
        finally:
            self._draining = False

    def _deliver(self, event: Event) -> None:
        for kind in type(event).__mro__:
            for handler in tuple(self._handlers.get(kind, ())):
                try:
                    handler(event)
                except Exception:
                    _log.exception("a subscriber failed on %s", type(event).__name__)
