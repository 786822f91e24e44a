"""Robot customers and robot agents: SIP user agents on aiosipua that speak and recognise tones.

They share nothing with the switch but the clock of 20 ms, so that they are foreign peers to it.
"""

import asyncio
from collections.abc import Callable
from uuid import UUID

from aiosipua import IncomingCall, OutgoingCall, build_sdp, parse_uri

from console.demo.answering import NAMES, Answering
from console.demo.peers import Robot, RobotTcp, Voice, cancel, first_of
from console.demo.roles import AgentCall, CallbackWish, CustomerResult, Plan
from console.demo.tones import Ear, ToneEnd

__all__ = ["AgentCall", "CallbackWish", "CustomerResult", "Plan", "RobotAgent", "RobotCustomer", "Voice"]

_CROSSING_S = 1.0  # an answer may come that crosses the CANCEL of who lost patience


class RobotCustomer:
    """Calls, waits for an agent's tone as long as its patience lasts, talks, hangs up (or is hung up on).

    With a `wish` for a callback it presses the key for it and then, hung up on, stays at its phone.
    """

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
        self.wish: CallbackWish | None = None
        self.headers: dict[str, str] = {}  # of its INVITE, besides those that every INVITE has
        self._tone = voice.tone
        self._patience_s = patience_s
        self._talk_s = talk_s
        self._codec = voice.codecs[0]
        self._voice = voice
        self._back: Answering | None = None
        self._back_over = asyncio.Event()
        self._robot = Robot(voice)
        self._robot.transport.shown = name
        self._call: OutgoingCall | None = None

    @property
    def contact(self) -> str:
        """Where it can be called back."""
        host, port = self._robot.transport.local_addr
        return f"sip:{self.number}@{host}:{port}{';transport=tcp' if self._voice.tcp else ''}"

    async def run(self) -> CustomerResult:
        """The whole call, and the one back; returns when it is over."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        robot = self._robot
        await robot.listen()
        robot.uas.on_bye = lambda call, request: self._bye(call.call_id)
        robot.uas.on_invite = self._invited
        robot.uas.on_cancel = lambda request, addr: self._back_ends(request.call_id or "", "cancelled")
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
            asked = self.wish is not None and bool(self.result.pressed) and not self.answered.is_set()
            if self.wish is not None and asked and self.result.ended_by == "switch":
                await first_of(self._back_over, timeout_s=self.wish.stays_s)
            if self._back is not None:
                self._back.end("agent")
            await robot.close()
        return self.result

    def connected(self) -> None:
        """Somebody told that an agent is there (a person speaks no tone).

        Patience is over, talking begins.
        """
        self.answered.set()

    def hang_up(self) -> None:
        """End it now, and wait for no call back."""
        self._over("customer")
        self._back_over.set()

    def press(self, digit: str) -> None:
        """Press a key."""
        if self.sound is not None:
            self.sound.press(digit)
            self.result.pressed += digit

    async def _invite(self, sound: ToneEnd) -> bool:
        target = parse_uri(self.uri)
        peer = (target.host, target.port or 5060)
        robot = self._robot
        if isinstance(robot.transport, RobotTcp):
            await robot.transport.connect(peer)
        if self.ended.is_set():
            return False
        offer = build_sdp(robot.host, sound.address[1], NAMES[self._codec], self._codec)
        caller = f"sip:{self.number}@{robot.host}"
        self._call = robot.uac.send_invite(
            caller, self.uri, peer, offer, extra_headers=dict(self.headers), user_agent="Robot customer"
        )
        self._call.on_rejected = self._rejected
        self._call.on_answer = self._answered_at_all
        return await self._settled(self._call, sound)

    def _rejected(self, call: OutgoingCall, code: int, reason: str) -> None:
        del call, reason
        if not self.ended.is_set():
            self.result.code = code

    def _answered_at_all(self, call: OutgoingCall) -> None:
        """An answer that crosses our CANCEL is hung up on (RFC 3261 9.1)."""
        if self.ended.is_set():
            call.hangup(self._robot.uac)

    async def _settled(self, call: OutgoingCall, sound: ToneEnd) -> bool:
        try:
            if not await _outcome(call, self._patience_s):
                self._over("customer")
                if not await _outcome(call, _CROSSING_S):
                    return False
        except RuntimeError:  # rejected
            self.result.ended_by = self.result.ended_by or "refused"
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
        if self.wish is not None:
            await first_of(self.answered, self.ended, timeout_s=self.wish.after_s)
            if not self.answered.is_set() and not self.ended.is_set():
                self.press(self.wish.key)
        await first_of(self.answered, self.ended, timeout_s=self._patience_s)
        self.result.waited = loop.time() - began
        if self.answered.is_set():
            self.result.answered_at = self.result.waited
            await first_of(self.ended, timeout_s=self._talk_s)
            self.result.talked = loop.time() - began - self.result.waited
        if not self.ended.is_set():
            self._over("customer")

    def _invited(self, call: IncomingCall) -> None:
        """The centre calls back."""
        if self._back is not None and self._back.call_id == call.call_id:
            return  # the INVITE came twice (RFC 3261 17.1.1.2)
        if self.wish is None or self._back is not None or not self.ended.is_set():
            call.reject(486)
            return
        seen = AgentCall(interaction=None, headers=call.x_headers, caller=call.caller)
        self.result.calls_back.append(seen)
        self._back = Answering(self._robot, call, seen, Ear(self._voice.listens_for), self._tone)
        self._back.gone = self._back_gone
        self._back.begin(self.wish.plan, [NAMES[name] for name in self._voice.codecs])

    def _back_gone(self) -> None:
        """A call that was answered was the one; after another the next may come."""
        back, self._back = self._back, None
        if back is not None and back.seen.answered:
            self._back_over.set()

    def _back_ends(self, call_id: str, by: str) -> None:
        if self._back is not None and self._back.call_id == call_id:
            self._back.end(by)

    def _bye(self, call_id: str) -> None:
        if self._back is not None and self._back.call_id == call_id:
            self._back.end("switch")
        else:
            self._over("switch")

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
        if by == "customer" and call is not None and call.hangup(self._robot.uac) is None:
            cancel(self._robot.uac, call)


async def _outcome(call: OutgoingCall, timeout_s: float) -> bool:
    """Whether it is answered in time. Raises RuntimeError when it is rejected."""
    try:
        await call.wait_answered(timeout_s)
    except TimeoutError:
        return False
    return True


class RobotAgent:
    """Waits on its contact; rings, answers, talks, holds, transfers and hangs up as its plan says.

    It is also the phone of a customer who is called back.
    """

    def __init__(
        self, voice: Voice, plan: Callable[[AgentCall], Plan] | None = None, *, user: str = "robot"
    ) -> None:
        """`plan` says for each call what to do with it; without one it answers and talks on.

        `user` is its name or number at its address.
        """
        self.user = user
        self.plan: Callable[[AgentCall], Plan] = plan or (lambda call: Plan())
        self.calls: list[AgentCall] = []
        self.on_change: Callable[[AgentCall], None] = lambda call: None
        self.voice = voice
        self._robot = Robot(voice)
        self._ear = Ear(voice.listens_for)
        self._live: dict[str, Answering] = {}

    @property
    def contact(self) -> str:
        """Where it can be rung."""
        host, port = self._robot.transport.local_addr
        return f"sip:{self.user}@{host}:{port}{';transport=tcp' if self.voice.tcp else ''}"

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
        desk = Answering(self._robot, call, seen, self._ear, self.voice.tone)
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
