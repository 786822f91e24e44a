"""One call in an Asterisk's own queue: what is said of it, and how it stands.

A call stands as its facts have it: `recall` folds those that a ledger has, so that a centre that was away
goes on from there, and `said` tells whether a note of a log tells something new.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from console.domain.events import (
    EndedBy,
    InteractionAnswered,
    InteractionEnded,
    InteractionEvent,
    InteractionLeftQueue,
    InteractionOffered,
    InteractionQueued,
    InteractionTransferred,
    LeaveReason,
    OfferEnded,
)

_NEAR = timedelta(seconds=1.5)
"""A log has whole seconds: what it tells and what an event told lie so near to each other."""


class Step(StrEnum):
    """What a note says."""

    JOINED = "joined"
    CALLED = "called"
    RANG_OUT = "rang_out"
    CONNECTED = "connected"
    HELD = "held"
    RESUMED = "resumed"
    COMPLETED = "completed"
    TRANSFERRED = "transferred"
    ABANDONED = "abandoned"
    GAVE_UP = (
        "gave_up"  # abandoned, or timed out: the caller's own wish to hang up (GOES) makes it the former
    )
    GOES = "goes"
    LEFT = "left"
    HUNG_UP = "hung_up"


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What Asterisk said of the call `key` (the caller's Uniqueid) at `at`.

    `agent` is the member's interface or name. `rang_s`: how long it rang until RANG_OUT or CONNECTED.
    `reason` of LEFT is "" when it must be found out; `target` is where a transfer went.
    """

    step: Step
    at: datetime
    key: str
    queue: str = ""
    agent: str = ""
    number: str = ""
    name: str = ""
    called: str = ""
    rang_s: float = 0.0
    by: EndedBy = EndedBy.CUSTOMER
    reason: LeaveReason | None = None
    target: str = ""


class Call:
    """How a call stands."""

    def __init__(self, key: str, interaction: UUID) -> None:
        """Nothing is known of it. `key` "": its name in Asterisk is not known either."""
        self.key = key
        self.interaction = interaction
        self.phase = "new"  # new, waiting, connected, apart (left or transferred), over
        self.queue = self.agent = ""
        self.joined_at: datetime | None = None
        self.left: Note | None = None
        self.hung_up: Note | None = None
        self.gave_up: Note | None = None
        self.goes_at: datetime | None = None
        self.transferred = False
        self.early: list[Note] = []
        self.open: dict[str, UUID] = {}
        self.offers: Counter[str] = Counter()
        self.refused: dict[str, datetime] = {}
        self.over_at: datetime | None = None
        self.made: Counter[str] = Counter()
        self.told: list[InteractionEvent] = []

    @property
    def goes_on(self) -> bool:
        """Whether it joined a queue and is not over."""
        return self.phase not in {"new", "over"}

    def tells(self, event: InteractionEvent) -> None:
        """A fact of it was told."""
        self.made[type(event).__name__] += 1
        self.told.append(event)

    def said(self, note: Note) -> bool:
        """Whether its facts tell of this already."""
        kind = _KINDS.get(note.step)
        return kind is not None and any(
            isinstance(event, kind) and abs(event.at - note.at) < _NEAR and _alike(event, note)
            for event in self.told
        )

    def recall(self, events: Iterable[InteractionEvent]) -> None:
        """Stand as these facts, in order, have it."""
        for event in events:
            self.tells(event)
            self._fold(event)

    def _fold(self, event: InteractionEvent) -> None:
        match event:
            case InteractionQueued():
                self.phase, self.left, self.transferred = "waiting", None, False
                self.queue, self.joined_at = event.queue, event.waiting_since
            case InteractionOffered():
                self.offers[event.agent] += 1
                self.open[event.agent] = event.offer
            case OfferEnded():
                self.open.pop(event.agent, None)
                self.refused[event.agent] = event.at
            case InteractionAnswered():
                self.phase, self.agent, self.left = "connected", event.agent, None
                self.open.clear()
            case InteractionLeftQueue():
                self.phase = "apart"
                self.left = Note(step=Step.LEFT, at=event.at, key=self.key, reason=event.reason)
            case InteractionTransferred():
                self.phase, self.transferred = "apart", True
                self.left = Note(step=Step.TRANSFERRED, at=event.at, key=self.key, target=event.target)
            case InteractionEnded():
                self.phase, self.over_at = "over", event.at


_KINDS: dict[Step, type[InteractionEvent]] = {
    Step.JOINED: InteractionQueued,
    Step.RANG_OUT: OfferEnded,
    Step.CONNECTED: InteractionAnswered,
    Step.LEFT: InteractionLeftQueue,
    Step.TRANSFERRED: InteractionTransferred,
    Step.COMPLETED: InteractionEnded,
    Step.ABANDONED: InteractionEnded,
}


def _alike(event: InteractionEvent, note: Note) -> bool:
    """Of the same queue, or agent; `note` has our names."""
    if isinstance(event, InteractionQueued):
        return event.queue == note.queue
    return not isinstance(event, OfferEnded | InteractionAnswered) or event.agent == note.agent
