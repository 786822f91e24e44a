"""One customer on the switch: the customer's leg, the agents rung for it, and who talks with whom."""

import logging
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote
from uuid import UUID

from aiosipua import parse_uri

from console.domain.errors import NetworkError
from console.domain.events import (
    DigitReceived,
    EndedBy,
    InteractionAnswered,
    InteractionEnded,
    InteractionHeld,
    InteractionResumed,
    InteractionTransferred,
    VoicemailLeft,
)
from console.switch import codecs
from console.switch.dialling import refused_transfer
from console.switch.hub import Hub
from console.switch.legs import Leg, Standing, by_liking
from console.switch.offers import Offers
from console.switch.player import Player
from console.switch.switch import LegStatistics, Ring
from console.switch.voicemail import Message

HOLD_MUSIC = "hold-music"
BEEP = "beep"
GOODBYE = "goodbye"

_log = logging.getLogger(__name__)


class Call:
    """A customer's call from answer to end. Commands on a call that is over do nothing."""

    def __init__(self, hub: Hub, interaction: UUID, called: str) -> None:
        self.interaction = interaction
        self.called = called
        self.over = False
        self._hub = hub
        self._customer: Leg | None = None
        self._player: Player | None = None
        self._caller = ("", "")
        self._offers = Offers(hub, self)
        self._message: Message | None = None
        self._mailbox = ""
        self._partner: Leg | None = None
        self._agent = ""
        self._outside: Leg | None = None
        self._recoded: tuple[Leg, str, str] | None = None
        self._held = False
        self._held_by_centre = False
        self._ending: str | None = None
        self._music = ""
        self._quiet: dict[Leg, tuple[int, float]] = {}
        self._from_agents = self._dropped = 0

    def begin(self, customer: Leg, caller: tuple[str, str]) -> None:
        """The customer is answered: silence until the centre says what to play."""
        self._customer = customer
        self._player = self._hub.player(customer, self.spoken)
        self._caller = caller
        self._route()

    def meet(self, customer: Leg, agent: Leg, order: Ring) -> None:
        """The customer of a callback answered the agent's call."""
        customer.owner = agent.owner = self
        self._partner, self._agent = agent, order.agent
        self.begin(customer, (order.caller_uri, order.caller_name))
        self._tell_answered(order)
        self._hold_changed()

    # ------------------------------------------------------------------ commands

    def play(self, prompts: Sequence[str]) -> None:
        """Speak, then go back to what was heard before."""
        if self._ending is None and self._message is None and self._player is not None:
            self._player.speak(prompts)
            self._route()

    def music(self, name: str) -> None:
        """Play this whenever nobody talks with the customer."""
        self._music = name
        if self._player is not None and self._message is None:
            self._player.music(name)

    def ring(self, order: Ring) -> None:
        """Ring an agent for this call."""
        taken = self._partner is not None  # an answer that routing has yet to hear of
        if taken or self._message is not None or self._ending is not None or self.over:
            return
        caller = (order.caller_uri or self._caller[0], order.caller_name or self._caller[1])
        self._offers.ring(order, caller, by_liking(self._customer), {})

    def cancel(self, offer: UUID, *, elsewhere: bool) -> bool:
        """Stop ringing for an offer; False when it is none of this call's."""
        return self._offers.cancel(offer, elsewhere=elsewhere)

    def hang_up(self, reason: str, after: Sequence[str]) -> None:
        """End it by the centre, now or when `after` has been said."""
        if self.over or (self._ending is not None and after):
            return
        self._offers.drop()
        self._release()
        if self._message is not None:
            self._message.stop()
        if after and self._player is not None:
            self._ending = reason
            self._player.speak(after)
            self._route()
        else:
            self._end(EndedBy.CENTRE, self._ending or reason)

    def voicemail(self, queue: str, greeting: Sequence[str], file: Path, most_s: float) -> None:
        """Speak, beep, and record what the customer says then."""
        if self.over or self._ending is not None or self._message is not None or self._player is None:
            return
        self._offers.drop()
        self._release()
        self._mailbox = queue
        self._message = self._hub.message(
            file,
            most_s,
            lambda: self.hang_up("voicemail", (GOODBYE,)),
            lambda: self.hang_up("voicemail failed", (GOODBYE,)),
        )
        self._player.music("")
        self._player.speak((*greeting, BEEP))
        self._route()

    def hold(self) -> None:
        """The centre holds the customer."""
        if self._partner is not None and not self._held_by_centre:
            self._held_by_centre = True
            self._hold_changed()

    def resume(self) -> None:
        """The centre lets go; the agent's own hold stays."""
        if self._held_by_centre:
            self._held_by_centre = False
            self._hold_changed()

    def release_agent(self) -> None:
        """Let the agent go, keep the customer."""
        if not self.over:
            self._release()
            self._wait()

    def connect(self, uri: str) -> None:
        """Call somebody outside for the customer."""
        busy = self._outside is not None or self._message is not None
        if self.over or self._ending is not None or busy:
            return
        try:
            self._outside = self._hub.dial(self, uri, self._caller)
        except NetworkError as fault:
            _log.warning("%r cannot be called: %s", uri, fault)
            self.hang_up(f"transfer failed: {fault}", ())
            return
        self._outside.call(by_liking(self._customer), {})
        self._wait()

    def spoken(self) -> None:
        """The prompts have been said."""
        if self._ending is not None:
            self._end(EndedBy.CENTRE, self._ending)
        elif self._message is not None and self._customer is not None:
            self._message.begin(self._customer.port, by_liking(self._customer)[0])
        else:
            self._route()

    def watch(self, now: float, patience: float) -> None:
        """End it when a side that should speak has been silent for `patience` seconds."""
        for leg in (self._customer, self._partner):
            if leg is None or leg.standing is not Standing.UP:
                continue
            heard = leg.port.received + leg.port.others
            before, since = self._quiet.get(leg, (-1, now))
            should = leg.remote is not None and leg.remote.speaks and not leg.remote.holds
            if heard != before or not should:
                self._quiet[leg] = (heard, now)
            elif now - since >= patience:
                by = EndedBy.CUSTOMER if leg is self._customer else EndedBy.AGENT
                self._end(by, "media lost")
                return

    # ------------------------------------------------------------------ what happens on the legs

    def leg_ringing(self, leg: Leg) -> None:
        """An agent's desk rings."""
        self._offers.rang(leg)

    def leg_answered(self, leg: Leg) -> None:
        """Somebody answered: the first one has the customer, and the others stop ringing."""
        order = self._offers.take(leg)
        if self.over or self._partner is not None or (order is None and leg is not self._outside):
            leg.hang_up()
            return
        self._partner = leg
        self._agent = ""
        if self._player is not None:
            self._player.speak(())  # what was being said is said to nobody from now on
        if order is not None:
            self._agent = order.agent
            self._offers.drop(elsewhere=True)
            self._tell_answered(order)
        self._route()

    def leg_failed(self, leg: Leg, code: int, reason: str) -> None:
        """An agent, or somebody outside, could not be reached or did not want to."""
        if not self._offers.failed(leg, code) and leg is self._outside:
            self._outside = None
            self._end(EndedBy.CENTRE, f"transfer failed: {code or ''} {reason}".strip())

    def leg_ended(self, leg: Leg, reason: str) -> None:
        """Somebody hung up: the call is over for all, unless it was an agent who had passed it on."""
        if leg is self._customer:
            by = EndedBy.CUSTOMER if self._ending is None else EndedBy.CENTRE
            self._end(by, self._ending or reason)
        elif leg is self._partner:
            outside = leg is self._outside
            self._end(EndedBy.CENTRE if outside else EndedBy.AGENT, "far end hung up" if outside else reason)

    def leg_changed(self, leg: Leg) -> None:
        """A re-INVITE: hold, resume, another codec or address."""
        if self.over:
            return
        if leg is self._customer and self._player is not None and leg.remote is not None:
            self._player.use(leg.remote.codec)
            if self._message is not None:
                self._message.use(leg.remote.codec)
        if leg is self._partner:
            self._hold_changed()
        self._route()

    def leg_may_transfer(self, leg: Leg) -> bool:
        """Only the agent who has the customer may pass the customer on."""
        return leg is self._partner and bool(self._agent)

    def leg_transfers(self, leg: Leg, target: str) -> None:
        """A blind transfer: the agent is free, the customer waits for what the centre makes of the target."""
        to = self._target(target)
        if refused_transfer(self._hub.refuses, self._agent, to):
            leg.notify(603, "Decline", lambda: None)
            return
        agent, self._agent = self._agent, ""
        self._count(leg)
        self._forget_partner()
        self._hub.fact(InteractionTransferred, self, agent=agent, target=to)
        leg.notify(200, "OK", leg.hang_up)
        self._wait()

    def leg_digit(self, leg: Leg, digit: str) -> None:
        """Only the customer's digits are facts."""
        if leg is self._customer and not self.over:
            self._hub.fact(DigitReceived, self, digit=digit)
            if digit == "#" and self._message is not None and self._message.recording:
                self.hang_up("voicemail", (GOODBYE,))

    # ------------------------------------------------------------------ inside

    def _route(self) -> None:
        """Join and part the sound as things stand."""
        customer, player, partner = self._customer, self._player, self._partner
        if customer is None or player is None or self.over:
            return
        joined = partner is not None and not self._held
        if partner is not None:
            self._match_codecs(customer, partner)
            partner.port.bridge(customer.port if joined and not player.speaking else None)
        customer.port.bridge(partner.port if partner is not None and joined else None)
        player.run(on=not joined or player.speaking)

    def _match_codecs(self, customer: Leg, partner: Leg) -> None:
        if customer.remote is None or partner.remote is None:
            return
        pair = (partner, customer.remote.codec, partner.remote.codec)
        if pair != self._recoded:
            self._recoded = pair
            partner.port.recode(codecs.transcoder(pair[1], pair[2]))
            customer.port.recode(codecs.transcoder(pair[2], pair[1]))

    def _hold_changed(self) -> None:
        partner = self._partner
        held = partner is not None and (self._held_by_centre or partner.holding)
        if partner is None or held == self._held:
            return
        self._held = held
        if held:
            self._default_music()
        if self._agent:
            self._hub.fact(InteractionHeld if held else InteractionResumed, self, agent=self._agent)
        self._route()

    def _default_music(self) -> None:
        if self._player is not None:
            self._player.music(self._music or HOLD_MUSIC)

    def _wait(self) -> None:
        """Nobody is with the customer: music."""
        if self._partner is None and self._message is None:
            self._default_music()
            self._route()

    def _tell_answered(self, order: Ring) -> None:
        self._hub.fact(InteractionAnswered, self, offer=order.offer, queue=order.queue, agent=order.agent)

    def _count(self, leg: Leg) -> None:
        self._from_agents += leg.port.received
        self._dropped += leg.port.dropped
        self._quiet.pop(leg, None)

    def _forget_partner(self) -> None:
        if self._customer is not None:
            self._customer.port.bridge(None)
        if self._partner is not None:
            self._partner.port.bridge(None)
        if self._partner is self._outside:
            self._outside = None
        self._partner = None
        self._held = self._held_by_centre = False

    def _release(self) -> None:
        leg = self._partner
        if leg is not None:
            self._count(leg)
            self._forget_partner()
            leg.hang_up()
        if self._outside is not None:
            self._outside.hang_up()
            self._outside = None

    def _end(self, by: EndedBy, reason: str) -> None:
        if self.over:
            return
        if self._player is not None:
            self._player.run(on=False)
        if self._message is not None and not self._message.closed:
            self._message.finish(lambda: self._end(by, reason))
            return
        self.over = True
        customer = self._customer
        self._offers.drop()
        self._release()
        if customer is not None:
            self._dropped += customer.port.dropped
            customer.hang_up()
            self._hub.over(
                self,
                LegStatistics(
                    interaction=self.interaction,
                    from_customer=customer.port.received,
                    from_agent=self._from_agents,
                    dropped=self._dropped,
                ),
            )
        message = self._message
        if message is not None and message.seconds:
            self._hub.fact(
                VoicemailLeft, self, queue=self._mailbox, file=message.file.name, seconds=message.seconds
            )
        self._hub.fact(InteractionEnded, self, by=by, reason=reason)

    def _target(self, uri: str) -> str:
        """A transfer's target as the centre knows it.

        A user part when it is at our own address, else the URI.
        """
        if uri.lower().startswith("tel:"):
            return uri[4:].partition(";")[0]
        parsed = parse_uri(uri)
        ours = self._hub.is_ours(parsed)
        return unquote(parsed.user) if ours and parsed.user else uri
