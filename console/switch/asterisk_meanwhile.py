"""What becomes of calls that went on in an Asterisk while no centre was connected to it.

After a broken connection the calls are known here, after a centre's death its ledger knows them; both are
compared with what Asterisk has. Who is gone is told as gone, at the time that Asterisk noted; what rang or
was answered unseen is told; who arrived unseen arrives; and what belongs to nobody ends.
"""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from console.domain.events import InteractionEvent, OfferEnded, OfferEndReason
from console.switch.ari import Ari, Channel
from console.switch.asterisk_adopt import (
    Note,
    Notes,
    Seen,
    interaction_of,
    is_agent,
    is_channel,
    is_customer,
    is_over,
    moment_of,
    stored,
    variable,
)
from console.switch.asterisk_calls import Call
from console.switch.asterisk_lines import MEANWHILE, Lines, is_ours
from console.switch.asterisk_mailbox import MESSAGE
from console.switch.switch import Known, Ring

UNSEEN = "ended while the centre was away, nobody knows when: told at its return"
RESTARTED = "Asterisk was restarted"
_SPEECH, _MESSAGE = "callboard-speech-", "callboard-message-"

Was = Callable[[UUID], Awaitable[bool]]


class Home(Protocol):
    """The switch, as it takes up its calls."""

    lines: Lines

    def calls(self) -> Sequence[Call]:
        """All customers' calls."""

    def revive(self, interaction: UUID, customer: str, caller: tuple[str, str]) -> Call:
        """A call that a dead centre had."""

    def arrive(self, channel: Channel, arguments: Sequence[str], interaction: UUID | None = None) -> None:
        """Somebody called."""

    def at(self, moment: datetime | None, why: str = "") -> AbstractContextManager[None]:
        """Facts told in here are of that time; an end without a reason has this one."""

    def fact(self, kind: type[InteractionEvent], interaction: UUID, **fields: object) -> None:
        """Tell a fact."""


