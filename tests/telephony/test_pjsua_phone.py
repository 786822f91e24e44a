"""The real phone on the real engine, calling another one over SIP and RTP on loopback."""

import asyncio
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import pytest

from console.bus import Bus
from console.clock import SystemClock
from console.domain.call import CallEnd, CallPhase, Direction
from console.domain.events import (
    CallAnswered,
    CallArrived,
    CallDigit,
    CallEnded,
    CallHeld,
    CallQualityMeasured,
    CallRang,
    CallResumed,
    CallTransferProgressed,
    DeskEvent,
    StrangerRefused,
)
from console.telephony.engine import Account, EngineSettings
from console.telephony.phone import Phone
from console.telephony.pjsua import PjsuaEngine
from console.telephony.sounds import TonePort, rms, tone_share
from tests.telephony.far import Facts, FarEnd

pytestmark = pytest.mark.sip
HERE_HZ = 500
FAR_HZ = 900


class Desk:
    """A phone here, its facts, its sound."""

    def __init__(self) -> None:
        self.sound = TonePort(HERE_HZ)
        self.settings = EngineSettings(bind="127.0.0.1")
        self.facts = Facts()
        bus = Bus()
        bus.subscribe(DeskEvent, self.facts.add)
        self.phone = Phone(PjsuaEngine(self.settings, self.sound), bus, SystemClock())

    async def start(self) -> None:
        self.phone.use_account(Account(key="here", uri="sip:here@127.0.0.1", contact_user="here-secret"))
        await self.phone.start(self.settings)

    @property
    def contact(self) -> str:
        return self.phone.contact("here")

    @property
    def mark(self) -> int:
        return len(self.facts.all)

    async def hears(self, hz: int) -> None:
        await self.until(lambda heard: rms(heard) > 0.05 and tone_share(heard, 16000, hz) > 0.5)

    async def until(self, fits: Callable[[bytes], bool]) -> None:
        """Listen until what is heard fits: sound is no event that could be waited for."""
        while True:
            if fits(self.sound.heard):
                return
            await asyncio.sleep(0.02)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    desk = Desk()
    await desk.start()
    yield desk
    await desk.phone.stop()


@pytest.fixture
async def far() -> AsyncIterator[FarEnd]:
    far = await FarEnd.run(hz=FAR_HZ)
    yield far
    assert await far.stop() == 0


async def talking(desk: Desk, far: FarEnd) -> tuple[UUID, str]:
    """Call the far end and let it answer."""
    mark, there = desk.mark, far.mark
    call = desk.phone.dial(far.contact)
    ring = await far.fact("CallArrived", there)
    far.do("answer", call=ring["call"])
    await desk.facts.of(CallAnswered, mark, call=call)
    await far.fact("CallAnswered", there)
    return call, str(ring["call"])


async def test_outgoing_call_with_sound_both_ways(desk: Desk, far: FarEnd) -> None:
    call = desk.phone.dial(far.contact)
    ring = await far.fact("CallArrived")
    await desk.facts.of(CallRang, call=call)
    far.do("answer", call=ring["call"])
    await desk.facts.of(CallAnswered, call=call)
    await asyncio.wait_for(asyncio.gather(desk.hears(FAR_HZ), far.hears(HERE_HZ)), 10)
    measured = await desk.facts.of(CallQualityMeasured)
    assert measured.quality.codec == "PCMU/8000"
    desk.phone.hang_up(call)
    ended = await desk.facts.of(CallEnded, call=call)
    there = await far.fact("CallEnded")
    assert (ended.end, ended.sip_code, there["end"]) == (CallEnd.HUNG_UP_HERE, 200, "hung_up_there")
    assert ended.quality is not None
    assert ended.quality.mos is not None
    assert ended.quality.mos > 4
    assert desk.phone.calls == ()


async def test_incoming_call_rings_answers_and_ends_from_there(desk: Desk, far: FarEnd) -> None:
    far.do("dial", to=desk.contact)
    ring = await desk.facts.of(CallArrived)
    assert ring.peer.uri == "sip:far@127.0.0.1"
    live = desk.phone.live(ring.call)
    assert live is not None
    assert (live.direction, live.phase) == (Direction.INCOMING, CallPhase.RINGING)
    desk.phone.answer(ring.call)
    await desk.facts.of(CallAnswered)
    await asyncio.wait_for(asyncio.gather(desk.hears(FAR_HZ), far.hears(HERE_HZ)), 10)
    far.do("hang_up", call=(await far.fact("CallDialled"))["call"])
    assert (await desk.facts.of(CallEnded)).end is CallEnd.HUNG_UP_THERE


async def test_hold_silences_both_and_resume_brings_sound_back(desk: Desk, far: FarEnd) -> None:
    call, _ = await talking(desk, far)
    await asyncio.wait_for(far.hears(HERE_HZ), 10)
    desk.phone.hold(call)
    await desk.facts.of(CallHeld, call=call)
    live = desk.phone.live(call)
    assert live is not None
    assert live.phase is CallPhase.HELD
    assert live.held_since is not None
    await asyncio.wait_for(far.hears_nothing(), 10)
    desk.phone.resume(call)
    await desk.facts.of(CallResumed, call=call)
    await asyncio.wait_for(asyncio.gather(desk.hears(FAR_HZ), far.hears(HERE_HZ)), 10)


