"""What the manager interface says, as notes and numbers. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from console.domain.events import EndedBy
from console.switch.ami import AmiEvent
from console.switch.queue_call import Note, Step

STEPS = {
    "QueueCallerJoin": Step.JOINED,
    "AgentCalled": Step.CALLED,
    "AgentRingNoAnswer": Step.RANG_OUT,
    "AgentConnect": Step.CONNECTED,
    "AgentComplete": Step.COMPLETED,
    "QueueCallerAbandon": Step.GAVE_UP,  # app_queue says so of a time-out too
    "QueueCallerLeave": Step.LEFT,
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOBODY = ("", "<unknown>")


class Counters(msgspec.Struct, frozen=True, kw_only=True):
    """What Asterisk itself counts of a queue since it started or was told to forget.

    `calls` wait now. `hold_s` and `talk_s` are moving averages in whole seconds, not means: each call counts
    for a quarter. Shares are in percent: `in_time_of_answered` is ServicelevelPerf, `in_time_of_all`
    ServicelevelPerf2, within `service_level_s`.
    """

    queue: str
    calls: int
    completed: int
    abandoned: int
    service_level_s: int
    in_time_of_answered: float
    in_time_of_all: float
    hold_s: int
    talk_s: int


def note(step: Step, event: AmiEvent, at: datetime, agent: str = "") -> Note:
    """What an event, or a line of QueueStatus, says of a call."""
    caller, name = event.get("CallerIDNum", ""), event.get("CallerIDName", "")
    rang = number(event.get("RingTime") or event.get("Ringtime") or "")
    return Note(
        step=step,
        at=at,
        key=event.get("Uniqueid", ""),
        queue=event.get("Queue", ""),
        agent=agent,
        number="" if caller in _NOBODY else caller,
        name="" if name in _NOBODY else name,
        called=event.get("Exten") or event.get("Queue", ""),
        rang_s=rang / 1000 if step is Step.RANG_OUT else rang,
        by=EndedBy.AGENT if event.get("Reason") == "agent" else EndedBy.CUSTOMER,
    )


def moment(event: AmiEvent) -> datetime | None:
    """When it happened, where manager.conf has timestampevents=yes."""
    seconds = number(event.get("Timestamp", ""))
    return _EPOCH + timedelta(seconds=seconds) if seconds else None


def number(text: str) -> float:
    """A number that is not negative; 0 for what is none."""
    try:
        return max(0.0, float(text))
    except ValueError:
        return 0.0


def seconds(text: str) -> float:
    """A duration like 01:02:03."""
    total = 0.0
    for part in text.split(":"):
        total = total * 60 + number(part)
    return total


def counters(line: AmiEvent) -> Counters:
    """A QueueParams."""

    def whole(name: str) -> int:
        return int(number(line.get(name, "")))

    return Counters(
        queue=line.get("Queue", ""),
        calls=whole("Calls"),
        completed=whole("Completed"),
        abandoned=whole("Abandoned"),
        service_level_s=whole("ServiceLevel"),
        in_time_of_answered=number(line.get("ServicelevelPerf", "")),
        in_time_of_all=number(line.get("ServicelevelPerf2", "")),
        hold_s=whole("Holdtime"),
        talk_s=whole("TalkTime"),
    )


def is_a(line: AmiEvent, kind: str) -> bool:
    """Whether a line of a list is of that kind."""
    return line.get("Event") == kind


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """A caller of a queue who talks: `partner` is the channel of the agent, with its Uniqueid."""

    key: str
    queue: str
    since: datetime
    partner: str
    partner_key: str
    answered_at: datetime
    number: str
    name: str


def talks(channels: list[Mapping[str, str]], now: datetime) -> list[Talk]:
    """The conversations of queues among the channels that there are (CoreShowChannels)."""
    bridged: dict[str, list[Mapping[str, str]]] = {}
    for channel in channels:
        if channel.get("BridgeId"):
            bridged.setdefault(channel["BridgeId"], []).append(channel)
    found = []
    for one in channels:
        partners = [other for other in bridged.get(one.get("BridgeId", ""), ()) if other is not one]
        if one.get("Application") != "Queue" or not partners:
            continue
        agent = partners[0]
        caller, name = one.get("CallerIDNum", ""), one.get("CallerIDName", "")
        found.append(
            Talk(
                key=one.get("Uniqueid", ""),
                queue=one.get("ApplicationData", "").partition(",")[0],
                since=now - timedelta(seconds=seconds(one.get("Duration", ""))),
                partner=agent.get("Channel", ""),
                partner_key=agent.get("Uniqueid", ""),
                answered_at=now - timedelta(seconds=seconds(agent.get("Duration", ""))),
                number="" if caller in _NOBODY else caller,
                name="" if name in _NOBODY else name,
            )
        )
    return found
