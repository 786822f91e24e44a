"""Who is a member of an Asterisk's queues, by our names; presence as facts.

Ready in one queue is ready; paused in all is paused; in none is signed out.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID, uuid5

import msgspec

from console.domain.events import (
    AgentBecameReady,
    AgentEvent,
    AgentPaused,
    AgentSignedIn,
    AgentSignedOut,
    InteractionEvent,
)
from console.switch.ami import AmiEvent, Place

EXTENSION = "{extension}"
"""What stands for an agent's extension in a pattern."""

_SPACE = UUID("5f0d7a5e-3f0c-5b7e-9c55-2f4f2d0c8a11")


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """Which Asterisk, and what its queues and agents are called here.

    `queues` are Asterisk's names by our keys; those in neither are watched only when `every`. `agents` are
    extensions by our keys, else an agent's extension is the key; `interface` and `state` are the patterns
    of the member that an agent becomes, and of the device that tells whether the agent is free.
    """

    place: Place = Place()
    system: str = ""
    queue_log: str = ""
    every: bool = True
    queues: Mapping[str, str] = {}
    agents: Mapping[str, str] = {}
    interface: str = f"PJSIP/{EXTENSION}"
    state: str = ""


class Presence(msgspec.Struct, frozen=True, order=True):
    """Whether a member is paused, and why."""

    paused: bool = False
    reason: str = ""


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """What an earlier watch has told: from when until when (None: nothing ever), of the calls that went on,
    and of who was signed in. `was` tells whether it told of an interaction at all.
    """

    begun: datetime | None
    since: datetime | None
    calls: Mapping[UUID, Sequence[InteractionEvent]]
    staff: Mapping[str, Presence]
    was: Callable[[UUID], Awaitable[bool]]


class Finds(msgspec.Struct, frozen=True, kw_only=True):
    """Told of what is found: a queue (our key) with its service level in seconds, and an agent with the name
    to show and our keys of the queues.
    """

    queue: Callable[[str, float], None] = lambda key, service_level_s: None
    agent: Callable[[str, str, tuple[str, ...]], None] = lambda key, name, queues: None


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """An agent in a queue."""

    interface: str
    name: str
    presence: Presence
    in_call: bool = False


class Names:
    """Asterisk's names for queues and agents, and ours."""

    def __init__(self, watched: Watched) -> None:
        """What queue_log and events call members is learnt on the way: see `learn`."""
        self._watched = watched
        self.queues = {theirs: ours for ours, theirs in watched.queues.items()}
        self.agents: dict[str, str] = {}
        """Our key by interface, and by a member's name."""
        for agent in watched.agents:
            self.agents[self.interface(agent)] = agent

    def watches(self, queue: str) -> bool:
        """Whether a queue of Asterisk is one of those to watch."""
        return self._watched.every or queue in self.queues

    def theirs(self, queue: str) -> str:
        """What Asterisk calls a queue of ours."""
        return self._watched.queues.get(queue, queue)

    def interface(self, agent: str) -> str:
        """The member that an agent of ours is."""
        return self._watched.interface.replace(EXTENSION, self._watched.agents.get(agent, agent))

    def state(self, agent: str) -> str:
        """The device that tells whether an agent is free; "" when it is the member itself."""
        return self._watched.state.replace(EXTENSION, self._watched.agents.get(agent, agent))

    def learn(self, line: AmiEvent) -> str:
        """The agent of a member, of whom an event or a line of a list tells."""
        name = line.get("MemberName") or line.get("Name", "")
        interface = line.get("Interface") or line.get("Location", "")
        agent = self.agents.get(interface) or self._by_pattern(interface) or self.agents.get(name)
        agent = agent or name or interface
        self.agents[interface] = agent
        if name and name != interface:
            self.agents.setdefault(name, agent)
        return agent

    def _by_pattern(self, interface: str) -> str:
        """The extension in an interface that is made as ours are: an agent whose key it is."""
        before, _, after = self._watched.interface.partition(EXTENSION)
        fits = interface.startswith(before) and interface.endswith(after)
        found = interface[len(before) : len(interface) - len(after)] if fits else ""
        return "" if "/" in found else found


