"""One customer on an Asterisk: the customer's channel, the agents rung for it, and who talks with whom."""

import logging
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

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
from console.switch.asterisk_consult import HOLD_MUSIC, Consultation
from console.switch.asterisk_lines import SILENCE
from console.switch.asterisk_mailbox import Mailbox
from console.switch.asterisk_offers import INTERACTION, Hub, Offers
from console.switch.dialling import refused_transfer
from console.switch.switch import Consult, Known, Ring

BEEP = "beep"
GOODBYE = "goodbye"

_log = logging.getLogger(__name__)


class Call:
    """A customer's call from answer to end. Commands on a call that is over do nothing.
    `customer` and `partner` are channels, `bridge` is where both are ("": nobody talks).
    """

    def __init__(self, hub: Hub, interaction: UUID, customer: str, caller: tuple[str, str]) -> None:
        self.interaction = interaction
        self.over = False
        self._hub = hub
        self._lines = hub.lines
        self.customer = hub.lines.known(customer, self)
        self.caller = caller
        self._offers = Offers(hub, interaction, self)
        self.bridge = ""
        self.partner = ""
        self.agent = ""
        self._outside = ""
        self._mailbox: Mailbox | None = None
        self._queue = self._speaking = self._music = self._playing = ""
        self._ending: str | None = None
        self._held = self._held_by_agent = self._held_by_centre = self._apart = False
        self._agents: list[str] = []
        self.consultation = Consultation(hub, self)

    def begin(self) -> None:
        """Answer the customer: silence until the centre says what to play."""
        self._lines.answer(self.customer)
        self._lines.keep(self.customer, INTERACTION, str(self.interaction))
        self._lines.soon(self._listen)

    def meet(self, agent: str, order: Ring, bridge: str, *, holding: bool) -> None:
        """The customer of a callback answered; agent and customer are in this bridge."""
        self._lines.known(agent, self)
        self.partner, self.agent, self.bridge = agent, order.agent, bridge
        self._agents.append(agent)
        self._lines.keep(self.customer, INTERACTION, str(self.interaction))
        self._lines.tie(self.customer, agent)
        self._tell_answered(order.offer, order.queue, order.agent)
        if holding:  # before there was anybody in the bridge for whom Asterisk would play music
            self._held_by_agent = True
            self._hold_changed()
            self._stand_apart()

    # ------------------------------------------------------------------ after the centre was away

    def take_up(self, known: Known, partner: str, bridge: str, *, together: bool) -> None:
        """Go on where a centre that died had left it."""
        self._music = known.music
        if not partner:
            return
        self.partner = self._lines.known(partner, self)
        self.bridge = bridge or (self._lines.name("bridge", self.interaction) if known.consult else "")
        if known.agent:
            self.agent = known.agent
            self._agents.append(partner)
            self._held = known.held
            self._held_by_centre = self._apart = known.held and not together
            self._held_by_agent = known.held and together
        elif not bridge and known.consult is None:  # somebody outside, who has not answered yet
            self.partner, self._outside = "", partner

    def rung(self, channel: str, order: Ring, *, rang: bool) -> None:
        """A desk that a dead centre rang still rings."""
        self._offers.adopt(channel, order, rang=rang)

    def again(self, *, together: bool) -> None:
        """The connection is there again: say again what may have been lost."""
        if self.partner:
            self.bridge = self.bridge or self._lines.name("bridge", self.interaction)
            if not together and not self._apart:
                self._lines.join(self.bridge, self.customer, self.partner)
            if not self.consultation.going:
                self._lines.tie(self.customer, self.partner)
        self._playing = ""
        self._listen()

    # ------------------------------------------------------------------ commands

    def play(self, prompts: Sequence[str]) -> None:
        """Speak, then go back to what was heard before."""
        if self._ending is None and self._mailbox is None and not self.over:
            self._speak(prompts)

    def music(self, name: str) -> None:
        """Play this whenever nobody talks with the customer."""
        self._music = name
        if self._mailbox is None:
            self._listen()

    def ring(self, order: Ring) -> None:
        """Ring an agent for this call."""
        if self.partner or self._mailbox is not None or self._ending is not None or self.over:
            return
        caller = (order.caller_uri or self.caller[0], order.caller_name or self.caller[1])
        self._offers.ring(order, caller, {})

    def cancel(self, offer: UUID, *, elsewhere: bool) -> bool:
        """Stop ringing for an offer; False when it is none of this call's."""
        return self._offers.cancel(offer, elsewhere=elsewhere)

    def hang_up(self, reason: str, after: Sequence[str]) -> None:
        """End it by the centre, now or when `after` has been said."""
        if self.over or (self._ending is not None and after):
            return
        self._offers.drop()
        self._release()
        if self._mailbox is not None:
            self._mailbox.stop()
        if after:
            self._ending = reason
            self._speak(after)
        else:
            self._end(EndedBy.CENTRE, self._ending or reason)

    def voicemail(self, queue: str, greeting: Sequence[str], file: Path, most_s: float) -> None:
        """Speak, beep, and record what the customer says then."""
        if self.over or self._ending is not None or self._mailbox is not None:
            return
        self._offers.drop()
        self._release()
        self._queue = queue
        self._mailbox = self._hub.mailbox(
            self.interaction,
            self.customer,
            file,
            most_s,
            lambda: self.hang_up("voicemail failed", (GOODBYE,)),
        )
        self._music = ""
        if not self._mailbox.go_on(self):
            self._speak((*greeting, BEEP))

    def hold(self) -> None:
        """The centre holds the customer."""
        if self.partner and not self._held_by_centre:
            self._held_by_centre = True
            self._stand_apart()
            self._hold_changed()

    def resume(self) -> None:
        """The centre lets go; the agent's own hold stays."""
        if self._held_by_centre:
            self._held_by_centre = False
            self._come_back()
            self._hold_changed()

    def release_agent(self) -> None:
        """Let the agent go, keep the customer."""
        if not self.over:
            self._release()
            self._wait()

    def connect(self, uri: str) -> None:
        """Call somebody outside for the customer."""
        if self.over or self._ending is not None or self._outside or self._mailbox is not None:
            return
        channel, kept = self._lines.name("outside", self.interaction), {INTERACTION: str(self.interaction)}
        try:
            self._lines.dial(self, channel, uri, caller=self.caller, headers={}, variables=kept)
        except NetworkError as fault:
            _log.warning("%r cannot be called: %s", uri, fault)
            self.hang_up(f"transfer failed: {fault}", ())
            return
        self._outside = channel
        self._wait()

    # ------------------------------------------------------------------ what happens on the channels

    def ringing(self, channel: str) -> None:
        """An agent's desk rings."""
        self._offers.rang(channel)

    def early(self, channel: str) -> None:
        """A desk's own ring-back is not for the customer."""

    def up(self, channel: str) -> None:
        """Somebody answered: the first one has the customer, and the others stop ringing."""
        if channel in {self.partner, self.customer}:
            return  # told again, after a connection was lost
        order = self._offers.take(channel)
        if self.over or self.partner or (order is None and channel != self._outside):
            self._lines.hang_up(channel)
            return
        self.partner = channel
        self.agent = ""
        if order is not None:
            self._agents.append(channel)
            self._offers.drop(elsewhere=True)
        self._silence()
        self.bridge = self._lines.name("bridge", self.interaction)
        self._lines.join(self.bridge, self.customer, channel)
        self._lines.tie(self.customer, channel)
        if order is not None:
            self.agent = order.agent
            self._tell_answered(order.offer, order.queue, order.agent)

    def gone(self, channel: str, code: int) -> None:
        """Somebody hung up or could not be reached: the call is over for all, unless it only rang."""
        if channel == self.customer:
            self._end(EndedBy.CUSTOMER if self._ending is None else EndedBy.CENTRE, self._ending or "")
        elif channel == self.partner and not self.consultation.complete():
            outside = channel == self._outside
            self._end(EndedBy.CENTRE if outside else EndedBy.AGENT, "far end hung up" if outside else "")
        elif not self._offers.failed(channel, code) and channel == self._outside:
            self._outside = ""
            self._end(EndedBy.CENTRE, f"transfer failed: {code if code > 0 else ''}".strip())

    def holds(self, channel: str, *, on: bool) -> None:
        """The agent holds: Asterisk plays the music by itself."""
        if channel == self.partner:
            self._held_by_agent = on
            if not on and not self._held_by_centre:
                self._come_back()
            self._hold_changed()

    def digit(self, channel: str, digit: str) -> None:
        """Only the customer's digits are facts."""
        if channel == self.customer and not self.over:
            self._hub.fact(DigitReceived, self.interaction, digit=digit)
            if digit == "#" and self._mailbox is not None and self._mailbox.recording:
                self.hang_up("voicemail", (GOODBYE,))

    def spoken(self, playback: str) -> None:
        """The prompts have been said."""
        if playback != self._speaking:
            return
        self._speaking = ""
        if self._ending is not None:
            self._end(EndedBy.CENTRE, self._ending)
        elif self._mailbox is not None:
            self._mailbox.begin(self)
        else:
            self._listen()

    def recorded(self, name: str, seconds: float) -> None:
        """The message is over: the time, or the customer, or it could not be written."""
        box = self._mailbox
        if box is None or name != box.name:
            return
        box.ended(seconds)
        if self._ending is None and not box.finishing:
            self.hang_up("voicemail" if seconds >= 0 else "voicemail failed", (GOODBYE,))

    def transfers(self, channel: str, target: str) -> None:
        """A blind transfer: the agent is free, the customer waits for what the centre makes of the target."""
        mine = channel == self.partner and self.agent and not self.consultation.going
        if not mine or refused_transfer(self._hub.refuses, self.agent, target):
            self._lines.told_of_transfer(channel, done=False)
            return
        agent, self.agent = self.agent, ""
        self._hub.fact(InteractionTransferred, self.interaction, agent=agent, target=target)
        self._lines.told_of_transfer(channel, done=True)
        self._release()
        self._wait()

    def hand_over(self, channel: str, order: Consult) -> None:
        """The agent leaves, whom the customer goes on with has answered already."""
        said = {"agent": self.agent, "target": order.target, "attended": True}
        self.agent = order.to
        self._hub.fact(InteractionTransferred, self.interaction, **said)
        self._lines.hang_up(self.partner)
        self._come_back()
        self._held = self._held_by_agent = self._held_by_centre = False
        self.partner = self._lines.known(channel, self)
        self._lines.tie(self.customer, channel)
        self._outside = "" if order.to else channel
        if order.to:
            self._agents.append(channel)
            self._tell_answered(order.consult, order.queue, order.to)

    # ------------------------------------------------------------------ inside

    def _speak(self, prompts: Sequence[str]) -> None:
        self._stop_speaking()
        if not prompts:
            self.spoken("")
            return
        self._play("")
        self._speaking = self._lines.name("speech", self.interaction)
        self._lines.speak(self, self.customer, self._speaking, prompts)

    def _silence(self) -> None:
        """Stop whatever the customer hears of us."""
        self._stop_speaking()
        self._play("")

    def _stop_speaking(self) -> None:
        if self._speaking:
            self._lines.be_quiet(self._speaking)
            self._speaking = ""

    def _listen(self) -> None:
        """Music, or silence, as things stand."""
        alone = not self.partner or self._apart
        if self.over or self._speaking or not alone or (self._mailbox and self._mailbox.recording):
            self._play("")
        elif self._mailbox is not None:
            self._play(SILENCE)
        else:
            self._play(self._music or (HOLD_MUSIC if self._apart else SILENCE))

    def _play(self, name: str) -> None:
        """Music, silence that is sent, or nothing."""
        before, self._playing = self._playing, name
        self._lines.sound(self.customer, before, name)

    def _wait(self) -> None:
        """Nobody is with the customer: music."""
        if not self.partner and self._mailbox is None:
            self._music = self._music or HOLD_MUSIC
            self._listen()

    def _stand_apart(self) -> None:
        """The customer leaves the bridge and hears music of ours."""
        if not self._apart:
            self._apart = True
            self._lines.take_out(self.bridge, self.customer)
            self._listen()

    def _come_back(self) -> None:
        if self._apart:
            self._apart = False
            self._listen()
            self._lines.put(self.bridge, self.customer)

    def _tell_answered(self, offer: UUID, queue: str, agent: str) -> None:
        self._hub.fact(InteractionAnswered, self.interaction, offer=offer, queue=queue, agent=agent)

    def _hold_changed(self) -> None:
        held = self._held_by_agent or self._held_by_centre
        if held == self._held:
            return
        self._held = held
        if self.agent:
            kind = InteractionHeld if held else InteractionResumed
            self._hub.fact(kind, self.interaction, agent=self.agent)

    def _release(self) -> None:
        self.consultation.drop()
        if self.partner and not self.over:
            self._lines.untie(self.partner)
            if not self._apart:  # what is played while a bridge ends is played to nobody, without an end
                self._lines.take_out(self.bridge, self.customer)
        for channel in {self.partner, self._outside} - {""}:
            self._lines.hang_up(channel)
        if self.bridge:
            self._lines.part(self.bridge)
        self.bridge = self.partner = self.agent = self._outside = ""
        self._held = self._held_by_agent = self._held_by_centre = self._apart = False

    def _end(self, by: EndedBy, reason: str) -> None:
        if self.over:
            return
        if self._mailbox is not None and not self._mailbox.closed:
            self._mailbox.finish(lambda: self._end(by, reason))
            return
        self.over = True
        self._offers.drop()
        self._release()
        self._lines.hang_up(self.customer)
        if self._speaking:
            self._lines.forget(self._speaking)
        box = self._mailbox
        if box is not None and box.seconds:
            self._hub.fact(
                VoicemailLeft, self.interaction, queue=self._queue, file=box.file.name, seconds=box.seconds
            )
        self._hub.over(self.interaction, self.customer, self._agents)
        self._hub.fact(InteractionEnded, self.interaction, by=by, reason=reason)
