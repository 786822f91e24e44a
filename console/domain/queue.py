"""Queues, skills and what an interaction asks for: the values of the ACD."""

from enum import StrEnum

import msgspec


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

    skill: str
    level: int = 1


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

    key: str
    name: str = ""
    numbers: tuple[str, ...] = ()
    skills: tuple[SkillNeed, ...] = ()
    priority: int = 0
    ring_timeout_s: float = 20.0
    wrap_up_s: float = 30.0
    max_wait_s: float = 0.0
    overflow_to: str = ""
    max_waiting: int = 0
    threshold_s: float = 20.0
    short_abandon_s: float = 5.0
    target: float = 0.8
    formula: ServiceLevelFormula = ServiceLevelFormula.ANSWERED_IN_TIME_OF_ALL_LESS_SHORT
    timezone: str = "UTC"
    channel: Channel = Channel.VOICE
    music: str = "hold-music"
    announce_every_s: float = 30.0
    warn_waiting: int = 3
    critical_waiting: int = 6
    warn_longest_s: float = 30.0
    critical_longest_s: float = 60.0

    @property
    def shown(self) -> str:
        """The name to show."""
        return self.name or self.key
