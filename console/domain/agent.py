"""Agents: who they are, and the table of their states.

The state shown for an agent with several contacts is the first of: not responding, on contact, hold, wrap-up,
offered, paused, ready. The state is never sent by the desk: it follows from the ledger's events alone.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import msgspec

from console.domain.queue import Channel


class Role(StrEnum):
    """What a signed-in user may do; each includes the ones before it."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what `other` may."""
        order = [Role.AGENT, Role.SUPERVISOR, Role.ADMIN]
        return order.index(self) >= order.index(other)


class AgentState(StrEnum):
    """What an agent is doing, as everybody sees it."""

    OFFLINE = "offline"
    READY = "ready"
    OFFERED = "offered"
    ON_CONTACT = "on_contact"
    HOLD = "hold"
    WRAP_UP = "wrap_up"
    PAUSED = "paused"
    NOT_RESPONDING = "not_responding"


SHOWN_FIRST = (
    AgentState.NOT_RESPONDING,
    AgentState.ON_CONTACT,
    AgentState.HOLD,
    AgentState.WRAP_UP,
    AgentState.OFFERED,
    AgentState.PAUSED,
    AgentState.READY,
)


_Level = Annotated[int, msgspec.Meta(ge=1, le=10)]
_Tier = Annotated[int, msgspec.Meta(ge=1, le=100)]
_Weight = Annotated[int, msgspec.Meta(ge=1, le=1000)]
_Capacity = Annotated[int, msgspec.Meta(ge=0, le=100)]

CAPACITY = {
    Channel.VOICE: 1,
    Channel.VIDEO: 1,
    Channel.CHAT: 3,
    Channel.MESSENGER: 3,
    Channel.SOCIAL: 3,
    Channel.SMS: 5,
    Channel.PUSH: 5,
    Channel.EMAIL: 5,
}
"""Contacts of each channel that an agent takes at once, where nothing else is configured."""

_ASIDE = (Channel.EMAIL, Channel.SMS, Channel.SOCIAL, Channel.PUSH)

INTERRUPTS: dict[Channel, tuple[Channel, ...]] = {
    **dict.fromkeys(_ASIDE, (Channel.VOICE, Channel.VIDEO, Channel.CHAT, Channel.MESSENGER)),
    Channel.CHAT: (Channel.MESSENGER,),
    Channel.MESSENGER: (Channel.CHAT,),
}
"""What may come on top of work on a channel, where nothing else is configured: nothing on voice or video."""


class Agent(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True, forbid_unknown_fields=True):
    """An agent as configured: skills with levels 1 to 10, and the queues served with their own priority."""

    key: Annotated[str, msgspec.Meta(description="The sign-in name.", min_length=1)]
    name: Annotated[str, msgspec.Meta(description="The name to show; empty: the key.")] = ""
    skills: Annotated[dict[str, _Level], msgspec.Meta(description="Skills with levels from 1 to 10.")] = {}
    queues: Annotated[tuple[str, ...], msgspec.Meta(description="Queues served, the dearest first.")] = ()
    tiers: Annotated[
        dict[str, _Tier], msgspec.Meta(description="Tier in a queue, by its key; 1, the first, if not given.")
    ] = {}
    weights: Annotated[
        dict[str, _Weight], msgspec.Meta(description="Weight in a queue that draws lots; 1 if not given.")
    ] = {}
    capacity: Annotated[
        dict[Channel, _Capacity],
        msgspec.Meta(description="Contacts at once by channel; voice 1, chat 3, email 5 if not given."),
    ] = {}

    @property
    def shown(self) -> str:
        """The name to show."""
        return self.name or self.key

    def capacity_for(self, channel: Channel) -> int:
        """How many contacts of a channel at once."""
        return self.capacity.get(channel, CAPACITY[channel])


class Presence(StrEnum):
    """The half of an agent's state that does not depend on contacts."""

    OFFLINE = "offline"
    READY = "ready"
    PAUSED = "paused"
    NOT_RESPONDING = "not_responding"


class Work(StrEnum):
    """What one contact asks of its agent right now."""

    OFFERED = "offered"
    TALKING = "talking"
    HELD = "held"
    WRAP_UP = "wrap_up"


_OF_WORK = {
    Work.OFFERED: AgentState.OFFERED,
    Work.TALKING: AgentState.ON_CONTACT,
    Work.HELD: AgentState.HOLD,
    Work.WRAP_UP: AgentState.WRAP_UP,
}


_BY_PLACE = (*SHOWN_FIRST, AgentState.OFFLINE)
_PLACE_OF_WORK = {work: _BY_PLACE.index(state) for work, state in _OF_WORK.items()}
_PLACE_OF_PRESENCE = {presence: _BY_PLACE.index(AgentState(presence.value)) for presence in Presence}


def shown_state(presence: Presence, work: Iterable[Work]) -> AgentState:
    """The one state shown for an agent's presence and the work of each contact (kpi.md's order)."""
    first = _PLACE_OF_PRESENCE[presence]
    for item in work:
        place = _PLACE_OF_WORK[item]
        if place < first:
            first = place
    return _BY_PLACE[first]
