"""What changed on the board since somebody last asked: keys only, so no bigger than the board."""


class Changes:
    """Keys of rows to send again. `abandoned` is queues with new ones, `intervals` (quarter hour, queue)."""

    __slots__ = (
        "abandoned",
        "agents",
        "intervals",
        "new_days",
        "queues",
        "removed_agents",
        "removed_queues",
        "total",
    )

    def __init__(self) -> None:
        """Nothing changed."""
        self.queues: set[str] = set()
        self.agents: set[str] = set()
        self.abandoned: set[str] = set()
        self.intervals: set[tuple[int, str]] = set()
        self.new_days: set[str] = set()
        self.removed_queues: set[str] = set()
        self.removed_agents: set[str] = set()
        self.total = False

    def begin_day(self, key: str) -> None:
        """A queue began a day: what changed in the one before is no longer asked for."""
        self.new_days.add(key)
        self.intervals = {entry for entry in self.intervals if entry[1] != key}

    def __bool__(self) -> bool:
        """Whether anything changed."""
        return self.total or any(getattr(self, name) for name in self.__slots__ if name != "total")