class Meanwhile:
    """Compares, and tells what came of it."""

    def __init__(self, home: Home, ari: Ari, notes: Notes) -> None:
        self._home = home
        self._lines = home.lines
        self._ari = ari
        self._notes = notes

    async def adopt(self, known: Sequence[Known], seen: Seen, since: datetime, was: Was) -> None:
        """Take up what a centre left that lived until `since`. Raises NetworkError."""
        customers = {one.interaction: seen.customer(one.interaction) for one in known}
        notes = await self._notes.read(one for one, channel in customers.items() if not channel)
        for one in known:
            if one.message:
                await self._message(one.interaction, customers)
            self._take_up(one, seen, customers[one.interaction], notes.get(one.interaction))
        restarted = seen.started if seen.started > since else None
        await self.settle(seen, was, restarted, RESTARTED if restarted else UNSEEN)

    async def settle(self, seen: Seen, was: Was, at: datetime | None = None, why: str = UNSEEN) -> None:
        """Compare the calls that are known with what Asterisk has; who went without a note went at `at` (now
        when that is None). Raises NetworkError.
        """
        owned = self._lines.owners
        gone: dict[UUID, list[str]] = {}
        for identity, owner in owned.items():
            waits = identity in self._lines.unfinished
            if is_channel(identity) and identity not in seen.channels and not waits:
                gone.setdefault(owner.interaction, []).append(identity)
        notes = await self._notes.read(gone)
        for interaction in sorted(gone, key=lambda one: _order(notes.get(one), at)):
            note = notes.get(interaction)
            with self._home.at(note.at if note else at, "" if note else why):
                self._went(gone[interaction], note.channel if note else "")
        for channel in seen.channels.values():
            await self._there(channel, seen, was)
        await self._sounds()
        self._bridges(seen)

    # ------------------------------------------------------------------ inside

    def _take_up(self, known: Known, seen: Seen, customer: str, note: Note | None) -> None:
        first = note.channel if note else ""
        customer = customer or (first if is_customer(first) and first else f"gone-{known.interaction.hex}")
        call = self._home.revive(known.interaction, customer, (known.customer.uri, known.customer.name))
        partner = self._partner(known, seen, first)
        bridge = seen.bridge(partner)
        together = bridge is not None and customer in bridge.channels
        call.take_up(known, partner, bridge.id if bridge else "", together=together)
        self._third(call, known, seen, together=together)
        for offer, agent in known.offers.items():
            channel = seen.offered(offer)
            if channel:
                order = Ring(
                    interaction=known.interaction, offer=offer, queue=known.queue, agent=agent, contact=""
                )
                call.rung(channel, order, rang=seen.channels[channel].state == "Ringing")
            else:
                self._home.fact(
                    OfferEnded,
                    known.interaction,
                    offer=offer,
                    agent=agent,
                    reason=OfferEndReason.WITHDRAWN,
                )

    def _third(self, call: Call, known: Known, seen: Seen, *, together: bool) -> None:
        """The third party whom the agent had called: there in whatever bridge, or gone."""
        if known.consult is None:
            return
        there = seen.offered(known.consult) if known.to else seen.outside(known.interaction)
        bridge = seen.bridge(there)
        inside = bridge is not None and bridge.id == call.bridge
        channel = there or f"callboard-agent-{known.consult.hex}-gone"
        call.consultation.take_up(known, channel, inside=inside, together=together)

    async def _message(self, interaction: UUID, customers: dict[UUID, str]) -> None:
        """What the customer was saying, or has said before hanging up; it is told of with the message."""
        customer = customers[interaction]
        if customer:
            name = await variable(self._ari, customer, MESSAGE)
        else:
            names = await stored(self._ari)
            name = next((one for one in names if one.startswith(f"{_MESSAGE}{interaction.hex}-")), "")
            customers[interaction] = f"gone-{interaction.hex}" if name else ""
        if name:
            self._lines.unfinished[customers[interaction]] = name

    def _partner(self, known: Known, seen: Seen, first: str) -> str:
        """Who talks with the customer: an agent, who may be gone by now, or somebody outside."""
        if known.offer is None or not known.agent:
            return seen.outside(known.interaction)
        lost = first if is_agent(first) else f"callboard-agent-{known.offer.hex}-gone"
        return seen.offered(known.offer) or lost

    def _went(self, channels: list[str], first: str) -> None:
        for channel in sorted(channels, key=lambda one: (one != first, not is_customer(one))):
            owner = self._lines.forget(channel)
            if owner is not None:
                owner.gone(channel, MEANWHILE)

    async def _there(self, channel: Channel, seen: Seen, was: Was) -> None:
        owner = self._lines.owners.get(channel.id)
        if owner is None:
            await self._unknown(channel, was)
            return
        self._lines.named(channel.id, channel.name)
        if channel.state == "Ringing":
            owner.ringing(channel.id)
        elif channel.state == "Up":
            bridge = seen.bridge(channel.id)
            with self._home.at(moment_of(bridge.creationtime) if bridge else None):
                owner.up(channel.id)

    async def _unknown(self, channel: Channel, was: Was) -> None:
        """A customer who was not seen arriving arrives; what else nobody knows here ends."""
        interaction = interaction_of(channel)
        if is_ours(channel.id) or (interaction is not None and await was(interaction)):
            self._lines.hang_up(channel.id)
            return
        names = ("FROM", "TO", "CAME", "GIVEN")
        said = [await variable(self._ari, channel.id, name) for name in names]
        with self._home.at(moment_of(channel.creationtime)):
            self._home.arrive(channel, said, interaction)

    async def _sounds(self) -> None:
        """Prompts and messages that ended unseen."""
        for identity in [one for one in self._lines.owners if not is_channel(one)]:
            if identity.startswith(_SPEECH) and await is_over(self._ari, f"playbacks/{identity}"):
                self._said(identity)
            elif identity.startswith(_MESSAGE) and await is_over(self._ari, f"recordings/live/{identity}"):
                lost = await is_over(self._ari, f"recordings/stored/{identity}")
                owner = self._lines.forget(identity)
                if owner is not None:
                    owner.recorded(identity, -1.0 if lost else 1.0)

    def _said(self, playback: str) -> None:
        owner = self._lines.forget(playback)
        if owner is not None:
            owner.spoken(playback)

    def _bridges(self, seen: Seen) -> None:
        """Say again what may have been lost; a bridge of nobody ends."""
        used = set()
        for call in self._home.calls():
            used.add(call.bridge)
            bridge = seen.bridges.get(call.bridge)
            call.again(together=bridge is not None and call.customer in bridge.channels)
        for identity in seen.bridges.keys() - used:
            self._lines.part(identity)


def _order(note: Note | None, at: datetime | None) -> tuple[bool, float]:
    moment = note.at if note else at
    return moment is None, moment.timestamp() if moment else 0.0
