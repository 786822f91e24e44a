"""A robot agent with its link: signs in, says ready, is rung by the switch, and becomes ready again after a
RONA.
"""

import asyncio
import random

from console.bus import Bus
from console.clock import Clock
from console.demo.floor import Floor
from console.demo.robots import RobotAgent
from console.domain.agent import AgentState
from console.domain.errors import EnvironmentFault
from console.domain.events import LinkState
from console.sync.link import Link
from console.wire import AgentView

_BACK_AFTER_S = 1.0


class StaffMember:
    """One robot at work, from sign-in to sign-out."""

    def __init__(self, key: str, floor: Floor, clock: Clock, robot: RobotAgent, seed: int) -> None:
        """`robot` listens already; `seed` decides how it behaves."""
        self.key = key
        self.robot = robot
        self._floor = floor
        self._dice = random.Random(f"{key} {seed}")
        self._link = Link(Bus(), clock, None, contact=lambda: robot.contact)
        self._undo = self._link.on_agent(self._seen)
        self._working = False
        self._again: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Sign in and say ready. Raises Refused or NetworkError."""
        await self._link.sign_in(self._floor.url, self.key, self._floor.password)
        self._working = True

    async def stop(self) -> None:
        """Sign out and be gone."""
        self._working = False
        self._undo()
        if self._again is not None:
            self._again.cancel()
        await self._link.sign_out()
        await self.robot.stop()

    def _seen(self, view: AgentView) -> None:
        waits = view.state is AgentState.NOT_RESPONDING or (
            view.state is AgentState.PAUSED and view.reason in {"sign-in", "Declined"}
        )
        if not self._working or not waits or (self._again is not None and not self._again.done()):
            return
        self._again = asyncio.create_task(self._become_ready(at_once=view.reason == "sign-in"))

    async def _become_ready(self, *, at_once: bool) -> None:
        if not at_once:
            await asyncio.sleep(_BACK_AFTER_S * self._dice.uniform(0.5, 1.5))
        try:
            await self._link.command("ready")
        except EnvironmentFault:
            if self._link.state is LinkState.ONLINE:
                raise
