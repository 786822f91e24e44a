"""From one desk's microphone to the other's speaker: time, CPU, underruns; and bare pipes in the same run.

Target: median at most 120 ms through both Qt adapters and a PCMU call of 20 ms packets; goal 95.
"""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.bench.mouth_ear import Delays, mouth_to_ear
from tests.machine import Pulse
from tests.telephony.far import FarEnd
from tests.ui.sound_call import call_between_headsets

pytestmark = [pytest.mark.bench, pytest.mark.audio]
BEATS = 25
MOST_MS = 120
CPU_S = 8.0
TICKS = os.sysconf("SC_CLK_TCK")


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def _share_of_a_core(pid: int) -> float:
    """In percent, with nobody else at the devices: mouth and ear would make the server wake it more often."""
    began, used = time.perf_counter(), _cpu_seconds(pid)
    await asyncio.sleep(CPU_S)
    return 100 * (_cpu_seconds(pid) - used) / (time.perf_counter() - began)


async def _counts(desk: FarEnd) -> dict[str, Any]:
    mark = desk.mark
    desk.do("counts")
    return await desk.fact("Counts", mark)


async def _measured(sink: str, source: str) -> Delays:
    return await asyncio.to_thread(mouth_to_ear, sink, source, BEATS, 8)


async def test_mouth_to_ear(pulse: Pulse) -> None:
    async with call_between_headsets(pulse) as (agent, caller):
        floor = await _measured("agent_mic_in", "agent_mic")
        print(f"\nbare pipes:           {floor}")
        share = await _share_of_a_core(agent.pid)
        to_caller = await _measured("agent_mic_in", "caller.monitor")
        to_agent = await _measured("caller_mic_in", "agent.monitor")
        for name, found in (("agent to caller", to_caller), ("caller to agent", to_agent)):
            print(f"{name}:      {found}; {found.median / floor.median:.1f} times bare pipes")
        print(f"CPU of the agent's desk in the call: {share:.1f} % of a core")
        for desk in (agent, caller):
            print(await _counts(desk))
        for found in (to_caller, to_agent):
            assert found.lost <= BEATS // 5
            assert found.median <= MOST_MS
