"""What agents do: come and go by shift, answer after a while or not at all, wrap up, take breaks."""

import math
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from console.domain import events as ev
from console.domain.agent import Agent, AgentState
from console.simulator.customers import Customers
from console.simulator.engine import Engine
from console.simulator.scenario import Group

_OFF_SHIFT = "end of shift"
_BREAK = "Break"
_RETRY_S = 60.0


class Member:
    """One agent."""

    __slots__ = ("answer", "away", "chance", "group", "key", "on_shift", "pause", "wrap_up")

    def __init__(self, engine: Engine, group: Group, number: int) -> None:
        """The agent of a group with this number, from 1."""
        self.group = group
        self.key = f"{group.key}-{number}"
        dice = engine.dice(f"agent {self.key}")
        self.chance = dice.random
        self.answer = group.answer.sampler(dice)
        self.wrap_up = group.wrap_up.sampler(dice)
        self.pause = engine.dice(f"pauses {self.key}").random if group.shrinkage else None
        self.on_shift = False
        self.away = False  # paused, or about to be once the contact at hand is over

    def configured(self) -> Agent:
        """The agent as the centre knows it."""
        group = self.group
        return Agent(
            key=self.key,
            name=f"{group.name} {self.key.rpartition('-')[2]}" if group.name else "",
            skills=group.skills,
            queues=group.queues,
            tiers=group.tiers,
            weights=group.weights,
            capacity=group.capacity,
        )


class _Owed(NamedTuple):
    """A break (`seconds`), or the end of a shift (None), that begins when the contacts at hand are over."""

    member: Member
    since: datetime
    seconds: float | None
    chance: bool = False


