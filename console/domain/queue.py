"""Queues, skills and what an interaction asks for: the values of the ACD."""

from enum import StrEnum
from typing import Annotated

import msgspec


def _help(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


def _seconds(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text, ge=0)


class Channel(StrEnum):
    """The medium of an interaction. Only voice is connected today."""

    VOICE = "voice"
    CHAT = "chat"
    EMAIL = "email"
    SMS = "sms"
    SOCIAL = "social"
    MESSENGER = "messenger"
    PUSH = "push"
    VIDEO = "video"


class SkillNeed(msgspec.Struct, frozen=True, omit_defaults=True):
    """A skill that an interaction asks for, with the least level (1 to 10) that will do."""

    skill: Annotated[str, _help("What an agent must know, as agents list it.")]
    level: Annotated[int, msgspec.Meta(description="The least level that will do, 1 to 10.", ge=1, le=10)] = 1


class ServiceLevelFormula(StrEnum):
    """How the service level is counted (see metrics.kpis for the formulas)."""

    ANSWERED_IN_TIME_OF_ANSWERED = "answered_in_time_of_answered"
    IN_TIME_OF_ALL = "in_time_of_all"
    ANSWERED_IN_TIME_OF_ALL = "answered_in_time_of_all"
    ANSWERED_IN_TIME_OF_ALL_LESS_SHORT = "answered_in_time_of_all_less_short"
    ANSWERED_IN_TIME_OF_DUE = "answered_in_time_of_due"


class Queue(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """A queue as configured. All durations in seconds.

    `numbers` are the dialled names or numbers that lead here besides `key` itself. `priority`: higher is
    served first. `max_wait_s` 0 means no limit; then the interaction goes to `overflow_to` (a queue key)
    or, when that is empty, is told goodbye. `timezone` is an IANA name: "today" starts at its midnight.
    """

    key: Annotated[str, _help("Its own short name, for good.")]  # "" on the board: all queues
    name: Annotated[str, _help("The name to show; empty: the key.")] = ""
    numbers: Annotated[
        tuple[str, ...], _help("Dialled names or numbers that lead here besides the key.")
    ] = ()
    skills: Annotated[tuple[SkillNeed, ...], _help("What it asks of an agent.")] = ()
    priority: Annotated[int, _help("Higher is served first.")] = 0
    ring_timeout_s: Annotated[float, _seconds("Seconds a desk rings before the next agent is tried.")] = 20.0
    wrap_up_s: Annotated[float, _seconds("Seconds of after-contact work at most; 0: none.")] = 30.0
    max_wait_s: Annotated[float, _seconds("Seconds to wait before it flows over; 0: no limit.")] = 0.0
    overflow_to: Annotated[str, _help("Queue it flows over to; empty: the caller is told goodbye.")] = ""
    max_waiting: Annotated[int, msgspec.Meta(description="How many may wait; 0: no limit.", ge=0)] = 0
    threshold_s: Annotated[float, _seconds("Seconds within which an answer is in time.")] = 20.0
    short_abandon_s: Annotated[float, _seconds("Who leaves sooner did not really wait.")] = 5.0
    target: Annotated[float, msgspec.Meta(description="Service level aimed at, 0 to 1.", ge=0, le=1)] = 0.8
    formula: Annotated[ServiceLevelFormula, _help("How the service level is counted.")] = (
        ServiceLevelFormula.ANSWERED_IN_TIME_OF_ALL_LESS_SHORT
    )
    timezone: Annotated[str, _help("IANA name; its midnight begins the day.")] = "UTC"
    channel: Annotated[Channel, _help("The medium; voice today.")] = Channel.VOICE
    music: Annotated[str, _help("What waiting callers hear: a file of resources/sounds.")] = "hold-music"
    announce_every_s: Annotated[float, _seconds("Seconds between telling the place; 0: never.")] = 30.0
    warn_waiting: Annotated[int, _help("Waiting callers that call for attention.")] = 3
    critical_waiting: Annotated[int, _help("Waiting callers that are too many.")] = 6
    warn_longest_s: Annotated[float, _seconds("Longest wait that calls for attention.")] = 30.0
    critical_longest_s: Annotated[float, _seconds("Longest wait that is too long.")] = 60.0

    @property
    def shown(self) -> str:
        """The name to show."""
        return self.name or self.key
