"""Which numbers are called at the centre's cost: for callbacks, which anybody can ask for with any number
shown, and for the transfers, consultations and calls of agents.

Who calls can show whatever number pays them (toll fraud: premium services, satellites, far countries), or one
that must not be rung by a machine (an emergency number). So a number is called only by rule. Pure.
"""

from collections.abc import Iterable, Iterator
from typing import Annotated

import msgspec

from console.domain.address import number_of
from console.domain.queue import CALLBACK, Queue

COSTLY = (
    "*", "#",  # a switch's own codes
    "+808", "+87", "+881", "+882", "+883", "+888", "+979",  # shared cost, satellites, networks of no country
    "+1900", "+1976", "+31900", "+31906", "+31909", "+3290", "+3389", "+34803", "+34806", "+34807", "+34905",
    "+39166", "+39892", "+39899", "+41900", "+41901", "+41906", "+43900", "+43901", "+43930", "+43931",
    "+43939", "+449", "+4487", "+49118", "+49137", "+49180", "+49190", "+49900",
    "0137", "0180", "0190", "0900", "1900", "1976",
)  # fmt: skip
"""Beginnings of numbers that cost those who call them (E.164 country codes, national numbering plans)."""

EMERGENCY = frozenset({"000", "110", "112", "911", "999"})
"""Numbers for help, which no rule keeps a person from calling."""

_SHORTEST = 7
_ABROAD = "+"


class CallbackNumbers(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`[switch.callbacks]`: the rule. Of the beginnings that fit a number the longest decides, of two as long
    the allowed one. What fits none is called if `allowed` is empty, but over a trunk neither what begins with
    + or 00 nor what has fewer than seven digits.
    """

    allowed: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Beginnings of numbers that may be called at the centre's cost, like +49; empty: all "
            "that are not denied, with a trunk only national ones of 7 digits or more."
        ),
    ] = ()
    denied: Annotated[
        tuple[str, ...],
        msgspec.Meta(
            description="Beginnings of numbers not called, unless one as long or longer is allowed."
        ),
    ] = COSTLY

    def refusal(self, text: str, *, trunk: bool) -> str:
        """Why a number must not be called: denied, not allowed, abroad, short; "" when it may be, or when
        `text` is no number (a SIP address costs nobody).
        """
        called = _plain(text)
        if not called:
            return ""
        allowed, denied = _longest(self.allowed, called), _longest(self.denied, called)
        if denied > allowed:
            return "denied"
        if allowed:
            return ""
        if self.allowed:
            return "not allowed"
        return _far(called) if trunk else ""

    def faults(self) -> Iterator[tuple[str, str]]:
        """Entries that fit no number, by option."""
        for name in ("allowed", "denied"):
            for index, text in enumerate(getattr(self, name)):
                if not _plain(text):
                    words = f"“{text[:40]}” is not how a number begins; it looks like +49 or 0900"
                    yield f"{name}[{index}]", words


def _far(called: str) -> str:
    if called.startswith(_ABROAD):
        return "abroad"
    return "short" if len(called) < _SHORTEST else ""


def offers_callback(queue: Queue) -> bool:
    """Whether somebody may be called back for a queue."""
    to = {queue.overflow_to, queue.closed_to, queue.full_to, queue.no_agents_to}
    return queue.callback_after_s > 0 or CALLBACK in to


def _longest(beginnings: Iterable[str], called: str) -> int:
    return max((len(plain) for text in beginnings if called.startswith(plain := _plain(text))), default=0)


def _plain(text: str) -> str:
    """A number as the rule compares it: without what only makes it easier to read, 00 as +."""
    bare = text.strip()
    if bare in {"+", "*", "#"}:
        return bare
    called = number_of(bare)
    return f"+{called[2:]}" if called.startswith("00") else called
