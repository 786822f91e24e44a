"""What pjsua2's calls and accounts share: their desk, guarded callbacks, errors in words."""

import functools
import logging
from collections.abc import Callable
from typing import Any, Protocol
from uuid import UUID

import pjsua2 as pj

from console.telephony.engine import CallDisconnected, EngineEvent

_log = logging.getLogger(__name__)


class Desk(Protocol):
    """What a call (a pjsua_calls.DeskCall) needs of its engine. `mixer` joins its sound with the desk's."""

    mixer: Any  # pjsua_sound.Mixer

    def emit(self, event: EngineEvent) -> None:
        """Tell an event."""

    def now(self) -> float:
        """Monotonic seconds."""

    def forget(self, call: Any) -> None:
        """The call is over in pjsua2 as well."""

    def media_changed(self, call: Any) -> None:
        """Have the call look at its media once pjsua2 has sent what it is about to send."""

    def take_over(self, old: Any, new: Any) -> None:
        """`new` replaces `old` under the same key."""


def guarded(callback: Callable[..., None]) -> Callable[..., None]:
    """A callback that logs what it raises instead of raising it into C code."""

    @functools.wraps(callback)
    def safe(*arguments: Any) -> None:
        try:
            callback(*arguments)
        except Exception:  # noqa: BLE001  # logged; nothing may be raised into C code
            _log.exception("the callback %s failed", callback.__name__)

    return safe


def words_of(fault: pj.Error) -> str:
    """A pjsua2 error in one line."""
    return str(fault.reason or fault.title or fault.status).strip()


def never_sent(at: float, call: UUID) -> CallDisconnected:
    """The end of a call that was given up before its INVITE went out."""
    return CallDisconnected(
        at=at, call=call, code=487, reason="Request Terminated", by_us=True, answered=False
    )
