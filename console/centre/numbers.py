"""The one answer to where, and whether, somebody outside may be called at the centre's cost."""

import logging
from collections.abc import Callable

from console.domain.address import Address, number_of
from console.domain.errors import BadInput, Refused
from console.domain.tolls import EMERGENCY
from console.routing.admission import Admission

_LONGEST = 60
_log = logging.getLogger(__name__)


def in_words(why: str) -> str:
    """Why a number must not be called (domain.tolls), for the agent."""
    if why == "denied":
        return "such numbers are barred"
    if why == "abroad":
        return "numbers abroad are not released"
    if why == "short":
        return "the number is too short"
    return "it is not among the numbers released"


class WaysOut:
    """Asked before anybody outside is called: for a transfer, a consultation, a call that an agent wants."""

    def __init__(self, admission: Admission, sip_domain: Callable[[], str]) -> None:
        """`admission` has the rule `[switch.callbacks]` and knows who is one of ours; `sip_domain` gives the
        host and port that bare numbers belong to.
        """
        self._admission = admission
        self._sip_domain = sip_domain

    def refusal(self, target: str) -> str:
        """Why a target must not be called: denied, not allowed, abroad, short; "" when it may be, or when it
        is a queue or an agent.
        """
        bare = target[4:].partition(";")[0] if target[:4].lower() == "tel:" else target.strip()
        address = Address(bare)
        ours = self._admission.door.find(bare) is not None or self._admission.agent_named(bare)
        if ours or number_of(address.user) in EMERGENCY:
            return ""
        return self._admission.refuses(address)

    def address_of(self, target: str) -> str:
        """The SIP URI where a target outside is called. Raises BadInput for what is no address, and Refused,
        in words for the agent, for what must not be called.
        """
        if not target or any(letter in target for letter in "<>\r\n"):
            raise BadInput(f"“{target[:_LONGEST]}” is neither a colleague, a queue nor a number.")
        if why := self.refusal(target):
            _log.warning("%r must not be called: %s by [switch.callbacks]", target[:_LONGEST], why)
            raise Refused(f"“{target[:_LONGEST]}” must not be called from here ({in_words(why)}).")
        if target.lower().startswith(("sip:", "sips:")) and " " not in target:
            return target
        user = number_of(target.removeprefix("tel:").partition(";")[0]) or target
        if " " in user:
            raise BadInput(f"“{target[:_LONGEST]}” is neither a colleague, a queue nor a number.")
        return f"sip:{user}@{self._sip_domain()}"