async def test_hold_and_resume_in_quick_succession_end_in_the_last_wish(desk: Desk, far: FarEnd) -> None:
    call, _ = await talking(desk, far)
    mark = desk.mark
    desk.phone.hold(call)
    await desk.facts.of(CallHeld, mark)
    desk.phone.resume(call)
    await desk.facts.of(CallResumed, mark)
    desk.phone.hold(call)
    desk.phone.hang_up(call)
    assert (await desk.facts.of(CallEnded, mark)).end is CallEnd.HUNG_UP_HERE


async def test_mute_cuts_our_sound_only(desk: Desk, far: FarEnd) -> None:
    call, _ = await talking(desk, far)
    await asyncio.wait_for(far.hears(HERE_HZ), 10)
    desk.phone.mute(call, muted=True)
    await asyncio.wait_for(far.hears_nothing(), 10)
    desk.sound.forget()
    await asyncio.wait_for(desk.hears(FAR_HZ), 10)
    desk.phone.mute(call, muted=False)
    await asyncio.wait_for(far.hears(HERE_HZ), 10)


async def test_digits_both_ways(desk: Desk, far: FarEnd) -> None:
    call, there = await talking(desk, far)
    desk.phone.send_digits(call, "1*9")
    for digit in "1*9":
        await far.fact("CallDigit", digit=digit, sent=False)
    far.do("send_digits", call=there, digits="#0")
    for digit in "#0":
        await desk.facts.of(CallDigit, digit=digit, sent=False)


async def test_caller_gives_up(desk: Desk, far: FarEnd) -> None:
    far.do("dial", to=desk.contact)
    await desk.facts.of(CallArrived)
    far.do("hang_up", call=(await far.fact("CallDialled"))["call"])
    assert (await desk.facts.of(CallEnded)).end is CallEnd.MISSED
    assert (await far.fact("CallEnded"))["end"] == "cancelled"


async def test_decline(desk: Desk, far: FarEnd) -> None:
    far.do("dial", to=desk.contact)
    desk.phone.decline((await desk.facts.of(CallArrived)).call)
    assert (await desk.facts.of(CallEnded)).end is CallEnd.DECLINED
    there = await far.fact("CallEnded")
    assert (there["end"], there["sip_code"]) == ("refused", 603)


async def test_hang_up_right_after_dialling(desk: Desk, far: FarEnd) -> None:
    call = desk.phone.dial(far.contact)
    desk.phone.hang_up(call)
    assert (await desk.facts.of(CallEnded)).end is CallEnd.CANCELLED
    assert all(fact["type"] != "CallAnswered" for fact in far.facts.all)


async def test_crossing_hang_ups_end_once_each(desk: Desk, far: FarEnd) -> None:
    call, there = await talking(desk, far)
    far.do("hang_up", call=there)
    desk.phone.hang_up(call)
    await desk.facts.of(CallEnded)
    await far.fact("CallEnded")
    assert sum(isinstance(fact, CallEnded) for fact in desk.facts.all) == 1


async def test_second_call_holds_the_first_by_itself(desk: Desk, far: FarEnd) -> None:
    first, _ = await talking(desk, far)
    mark = desk.mark
    far.do("dial", to=desk.contact)
    ring = await desk.facts.of(CallArrived, mark)
    desk.phone.answer(ring.call)
    await desk.facts.of(CallAnswered, mark, call=ring.call)
    await desk.facts.of(CallHeld, mark, call=first)
    phases = {live.call: live.phase for live in desk.phone.calls}
    assert phases == {first: CallPhase.HELD, ring.call: CallPhase.TALKING}


async def test_stranger_is_refused_and_never_rung(desk: Desk, far: FarEnd) -> None:
    far.do("dial", to=desk.contact.replace("here-secret", "100"))
    refused = await desk.facts.of(StrangerRefused)
    assert refused.uri.startswith("sip:100@")
    there = await far.fact("CallEnded")
    assert (there["end"], there["sip_code"]) == ("refused", 404)
    assert all(fact["type"] != "CallRang" for fact in far.facts.all)
    assert not any(isinstance(fact, CallArrived) for fact in desk.facts.all)


async def test_blind_transfer_leaves_the_call_once_the_far_end_took_it(desk: Desk, far: FarEnd) -> None:
    """A pjsua2 desk lets nobody send it: the refusal comes back as a progress, and the call stays."""
    call, _ = await talking(desk, far)
    desk.phone.transfer(call, "sip:third@127.0.0.1:9")
    progress = await desk.facts.of(CallTransferProgressed)
    assert (progress.code, progress.final) == (603, True)
    assert desk.phone.live(call) is not None


async def test_stopping_ends_calls(desk: Desk, far: FarEnd) -> None:
    await talking(desk, far)
    await desk.phone.stop()
    assert (await desk.facts.of(CallEnded)).end is CallEnd.HUNG_UP_HERE
    assert (await far.fact("CallEnded"))["end"] == "hung_up_there"
