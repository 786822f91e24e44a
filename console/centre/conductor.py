"""Turns what routing decided into commands to the switch. It keeps no state and decides nothing."""

import logging
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from console.centre import prompts
from console.centre.asking import Asking
from console.centre.numbers import WaysOut
from console.domain.attached import headers_of
from console.domain.errors import BadInput, Refused
from console.domain.events import (
    CallbackProposed,
    CallbackRefused,
    CallbackRequested,
    InteractionEnded,
    InteractionLeftQueue,
    InteractionOffered,
    InteractionQueued,
    InteractionRefused,
    InteractionTransferred,
    LedgerEvent,
    OfferEnded,
    OfferEndReason,
    PositionAnnounced,
    VoicemailStarted,
)
from console.domain.interaction import Phase
from console.domain.queue import SkillNeed
from console.domain.standing import InteractionStanding
from console.routing.router import Router
from console.switch import phrases
from console.switch.switch import Capability, Guarded, Ring, Switch

_log = logging.getLogger(__name__)


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What the conductor has to know of its centre: `sip_domain` gives the host and port that bare numbers
    belong to, `messages` is the folder for voicemail, `trunk` where numbers are called.
    """

    sip_domain: Callable[[], str]
    language: str = "en"
    messages: Path = Path()
    call_out_s: float = 30.0
    trunk: str = ""


def written_skills(skills: tuple[SkillNeed, ...]) -> str:
    """Skills as the desk's header carries them: `english:5,billing:3`."""
    return ",".join(f"{need.skill}:{need.level}" for need in skills)