class Staff:
    """All members by agent and (Asterisk's) queue."""

    def __init__(
        self,
        names: Names,
        tell: Callable[[AgentEvent], None],
        show: Callable[[str, str, tuple[str, ...]], None],
    ) -> None:
        """`show` gets an agent, the name to show, and our keys of the queues, whenever these change."""
        self.members: dict[str, dict[str, Member]] = {}
        self._names = names
        self._tell = tell
        self._show = show
        self._presence: dict[str, Presence] = {}
        self._shown: dict[str, tuple[str, tuple[str, ...]]] = {}

    def recall(self, presences: Mapping[str, Presence]) -> None:
        """Who was signed in when an earlier watch ended."""
        self._presence.update(presences)

    def come(self, lines: Iterable[AmiEvent], at: datetime) -> None:
        """These are the members, and nobody else is. Told now is who was none before; the rest by `settle`:
        calls that were answered in between belong in the middle.
        """
        self.members = {}
        for line in lines:
            if self._names.watches(line.get("Queue", "")):
                agent = self._names.learn(line)
                self.members.setdefault(agent, {})[line.get("Queue", "")] = _member(line)
        for agent in sorted(self.members.keys() - self._presence.keys()):
            self._look(agent, at)

    def settle(self, at: datetime) -> None:
        """Tell what else changed."""
        for agent in sorted({*self._presence, *self.members}):
            self._look(agent, at)

    def one(self, line: AmiEvent, at: datetime, *, gone: bool) -> None:
        """A member came, changed or went."""
        queue = line.get("Queue", "")
        if not self._names.watches(queue):
            return
        agent = self._names.learn(line)
        there = self.members.setdefault(agent, {})
        if gone:
            there.pop(queue, None)
        else:
            there[queue] = _member(line)
        self._look(agent, at)

    def interfaces(self, agent: str) -> dict[str, list[str]]:
        """The members that an agent is, with their queues."""
        found: dict[str, list[str]] = {}
        for queue, member in self.members.get(agent, {}).items():
            found.setdefault(member.interface, []).append(queue)
        return found

    # ------------------------------------------------------------------ inside

    def _look(self, agent: str, at: datetime) -> None:
        there = self.members.get(agent, {})
        if there:
            ours = tuple(sorted(self._names.queues.get(queue, queue) for queue in there))
            name = next((one.name for one in there.values() if one.name != one.interface), "")
            if self._shown.get(agent) != (name, ours):
                self._shown[agent] = (name, ours)
                self._show(agent, name, ours)
        was = self._presence.get(agent)
        now = min((one.presence for one in there.values()), default=None)
        if was != now:
            self._changed(agent, was, now, at)

    def _changed(self, agent: str, was: Presence | None, now: Presence | None, at: datetime) -> None:
        one = uuid5(_SPACE, f"{agent}/{at.isoformat()}/{was}/{now}")
        if now is None:
            self._presence.pop(agent, None)
            self._tell(AgentSignedOut(id=uuid5(one, "out"), at=at, agent=agent))
            return
        self._presence[agent] = now
        if was is None:
            contact = f"asterisk:{agent}"
            self._tell(AgentSignedIn(id=uuid5(one, "in"), at=at, agent=agent, contact=contact, session=one))
        if now.paused:
            self._tell(AgentPaused(id=uuid5(one, "paused"), at=at, agent=agent, reason=now.reason))
        else:
            self._tell(AgentBecameReady(id=uuid5(one, "ready"), at=at, agent=agent))


def _member(line: AmiEvent) -> Member:
    paused = line.get("Paused") == "1"
    interface = line.get("Interface") or line.get("Location", "")
    return Member(
        interface=interface,
        name=line.get("MemberName") or line.get("Name") or interface,
        presence=Presence(paused, (line.get("PausedReason") or "paused") if paused else ""),
        in_call=line.get("InCall") == "1",
    )
