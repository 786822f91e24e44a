"""One call that came to a robot: it rings, answers, talks, holds, transfers and ends as its plan says."""

import asyncio
from collections.abc import Callable

from aiosipua import IncomingCall, OutgoingCall, SdpMessage, SdpNegotiationError, negotiate_sdp

from console.demo.peers import Robot
from console.demo.roles import AgentCall, Plan
from console.demo.tones import Ear, ToneEnd

NAMES = {"PCMU": 0, "PCMA": 8, "G722": 9}
"""Payload types of the codecs (RFC 3551)."""


class Answering:
    """One call at a robot."""

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

    @property
    def call_id(self) -> str:
        """Its Call-ID."""
        return self._call.call_id

    def begin(self, plan: Plan, codecs: list[int]) -> None:
        """Ring, then do what the plan says."""
        if not plan.early or not self._agree(codecs):
            self._call.ringing()
        else:
            self._call.ringing(early_sdp=self._answer)
            self._speak()
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

    def _agree(self, codecs: list[int]) -> bool:
        """Choose a codec; False when there is none, or nothing was offered."""
        offer = self._call.sdp_offer
        if offer is None or offer.rtp_address is None:
            return False
        try:
            self._answer, self._codec = negotiate_sdp(
                offer, self._robot.host, self.sound.address[1], supported_codecs=codecs
            )
        except SdpNegotiationError:
            return False
        self.sound.join(offer.rtp_address, self._codec)
        return True

    def _speak(self) -> None:
        self._stop_ticking()
        self._stop_ticking = self._robot.ticker.subscribe(self.sound.tick)

    def _accept(self, codecs: list[int]) -> bool:
        if self._answer is None and not self._agree(codecs):
            self._call.reject(488)
            return False
        self._call.accept(self._answer)
        self._speak()
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
        self._call._stop_retransmissions()  # noqa: SLF001 - a BYE of ours that crosses the ACK leaves them going
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
