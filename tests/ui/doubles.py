"""Scripted services behind the windows: each does at once what it is asked, and remembers it."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from console.bus import Bus
from console.clock import StoppedClock
from console.domain.address import Address, normalise_dialled
from console.domain.agent import AgentState, Presence, Role
from console.domain.call import CallEnd, CallPhase, Direction
from console.domain.errors import BadInput, EnvironmentFault, Refused
from console.domain.events import (
    CallAnswered,
    CallArrived,
    CallDialled,
    CallEnded,
    CallHeld,
    CallMuted,
    CallResumed,
    HistoryChanged,
    LinkChanged,
    LinkState,
)
from console.domain.queue import SkillNeed
from console.history.queries import Completion
from console.history.rows import HistoryRow
from console.settings import DeskSettings
from console.telephony.live import LiveCall
from console.wire import AgentView, Welcome
from ui.bridge import Bridge
from ui.shell.memory import NoMemory
from ui.shell.services import Devices, Services
from ui.widgets.words import Words, words_for

_T = TypeVar("_T")
START = datetime(2026, 11, 22, 9, 41, tzinfo=UTC)


class ScriptedPhone:
    """A phone whose every wish comes true at once; tells it on the bus as the real one does."""

    def __init__(self, bus: Bus, clock: StoppedClock, domain: str = "example.org") -> None:
        self.bus = bus
        self.clock = clock
        self.domain = domain
        self.asked: list[tuple[Any, ...]] = []
        self.obeys = True
        self._calls: dict[UUID, LiveCall] = {}

    @property
    def calls(self) -> tuple[LiveCall, ...]:
        return tuple(self._calls.values())

    def dial(self, text: str, account: str | None = None) -> UUID:
        self.asked.append(("dial", text))
        peer = normalise_dialled(text, self.domain)
        self._hold_others()
        call = self.clock.new_id()
        self._calls[call] = LiveCall(
            call=call, direction=Direction.OUTGOING, peer=peer, account="own",
            phase=CallPhase.DIALLING, started_at=self.clock.now(),
        )  # fmt: skip
        self.tell(CallDialled, call, peer=peer)
        return call

    def answer(self, call: UUID) -> None:
        self.asked.append(("answer", call))
        self._hold_others()
        self.answered(call)

    def hang_up(self, call: UUID) -> None:
        self.asked.append(("hang_up", call))
        if self.obeys:
            self.ended(call)

    def decline(self, call: UUID) -> None:
        self.asked.append(("decline", call))
        self.ended(call, CallEnd.DECLINED)

    def hold(self, call: UUID) -> None:
        self.asked.append(("hold", call))
        if self._calls[call].phase is not CallPhase.TALKING:
            raise BadInput("Only a call in progress can be held.")
        if self.obeys:
            self.change(call, phase=CallPhase.HELD, held_since=self.clock.now())
            self.tell(CallHeld, call)

    def resume(self, call: UUID) -> None:
        self.asked.append(("resume", call))
        self._hold_others()
        self.change(call, phase=CallPhase.TALKING, held_since=None)
        self.tell(CallResumed, call)

    def mute(self, call: UUID, *, muted: bool) -> None:
        self.asked.append(("mute", call, muted))
        self.change(call, muted=muted)
        self.tell(CallMuted, call, muted=muted)

    def send_digits(self, call: UUID, digits: str) -> None:
        self.asked.append(("send_digits", call, digits))

    def transfer(self, call: UUID, target: str) -> None:
        normalise_dialled(target, self.domain)
        self.asked.append(("transfer", call, target))

    def transfer_attended(self, call: UUID, consult: UUID) -> None:
        self.asked.append(("transfer_attended", call, consult))

    # ---- what the other side does

    def ring(
        self, name: str = "Anna Müller", number: str = "+4930123456", *, interaction: UUID | None = None,
        queue: str = "Sales", waited_s: float | None = 42.0, skills: tuple[SkillNeed, ...] = (),
    ) -> UUID:  # fmt: skip
        call = self.clock.new_id()
        peer = Address(f"sip:{number}@example.org", name)
        self._calls[call] = LiveCall(
            call=call, direction=Direction.INCOMING, peer=peer, account="centre", phase=CallPhase.RINGING,
            started_at=self.clock.now(), interaction=interaction or self.clock.new_id(), queue=queue,
            waited_s=waited_s, skills=skills,
        )  # fmt: skip
        self.tell(CallArrived, call, peer=peer, queue=queue)
        return call

    def answered(self, call: UUID) -> None:
        self.change(call, phase=CallPhase.TALKING, answered_at=self.clock.now())
        self.tell(CallAnswered, call)

    def ended(self, call: UUID, end: CallEnd = CallEnd.HUNG_UP_HERE) -> None:
        if self._calls.pop(call, None) is not None:
            self.tell(CallEnded, call, end=end)

    def change(self, call: UUID, **to: Any) -> None:
        self._calls[call] = msgspec.structs.replace(self._calls[call], **to)

    def tell(self, kind: Any, call: UUID, **values: Any) -> None:
        self.bus.publish(kind(id=self.clock.new_id(), at=self.clock.now(), call=call, **values))

    def _hold_others(self) -> None:
        for call in self.calls:
            if call.phase is CallPhase.TALKING:
                self.change(call.call, phase=CallPhase.HELD, held_since=self.clock.now())
                self.tell(CallHeld, call.call)


class ScriptedHistory:
    """A history in memory, searched by substring. `broken` makes everything fail with those words."""

    def __init__(self, bus: Bus, clock: StoppedClock, rows: Sequence[HistoryRow] = ()) -> None:
        self.bus = bus
        self.clock = clock
        self.rows = list(rows)
        self.searches: list[tuple[str, int, int, str | None]] = []
        self.notes: list[tuple[UUID, str, str]] = []
        self.broken: EnvironmentFault | None = None
        self.people: list[Completion] = []
        self.seen = 0

    async def search(
        self, text: str = "", limit: int = 100, offset: int = 0, only: str | None = None
    ) -> Sequence[HistoryRow]:
        self.searches.append((text, limit, offset, only))
        if self.broken is not None:
            raise self.broken
        wanted = text.casefold()
        found = [
            row for row in self.rows
            if wanted in f"{row.peer.name} {row.peer.uri} {row.queue} {row.note}".casefold()
            and (only != "missed" or row.missed)
        ]  # fmt: skip
        return found[offset : offset + limit]

    async def row(self, call: UUID) -> HistoryRow | None:
        return next((row for row in self.rows if row.call == call), None)

    async def completions(self, prefix: str, limit: int = 8) -> Sequence[Completion]:
        wanted = prefix.casefold()
        return [p for p in self.people if wanted in f"{p.name} {p.number}".casefold()][:limit]

    async def note(self, call: UUID, disposition: str = "", note: str = "") -> HistoryRow:
        if self.broken is not None:
            raise self.broken
        self.notes.append((call, disposition, note))
        place = next(n for n, row in enumerate(self.rows) if row.call == call)
        self.rows[place] = msgspec.structs.replace(self.rows[place], disposition=disposition, note=note)
        self.bus.publish(HistoryChanged(id=self.clock.new_id(), at=self.clock.now(), call=call, unsynced=0))
        return self.rows[place]

    async def missed_unseen(self) -> int:
        return sum(row.missed == 1 for row in self.rows)

    async def see_missed(self) -> None:
        self.seen += 1


class ScriptedLink:
    """A link that is as the test says. `refuses` makes sign-in and commands fail with those words."""

    def __init__(self, bus: Bus, clock: StoppedClock) -> None:
        self.bus = bus
        self.clock = clock
        self.state = LinkState.NONE
        self.reason = ""
        self.user = ""
        self.name = ""
        self.role: Role | None = None
        self.welcome: Welcome | None = None
        self.agent_view: AgentView | None = None
        self.clock_offset = timedelta(0)
        self.asked: list[tuple[str, ...]] = []
        self.refuses = ""
        self._handlers: list[Callable[[AgentView], None]] = []

    def on_agent(self, handler: Callable[[AgentView], None]) -> Callable[[], None]:
        self._handlers.append(handler)
        return lambda: self._handlers.remove(handler)

    async def sign_in(self, url: str, user: str, password: str) -> None:
        self.asked.append(("sign_in", url, user, password))
        if self.refuses:
            raise Refused(self.refuses)
        self.online(user)

    async def sign_out(self) -> None:
        self.asked.append(("sign_out",))
        self.become(LinkState.SIGNED_OUT)

    def try_now(self) -> None:
        self.asked.append(("try_now",))

    async def command(self, action: str, argument: str = "") -> None:
        self.asked.append((action, argument))
        if self.refuses:
            raise Refused(self.refuses)

    # ---- what the centre does

    def online(self, user: str = "anna", role: Role = Role.AGENT) -> None:
        self.user, self.name, self.role = user, user.capitalize(), role
        self.welcome = Welcome(
            user=user, name=self.name, role=role, now=self.clock.now(), heartbeat_s=5, sequence=1,
            pause_reasons=("Break", "Lunch", "Meeting", "Training", "Back office"),
            dispositions=("Solved", "Call back", "Passed on", "No customer", "Other"),
        )  # fmt: skip
        self.become(LinkState.ONLINE)
        self.view(AgentState.PAUSED, reason="sign-in", presence=Presence.PAUSED)

    def become(self, state: LinkState, reason: str = "") -> None:
        self.state, self.reason = state, reason
        self.bus.publish(
            LinkChanged(
                id=self.clock.new_id(),
                at=self.clock.now(),
                state=state,
                reason=reason,
                user=self.user,
                role=self.role,
            )
        )

    def view(self, state: AgentState, **more: Any) -> None:
        more.setdefault("queues", {"sales": "Sales", "support": "Support", "billing": "Billing"})
        more.setdefault("waiting", {"sales": 3, "support": 1})
        more.setdefault("since", self.clock.now())
        self.agent_view = AgentView(sequence=1, at=self.clock.now(), state=state, **more)
        for handler in tuple(self._handlers):
            handler(self.agent_view)


@dataclass
class ScriptedRunner:
    """Runs what views ask for at once; while `holding`, answers wait until `release`: a slow database."""

    holding: bool = False
    failures: list[str] = field(default_factory=list)
    _held: list[Callable[[], None]] = field(default_factory=list)

    def run(
        self,
        work: Coroutine[Any, Any, _T],
        done: Callable[[_T], None] | None = None,
        failed: Callable[[str], None] | None = None,
    ) -> None:
        try:
            work.send(None)
        except StopIteration as stop:
            result = stop.value
            if done is not None:
                self._give(lambda: done(result))
        except (EnvironmentFault, BadInput) as fault:
            words = str(fault)
            self._give(lambda: failed(words) if failed else self.failures.append(words))
        else:
            work.close()
            raise AssertionError("a scripted service must answer at once")

    def release(self, *, last_first: bool = False) -> None:
        """Let the held answers come, in order or the other way round."""
        held, self._held = self._held, []
        for give in reversed(held) if last_first else held:
            give()

    def _give(self, answer: Callable[[], None]) -> None:
        if self.holding:
            self._held.append(answer)
        else:
            answer()


@dataclass
class Scene:
    """A whole desk of scripted services, ready to be shown in a window."""

    clock: StoppedClock
    bus: Bus
    phone: ScriptedPhone
    history: ScriptedHistory
    link: ScriptedLink
    bridge: Bridge
    runner: ScriptedRunner
    services: Services
    kept: list[tuple[DeskSettings, str | None]]
    exported: list[tuple[str, Path]]
    settings: list[DeskSettings]


def make_scene(
    language: str = "en", rows: Sequence[HistoryRow] = (), settings: DeskSettings | None = None
) -> Scene:
    """Make the services."""
    clock = StoppedClock(START)
    bus = Bus()
    phone, history, link = (
        ScriptedPhone(bus, clock),
        ScriptedHistory(bus, clock, rows),
        ScriptedLink(bus, clock),
    )
    bridge, runner = Bridge(bus, link), ScriptedRunner()
    kept: list[tuple[DeskSettings, str | None]] = []
    exported: list[tuple[str, Path]] = []
    now = [settings or DeskSettings()]

    async def save(changed: DeskSettings, password: str | None) -> None:
        kept.append((changed, password))
        now[0] = changed

    async def export(kind: str, path: Path) -> None:
        exported.append((kind, path))

    services = Services(
        phone=phone, history=history, link=link, bridge=bridge, runner=runner, clock=clock,
        words=words_for(language), memory=NoMemory(), settings=lambda: now[0], save=save, export=export,
        devices=lambda: Devices(("Headset 65", "Built-in Audio"), ("Headset 65", "Built-in Audio")),
    )  # fmt: skip
    return Scene(clock, bus, phone, history, link, bridge, runner, services, kept, exported, now)


def words(language: str = "en") -> Words:
    """The words of a language."""
    return words_for(language)