class Staff:
    """All agents of a run."""

    def __init__(self, engine: Engine, customers: Customers) -> None:
        """Nobody is there yet."""
        self._engine = engine
        self._customers = customers
        self._ringing: set[UUID] = set()
        self._owed: list[_Owed] = []
        groups = engine.scenario.agents
        self.groups = [
            [Member(engine, group, number + 1) for number in range(group.count)] for group in groups
        ]
        self.members = {member.key: member for group in self.groups for member in group}
        engine.reactions |= {
            ev.InteractionOffered: self._ring,
            ev.OfferEnded: self._stop_ringing,
            ev.WrapUpStarted: self._wrap_up,
            ev.AgentNotResponding: self._missed,
        }
        engine.after.append(self._settle)

    def start(self) -> None:
        """The centre knows them, and their shifts and breaks are planned."""
        engine = self._engine
        for member in self.members.values():
            engine.tell(ev.AgentConfigured(id=engine.new_id(), at=engine.now, agent=member.configured()))
        for day in range(engine.scenario.days):
            for members in self.groups:
                if members:
                    self._plan(day, members)

    # ------------------------------------------------------------ shifts

    def _plan(self, day: int, members: list[Member]) -> None:
        scenario, group = self._engine.scenario, members[0].group
        opens, closes = scenario.opened(day)
        begins = scenario.moment(day, group.begins) if group.begins else opens
        self._engine.at(begins, self._begin_shift, members)
        if not group.ends:
            self._engine.at(closes, self._close, members)
        else:
            ends = scenario.moment(day, group.ends)
            over_midnight = timedelta(days=1) if ends <= begins else timedelta(0)
            self._engine.at(ends + over_midnight, self._end_shift, members)
        for pause in group.breaks:
            first = scenario.moment(day, pause.at)
            for number, member in enumerate(members):
                later = timedelta(minutes=pause.within_minutes * number / max(1, len(members) - 1))
                self._engine.at(first + later, self._break, _Owed(member, first, pause.minutes * 60))

    def _begin_shift(self, members: list[Member]) -> None:
        engine = self._engine
        for member in members:
            if member.on_shift:
                continue
            member.on_shift, member.away = True, False
            engine.tell(
                ev.AgentSignedIn(
                    id=engine.new_id(),
                    at=engine.now,
                    agent=member.key,
                    contact=f"sip:{member.key}@desk.invalid",
                    session=engine.new_id(),
                )
            )
            self._say_ready(member)
            self._plan_pause(member, 0.0)

    def _close(self, members: list[Member]) -> None:
        """The day has closed: they go once nobody is left, unless the next day opens before."""
        engine = self._engine
        if not self._customers.open:
            self._end_shift(members)
        elif not any(opens <= engine.now < closes for opens, closes in self._open_days()):
            engine.later(_RETRY_S, self._close, members)

    def _open_days(self) -> list[tuple[datetime, datetime]]:
        scenario = self._engine.scenario
        today = (self._engine.now.astimezone(scenario.zone).date() - scenario.first_day).days
        return [scenario.opened(day) for day in range(max(0, today - 1), min(scenario.days, today + 2))]

    def _end_shift(self, members: list[Member]) -> None:
        for member in members:
            if member.on_shift:
                member.on_shift = False
                self._owed = [owed for owed in self._owed if owed.member is not member]
                self._go_away(_Owed(member, self._engine.now, None), _OFF_SHIFT)

    def _say_ready(self, member: Member) -> None:
        engine = self._engine
        engine.tell(ev.AgentBecameReady(id=engine.new_id(), at=engine.now, agent=member.key))

    # ------------------------------------------------------------ away from the desk

    def _plan_pause(self, member: Member, already_s: float) -> None:
        """The next pause by chance: of a share s of the time, pauses of p seconds leave p (1 - s) / s between
        them in the mean. What a contact held up the last one (`already_s`) is taken off.
        """
        if member.pause is None:
            return
        group = member.group
        mean_s = group.pause_s * (1 - group.shrinkage) / group.shrinkage
        wait_s = max(1.0, -mean_s * math.log(1.0 - member.pause()) - already_s)
        owed = _Owed(member, self._engine.now, group.pause_s, chance=True)
        self._engine.later(wait_s, self._break, owed)

    def _break(self, owed: _Owed) -> None:
        member = owed.member
        if owed.chance and not self._same_shift(owed):
            return  # pauses are planned anew when a shift begins
        if not member.on_shift:
            return
        if member.away:
            self._engine.later(_RETRY_S, self._break, owed)
            return
        self._go_away(owed._replace(since=self._engine.now), _BREAK)

    def _same_shift(self, owed: _Owed) -> bool:
        standing = self._engine.router.agent(owed.member.key)
        return standing is not None and owed.member.on_shift

    def _go_away(self, owed: _Owed, reason: str) -> None:
        engine = self._engine
        owed.member.away = True
        engine.tell(ev.AgentPaused(id=engine.new_id(), at=engine.now, agent=owed.member.key, reason=reason))
        self._owed.append(owed)

    def _settle(self) -> None:
        """Breaks and ends of shifts begin once the contacts at hand are over."""
        if self._owed:
            self._owed = [owed for owed in self._owed if not self._begun(owed)]

    def _begun(self, owed: _Owed) -> bool:
        engine, member = self._engine, owed.member
        standing = engine.router.agent(member.key)
        if standing is not None and standing.state is not AgentState.PAUSED:
            return standing.state is AgentState.OFFLINE
        if owed.seconds is None:
            engine.later(0, self._sign_out, member)
        else:
            engine.later(owed.seconds, self._come_back, (owed, (engine.now - owed.since).total_seconds()))
        return True

    def _sign_out(self, member: Member) -> None:
        engine = self._engine
        if not member.on_shift:
            engine.tell(
                ev.AgentSignedOut(id=engine.new_id(), at=engine.now, agent=member.key, reason=_OFF_SHIFT)
            )

    def _come_back(self, about: tuple[_Owed, float]) -> None:
        owed, held_up_s = about
        member = owed.member
        if not member.on_shift:
            return
        member.away = False
        self._say_ready(member)
        if owed.chance:
            self._plan_pause(member, held_up_s)

    # ------------------------------------------------------------ contacts

    def _ring(self, offer: ev.InteractionOffered) -> None:
        member = self.members[offer.agent]
        self._ringing.add(offer.offer)
        misses = member.group.misses
        if misses and member.chance() < misses:
            return  # routing's own time-out ends it
        self._engine.later(member.answer(), self._answer, offer)

    def _answer(self, offer: ev.InteractionOffered) -> None:
        if offer.offer in self._ringing:
            self._ringing.discard(offer.offer)
            self._customers.meet(offer)

    def _stop_ringing(self, decision: ev.OfferEnded) -> None:
        self._ringing.discard(decision.offer)

    def _wrap_up(self, decision: ev.WrapUpStarted) -> None:
        seconds = self.members[decision.agent].wrap_up()
        if not decision.limit_s or seconds < decision.limit_s:
            self._engine.later(seconds, self._finish_wrap_up, decision)

    def _finish_wrap_up(self, decision: ev.WrapUpStarted) -> None:
        engine = self._engine
        engine.tell(
            ev.WrapUpEnded(
                id=engine.new_id(), at=engine.now, agent=decision.agent, interaction=decision.interaction
            )
        )

    def _missed(self, decision: ev.AgentNotResponding) -> None:
        member = self.members[decision.agent]
        self._engine.later(member.group.back_s, self._back_from_missing, member)

    def _back_from_missing(self, member: Member) -> None:
        if member.on_shift and not member.away:
            self._say_ready(member)
