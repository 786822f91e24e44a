"""What goes along with an interaction besides who called whom: SIP headers and variables by their names.

A name that begins with X- is a SIP header, any other a variable of the switch.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, Protocol

from console.domain import events as ev
from console.domain.staff import Touched
from console.domain.standing import InteractionStanding

MOST: Final = 32
LONGEST: Final = 255
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_OURS = ("x-interaction-id", "x-queue", "x-waited-s", "x-skills", "x-callback", "x-outbound", "x-consult")
_VARIABLES_OF_OURS = frozenset({"FROM", "TO", "CAME", "GIVEN", "NODE", "STASISSTATUS", "EXTEN", "CONTEXT"})


def is_header(name: str) -> bool:
    """Whether it is a SIP header."""
    return name[:2].lower() == "x-"


def headers_of(attached: Mapping[str, str]) -> dict[str, str]:
    """Those that go into the INVITE of an agent of ours; somebody outside gets none of them."""
    return {name: value for name, value in attached.items() if is_header(name)}


def name_faults(names: Iterable[str]) -> Iterator[str]:
    """What is wrong with names that the settings give, in words."""
    for place, name in enumerate(names):
        if not _NAME.fullmatch(name) or (not is_header(name) and "-" in name):
            yield (
                f"“{name}” is no name: a header begins with X- and has letters, digits, - and _, a variable "
                "letters, digits and _, at most 64"
            )
        elif name.lower().startswith((*_OURS, "x-callboard", "callboard")) or name in _VARIABLES_OF_OURS:
            yield f"“{name}” is Callboard's own"
        elif place == MOST:
            yield f"at most {MOST} names"


def chosen(names: Iterable[str], value_of: Callable[[str], str | None]) -> dict[str, str]:
    """What there is of these names, as it can be kept: printable, not too long, nothing empty."""
    found = ((name, printable(value_of(name) or "")) for name in names)
    return {name: value for name, value in found if value}


def printable(value: str) -> str:
    """Without what cannot be shown, and not longer than is kept."""
    return "".join(character for character in value if character.isprintable())[:LONGEST].strip()


def merged(known: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """Both, the later one counts; what is empty there is taken away."""
    return {name: value for name, value in {**known, **more}.items() if value}


class Open(Protocol):
    """The standings, as far as they are needed here."""

    by_number: dict[int, InteractionStanding]
    steps: dict[type, Callable[[Any], Touched | None]]


class Attached:
    """Keeps what is attached later; what came along is there from the beginning."""

    def __init__(self, standings: Open) -> None:
        self._by_number = standings.by_number
        standings.steps[ev.InteractionAttached] = self._attached

    def _attached(self, event: ev.InteractionAttached) -> Touched | None:
        known = self._by_number.get(event.interaction.int)
        if known is None:
            return None
        known.attached = merged(known.attached, event.attached)
        return ()
