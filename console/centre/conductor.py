"""Turns what routing decided into commands to the switch. It keeps no state and decides nothing."""

import logging
from collections.abc import Callable
from datetime import datetime
from urllib.parse import quote

from console.domain.address import Address
from console.domain.errors import BadInput
from console.domain.events import (
    InteractionLeftQueue,
    InteractionOffered,
    InteractionQueued,
    InteractionRefused,
    InteractionTransferred,
    LeaveReason,
    LedgerEvent,
    OfferEnded,
    OfferEndReason,
    PositionAnnounced,
)
from console.domain.interaction import Phase
from console.domain.queue import SkillNeed
from console.routing.router import Router
from console.switch.switch import Ring, Switch

_log = logging.getLogger(__name__)

_TENS = 10
_SPOKEN_SINGLY = 20
_HIGHEST_SPOKEN = 99


def spoken_number(number: int, language: str = "en") -> tuple[str, ...]:
    """The prompts that speak a number from 0 to 99 (resources/sounds/manifest.toml tells how a language puts
    them together); beyond that none: nobody wants to hear it.
    """
    if not 0 <= number <= _HIGHEST_SPOKEN:
        return ()
    tens, unit = divmod(number, _TENS)
    if number <= _SPOKEN_SINGLY or unit == 0:
        return (f"number-{number}",)
    if language == "de":
        return ("number-one" if unit == 1 else f"number-{unit}", "and", f"number-{tens * _TENS}")
    return (f"number-{tens * _TENS}", f"number-{unit}")


def written_skills(skills: tuple[SkillNeed, ...]) -> str:
    """Skills as the desk's header carries them: `english:5,billing:3`."""
    return ",".join(f"{need.skill}:{need.level}" for need in skills)


class Conductor:
    """Carries out decisions on the switch."""

    def __init__(
        self, switch: Switch, router: Router, sip_domain: Callable[[], str], language: str = "en"
    ) -> None:
        """`sip_domain` is the host and port that a bare transfer target belongs to."""
        self._language = language
        self._switch = switch
        self._router = router
        self._sip_domain = sip_domain

    def perform(self, decision: LedgerEvent, now: datetime) -> None:
        """Tell the switch what a durable decision asks of it."""
        match decision:
            case InteractionQueued():
                self._queued(decision)
            case InteractionOffered():
                self._offered(decision, now)
            case OfferEnded():
                self._switch.cancel(decision.offer, elsewhere=self._won_elsewhere(decision))
            case InteractionRefused(reason=reason):
                prompt = {"full": "queue-full", "closed": "closed"}.get(reason, "goodbye")
                self._switch.hang_up(decision.interaction, reason=reason, after=(prompt,))
            case InteractionLeftQueue(reason=reason) if reason is not LeaveReason.OVERFLOW:
                self._switch.hang_up(decision.interaction, reason=reason.value, after=("goodbye",))
            case PositionAnnounced(position=position):
                self._switch.play(
                    decision.interaction,
                    ("you-are-number", *spoken_number(position, self._language), "in-the-queue"),
                )

    def pass_outside(self, fact: InteractionTransferred) -> None:
        """A transfer that routing left alone goes to an address outside; one that cannot ends the call."""
        standing = self._router.interaction(fact.interaction)
        if standing is None or standing.phase is not Phase.ARRIVED:
            return
        try:
            self._switch.connect(fact.interaction, self.connect_outside(fact.target))
        except Exception as fault:  # noqa: BLE001 - the customer must not wait for ever for our bug
            if not isinstance(fault, BadInput):
                _log.exception("the switch failed on a transfer to %r", fact.target)
            _log.warning("a transfer failed: %s", fault)
            self._switch.hang_up(fact.interaction, reason="transfer failed", after=("goodbye",))

    def connect_outside(self, interaction_target: str) -> str:
        """The SIP URI of a transfer target that is neither a queue nor an agent. Raises BadInput."""
        if interaction_target.startswith(("sip:", "sips:")):
            return interaction_target
        if not interaction_target or any(letter in interaction_target for letter in " <>\r\n"):
            raise BadInput(f"cannot be transferred to {interaction_target[:40]!r}")
        return f"sip:{interaction_target}@{self._sip_domain()}"

    def _queued(self, decision: InteractionQueued) -> None:
        queue = self._router.queue(decision.queue)
        if queue is None:
            return
        self._switch.music(decision.interaction, queue.music)
        if decision.reason == "arrived":
            self._switch.play(decision.interaction, ("welcome", "please-hold"))

    def _offered(self, decision: InteractionOffered, now: datetime) -> None:
        agent = self._router.agent(decision.agent)
        standing = self._router.interaction(decision.interaction)
        queue = self._router.queue(decision.queue)
        if agent is None or standing is None or queue is None:
            return
        customer: Address = standing.customer
        headers = {
            "X-Queue": quote(queue.shown),
            "X-Queue-Key": quote(queue.key),
            "X-Waited-S": f"{(now - standing.waiting_since).total_seconds():.1f}",
        }
        if standing.skills:
            headers["X-Skills"] = written_skills(standing.skills)
        self._switch.ring(
            Ring(
                interaction=decision.interaction,
                offer=decision.offer,
                queue=decision.queue,
                agent=decision.agent,
                contact=agent.contact,
                caller_name=customer.shown,
                caller_uri=customer.uri,
                headers=headers,
            )
        )

    def _won_elsewhere(self, decision: OfferEnded) -> bool:
        if decision.reason is not OfferEndReason.WITHDRAWN:
            return False
        standing = self._router.interaction(decision.interaction)
        return standing is not None and standing.phase in {Phase.CONNECTED, Phase.HELD}
