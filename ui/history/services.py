"""What the history views ask of the desk, as narrow Protocols."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from console.domain.address import Address
from console.domain.call import CallEnd, Direction, Quality


class Row(Protocol):
    """One call of the history; `end` is None while it goes on, `missed` 1 while nobody has looked at it."""

    @property
    def call(self) -> UUID: ...  # noqa: D102
    @property
    def interaction(self) -> UUID | None: ...  # noqa: D102
    @property
    def direction(self) -> Direction: ...  # noqa: D102
    @property
    def peer(self) -> Address: ...  # noqa: D102
    @property
    def queue(self) -> str: ...  # noqa: D102
    @property
    def started_at(self) -> datetime: ...  # noqa: D102
    @property
    def answered_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def end(self) -> CallEnd | None: ...  # noqa: D102
    @property
    def talk_s(self) -> float: ...  # noqa: D102
    @property
    def waited_s(self) -> float | None: ...  # noqa: D102
    @property
    def quality(self) -> Quality | None: ...  # noqa: D102
    @property
    def disposition(self) -> str: ...  # noqa: D102
    @property
    def note(self) -> str: ...  # noqa: D102
    @property
    def missed(self) -> int: ...  # noqa: D102


class History(Protocol):
    """The desk's call history; everything is answered later, by a coroutine."""

    async def search(
        self, text: str = "", limit: int = 100, offset: int = 0, only: str | None = None
    ) -> Sequence[Row]:
        """Calls, the newest first."""
        ...

    async def row(self, call: UUID) -> Row | None:
        """One call."""
        ...

    async def note(self, call: UUID, disposition: str = "", note: str = "") -> object:
        """Write disposition and note on a call."""
        ...

    async def missed_unseen(self) -> int:
        """How many missed calls nobody has looked at."""
        ...

    async def see_missed(self) -> None:
        """The person has looked at the missed calls."""
        ...
