"""Robot customers and robot agents: SIP user agents on aiosipua that speak and recognise tones.

They share nothing with the switch but the clock of 20 ms, so that they are foreign peers to it.
"""

import asyncio
from collections.abc import Callable
from uuid import UUID

from aiosipua import (
    IncomingCall,
    OutgoingCall,
    SdpMessage,
    SdpNegotiationError,
    build_sdp,
    negotiate_sdp,
    parse_uri,
)

from console.demo.peers import Robot, RobotTcp, Voice, first_of
from console.demo.roles import AgentCall, CustomerResult, Plan
from console.demo.tones import Ear, ToneEnd

__all__ = ["AgentCall", "CustomerResult", "Plan", "RobotAgent", "RobotCustomer", "Voice"]

NAMES = {"PCMU": 0, "PCMA": 8, "G722": 9}


class RobotCustomer:
    """Calls, waits for an agent's tone as long as its patience lasts, talks, hangs up (or is hung up on)."""

    def __init__(
        self,
        uri: str,
        voice: Voice,
        *,
        number: str,
        name: str = "",
        patience_s: float = 60.0,
        talk_s: float | None = 5.0,
    ) -> None:
        """Who calls (`number`, `name`) which SIP URI, waits how long, talks how long (None: for ever)."""
        self.uri = uri
        self.number = number
        self.ended = asyncio.Event()
        self.answered = asyncio.Event()
        self.in_call = asyncio.Event()
        self.result = CustomerResult(number=number)
        self.ear = Ear(voice.listens_for)
        self.sound: ToneEnd | None = None
        self._tone = voice.tone
        self._patience_s = patience_s
        self._talk_s = talk_s
        self._codec = voice.codecs[0]
        self._robot = Robot(voice)
        self._robot.transport.shown = name
        self._call: OutgoingCall | None = None

    async def run(self) -> CustomerResult:
        """The whole call; returns when it is over."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        robot = self._robot
        await robot.listen()
        robot.uas.on_bye = lambda call, request: self._over("switch")
        self.sound = ToneEnd(robot.host, self._tone, self.ear, self._tone_heard)
        stop_ticking = robot.ticker.subscribe(self.sound.tick)
        try:
            if await self._invite(self.sound):
                await self._wait_and_talk(began)
        finally:
            stop_ticking()
            self.result.sent = self.sound.sent
            self.result.received = self.sound.received
            self.result.lost = self.sound.lost
            self.sound.close()
            self.ended.set()
            await robot.close()
        return self.result

    def connected(self) -> None:
        """Somebody told that an agent is there (a person speaks no tone).

        Patience is over, talking begins.
        """
        self.answered.set()

    def hang_up(self) -> None:
        """End it now."""
        self._over("customer")

    def press(self, digit: str) -> None:
        """Press a key."""
        if self.sound is not None:
            self.sound.press(digit)

    async def _invite(self, sound: ToneEnd) -> bool:
        target = parse_uri(self.uri)
        peer = (target.host, target.port or 5060)
        robot = self._robot
        if isinstance(robot.transport, RobotTcp):
            await robot.transport.connect(peer)
        offer = build_sdp(robot.host, sound.address[1], NAMES[self._codec], self._codec)
        caller = f"sip:{self.number}@{robot.host}"
        self._call = robot.uac.send_invite(caller, self.uri, peer, offer, user_agent="Robot customer")
        self._call.on_rejected = self._rejected
        return await self._settled(self._call, sound)

    def _rejected(self, call: OutgoingCall, code: int, reason: str) -> None:
        del call, reason
        self.result.code = code

    async def _settled(self, call: OutgoingCall, sound: ToneEnd) -> bool:
        try:
            await call.wait_answered(self._patience_s)
        except (TimeoutError, ConnectionError, RuntimeError, ValueError):
            self.result.ended_by = "refused" if self.result.code else "customer"
            if not self.result.code:
                self._robot.uac.send_cancel(call)
            return False
        answer = call.sdp_answer
        if answer is None or answer.rtp_address is None or answer.audio is None:
            self._over("customer")
            return False
        sound.join(answer.rtp_address, answer.audio.codecs[0].payload_type)
        self.result.arrived = True
        self.in_call.set()
        return True

    async def _wait_and_talk(self, began: float) -> None:
        loop = asyncio.get_running_loop()
        await first_of(self.answered, self.ended, timeout_s=self._patience_s)
        self.result.waited = loop.time() - began
        if self.answered.is_set():
            self.result.answered_at = self.result.waited
            await first_of(self.ended, timeout_s=self._talk_s)
            self.result.talked = loop.time() - began - self.result.waited
        if not self.ended.is_set():
            self._over("customer")

    def _tone_heard(self, tone: int) -> None:
        if self.ear.heard[tone] >= 2:
            self.result.heard_tone = self.result.heard_tone or tone
            self.answered.set()

    def _over(self, by: str) -> None:
        if self.ended.is_set():
            return
        self.result.ended_by = by
        self.ended.set()
        call = self._call
        if by == "customer" and call is not None:
            call.hangup(self._robot.uac)


class RobotAgent:
    """Waits on its contact; rings, answers, talks, holds, transfers and hangs up as its plan says."""

    def __init__(self, voice: Voice, plan: Callable[[AgentCall], Plan] | None = None) -> None:
        """`plan` says for each call what to do with it; without one it answers and talks on."""
        self.plan: Callable[[AgentCall], Plan] = plan or (lambda call: Plan())
        self.calls: list[AgentCall] = []
        self.on_change: Callable[[AgentCall], None] = lambda call: None
        self.voice = voice
        self._robot = Robot(voice)
        self._ear = Ear(voice.listens_for)
        self._live: dict[str, _Desk] = {}

    @property
    def contact(self) -> str:
        """Where it can be rung."""
        host, port = self._robot.transport.local_addr
        return f"sip:robot@{host}:{port}{';transport=tcp' if self.voice.tcp else ''}"

    async def start(self) -> None:
        """Listen for calls."""
        uas = self._robot.uas
        uas.on_invite = self._invited
        uas.on_bye = lambda call, request: self._over(call.call_id, "switch")
        uas.on_cancel = lambda request, addr: self._over(request.call_id or "", "cancelled")
        uas.on_transfer_progress = self._transferred
        await self._robot.listen()

    async def stop(self) -> None:
        """Hang up all and close."""
        for desk in tuple(self._live.values()):
            desk.end("agent")
        await self._robot.close()

    @property
    def ear_of_last(self) -> Ear:
        """What the latest call heard."""
        return self._ear

    def crash(self) -> None:
        """Vanish without a word: connections break, no answer comes any more."""
        if isinstance(self._robot.transport, RobotTcp):
            self._robot.transport.drop()
        self._robot.transport.on_message = None

    def hold(self, *, on: bool) -> None:
        """Hold or take back every call, by re-INVITE."""
        for desk in self._live.values():
            desk.hold(on=on)

    def mute(self, *, on: bool) -> None:
        """Send no sound at all, as a program that hangs."""
        for desk in self._live.values():
            desk.sound.sounding = not on

    def hang_up(self) -> None:
        """End every call."""
        for desk in tuple(self._live.values()):
            desk.end("agent")

    def transfer(self, uri: str) -> None:
        """Pass every call on (blind)."""
        for desk in self._live.values():
            desk.transfer(uri)

    def press(self, digit: str) -> None:
        """Press a key in every call."""
        for desk in self._live.values():
            desk.sound.press(digit)

    def _invited(self, call: IncomingCall) -> None:
        if call.call_id in self._live:
            return  # the INVITE came twice (RFC 3261 17.1.1.2): it is rung for already
        number = call.x_headers.get("X-Interaction-Id") or call.x_headers.get("X-Interaction-ID")
        seen = AgentCall(
            interaction=UUID(number) if number else None, headers=call.x_headers, caller=call.caller
        )
        self.calls.append(seen)
        self._ear = Ear(self.voice.listens_for)
        desk = _Desk(self._robot, call, seen, self._ear, self.voice.tone)
        desk.changed = lambda seen: self.on_change(seen)
        self._live[call.call_id] = desk
        desk.gone = lambda: self._live.pop(call.call_id, None)
        desk.begin(self.plan(seen), [NAMES[name] for name in self.voice.codecs])

    def _over(self, call_id: str, by: str) -> None:
        desk = self._live.get(call_id)
        if desk is not None:
            desk.end(by)

    def _transferred(self, call_id: str, code: int, reason: str) -> None:
        del reason
        desk = self._live.get(call_id)
        if desk is not None:
            desk.seen.transfer_code = code
            desk.changed(desk.seen)


class _Desk:
    """One call at a robot agent."""

    def __init__(self, robot: Robot, call: IncomingCall, seen: AgentCall, ear: Ear, tone: int) -> None:
        self.seen = seen
        self.sound = ToneEnd(robot.host, tone, ear, self._tone_heard)
        self.changed: Callable[[AgentCall], None] = lambda seen: None
        self.gone: Callable[[], object] = lambda: None
        self._robot = robot
        self._call = call
        self._ear = ear
        self._task: asyncio.Task[None] | None = None
        self._answer: SdpMessage | None = None
        self._codec = 0
        self._stop_ticking: Callable[[], None] = lambda: None

    def begin(self, plan: Plan, codecs: list[int]) -> None:
        """Ring, then do what the plan says."""
        self._call.ringing()
        self.changed(self.seen)
        self._task = asyncio.get_running_loop().create_task(self._live(plan, codecs))

    async def _live(self, plan: Plan, codecs: list[int]) -> None:
        await asyncio.sleep(plan.answer_after_s if plan.answer_after_s is not None else 86400)
        if plan.decline:
            self._call.reject(plan.decline)
            self.end("declined")
            return
        if not self._accept(codecs):
            self.end("declined")
            return
        talked = 0.0
        if plan.hold_after_s is not None:
            await asyncio.sleep(plan.hold_after_s)
            self.hold(on=True)
            await asyncio.sleep(plan.hold_s)
            self.hold(on=False)
            talked = plan.hold_after_s + plan.hold_s
        await asyncio.sleep(max(0.0, plan.talk_s - talked) if plan.talk_s is not None else 86400)
        if plan.transfer_to:
            self.transfer(plan.transfer_to)
        else:
            self.end("agent")

    def _accept(self, codecs: list[int]) -> bool:
        offer = self._call.sdp_offer
        if offer is None or offer.rtp_address is None:
            self._call.reject(488)
            return False
        try:
            answer, self._codec = negotiate_sdp(
                offer, self._robot.host, self.sound.address[1], supported_codecs=codecs
            )
        except SdpNegotiationError:
            self._call.reject(488)
            return False
        self._answer = answer
        self._call.accept(answer)
        self.sound.join(offer.rtp_address, self._codec)
        self._stop_ticking = self._robot.ticker.subscribe(self.sound.tick)
        self.seen.answered = True
        self.changed(self.seen)
        return True

    def hold(self, *, on: bool) -> None:
        """Send a re-INVITE: sendonly, or sendrecv again."""
        if self._answer is None or self._answer.audio is None:
            return
        attributes = self._answer.audio.attributes
        for name in ("sendrecv", "sendonly", "recvonly", "inactive"):
            attributes.pop(name, None)
        attributes["sendonly" if on else "sendrecv"] = []
        self._answer.origin.session_version = str(int(self._answer.origin.session_version) + 1)
        self.sound.sounding = not on
        call, uac = self._call, self._robot.uac
        outgoing = OutgoingCall(call.dialog, call.invite, self._answer, call.transport, call.source_addr)
        outgoing._answered.set()  # noqa: SLF001 - the library acknowledges only re-INVITEs of calls that it knows of
        uac._calls[call.call_id] = outgoing  # noqa: SLF001 - and has no way to tell it of those that came in
        uac.send_reinvite(call.dialog, self._answer, call.source_addr)

    def transfer(self, uri: str) -> None:
        """Ask the switch to pass the customer on."""
        if self.seen.answered:
            self._robot.uac.send_refer(self._call.dialog, uri, self._call.source_addr)

    def end(self, by: str) -> None:
        """It is over, by whom."""
        if self.seen.ended_by:
            return
        self.seen.ended_by = by
        if self._task is not None:
            self._task.cancel()
        if by == "agent" and self.seen.answered:
            self._robot.uac.send_bye(self._call.dialog, self._call.source_addr)
        elif by == "agent":
            self._call.reject(480)
        self._robot.uac.remove_call(self._call.call_id)
        self._stop_ticking()
        self.seen.sent, self.seen.received = self.sound.sent, self.sound.received
        self.seen.lost = self.sound.lost
        self.sound.close()
        self.gone()
        self.changed(self.seen)

    def _tone_heard(self, tone: int) -> None:
        if self._ear.heard[tone] >= 2 and self.seen.heard_tone is None:
            self.seen.heard_tone = tone
            self.changed(self.seen)
