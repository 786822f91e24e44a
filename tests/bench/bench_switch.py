"""The embedded switch: how soon an agent's INVITE follows the caller's, and what 50 bridged calls cost."""

import asyncio
import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import pytest

from console.clock import SystemClock
from console.domain.events import InteractionArrived, InteractionEnded, InteractionEvent, VoicemailLeft
from console.paths import resources
from console.settings import SwitchSettings
from console.switch.embedded import EmbeddedSwitch
from console.switch.switch import Ring

pytestmark = pytest.mark.bench
CALLS = 50
React = Callable[[EmbeddedSwitch, InteractionEvent], None]
"""What a bench does with a fact instead of routing."""
TALK_S = 10.0


async def _switched(
    contacts: list[str], react: React | None = None
) -> tuple[EmbeddedSwitch, list[InteractionEvent]]:
    """A switch whose router is trivial: the next arrival goes to the next contact."""
    clock = SystemClock()
    switch = EmbeddedSwitch(SwitchSettings(udp_port=0, tcp_port=0), clock, resources() / "sounds")
    facts: list[InteractionEvent] = []
    free = iter(contacts)

    def route(event: InteractionEvent) -> None:
        facts.append(event)
        if react is not None:
            react(switch, event)
        elif isinstance(event, InteractionArrived):
            switch.music(event.interaction, "hold-music")
            contact = next(free, None)
            if contact is not None:
                order = Ring(
                    interaction=event.interaction,
                    offer=clock.new_id(),
                    queue="q",
                    agent=contact,
                    contact=contact,
                )
                switch.ring(order)

    await switch.start(route)
    return switch, facts


async def _load(kind: str, **options: object) -> asyncio.subprocess.Process:
    """The peers, in a process of their own so that the switch's own cost can be read."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("switch_peers.py")),
        kind,
        json.dumps(options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


async def _measure(
    kind: str, react: React | None = None, **options: object
) -> tuple[dict[str, object], EmbeddedSwitch, float, int]:
    """Run peers against a switch: their report, the switch, its CPU seconds, how many interactions ended."""
    peers = await _load(kind, **options)
    assert peers.stdin is not None
    assert peers.stdout is not None
    contacts = json.loads(await peers.stdout.readline())
    switch, facts = await _switched(contacts, react)
    used = _cpu()
    peers.stdin.write((switch.addresses[0] + "\n").encode())
    report = json.loads(await peers.stdout.readline())
    used = _cpu() - used
    await peers.wait()
    ended = sum(isinstance(fact, InteractionEnded) for fact in facts)
    await switch.stop()
    return report, switch, used, ended


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def test_callers_invite_to_agents_invite() -> None:
    report, _, _, _ = await _measure("latency", calls=200)
    times = [1000 * float(each) for each in report["seconds"]]  # type: ignore[attr-defined]
    p95 = quantiles(times, n=20)[-1]
    print(
        f"\ncaller's INVITE to agent's INVITE: p50 {median(times):.2f} ms, p95 {p95:.2f} ms of {len(times)}"
    )
    assert len(times) == 200


@pytest.mark.parametrize("codec", ["PCMU", "G722"])
async def test_fifty_bridged_calls_lose_no_packet(codec: str) -> None:
    """`codec` is the agents' only one; the customers speak PCMU, so G722 means transcoding."""
    report, switch, used, _ = await _measure("talk", calls=CALLS, seconds=TALK_S, codec=codec)
    statistics = switch.statistics()
    taken = sum(each.from_customer + each.from_agent for each in statistics)
    print(
        f"\n{CALLS} bridged calls, customers PCMU, agents {codec}: peers sent {report['sent']} packets, "
        f"the switch took {taken}, lost in the switch {sum(each.dropped for each in statistics)}, "
        f"gaps heard by the peers {report['lost']}; both heard each other in {report['two_way']} calls; "
        f"CPU {100 * used / float(str(report['elapsed'])):.0f} % of a core, ticks skipped "
        f"{switch.metrics['ticks_skipped']}"
    )
    assert report["two_way"] == CALLS
    assert report["lost"] == 0
    assert sum(each.dropped for each in statistics) == 0


async def test_a_hundred_waiting_callers() -> None:
    report, _, used, ended = await _measure("wait", calls=100, seconds=TALK_S)
    print(
        f"\n100 callers with music: received {report['received']} packets of {report['expected']}, gaps "
        f"{report['lost']}; CPU {100 * used / float(str(report['elapsed'])):.0f} % of a core"
    )
    assert ended == 100


async def test_a_hundred_messages_at_once(tmp_path: Path) -> None:
    """All record at the same time, to disk."""
    told: list[InteractionEvent] = []

    def record(switch: EmbeddedSwitch, event: InteractionEvent) -> None:
        told.append(event)
        if isinstance(event, InteractionArrived):
            file = tmp_path / f"{event.interaction}.wav"
            switch.voicemail(event.interaction, queue="q", greeting=(), file=file, most_s=60)

    report, switch, used, ended = await _measure("wait", record, calls=100, seconds=TALK_S)
    messages = [event for event in told if isinstance(event, VoicemailLeft)]
    length = sum(each.seconds for each in messages) / max(1, len(messages))
    print(
        f"\n100 messages of {length:.1f} s recorded at once: CPU "
        f"{100 * used / float(str(report['elapsed'])):.0f} % of a core, "
        f"ticks skipped {switch.metrics['ticks_skipped']}"
    )
    assert len(messages) == ended == 100