class Conductor:
    """Carries out decisions on the switch."""

    def __init__(self, switch: Switch, router: Router, place: Place) -> None:
        """`router` tells where everybody stands, the decision at hand included."""
        self.switch = switch
        self._router = router
        self._place = place
        self.trunk = place.trunk
        self.ways_out = WaysOut(router.admission, place.sip_domain)
        self.asking = Asking(switch, router, self.ways_out)
        if isinstance(switch, Guarded):
            switch.guard(self.ways_out.refusal)

    def perform(self, decision: LedgerEvent, now: datetime) -> None:
        """Tell the switch what a durable decision, of routing or of a supervisor, asks of it."""
        match decision:
            case InteractionOffered():
                self._offered(decision, now)
            case OfferEnded():
                self.switch.cancel(decision.offer, elsewhere=self._won_elsewhere(decision))
            case InteractionQueued():
                self._queued(decision)
            case PositionAnnounced() | CallbackProposed():
                self._say(decision)
            case InteractionRefused(to="") | InteractionLeftQueue(to=""):
                reason = str(decision.reason)
                self.switch.hang_up(decision.interaction, reason=reason, after=prompts.farewell(reason))
            case CallbackRefused():
                self.switch.play(decision.interaction, prompts.CALLBACK_REFUSED)
            case VoicemailStarted() | CallbackRequested() | InteractionEnded():
                self._close(decision)

    @property
    def calls_out(self) -> bool:
        """Whether customers can be called back."""
        return Capability.ORIGINATE in self.switch.capabilities

    def pass_outside(self, fact: InteractionTransferred) -> None:
        """A transfer that routing left alone goes to an address outside; one that cannot ends the call."""
        standing = self._router.interaction(fact.interaction)
        if standing is None or standing.phase is not Phase.ARRIVED or standing.to or fact.attended:
            return
        try:
            self.switch.connect(fact.interaction, self.ways_out.address_of(fact.target))
        except Exception as fault:  # noqa: BLE001 - the customer must not wait for ever for our bug
            if not isinstance(fault, BadInput | Refused):
                _log.exception("the switch failed on a transfer to %r", fact.target)
            _log.warning("a transfer failed: %s", fault)
            self.switch.hang_up(fact.interaction, reason="transfer failed", after=prompts.GOODBYE)

    def _queued(self, decision: InteractionQueued) -> None:
        queue = self._router.queue(decision.queue)
        if queue is None:
            return
        said = prompts.WELCOME if decision.reason == "arrived" else prompts.cause(decision.reason)
        if said:  # first: music that has begun would have to be stopped for it
            self.switch.play(decision.interaction, said)
        self.switch.music(decision.interaction, queue.music)

    def _close(self, decision: VoicemailStarted | CallbackRequested | InteractionEnded) -> None:
        """No agent has this call any more."""
        if isinstance(decision, VoicemailStarted):
            self._voicemail(decision)
        elif isinstance(decision, CallbackRequested):
            after = prompts.CALLBACK_CONFIRMED if self.calls_out else prompts.GOODBYE
            self.switch.hang_up(decision.interaction, reason="callback", after=after)
        else:
            self.switch.hang_up(decision.interaction, reason=decision.reason)

    def _voicemail(self, decision: VoicemailStarted) -> None:
        standing = self._router.interaction(decision.interaction)
        reason = _why(standing)
        if Capability.VOICEMAIL not in self.switch.capabilities:
            after = prompts.farewell(reason)
            self.switch.hang_up(decision.interaction, reason=reason or "no voicemail", after=after)
            return
        self.switch.voicemail(
            decision.interaction,
            queue=decision.queue,
            greeting=prompts.voicemail_greeting(reason),
            file=self._place.messages / f"{decision.interaction}.wav",
            most_s=decision.most_s,
        )

    def _say(self, decision: PositionAnnounced | CallbackProposed) -> None:
        """Tell one who waits something in between."""
        language = self._place.language
        if isinstance(decision, PositionAnnounced):
            said = phrases.place(decision.position, language)
            if decision.wait_s is not None:
                said += phrases.expected_wait(decision.wait_s, language)
        else:
            standing = self._router.interaction(decision.interaction)
            queue = self._router.queue(standing.queue) if standing is not None else None
            said = phrases.callback_offer(queue.callback_digit) if queue is not None else ()
        if said:
            self.switch.play(decision.interaction, said)

    def _offered(self, decision: InteractionOffered, now: datetime) -> None:
        agent = self._router.agent(decision.agent)
        standing = self._router.interaction(decision.interaction)
        queue = self._router.queue(decision.queue)
        if agent is None or standing is None:
            return
        name, key = (queue.shown, queue.key) if queue is not None else (decision.queue, decision.queue)
        headers = {
            **headers_of(standing.attached),
            "X-Queue": quote(name),
            "X-Queue-Key": quote(key),
            "X-Waited-S": f"{max(0.0, (now - standing.waiting_since).total_seconds()):.1f}",
        }
        if standing.skills:
            headers["X-Skills"] = written_skills(standing.skills)
        if standing.callback:
            headers["X-Callback"] = "1"
        self.switch.ring(
            Ring(
                interaction=decision.interaction,
                offer=decision.offer,
                queue=decision.queue,
                agent=decision.agent,
                contact=agent.contact,
                caller_name=standing.customer.shown,
                caller_uri=standing.customer.uri,
                headers=headers,
                call_out=standing.customer.uri if standing.callback else "",
                call_out_s=self._place.call_out_s,
                call_out_from=queue.numbers[0] if queue is not None and queue.numbers else "",
                call_out_name=name if standing.callback else "",
            )
        )

    def _won_elsewhere(self, decision: OfferEnded) -> bool:
        if decision.reason is not OfferEndReason.WITHDRAWN:
            return False
        standing = self._router.interaction(decision.interaction)
        return standing is not None and standing.phase in {Phase.CONNECTED, Phase.HELD, Phase.DIALLED}


def is_no_offer(decision: LedgerEvent) -> bool:
    """A key to sort by: offers go first."""
    return not isinstance(decision, InteractionOffered)


def _why(standing: InteractionStanding | None) -> str:
    """Why an interaction is where it is: what refused it last, or let it go."""
    if standing is None:
        return ""
    return standing.left.value if standing.left is not None else standing.refused
