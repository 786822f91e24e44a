"""An Asterisk (20 or 22) as the voice switch, over its REST interface.

Its dialplan gives every caller to our Stasis application with the From header and the called URI as
arguments; agents and customers are called by one PJSIP endpoint, or by endpoints that registered. What
belongs into Asterisk's files is written by `asterisk_config`.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from console.clock import Clock
from console.domain.attached import is_header
from console.domain.events import (
    InteractionArrived,
    InteractionEnded,
    InteractionEvent,
    OfferEnded,
    OfferEndReason,
)
from console.switch.ari import Ari, Channel
from console.switch.asterisk_accounts import Absent, Accounts, HasAccounts, Phones
from console.switch.asterisk_adopt import Notes, Seen
from console.switch.asterisk_callbacks import Callback
from console.switch.asterisk_callers import came_along, came_from, who_calls
from console.switch.asterisk_calls import Call
from console.switch.asterisk_consults import Consultations
from console.switch.asterisk_endpoints import Endpoints
from console.switch.asterisk_events import Events
from console.switch.asterisk_fallback import Members, strays
from console.switch.asterisk_lines import Lines
from console.switch.asterisk_link import Link
from console.switch.asterisk_mailbox import Mailbox
from console.switch.asterisk_meanwhile import RESTARTED, Meanwhile, Was
from console.switch.asterisk_observed import KEEP_S, Observed
from console.switch.asterisk_outbound import CallsOut
from console.switch.asterisk_packets import Packets
from console.switch.dialling import over_trunk
from console.switch.switch import (
    Capability,
    Connection,
    Known,
    LegStatistics,
    Ring,
    Stray,
)
from console.switch.voicemail import Message

_log = logging.getLogger(__name__)
_MESSAGES_S = 12.0
_PLACES = 10_000


class AsteriskOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Where Asterisk is and what is meant for us there."""

    url: str = "http://127.0.0.1:8088"
    user: str = "callboard"
    password: str = ""
    app: str = "callboard"
    endpoint: str = "callboard-out"
    sounds: str = "/usr/share/callboard/asterisk-sounds"
    language: str = "en"
    trunk: str = ""
    name: str = ""
    fallback: str = ""
    queue_log: str = ""
    sip: str = ""
    node_secret: str = ""
    phones: Phones | None = None
    attached: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without the password."""
        return f"AsteriskOptions(url={self.url!r}, user={self.user!r}, app={self.app!r})"


class AsteriskSwitch(Observed, HasAccounts, Consultations, CallsOut):
    """The port `Switch` on one Asterisk. `metrics` counts calls, commands and lost connections."""

    def __init__(self, options: AsteriskOptions, clock: Clock) -> None:
        """Nothing is connected yet."""
        self.metrics: Counter[str] = Counter()
        self.options = options
        self.trunk = options.trunk
        self.refuses: Callable[[str], str] = lambda target: ""
        self._name = options.name or urlsplit(options.url).netloc
        self._clock = clock
        self._ari = Ari(options.url, options.user, options.password, options.app)
        self.lines = Lines(
            self._ari, endpoint=options.endpoint, sounds=options.sounds, language=options.language
        )
        self._link = Link(self._ari, clock, lambda event: self._events.take(event))
        self._notes = Notes(self._ari)
        self._meanwhile = Meanwhile(self, self._ari, self._notes)
        self._members = Members(self._ari, options.fallback, options.endpoint)
        self._unseen: tuple[datetime | None, str] = (None, "")
        self._tell: Callable[[InteractionEvent], None] = lambda event: None
        self._calls: dict[UUID, Call] = {}
        self._callbacks: dict[UUID, Callback] = {}
        self._messages: set[asyncio.Task[None]] = set()
        self._places: dict[str, str] = {}
        self._adopting: tuple[Sequence[Known], datetime, Was] | None = None
        self._packets = Packets()
        self.observe()
        self.desks = Endpoints(self._ari)
        self.accounts = Accounts(self._ari, options.phones)
        self._absent = Absent(self.desks, self.ring, self._unreached)
        self.desks.came = self._absent.came
        self._events = Events(self.lines, self.arrive, self._packets.heard, self.desks)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Blind transfer, transcoding, callbacks, voicemail; calls outlive the centre."""
        return frozenset(
            {
                Capability.BLIND_TRANSFER,
                Capability.ATTENDED_TRANSFER,
                Capability.CONFERENCE,
                Capability.TRANSCODING,
                Capability.ORIGINATE,
                Capability.OUTBOUND,
                Capability.VOICEMAIL,
                Capability.RECORDING,
                Capability.SNOOP,
                Capability.SURVIVES_RESTART,
            }
        )

    @property
    def open_calls(self) -> int:
        """Customers on the switch now."""
        return len(self._calls)

    async def start(self, tell: Callable[[InteractionEvent], None]) -> None:
        """Connect, now or as soon as Asterisk is there; every fact goes to `tell`."""
        self._tell = tell
        await self._link.open(self._back, self._dead)
        self._watch()

    def _watch(self) -> None:
        """As one of several nodes, or when phones register, it has to know which desks are here."""
        if (self.options.sip or self.options.phones) and self._ari.connected:
            self.desks.watch()

    def has(self, interaction: UUID) -> bool:
        """Whether this one carries an interaction."""
        return self._party(interaction) is not None

    async def holds(self, interactions: Sequence[UUID]) -> set[UUID]:
        """Which of these were here when a centre died, ended or not. Raises NetworkError."""
        async with self._link.quiet() as seen:
            missing = [one for one in interactions if not seen.customer(one)]
            noted = await self._notes.read(missing)
        return {*interactions} - {*missing} | noted.keys()

    def patient(self, give_up: timedelta) -> None:
        """After so long without a connection its calls count as over."""
        self._link.give_up = give_up

    async def stop(self) -> None:
        """End all calls and disconnect."""
        self.ears.stop()
        for call in tuple(self._calls.values()):
            call.hang_up("switch stopped", ())
        for callback in tuple(self._callbacks.values()):
            callback.stop()
        self._absent.leave(None)
        if self._messages:
            await asyncio.wait(self._messages, timeout=_MESSAGES_S)
        await self.recordings.finish(KEEP_S)
        await self._link.close()

    # ------------------------------------------------------------------ life without a centre

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The one to this Asterisk."""
        link = self._link
        name = self._name
        return (Connection(name=name, connected=link.connected, since=link.since, calls=len(self._calls)),)

    async def adopt(self, known: Sequence[Known], since: datetime, was: Was) -> None:
        """Take up what a centre left that lived until `since`: now, or when Asterisk is there."""
        self._adopting = (known, since, was)
        if self._link.connected:
            async with self._link.quiet() as seen:
                await self._take_up(seen)

    async def _take_up(self, seen: Seen) -> None:
        if self._adopting is not None:
            known, since, was = self._adopting
            await self.seek_recordings()
            await self._meanwhile.adopt(known, seen, since, was)
            self._adopting = None

    def staff(self, contacts: Mapping[str, str]) -> None:
        """Who is rung by the fallback queue when nobody is here to route."""
        self._members.put(contacts)

    def strays(self, since: datetime) -> dict[str, list[Stray]]:
        """What the fallback queue's log tells; nothing when it cannot be read from here."""
        name, log = self._name, self.options.queue_log
        if not log or not self.options.fallback:
            return {name: []}
        return {name: strays(Path(log), self.options.fallback, since)}

    def calls(self) -> list[Call]:
        """All customers' calls."""
        return list(self._calls.values())

    def revive(self, interaction: UUID, customer: str, caller: tuple[str, str]) -> Call:
        """A call that has this channel."""
        call = self._calls[interaction] = Call(self, interaction, customer, caller)
        return call

    @contextmanager
    def at(self, moment: datetime | None, why: str = "") -> Iterator[None]:
        """Facts told in here are of that time; an end without a reason has this one."""
        before, self._unseen = self._unseen, (moment, why)
        try:
            yield
        finally:
            self._unseen = before

    async def _back(self, seen: Seen, lost_at: datetime) -> None:
        if self._adopting is not None:
            await self._take_up(seen)
            return
        self.metrics["connections_lost"] += 1
        self._members.doubt()
        self.accounts.again()
        self._watch()
        if seen.started > lost_at:
            self._dead(lost_at)
        await self._meanwhile.settle(seen, self._was)
        self.recordings.again()

    async def _was(self, interaction: UUID) -> bool:
        """A customer whom no call has here was let go while the connection was lost."""
        return True

    def _dead(self, lost_at: datetime) -> None:
        """No Asterisk runs, or another one: the calls died with it."""
        with self.at(lost_at):
            for call in self.calls():
                call.hang_up(RESTARTED, ())
            for callback in tuple(self._callbacks.values()):
                callback.stop()

    # ------------------------------------------------------------------ commands

    def play(self, interaction: UUID, prompts: Sequence[str]) -> None:
        """Speak prompts, then go back to music."""
        if call := self._calls.get(interaction):
            call.play(prompts)

    def music(self, interaction: UUID, name: str) -> None:
        """Play hold music to a customer who waits; "" is silence."""
        if call := self._calls.get(interaction):
            call.music(name)

    def ring(self, order: Ring) -> None:
        """Ring an agent; for a callback (`call_out`) then the customer, unless that one is here already."""
        if self.accounts.knows(order.contact) and not order.outbound and self._absent.waits(order):
            return
        if call := self._calls.get(order.interaction):
            call.ring(order)
        elif order.call_out:
            self.call_out(self, order)

    def cancel(self, offer: UUID, *, elsewhere: bool = False) -> None:
        """Stop ringing."""
        if self._absent.cancel(offer):
            return
        parties: list[Call | Callback] = [*self._calls.values(), *self._callbacks.values()]
        for party in parties:
            if party.cancel(offer, elsewhere=elsewhere):
                return

    def hang_up(self, interaction: UUID, *, reason: str = "", after: Sequence[str] = ()) -> None:
        """End an interaction in any phase, after speaking `after`."""
        if party := self._party(interaction):
            party.hang_up(reason, after)

    def voicemail(
        self, interaction: UUID, *, queue: str, greeting: Sequence[str], file: Path, most_s: float
    ) -> None:
        """Speak a greeting, beep, record until `#`, the end of the time or of the call."""
        if call := self._calls.get(interaction):
            call.voicemail(queue, greeting, file, most_s)

    def attach(self, interaction: UUID, attached: Mapping[str, str]) -> None:
        """Set variables on the customer's channel."""
        if call := self._calls.get(interaction):
            for name, value in attached.items():
                if not is_header(name):
                    self.lines.keep(call.customer, name, value)

    def hold(self, interaction: UUID) -> None:
        """Put the customer on hold from the centre's side."""
        if call := self._calls.get(interaction):
            call.hold()

    def resume(self, interaction: UUID) -> None:
        """Join customer and agent again."""
        if call := self._calls.get(interaction):
            call.resume()

    def release_agent(self, interaction: UUID) -> None:
        """End the agent's channel only."""
        if party := self._party(interaction):
            party.release_agent()

    def connect(self, interaction: UUID, uri: str) -> None:
        """Connect the customer to an outside SIP address; numbers go over the trunk."""
        if call := self._calls.get(interaction):
            call.connect(over_trunk(uri, self.trunk))

    def guard(self, refuses: Callable[[str], str]) -> None:
        """Ask this before somebody is called on a phone's word, or for a callback."""
        self.refuses = refuses

    def statistics(self) -> list[LegStatistics]:
        """Of the last 10,000 interactions that ended."""
        return self._packets.statistics()

    def _party(self, interaction: UUID) -> Call | Callback | None:
        return self._calls.get(interaction) or self._callbacks.get(interaction)

    def _unreached(self, order: Ring, reason: OfferEndReason) -> None:
        self.fact(OfferEnded, order.interaction, offer=order.offer, agent=order.agent, reason=reason)

    # ------------------------------------------------------------------ for the calls

    def fact(self, kind: type[InteractionEvent], interaction: UUID, **fields: object) -> None:
        """Tell a fact; a listener that fails is logged and disturbs no call."""
        at, why = self._unseen
        if why and kind is InteractionEnded:
            fields["reason"] = fields.get("reason") or why
        moment = at or self._clock.now()
        event = kind(id=self._clock.new_id(), at=moment, interaction=interaction, **fields)
        try:
            self._tell(event)
        except Exception:  # noqa: BLE001
            _log.exception("the listener failed on %s", kind.__name__)

    def over(self, interaction: UUID, customer: str, agents: Sequence[str]) -> None:
        """A call is over."""
        self._absent.leave(interaction)
        self._calls.pop(interaction, None)
        self._notes.drop(interaction)
        self._packets.ended(interaction, customer, agents)

    def given_up(self, interaction: UUID) -> None:
        """A callback rings nobody any more."""
        self._callbacks.pop(interaction, None)

    def reached(self, interaction: UUID, customer: str, caller: tuple[str, str]) -> Call:
        """The customer of a callback is there."""
        self._callbacks.pop(interaction, None)
        self.metrics["calls"] += 1
        return self.revive(interaction, customer, caller)

    def mailbox(
        self, interaction: UUID, channel: str, file: Path, most_s: float, failed: Callable[[], None]
    ) -> Mailbox:
        """A message to be recorded."""
        message = Message(file, most_s, lambda: None, failed)
        self._messages.add(message.task)
        message.task.add_done_callback(self._messages.discard)
        return Mailbox(self.lines, self.lines.name("message", interaction), channel, message, most_s)

    # ------------------------------------------------------------------ what Asterisk tells

    def arrive(self, channel: Channel, arguments: Sequence[str], interaction: UUID | None = None) -> None:
        """Somebody called; with an `interaction` that a dead centre gave already."""
        if channel.id in self.lines.owners:
            return  # it was found before it was told
        customer, called = who_calls(channel, arguments)
        self._places[customer.uri] = came_from(customer, arguments)
        if len(self._places) > _PLACES:
            del self._places[next(iter(self._places))]
        interaction = interaction or self._clock.new_id()
        call = self.revive(interaction, channel.id, (customer.uri, customer.name))
        self.lines.named(channel.id, channel.name)
        call.begin()
        self.metrics["calls"] += 1
        attached = came_along(arguments, self.options.attached)
        self.fact(InteractionArrived, interaction, customer=customer, called=called, attached=attached)
