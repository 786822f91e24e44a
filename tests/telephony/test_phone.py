"""The phone over a scripted engine: every engine event in every phase, and every command in every phase."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from console.bus import Bus
from console.clock import StoppedClock
from console.domain.call import CALL_TABLE, CallEnd, CallPhase, CallStep, Quality
from console.domain.errors import AudioError, BadInput, NetworkError
from console.domain.events import (
    CallAnswered,
    CallArrived,
    CallDigit,
    CallEnded,
    CallHeld,
    CallMuted,
    CallQualityMeasured,
    CallRang,
    CallResumed,
    CallTransferProgressed,
    DeskEvent,
    RegistrationChanged,
)
from console.telephony.engine import (
    Account,
    CallConfirmed,
    CallDigitReceived,
    CallDisconnected,
    CallMediaChanged,
    CallProgress,
    CallStatistics,
    CommandFailed,
    EngineEvent,
    EngineFailed,
    EngineSettings,
    IncomingCall,
    TransferProgress,
)
from console.telephony.phone import Phone
from tests.telephony.scripted import ScriptedEngine

INCOMING = UUID(int=77)
INTERACTION = UUID("01234567-89ab-7cde-8f01-23456789abcd")


class RecordingRinger:
    def __init__(self) -> None:
        self.log: list[str] = []

    def start(self) -> None:
        self.log.append("start")

    def stop(self) -> None:
        self.log.append("stop")


class Bench:
    """A phone, its engine, and what it told."""

    def __init__(self, **options: object) -> None:
        self.engine = ScriptedEngine()
        self.facts: list[DeskEvent] = []
        bus = Bus()
        bus.subscribe(DeskEvent, self.facts.append)
        clock = StoppedClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.phone = Phone(self.engine, bus, clock, **options)  # type: ignore[arg-type]
        self.phone.use_account(Account(key="a", uri="sip:me@pbx.example", contact_user="x1"))

    async def start(self) -> "Bench":
        await self.phone.start(EngineSettings(bind="127.0.0.1"))
        return self

    def kinds(self) -> list[type]:
        return [type(fact) for fact in self.facts]

    def in_phase(self, phase: CallPhase, *, incoming: bool = False) -> UUID:
        """A call in a phase, reached as it is in life."""
        if incoming:
            call = INCOMING
            self.engine.tell(ring(call))
        else:
            call = self.phone.dial("100")
        for event in way_to(phase, call, incoming=incoming):
            self.engine.tell(event)
        return call


def ring(call: UUID, **headers: str) -> IncomingCall:
    return IncomingCall(
        at=0,
        call=call,
        account="a",
        from_header='"Anna" <sip:anna@x>;tag=1',
        to_header="",
        source="",
        headers=headers,
    )


def confirmed(call: UUID) -> CallConfirmed:
    return CallConfirmed(at=0, call=call, remote="sip:x@y")


def media(call: UUID, hold: str = "") -> CallMediaChanged:
    return CallMediaChanged(
        at=0, call=call, active=hold != "local", hold=hold, codec="PCMU/8000", encrypted=True
    )


def over(call: UUID, code: int = 200, *, by_us: bool = False, answered: bool = True) -> CallDisconnected:
    return CallDisconnected(at=0, call=call, code=code, reason="r", by_us=by_us, answered=answered)


def way_to(phase: CallPhase, call: UUID, *, incoming: bool) -> list[EngineEvent]:
    rung = [] if incoming else [CallProgress(at=0, call=call, code=180, early_media=False)]
    ways: dict[CallPhase, list[EngineEvent]] = {
        CallPhase.DIALLING: [],
        CallPhase.RINGING: list(rung),
        CallPhase.TALKING: [*rung, media(call), confirmed(call)],
        CallPhase.HELD: [*rung, media(call), confirmed(call), media(call, "local")],
        CallPhase.ENDED: [*rung, over(call, 486, answered=False)],
    }
    return ways[phase]


def engine_events(call: UUID) -> list[tuple[EngineEvent, CallStep | None, type | None]]:
    """Each event about a call, its step, and the fact it brings about where the table has the step."""
    quality = Quality(codec="PCMU/8000", mos=4.0)
    return [
        (CallProgress(at=0, call=call, code=180, early_media=True), CallStep.RING, CallRang),
        (confirmed(call), CallStep.ANSWER, CallAnswered),
        (media(call, "local"), CallStep.HOLD, CallHeld),
        (media(call), CallStep.RESUME, CallResumed),
        (over(call), CallStep.END, CallEnded),
        (CallDigitReceived(at=0, call=call, digit="5"), None, CallDigit),
        (CallStatistics(at=0, call=call, interval=quality, total=quality), None, CallQualityMeasured),
        (TransferProgress(at=0, call=call, code=200, final=True), None, CallTransferProgressed),
        (CommandFailed(at=0, command="transfer", call=call, reason="no"), None, CallTransferProgressed),
        (CommandFailed(at=0, command="hold", call=call, reason="no"), None, None),
    ]


@pytest.mark.parametrize("number", range(10))
@pytest.mark.parametrize("incoming", [False, True])
@pytest.mark.parametrize("phase", [phase for phase in CallPhase if phase is not CallPhase.NEW])
async def test_every_engine_event_in_every_phase(phase: CallPhase, number: int, *, incoming: bool) -> None:
    if incoming and phase is CallPhase.DIALLING:
        phase = CallPhase.RINGING
    bench = await Bench().start()
    call = bench.in_phase(phase, incoming=incoming)
    event, step, fact = engine_events(call)[number]
    bench.facts.clear()
    bench.engine.tell(event)
    live = bench.phone.live(call)
    if phase is CallPhase.ENDED:
        assert bench.facts == []
        assert live is None
    elif step is None:
        assert bench.kinds() == ([fact] if fact else [])
        assert live is not None
        assert live.phase is phase
    elif (phase, step) in CALL_TABLE:
        assert bench.kinds() == [fact]
        after = CALL_TABLE[phase, step]
        assert (live.phase if live is not None else CallPhase.ENDED) is after
    else:
        assert bench.kinds() == []
        assert live is not None
        assert live.phase is phase


@pytest.mark.parametrize(
    ("verb", "allowed", "silent"),
    [
        ("hold", CallPhase.TALKING, {CallPhase.HELD, CallPhase.ENDED}),
        ("resume", CallPhase.HELD, {CallPhase.TALKING, CallPhase.ENDED}),
        ("send_digits", CallPhase.TALKING, {CallPhase.ENDED}),
    ],
)
@pytest.mark.parametrize("phase", [phase for phase in CallPhase if phase is not CallPhase.NEW])
async def test_commands_in_every_phase(
    verb: str, allowed: CallPhase, silent: set[CallPhase], phase: CallPhase
) -> None:
    bench = await Bench().start()
    call = bench.in_phase(phase)
    bench.engine.commands.clear()
    arguments = (call, "1") if verb == "send_digits" else (call,)
    command = getattr(bench.phone, verb)
    if phase is allowed:
        command(*arguments)
        assert bench.engine.commands == [(verb, *arguments)]
    elif phase in silent:
        command(*arguments)
        assert bench.engine.commands == []
    else:
        with pytest.raises(BadInput):
            command(*arguments)


ENDS = [
    (True, over(INCOMING, 487, answered=False), CallEnd.MISSED),
    (True, over(INCOMING, 603, by_us=True, answered=False), CallEnd.DECLINED),
    (True, over(INCOMING, 408, answered=False), CallEnd.FAILED),
    (
        True,
        CallDisconnected(
            at=0, call=INCOMING, code=487, reason="", by_us=False, answered=False, elsewhere=True
        ),
        CallEnd.ELSEWHERE,
    ),
    (False, over(INCOMING, 486, answered=False), CallEnd.BUSY),
    (False, over(INCOMING, 600, answered=False), CallEnd.BUSY),
    (False, over(INCOMING, 408, answered=False), CallEnd.NO_ANSWER),
    (False, over(INCOMING, 480, answered=False), CallEnd.NO_ANSWER),
    (False, over(INCOMING, 404, answered=False), CallEnd.REFUSED),
    (False, over(INCOMING, 603, answered=False), CallEnd.REFUSED),
    (False, over(INCOMING, 503, answered=False), CallEnd.FAILED),
    (False, over(INCOMING, 487, by_us=True, answered=False), CallEnd.CANCELLED),
    (False, over(INCOMING, 200, by_us=True), CallEnd.HUNG_UP_HERE),
    (False, over(INCOMING, 200), CallEnd.HUNG_UP_THERE),
    (False, over(INCOMING, 408), CallEnd.FAILED),
]


@pytest.mark.parametrize(("incoming", "event", "end"), ENDS)
async def test_why_a_call_ended(event: CallDisconnected, end: CallEnd, *, incoming: bool) -> None:
    bench = await Bench().start()
    call = bench.in_phase(CallPhase.TALKING if event.answered else CallPhase.RINGING, incoming=incoming)
    bench.engine.tell(
        CallDisconnected(
            at=0,
            call=call,
            code=event.code,
            reason="r",
            by_us=event.by_us,
            answered=event.answered,
            elsewhere=event.elsewhere,
        )
    )
    ended = bench.facts[-1]
    assert isinstance(ended, CallEnded)
    assert (ended.end, ended.sip_code) == (end, event.code)


async def test_no_answer_before_it_rang_is_a_failure() -> None:
    bench = await Bench().start()
    call = bench.in_phase(CallPhase.DIALLING)
    bench.engine.tell(over(call, 408, answered=False))
    ended = bench.facts[-1]
    assert isinstance(ended, CallEnded)
    assert ended.end is CallEnd.FAILED


async def test_the_centres_words_stand_in_the_call() -> None:
    bench = await Bench().start()
    headers = {
        "x-interaction-id": str(INTERACTION),
        "x-queue": "K%C3%BCche%20%26%20Bad",
        "x-waited-s": "12.5",
        "x-skills": "english:5, billing",
    }
    bench.engine.tell(ring(INCOMING, **headers))
    arrived = bench.facts[-1]
    assert isinstance(arrived, CallArrived)
    assert (arrived.interaction, arrived.queue, arrived.waited_s) == (INTERACTION, "Küche & Bad", 12.5)
    assert [(need.skill, need.level) for need in arrived.skills] == [("english", 5), ("billing", 1)]
    assert (arrived.peer.uri, arrived.peer.name) == ("sip:anna@x", "Anna")


@pytest.mark.parametrize(
    ("mode", "outbound", "at_once"), [("Auto", "1", True), ("auto;require", "", True), ("Manual", "0", False)]
)
async def test_the_centre_says_that_it_rings_for_a_call_of_ours(
    mode: str, outbound: str, at_once: bool
) -> None:
    bench = await Bench(auto_answer=lambda live: live.at_once).start()
    bench.engine.tell(ring(INCOMING, **{"answer-mode": mode, "x-outbound": outbound}))
    (live,) = bench.phone.calls
    assert (live.outbound, live.at_once) == (outbound == "1", at_once)
    assert (("answer", INCOMING) in bench.engine.commands) is at_once


async def test_dialling_or_answering_holds_the_one_that_talks() -> None:
    bench = await Bench().start()
    first = bench.in_phase(CallPhase.TALKING)
    second = bench.phone.dial("200")
    assert ("hold", first) in bench.engine.commands
    bench.engine.tell(over(second, 486, answered=False))
    bench.engine.commands.clear()
    bench.engine.tell(ring(INCOMING))
    assert bench.engine.commands == []
    bench.phone.answer(INCOMING)
    assert bench.engine.commands == [("hold", first), ("answer", INCOMING)]


async def test_resuming_holds_the_other() -> None:
    bench = await Bench().start()
    held = bench.in_phase(CallPhase.HELD)
    talking = bench.in_phase(CallPhase.TALKING, incoming=True)
    bench.engine.commands.clear()
    bench.phone.resume(held)
    assert bench.engine.commands == [("hold", talking), ("resume", held)]


async def test_mute_is_told_once() -> None:
    bench = await Bench().start()
    call = bench.in_phase(CallPhase.TALKING)
    for _ in range(2):
        bench.phone.mute(call, muted=True)
    assert bench.kinds().count(CallMuted) == 1
    live = bench.phone.live(call)
    assert live is not None
    assert live.muted


async def test_ringer_rings_while_a_call_does() -> None:
    ringer = RecordingRinger()
    bench = await Bench(ringer=ringer).start()
    bench.in_phase(CallPhase.RINGING)
    assert ringer.log == []
    bench.engine.tell(ring(INCOMING))
    assert ringer.log == ["start"]
    bench.engine.tell(confirmed(INCOMING))
    assert ringer.log == ["start", "stop"]


async def test_a_ringer_without_device_disturbs_nothing() -> None:
    class BrokenRinger(RecordingRinger):
        def start(self) -> None:
            raise AudioError("no device")

    bench = await Bench(ringer=BrokenRinger()).start()
    bench.engine.tell(ring(INCOMING))
    assert bench.kinds() == [CallArrived]


async def test_auto_answer_comes_before_the_fact() -> None:
    bench = await Bench(auto_answer=lambda live: live.interaction is not None).start()
    bench.engine.tell(ring(INCOMING))
    assert ("answer", INCOMING) not in bench.engine.commands
    bench.engine.tell(over(INCOMING, 487, answered=False))
    bench.engine.tell(ring(INCOMING, **{"x-interaction-id": str(INTERACTION)}))
    assert ("answer", INCOMING) in bench.engine.commands


async def test_engines_death_ends_calls_in_words() -> None:
    bench = await Bench().start()
    bench.in_phase(CallPhase.TALKING)
    bench.engine.tell(EngineFailed(at=0, reason="out of memory"))
    ended = [fact for fact in bench.facts if isinstance(fact, CallEnded)]
    assert [fact.end for fact in ended] == [CallEnd.FAILED]
    assert "out of memory" in ended[0].reason
    assert bench.phone.calls == ()
    assert bench.phone.started is None
    registration = bench.facts[-1]
    assert isinstance(registration, RegistrationChanged)
    assert not registration.registered


async def test_an_engine_that_cannot_start_is_a_network_error() -> None:
    bench = Bench()
    bench.engine.start = lambda sink: sink(EngineFailed(at=0, reason="port 5060 is in use"))  # type: ignore[method-assign]
    with pytest.raises(NetworkError, match="port 5060 is in use"):
        await bench.start()


async def test_a_dial_that_the_engine_cannot_make_ends_as_failed() -> None:
    bench = await Bench().start()
    call = bench.phone.dial("100")
    bench.engine.tell(CommandFailed(at=0, command="dial", call=call, reason="bad address"))
    ended = bench.facts[-1]
    assert isinstance(ended, CallEnded)
    assert (ended.end, "bad address" in ended.reason) == (CallEnd.FAILED, True)
