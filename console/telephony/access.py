"""What this phone registers with at the centre's switch: the newest, in memory and in the system's keyring.

From the keyring it is there at the next start, so that the phone can be called while the centre is away.
"""

import asyncio
import logging
from collections.abc import Callable

from console.domain.errors import EnvironmentFault
from console.telephony.accounts import keep_access, load_access
from console.wire import PhoneAccess

_log = logging.getLogger(__name__)


class AccessKeeper:
    """One user's at one centre. Written down in the order in which it came, never on the loop's thread."""

    def __init__(self, tell_fault: Callable[[str], None]) -> None:
        """`tell_fault` gets words for the person, once, when there is no keyring."""
        self._tell_fault = tell_fault
        self._whose = ("", "")
        self._access: PhoneAccess | None = None
        self._told = False
        self._writing: asyncio.Task[None] | None = None
        self._unwritten: dict[tuple[str, str], PhoneAccess | None] = {}

    def of(self, centre: str, user: str) -> PhoneAccess | None:
        """What there is for a centre's user; without a user, whatever there is."""
        return self._access if not user or _named(centre, user) == self._whose else None

    async def load(self, centre: str, user: str) -> None:
        """Take what the keyring has. One that cannot be used is told when something is to be kept."""
        try:
            kept = await asyncio.to_thread(load_access, centre, user)
        except EnvironmentFault as fault:
            _log.info("no phone account is kept here: %s", fault)
            return
        if self._access is None and kept is not None:
            self._whose, self._access = _named(centre, user), kept

    def take(self, centre: str, user: str, access: PhoneAccess) -> None:
        """The centre gave this."""
        self._whose, self._access = _named(centre, user), access
        self._write()

    def forget(self) -> None:
        """The person signed out: keep nothing."""
        if self._access is not None:
            self._access = None
            self._write()

    async def stop(self) -> None:
        """Finish writing."""
        if self._writing is not None:
            await self._writing

    # ------------------------------------------------------------------ inside

    def _write(self) -> None:
        self._unwritten[self._whose] = self._access
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_down(), name="keyring")

    async def _write_down(self) -> None:
        while self._unwritten:
            whose = next(iter(self._unwritten))
            access = self._unwritten.pop(whose)
            try:
                await asyncio.to_thread(keep_access, *whose, access)
            except EnvironmentFault as fault:
                if not self._told and access is not None:
                    self._told = True
                    self._tell_fault(str(fault))


def _named(centre: str, user: str) -> tuple[str, str]:
    return centre.rstrip("/"), user
