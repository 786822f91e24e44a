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
    """A skill that an interaction asks for, with the least level (1 to 10) that will do. One that is only
    preferred keeps nobody out: who has it is chosen before who has not.
    """

    skill: Annotated[str, _help("What an agent must know, as agents list it.")]
    level: Annotated[int, msgspec.Meta(description="The least level that will do, 1 to 10.", ge=1, le=10)] = 1
    preferred: Annotated[bool, _help("Whether it only puts who has it first, and keeps nobody out.")] = False


class Strategy(StrEnum):
    """Which of the fitting free agents gets the interaction (Asterisk's names where it has them)."""

    LONGEST_IDLE = "longest_idle"
    ROUND_ROBIN = "round_robin"  # the one whom this queue has offered nothing for longest
    FEWEST_CONTACTS = "fewest_contacts"  # answered since sign-in
    LEAST_TALK_TIME = "least_talk_time"  # seconds since sign-in
    TOP_DOWN = "top_down"  # the lowest tier first, in it the longest idle
    WEIGHTED_RANDOM = "weighted_random"  # by the agent's weight; the dice follow from the ledger
    BROADCAST = "broadcast"  # all at once; the first to answer wins


class Relaxation(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """From a wait of `after_s` seconds on other demands hold; what is left out stays as it was."""

    after_s: Annotated[float, _seconds("Seconds of waiting after which this holds.")]
    skills: Annotated[
        tuple[SkillNeed, ...] | None, _help("What is asked from then on; left out: as before.")
    ] = None
    tier: Annotated[int | None, _help("Agents up to this tier may take it; 0: all; left out: as before.")] = (
        None
    )


class OpenHours(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """A stretch of the week in which a queue is open, in its own time zone. `closes` before or at `opens`
    is on the next day.
    """

    days: Annotated[tuple[str, ...], _help("mon, tue, wed, thu, fri, sat, sun.")]
    opens: Annotated[str, _help("HH:MM.")] = "00:00"
    closes: Annotated[str, _help("HH:MM; 24:00 is the end of the day.")] = "24:00"


class Holiday(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, kw_only=True):
    """A day with hours of its own; without any it is closed all day."""

    day: Annotated[str, _help("YYYY-MM-DD, or MM-DD for every year.")]
    opens: Annotated[str, _help("HH:MM; empty: closed all day.")] = ""
    closes: Annotated[str, _help("HH:MM.")] = ""
    name: Annotated[str, _help("What day it is.")] = ""


class Recorded(StrEnum):
    """Whether a queue's calls are recorded without anybody's asking for it."""

    OFF = "off"
    ON = "on"


VOICEMAIL = "*voicemail"
CALLBACK = "*callback"
"""Where a queue's `..._to` can send somebody beside another queue's key; "" is goodbye."""


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
    or, when that is empty, is told goodbye; the four `..._to` can also say `*voicemail` or `*callback`.
    `timezone` is an IANA name: "today" starts at its midnight.
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
    overflow_to: Annotated[
        str, _help("Where it flows over to: a queue, *voicemail or *callback; empty: goodbye is said.")
    ] = ""
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
    record: Annotated[Recorded, _help("Whether its calls are recorded: off or on.")] = Recorded.OFF
    announce_every_s: Annotated[float, _seconds("Seconds between telling the place; 0: never.")] = 30.0
    warn_waiting: Annotated[int, _help("Waiting callers that call for attention.")] = 3
    critical_waiting: Annotated[int, _help("Waiting callers that are too many.")] = 6
    warn_longest_s: Annotated[float, _seconds("Longest wait that calls for attention.")] = 30.0
    critical_longest_s: Annotated[float, _seconds("Longest wait that is too long.")] = 60.0

    strategy: Annotated[Strategy, _help("Which of the fitting free agents gets it.")] = Strategy.LONGEST_IDLE
    broadcast_most: Annotated[
        int, msgspec.Meta(description="Desks that a broadcast rings at once; 0: all.", ge=0)
    ] = 0
    tier: Annotated[
        int, msgspec.Meta(description="Agents up to this tier may take it at first; 0: all.", ge=0)
    ] = 0
    relax: Annotated[tuple[Relaxation, ...], _help("Other demands as the wait grows.")] = ()
    ageing_s: Annotated[
        float, _seconds("Seconds of waiting that are worth one point of priority; 0: none.")
    ] = 0.0
    value_weight: Annotated[float, _help("Points of priority for each point of a customer's value.")] = 0.0
    last_agent_s: Annotated[
        float, _seconds("Seconds to wait for the agent who served this customer last; 0: not at all.")
    ] = 0.0
    last_agent_days: Annotated[float, _seconds("Days after which who served last does not matter.")] = 30.0
    named_agent_s: Annotated[float, _seconds("Seconds to wait for an agent who was asked for by name.")] = (
        20.0
    )
    hours: Annotated[tuple[OpenHours, ...], _help("When it is open; empty: always.")] = ()
    holidays: Annotated[tuple[Holiday, ...], _help("Days with hours of their own, or closed.")] = ()
    serve_after_close: Annotated[bool, _help("Whether those who wait at closing time are still served.")] = (
        True
    )
    closed_to: Annotated[str, _help("Where callers go while it is closed, as overflow_to.")] = ""
    full_to: Annotated[str, _help("Where callers go while it is full, as overflow_to.")] = ""
    leave_empty: Annotated[bool, _help("Whether callers leave when no agent of it is signed in.")] = False
    no_agents_to: Annotated[str, _help("Where they go then, as overflow_to.")] = ""
    wrap_up_extension_s: Annotated[
        float, _seconds("Seconds that an agent can add to a wrap-up at a time; 0: none.")
    ] = 30.0
    wrap_up_extensions: Annotated[int, msgspec.Meta(description="How often an agent can add them.", ge=0)] = 2
    callback_after_s: Annotated[
        float, _seconds("Seconds of waiting after which a callback is proposed; 0: never.")
    ] = 0.0
    callback_digit: Annotated[str, _help("The key that asks for it, 0 to 9, * or #.")] = "1"
    callback_tries: Annotated[
        int, msgspec.Meta(description="How often the customer is called at most.", ge=1, le=20)
    ] = 3
    callback_retry_s: Annotated[float, _seconds("Seconds from one try to the next.")] = 900.0
    voicemail_most_s: Annotated[float, _seconds("Longest message that is recorded, in seconds.")] = 120.0
    repeat_days: Annotated[
        float,
        msgspec.Meta(
            description="Days within which who comes to this queue again counts as repeated; 0: not counted.",
            ge=0,
            le=366,
        ),
    ] = 7.0
    announce_wait: Annotated[bool, _help("Whether the expected wait is told with the place.")] = True

    @property
    def shown(self) -> str:
        """The name to show."""
        return self.name or self.key
