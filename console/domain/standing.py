"""Where one agent or one interaction stands: the values that `standings` folds and everybody reads."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from console.domain.address import Address
from console.domain.agent import Agent, AgentState, Presence, Work
from console.domain.events import LeaveReason
from console.domain.interaction import Phase
from console.domain.queue import Channel, SkillNeed

_LONGEST_S = 315_360_000.0


def after(moment: datetime, seconds: float) -> datetime:
    """A moment so many seconds later; a configured number beyond ten years is ten years."""
    return moment + timedelta(seconds=min(seconds, _LONGEST_S))


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
    """After-contact work: `limit_s` 0 is without end."""

    interaction: UUID
    queue: str
    started_at: datetime
    limit_s: float

    @property
    def until(self) -> datetime | None:
        """When the limit ends it, if there is one."""
        return after(self.started_at, self.limit_s) if self.limit_s > 0 else None


@dataclass(slots=True)
class InteractionStanding:
    """One open interaction.

    `waiting_since` is when the wait that counts began, `queued_at` when it came into this queue. `offer`
    is the last one made (with its `offered_at`), `open_offer` the one that rings. `agent` is who talks.
    `returned`: an offer came to nothing, so it is at the head of its queue. `left`: why it flowed out and
    is nowhere yet. `target`: where it was transferred, until an offer of it is made.
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
    priority: int = 0
    announced_at: datetime | None = None
    returned: bool = False
    offer: UUID | None = None
    open_offer: OpenOffer | None = None
    agent: str = ""
    answered_at: datetime | None = None
    held_at: datetime | None = None
    refused: str = ""
    left: LeaveReason | None = None
    target: str = ""
    transferred_at: datetime | None = None


@dataclass(slots=True)
class AgentStanding:
    """One agent: presence, link, and the work of each contact; `state` follows from them (domain.agent).

    `since` is when the state (or its reason) began; `idle_since` when the agent last became free, kept while
    an offer rings so that a customer who leaves costs nobody the place. `lost_since` is set while the desk is
    gone.
    """

    agent: Agent
    presence: Presence = Presence.OFFLINE
    state: AgentState = AgentState.OFFLINE
    since: datetime | None = None
    reason: str = ""
    idle_since: datetime | None = None
    contact: str = ""
    session: UUID | None = None
    lost_since: datetime | None = None
    grace_s: float = 0.0
    work: dict[UUID, Work] = field(default_factory=dict)
    open_offer: OpenOffer | None = None
    wrap_ups: dict[UUID, WrapUp] = field(default_factory=dict)

    @property
    def free(self) -> bool:
        """Whether this agent may be offered something now."""
        return self.presence is Presence.READY and not self.work and self.lost_since is None

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
