"""Agents in calls, and who listens to them, to look at and to test with."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec

from console.domain.agent import AgentState
from console.domain.events import MonitoringMode
from console.domain.figures import Snapshot
from console.wire import MonitoringView
from tests.ui.wallboard_sample import NOON, board_of

AGENT = "a0000"
CALL = UUID(int=5000)
SUE, TOM = UUID(int=6001), UUID(int=6002)


def called(*, long: bool = False, queues: int = 3, **to: Any) -> Snapshot:
    """A board whose agent AGENT is in the CALL; the next one, a0001, is ready."""
    board = board_of(queues, 24, long=long)
    first, second, *rest = board.agents
    values: dict[str, Any] = {"state": AgentState.ON_CONTACT, "interaction": CALL, "linked": True}
    first = msgspec.structs.replace(first, **(values | to))
    second = msgspec.structs.replace(second, state=AgentState.READY, interaction=None, queue="")
    return msgspec.structs.replace(board, agents=(first, second, *rest))


def others() -> list[MonitoringView]:
    """One more supervisor in the CALL, and one in another."""
    return [
        MonitoringView(
            monitoring=TOM, interaction=CALL, supervisor="tom", agent=AGENT, mode=MonitoringMode.LISTEN,
            since=NOON - timedelta(minutes=2),
        ),
        MonitoringView(
            monitoring=UUID(int=6003), interaction=UUID(int=1), supervisor="eve", agent="a0009",
            mode=MonitoringMode.BARGE, since=NOON,
        ),
    ]  # fmt: skip
