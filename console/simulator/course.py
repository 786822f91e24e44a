"""One run of a scenario from the first arrival to the last goodbye, and what the fold made of it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from console.domain import events as ev
from console.simulator.customers import Customers
from console.simulator.engine import Engine
from console.simulator.reading import Reader, quarter_hour
from console.simulator.scenario import Scenario
from console.simulator.staff import Staff

DRAIN = timedelta(hours=6)
"""So long after the last day closed, those who still wait are given up and told as unfinished."""


class Course:
    """A run: build it, `go`, read `reader`, `customers` and `engine`."""

    def __init__(self, scenario: Scenario, replication: int = 0) -> None:
        """A centre with the scenario's queues and agents; nobody has come yet."""
        self.scenario = scenario
        self.engine = Engine(scenario, replication)
        start = self.engine.now
        self.count_from = start
        if scenario.warm_up_hours:
            self.count_from = quarter_hour(start + timedelta(hours=scenario.warm_up_hours, minutes=14))
        for queue in scenario.queues:
            self.engine.tell(ev.QueueConfigured(id=self.engine.new_id(), at=start, queue=queue))
        self.customers = Customers(self.engine, self.count_from)
        self.staff = Staff(self.engine, self.customers)
        self.reader = Reader(self.engine, self.count_from)

    def go(self) -> None:
        """Run it to its end."""
        with _without_collector():
            self.staff.start()
            self.customers.start()
            self.reader.start()
            self.engine.run(self._latest(), self._over)
            self.reader.take()

    @property
    def unfinished(self) -> int:
        """Customers who were still there when it was given up."""
        return len(self.customers.open)

    def _latest(self) -> datetime:
        return self.scenario.opened(self.scenario.days - 1)[1] + DRAIN

    def _over(self) -> bool:
        return not self.customers.coming and not self.customers.open


@contextmanager
def _without_collector() -> Iterator[None]:
    """A run makes millions of values and hardly a cycle: to look for cycles costs a fifth of its time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
