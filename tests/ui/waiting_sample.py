"""Those who wait, to look at and to test with; and a centre that does for supervisors as it is told."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from console.domain.errors import CallboardError
from console.domain.events import MonitoringMode
from console.domain.interaction import Phase
from console.domain.queue import Channel, SkillNeed
from console.sync.supervision import Candidate, Excluded, Reason, Step
from console.wire import InteractionView, MonitoringView
from tests.ui.doubles import ScriptedRunner
from tests.ui.wallboard_sample import LONG, NOON
from ui.metrics.services import Office
from ui.shell.memory import NoMemory

SKILLS = (SkillNeed("english", 7), SkillNeed("billing", 3, preferred=True))


def waiting(number: int, queue: str = "q0", **more: Any) -> InteractionView:
    """One who waits; the lower the number, the longer."""
    since = NOON - timedelta(seconds=max(3, 400 - 37 * number % 397))
    values: dict[str, Any] = {
        "interaction": UUID(int=1000 + number), "channel": Channel.VOICE, "phase": Phase.WAITING,
        "customer": f"sip:+4930{1234000 + number}@example.org",
        "customer_name": ("Anna Müller", "", "Ben Okafor", "")[number % 4], "queue": queue,
        "queue_name": {"q0": "Sales", "q1": "Billing"}.get(queue, queue), "place": number + 1,
        "arrived_at": since, "waiting_since": since, "skills": SKILLS if number % 3 == 0 else (), "tier": 0,
        "priority": 0, "value": 0, "wanted": "", "wanted_until": None, "pulled": "",
        "expected_s": 25.0 * (number + 1), "callback": False, "tries": 0, "not_before": None, "ringing": (),
        "agent": "",
    }  # fmt: skip
    return InteractionView(**(values | more))


def line() -> list[InteractionView]:
    """One of each kind, in the queue q0, and one in q1."""
    return [
        waiting(0, phase=Phase.OFFERED, place=None, ringing=("a0001",)),
        waiting(1, place=1, priority=20, value=2),
        waiting(2, place=2, wanted="a0002", wanted_until=NOON + timedelta(seconds=21), tier=2),
        waiting(3, place=3, pulled="a0003"),
        waiting(4, place=4, callback=True, tries=2, not_before=NOON + timedelta(minutes=14)),
        waiting(5, place=5, callback=True),
        waiting(6, place=6, expected_s=None, customer="anonymous", customer_name=""),
        waiting(7, place=7, customer_name=LONG, skills=(*SKILLS, SkillNeed("contract law", 9))),
        waiting(8, phase=Phase.DIALLED, place=None, callback=True, agent="a0004"),
        waiting(9, phase=Phase.CONNECTED, place=None, agent="a0005"),
        waiting(10, queue="q1", place=1),
    ]


def steps() -> list[Step]:
    """Why one still waits, after an offer that came to nothing."""
    at = NOON - timedelta(seconds=200)
    return [
        Step(
            at,
            "InteractionQueued",
            "waits in q0 (arrived): number 3 of 3, priority 0, asks for english 7",
        ),
        Step(
            at + timedelta(seconds=20),
            "InteractionOffered",
            "offered to Ana Novak: the longest idle of 2 who could have it "
            "(number 1 of 3, asks for english 7)",
            agents=("a0000",),
            possible=(
                Candidate("a0000", "Ana Novak", "idle for 93 s"),
                Candidate("a0001", "Ben Novak", "idle for 12 s"),
            ),
            excluded=(
                Excluded("a0002", "Chiara Novak", (Reason("english 5 < 7"), Reason("paused (Lunch)"))),
            ),
        ),
        Step(at + timedelta(seconds=40), "OfferEnded", "Ana Novak did not answer"),
        Step(
            NOON,
            "StillWaits",
            "still waits in q0: number 1 of 7",
            excluded=(
                Excluded("a0000", "Ana Novak", (Reason("did not answer before, and is not ready again"),)),
                Excluded("a0001", "Ben Novak", (Reason("on a contact (voice 1 of 1)"),)),
            ),
        ),
    ]


@dataclass
class ScriptedSupervisor:
    """Does at once what it is asked, unless `says_no`; the list changes only by `rows`."""

    rows: list[InteractionView] = field(default_factory=line)
    explained: list[Step] = field(default_factory=steps)
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    says_no: CallboardError | None = None
    fetched: int = 0
    heard: list[MonitoringView] = field(default_factory=list)

    async def interactions(self) -> list[InteractionView]:
        self.fetched += 1
        self._refuse()
        return list(self.rows)

    async def move(self, interaction: UUID, queue: str) -> InteractionView:
        return self._did("move", interaction, queue)

    async def prioritise(self, interaction: UUID, priority: int) -> InteractionView:
        return self._did("priority", interaction, priority)

    async def pull(self, interaction: UUID, agent: str) -> InteractionView:
        return self._did("pull", interaction, agent)

    async def explain(self, interaction: UUID) -> list[Step]:
        self._refuse()
        self.asked.append(("explain", interaction))
        return self.explained

    async def export(self, query: dict[str, str], kind: str, path: Path) -> None:
        self._refuse()
        self.asked.append(("export", query, kind, path))

    async def monitor(self, interaction: UUID, mode: MonitoringMode, contact: str = "") -> MonitoringView:
        self._refuse()
        self.asked.append(("monitor", interaction, mode, contact))
        view = MonitoringView(
            monitoring=UUID(int=7000 + len(self.asked)), interaction=interaction, supervisor="sue",
            agent="a0000", mode=mode,
        )  # fmt: skip
        self.heard.append(view)
        return view

    async def monitorings(self) -> list[MonitoringView]:
        self.fetched += 1
        self._refuse()
        return list(self.heard)

    async def change_monitoring(self, monitoring: UUID, mode: MonitoringMode) -> MonitoringView:
        self._refuse()
        self.asked.append(("mode", monitoring, mode))
        return next(view for view in self.heard if view.monitoring == monitoring)

    async def end_monitoring(self, monitoring: UUID) -> None:
        self._refuse()
        self.asked.append(("leave", monitoring))

    def hear(self, monitoring: UUID, **to: Any) -> None:
        """What the centre's fact makes of one who listens."""
        self.heard = [
            msgspec.structs.replace(view, **to) if view.monitoring == monitoring else view
            for view in self.heard
        ]

    def change(self, interaction: UUID, **to: Any) -> None:
        """What the centre's fact makes of one."""
        self.rows = [
            msgspec.structs.replace(row, **to) if row.interaction == interaction else row for row in self.rows
        ]

    def _did(self, what: str, interaction: UUID, value: object) -> InteractionView:
        self._refuse()
        self.asked.append((what, interaction, value))
        return next(row for row in self.rows if row.interaction == interaction)

    def _refuse(self) -> None:
        if self.says_no is not None:
            raise self.says_no


def make_office(supervisor: ScriptedSupervisor | None = None) -> tuple[Office, ScriptedSupervisor]:
    """Return an office and the supervisor's routes behind it."""
    made = supervisor or ScriptedSupervisor()
    return Office(made, ScriptedRunner(), NoMemory()), made
