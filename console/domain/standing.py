"""Where one agent or one interaction stands: the values that `standings` folds and everybody reads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

from console.domain.address import Address
from console.domain.agent import Agent, AgentState, Presence, Work
from console.domain.events import LeaveReason
from console.domain.interaction import Phase
from console.domain.queue import Channel, SkillNeed

_LONGEST_S = 315_360_000.0

Interrupts = Mapping[Channel, Collection[Channel]]
"""For work on a channel: the channels whose contacts may come on top of it."""


def after(moment: datetime, seconds: float) -> datetime:
    """A moment so many seconds later; a configured number beyond ten years is ten years."""
    return moment + _length(seconds)


@lru_cache(4096)
def _length(seconds: float) -> timedelta:
    """Few lengths are configured, and each is added to many moments."""
    return timedelta(seconds=min(seconds, _LONGEST_S))


@dataclass(slots=True)
class OpenOffer:
    """An interaction reserved for an agent whose desk is rung."""

    offer: UUID
    interaction: UUID
    agent: str
    queue: str
    offered_at: datetime
    ring_timeout_s: float

    @property
    def due(self) -> datetime:
        """When it counts as not answered."""
        return after(self.offered_at, self.ring_timeout_s)


@dataclass(slots=True)
class WrapUp:
    """After-contact work: `limit_s` 0 is without end. `extended`: how often the agent asked for longer."""

    interaction: UUID
    queue: str
    started_at: datetime
    limit_s: float
    extended: int = 0

    @property
    def until(self) -> datetime | None:
        """When the limit ends it, if there is one."""
        return after(self.started_at, self.limit_s) if self.limit_s > 0 else None


@dataclass(slots=True)
class Consulted:
    """A third party whom the agent asks: `target` as asked for, `to` the agent it is, if any. `together`: all
    three talk.
    """

    consult: UUID
    target: str
    to: str
    answered: bool = False
    together: bool = False


@dataclass(slots=True)
class InteractionStanding:
    """One open interaction.

    `waiting_since` is when the wait that counts began, `queued_at` when it came into this queue. `offer`
    is the last one made (with its `offered_at`), `open_offers` those that ring (several in a broadcast).
    `agent` is who talks. `returned`: an offer came to nothing, so it is at the head of its queue. `left`: why
    it flowed out and is nowhere yet; `to`: where it goes then. `target`: where it was transferred, until an
    offer of it is made. `tried`: the queues that it was in or was refused by since it came or was
    transferred.

    `line_since` is `waiting_since` as the order of a line takes it: never before that of who came earlier,
    so a clock set back lets nobody in ahead. `skills` and `tier` are what it asks for now: relaxation `step`
    of its queue holds (0: none yet), counted from `relax_since`.

    Until `wanted_until` it is only for the agent `wanted`, then for everybody, that one first; `pulled` (by a
    supervisor) is only for that agent. Both hold while that agent is signed in and no longer.

    `attached` is what goes along with it (domain.attached).

    `callback`: the customer is to be called back, `tries` were made, and none before `not_before`. `asked`:
    the customer pressed the key for one, after it was proposed at `proposed_at`. `calls_back`: the callback
    that this call asked for; it is not offered before this call is over. `outbound`: the agent called.
    """

    interaction: UUID
    number: int
    channel: Channel
    customer: Address
    called: str
    arrived_at: datetime
    waiting_since: datetime
    queued_at: datetime
    offered_at: datetime
    phase: Phase = Phase.ARRIVED
    queue: str = ""
    skills: tuple[SkillNeed, ...] = ()
    tier: int = 0
    step: int = 0
    relax_since: datetime | None = None
    priority: int = 0
    value: int = 0
    line_since: datetime | None = None
    wanted: str = ""
    wanted_until: datetime | None = None
    pulled: str = ""
    estimate_s: float | None = None
    announced_at: datetime | None = None
    proposed_at: datetime | None = None
    asked: bool = False
    returned: bool = False
    offer: UUID | None = None
    open_offers: dict[UUID, OpenOffer] = field(default_factory=dict)
    agent: str = ""
    answered_at: datetime | None = None
    talk_since: datetime | None = None
    held_at: datetime | None = None
    refused: str = ""
    left: LeaveReason | None = None
    to: str = ""
    tried: tuple[str, ...] = ()
    target: str = ""
    transferred_at: datetime | None = None
    voicemail: bool = False
    callback: bool = False
    outbound: bool = False
    tries: int = 0
    not_before: datetime | None = None
    calls_back: UUID | None = None
    consult: Consulted | None = None
    attached: dict[str, str] = field(default_factory=dict)

    @property
    def open_offer(self) -> OpenOffer | None:
        """The offer that rings, the first one when there are several."""
        return next(iter(self.open_offers.values()), None)

    @property
    def since(self) -> datetime:
        """The beginning of its wait, as the order of a line takes it."""
        return self.line_since or self.waiting_since


@dataclass(slots=True)
class AgentStanding:
    """One agent: presence, link, and the work of each contact; `state` follows from them (domain.agent).

    `since` is when the state (or its reason) began; `idle_since` when the agent last became free, kept while
    an offer rings so that a customer who leaves costs nobody the place. `lost_since` is set while the desk is
    gone. `channels` has the medium of each contact in `work`.

    What strategies go by: `contacts` answered and `talk_s` talked since the sign-in, `offered_at` the last
    offer in each queue. Two counts follow the order of the ledger, whatever the clock does: the smaller
    `idle_turn` became free earlier, the smaller number in `turns` was offered something in that queue
    earlier.
    """

    agent: Agent
    presence: Presence = Presence.OFFLINE
    state: AgentState = AgentState.OFFLINE
    since: datetime | None = None
    reason: str = ""
    idle_since: datetime | None = None
    idle_turn: int = 0
    contact: str = ""
    session: UUID | None = None
    lost_since: datetime | None = None
    grace_s: float = 0.0
    work: dict[UUID, Work] = field(default_factory=dict)
    channels: dict[UUID, Channel] = field(default_factory=dict)
    open_offer: OpenOffer | None = None
    wrap_ups: dict[UUID, WrapUp] = field(default_factory=dict)
    contacts: int = 0
    talk_s: float = 0.0
    offered_at: dict[str, datetime] = field(default_factory=dict)
    turns: dict[str, int] = field(default_factory=dict)
    at_once: bool = False  # the pause began, or begins after the contact at hand, without wrap-up

    @property
    def free(self) -> bool:
        """Whether this agent may be offered something now, and has nothing else to do."""
        return self.presence is Presence.READY and not self.work and self.lost_since is None

    def free_for(self, channel: Channel, interrupts: Interrupts) -> bool:
        """Whether this agent may be offered a contact of this channel now.

        Ready, at a linked desk that does not ring, below the channel's capacity (wrap-up counts as work),
        and with no work on another channel that this one may not come on top of.
        """
        if self.presence is not Presence.READY or self.lost_since is not None or self.open_offer is not None:
            return False
        capacity = self.agent.capacity_for(channel)
        if not self.channels:
            return capacity > 0
        load = 0
        for other in self.channels.values():
            if other is channel:
                load += 1
            elif channel not in interrupts.get(other, ()):
                return False
        return load < capacity

    @property
    def load(self) -> dict[Channel, int]:
        """How many contacts of each channel there are, offers and wrap-ups included."""
        counted: dict[Channel, int] = {}
        for channel in self.channels.values():
            counted[channel] = counted.get(channel, 0) + 1
        return counted

    def take(self, interaction: UUID, work: Work, channel: Channel) -> None:
        """From now on that contact asks for this work."""
        self.work[interaction] = work
        self.channels[interaction] = channel

    def drop(self, interaction: UUID) -> None:
        """That contact asks for nothing any more, but for a wrap-up of an earlier part of it."""
        if self.wrap_ups and interaction in self.wrap_ups:
            self.work[interaction] = Work.WRAP_UP
            return
        self.work.pop(interaction, None)
        self.channels.pop(interaction, None)

    @property
    def linked(self) -> bool:
        """Whether a desk can be rung: signed in, and not vanished."""
        return self.presence is not Presence.OFFLINE and self.lost_since is None

    @property
    def grace_until(self) -> datetime | None:
        """When a vanished desk signs its agent out."""
        return after(self.lost_since, self.grace_s) if self.lost_since else None

    @property
    def wrap_up(self) -> WrapUp | None:
        """The after-contact work at hand, the earliest when there are several."""
        return next(iter(self.wrap_ups.values()), None)

    @property
    def wrap_up_until(self) -> datetime | None:
        """When the limit ends the after-contact work at hand."""
        wrap_up = self.wrap_up
        return wrap_up.until if wrap_up else None

    @property
    def interaction(self) -> UUID | None:
        """The interaction that the state is about: one talked on or held, then rung, then wrapped up."""
        for kind in (Work.TALKING, Work.HELD, Work.OFFERED, Work.WRAP_UP):
            for interaction, work in self.work.items():
                if work is kind:
                    return interaction
        return None
