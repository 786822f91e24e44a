"""Several Asterisks as one voice switch: calls arrive at any, agents are registered at any.

Each carries its own calls, and takes only these along when it dies. An agent who is registered at another
one is rung through that one: its dialplan lets calls of the other nodes through to its desks, which know
each other by a secret in a header (see `asterisk_config`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from msgspec.structs import replace

from console.clock import Clock
from console.domain.events import InteractionEvent, OfferEnded, OfferEndReason
from console.switch.asterisk import AsteriskOptions, AsteriskSwitch
from console.switch.asterisk_meanwhile import Was
from console.switch.asterisk_observed import ObservedNodes
from console.switch.switch import (
    Capability,
    Connection,
    Consult,
    Known,
    LegStatistics,
    PhoneAccount,
    Ring,
    Stray,
)

NODE = "X-Callboard-Node"
"""The header with the secret."""

GIVE_UP = timedelta(seconds=60)
"""A node that cannot be reached for so long has no calls any more, as far as anybody can tell."""

_Order = TypeVar("_Order", Ring, Consult)
_ENDPOINT = "PJSIP/"
_AGAIN_S = 2.0
"""An agent for a call at a node that is away is let go after so long, and may be rung again."""


class AsteriskNodes(ObservedNodes):
    """The port `Switch` on several Asterisks; no two have the same name."""

    def __init__(self, nodes: Sequence[AsteriskOptions], clock: Clock) -> None:
        """Nothing is connected yet. Each node needs `sip`, where the others reach it, and `node_secret`."""
        self.nodes = tuple(AsteriskSwitch(options, clock) for options in nodes)
        self._clock = clock
        self._tell: Callable[[InteractionEvent], None] = lambda event: None
        self._waiting: dict[UUID, asyncio.TimerHandle] = {}

    @property
    def observed(self) -> tuple[AsteriskSwitch, ...]:
        """Those that record and let supervisors in."""
        return self.nodes

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What all of them can."""
        return frozenset.intersection(*(node.capabilities for node in self.nodes))

    @property
    def connections(self) -> tuple[Connection, ...]:
        """One each."""
        return tuple(one for node in self.nodes for one in node.connections)

    async def start(self, tell: Callable[[InteractionEvent], None]) -> None:
        """Connect to all that are there, and to the others as soon as they are."""
        self._tell = tell
        for node in self.nodes:
            node.patient(GIVE_UP)
        await asyncio.gather(*(node.start(tell) for node in self.nodes))

    async def stop(self) -> None:
        """End all calls and disconnect."""
        for timer in self._waiting.values():
            timer.cancel()
        await asyncio.gather(*(node.stop() for node in self.nodes))

    # ------------------------------------------------------------------ life without a centre

    async def adopt(self, known: Sequence[Known], since: datetime, was: Was) -> None:
        """Each takes up its own. What none of those connected has is left to one that is away, if any."""
        rest = {one.interaction: one for one in known}
        shares: dict[int, list[Known]] = {}
        for place, node in enumerate(self.nodes):
            if _is_there(node):
                held = await node.holds(list(rest))
                shares[place] = [rest.pop(one) for one in held]
        away = [place for place, node in enumerate(self.nodes) if not _is_there(node)]
        shares.setdefault(away[0] if away else 0, []).extend(rest.values())
        for place, node in enumerate(self.nodes):
            await node.adopt(shares.get(place, []), since, was)

    def staff(self, contacts: Mapping[str, str]) -> None:
        """The agents who are rung at any node when nobody is here to route."""
        for node in self.nodes:
            node.staff(contacts)

    def strays(self, since: datetime) -> dict[str, list[Stray]]:
        """By node."""
        return {name: calls for node in self.nodes for name, calls in node.strays(since).items()}

    # ------------------------------------------------------------------ commands

    def play(self, interaction: UUID, prompts: Sequence[str]) -> None:
        """Speak prompts, then go back to music."""
        self._at(interaction).play(interaction, prompts)

    def music(self, interaction: UUID, name: str) -> None:
        """Play hold music to a customer who waits; "" is silence."""
        self._at(interaction).music(interaction, name)

    def ring(self, order: Ring) -> None:
        """Ring an agent, wherever that one is registered."""
        node = self._at(order.interaction) if not order.call_out else self._for_callback(order)
        if not _is_there(node) and not order.outbound:
            later = asyncio.get_running_loop().call_later(_AGAIN_S, self._not_now, order)
            self._waiting[order.offer] = later
            return
        node.ring(self._routed(order, node))

    def cancel(self, offer: UUID, *, elsewhere: bool = False) -> None:
        """Stop ringing."""
        if timer := self._waiting.pop(offer, None):
            timer.cancel()
        for node in self.nodes:
            node.cancel(offer, elsewhere=elsewhere)

    def hang_up(self, interaction: UUID, *, reason: str = "", after: Sequence[str] = ()) -> None:
        """End an interaction in any phase, after speaking `after`."""
        self._at(interaction).hang_up(interaction, reason=reason, after=after)

    def voicemail(
        self, interaction: UUID, *, queue: str, greeting: Sequence[str], file: Path, most_s: float
    ) -> None:
        """Speak a greeting, beep, record."""
        node = self._at(interaction)
        node.voicemail(interaction, queue=queue, greeting=greeting, file=file, most_s=most_s)

    def hold(self, interaction: UUID) -> None:
        """Put the customer on hold from the centre's side."""
        self._at(interaction).hold(interaction)

    def resume(self, interaction: UUID) -> None:
        """Join customer and agent again."""
        self._at(interaction).resume(interaction)

    def release_agent(self, interaction: UUID) -> None:
        """End the agent's channel only."""
        self._at(interaction).release_agent(interaction)

    def connect(self, interaction: UUID, uri: str) -> None:
        """Connect the customer to an outside SIP address."""
        self._at(interaction).connect(interaction, uri)

    def attach(self, interaction: UUID, attached: Mapping[str, str]) -> None:
        """Set variables on the customer's channel."""
        self._at(interaction).attach(interaction, attached)

    def guard(self, refuses: Callable[[str], str]) -> None:
        """Ask this before somebody is called on a phone's word, or for a callback."""
        for node in self.nodes:
            node.guard(refuses)

    def consult(self, order: Consult) -> None:
        """Call a third party for the agent, wherever that one is registered."""
        node = self._at(order.interaction)
        node.consult(self._routed(order, node))

    def swap(self, interaction: UUID) -> None:
        """The agent talks with the other one of the two."""
        self._at(interaction).swap(interaction)

    def conference(self, interaction: UUID) -> None:
        """All three talk."""
        self._at(interaction).conference(interaction)

    def complete(self, interaction: UUID) -> None:
        """The agent leaves, the others go on."""
        self._at(interaction).complete(interaction)

    def cancel_consult(self, interaction: UUID) -> None:
        """The third party goes, the agent has the customer again."""
        self._at(interaction).cancel_consult(interaction)

    def statistics(self) -> list[LegStatistics]:
        """Of all nodes."""
        return [one for node in self.nodes for one in node.statistics()]

    # ------------------------------------------------------------------ phones

    @property
    def registers(self) -> bool:
        """Whether agents' phones have accounts at these."""
        return all(node.registers for node in self.nodes)

    async def give_account(self, agent: str) -> PhoneAccount | None:
        """The same account at all nodes; the phone registers at one that is there, each agent's its own."""
        first = sum(agent.encode()) % len(self.nodes)
        order = (*self.nodes[first:], *self.nodes[:first])
        home = next((node for node in order if _is_there(node)), order[0])
        account = await home.accounts.give(agent)
        if account is not None:
            rest = (node for node in self.nodes if node is not home)
            await asyncio.gather(*(node.accounts.give(agent, account.password) for node in rest))
        return account

    def settle_account(self, agent: str) -> None:
        """No password but the newest is good from now on."""
        for node in self.nodes:
            node.accounts.settle(agent)

    def withdraw_account(self, agent: str) -> None:
        """No password is good from now on."""
        for node in self.nodes:
            node.accounts.withdraw(agent)

    # ------------------------------------------------------------------ inside

    def _at(self, interaction: UUID) -> AsteriskSwitch:
        """The node that carries it; any when it is over."""
        return next((node for node in self.nodes if node.has(interaction)), self.nodes[0])

    def _for_callback(self, order: Ring) -> AsteriskSwitch:
        """The node that has it already, or the agent's own, or one that is there."""
        here = [node for node in self.nodes if node.has(order.interaction)]
        there = [node for node in self.nodes if _is_there(node)]
        home = [node for node in there if _registered(node, order.contact)]
        return next(iter((*here, *home, *there)), self.nodes[0])

    def _routed(self, order: _Order, node: AsteriskSwitch) -> _Order:
        """The order with the way to an agent at another node."""
        homes = [other for other in self.nodes if _registered(other, order.contact)]
        if not homes or node in homes:
            return order
        options = homes[0].options
        name = order.contact.removeprefix(_ENDPOINT)
        return replace(
            order,
            contact=f"sip:{name}@{options.sip}",
            headers={**order.headers, NODE: options.node_secret},
        )

    def _not_now(self, order: Ring) -> None:
        self._waiting.pop(order.offer, None)
        self._tell(
            OfferEnded(
                id=self._clock.new_id(),
                at=self._clock.now(),
                interaction=order.interaction,
                offer=order.offer,
                agent=order.agent,
                reason=OfferEndReason.WITHDRAWN,
            )
        )


def _is_there(node: AsteriskSwitch) -> bool:
    return all(one.connected for one in node.connections)


def _registered(node: AsteriskSwitch, contact: str) -> bool:
    return contact.startswith(_ENDPOINT) and contact.removeprefix(_ENDPOINT) in node.desks.online
