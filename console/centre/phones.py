"""The agents' phones at a switch where they register: who gets which account, and when its password changes.

A desk gets a password each time it is linked, by and by another one, and again when a telephone system is
back that was away, so that its phone registers at once. None is ever written down here. The password before
stays good until the desk has been linked for a while with the new one: a link that is lost with the new
password on its way costs no registration, nor does a centre that dies in between.
"""

import asyncio
from collections.abc import Callable, Container
from datetime import timedelta

from console.clock import Clock
from console.switch.switch import PhoneAccount, Registering, Surviving, Switch
from console.wire import PhoneAccess

SETTLE_S = 60.0
"""A desk that is linked for so long after a new password has it; the one before is good no longer."""

_LOOK_S = 1.0


class AgentPhones:
    """The accounts of the desks that are linked now."""

    def __init__(self, switch: Switch | None, renew_after: timedelta, clock: Clock) -> None:
        """Nobody has one. `renew_after`: how old a password may get."""
        self.handlers: list[Callable[[str], None]] = []
        """Told the key of each agent whose account changed."""
        self._switch = switch if isinstance(switch, Registering) else None
        self._survivor = switch if isinstance(switch, Surviving) else None
        self._renew_s = renew_after.total_seconds()
        self._clock = clock
        self._accounts: dict[str, PhoneAccount] = {}
        self._given_at: dict[str, float] = {}
        self._settling: dict[str, float] = {}
        self._left_at: dict[str, float] = {}
        self._there: tuple[bool, ...] = self._connected()

    @property
    def registers(self) -> bool:
        """Whether phones register at this switch."""
        return self._switch is not None and self._switch.registers

    def access(self, agent: str) -> PhoneAccess | None:
        """What an agent's phone has to know; None when it does not register."""
        account = self._accounts.get(agent)
        if account is None:
            return None
        return PhoneAccess(
            uri=account.uri,
            registrar=account.registrar,
            username=account.username,
            password=account.password,
            transport=account.transport,
            srtp=account.srtp,
        )

    async def linked(self, agent: str) -> str:
        """An agent's desk is here: a new password. Where the phone is rung, "" when it does not register."""
        account = await self._switch.give_account(agent) if self._switch is not None else None
        self._gave(agent, account)
        return account.contact if account is not None else ""

    def keep_only(self, agents: Container[str]) -> None:
        """The other desks are gone. Their phones stay registered, to talk to the end and for a desk that only
        lost its link, until their passwords are as old as one may get.
        """
        for agent in [agent for agent in self._accounts if agent not in agents]:
            del self._accounts[agent], self._given_at[agent]
            self._settling.pop(agent, None)  # nobody knows whether it has the newest
            self._left_at[agent] = self._clock.monotonic()

    def on_change(self, handler: Callable[[str], None]) -> Callable[[], None]:
        """Tell `handler` of every agent whose account changed while linked; returns what undoes it."""
        self.handlers.append(handler)
        return lambda: self.handlers.remove(handler)

    async def run(self) -> None:
        """Change passwords as they get old, until cancelled."""
        while self.registers:
            await asyncio.sleep(min(_LOOK_S, self._renew_s / 4))
            await self.look()

    async def look(self) -> None:
        """Do what is due now."""
        if self._switch is None:
            return
        now = self._clock.monotonic()
        for agent in _due(self._settling, now - min(SETTLE_S, self._renew_s / 2)):
            del self._settling[agent]
            self._switch.settle_account(agent)
        for agent in _due(self._left_at, now - self._renew_s):
            del self._left_at[agent]
            self._switch.withdraw_account(agent)
        before, self._there = self._there, self._connected()
        back = before != self._there and any(self._there)
        for agent in _due(self._given_at, now if back else now - self._renew_s):
            account = await self._switch.give_account(agent)
            if agent in self._given_at:  # its desk may have gone meanwhile
                self._gave(agent, account)
                for handler in tuple(self.handlers):
                    handler(agent)

    # ------------------------------------------------------------------ inside

    def _connected(self) -> tuple[bool, ...]:
        return tuple(one.connected for one in self._survivor.connections) if self._survivor else ()

    def _gave(self, agent: str, account: PhoneAccount | None) -> None:
        if account is None:
            return
        self._accounts[agent] = account
        self._given_at[agent] = self._settling[agent] = self._clock.monotonic()
        self._left_at.pop(agent, None)


def _due(times: dict[str, float], until: float) -> list[str]:
    return [agent for agent, at in times.items() if at <= until]
