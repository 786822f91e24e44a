"""The calls at hand: a card for each, the most urgent on top; all that asks the phone for things."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from console.clock import Clock
from console.domain.call import CallPhase
from console.domain.errors import BadInput
from console.domain.events import CallEnded, CallEvent, CallTransferProgressed
from ui.bridge import Runner
from ui.telephony.card import CallCard
from ui.telephony.consult import ConsultPanel
from ui.telephony.presenter import (
    CallShown,
    current,
    failure,
    focus_order,
    not_reached,
    present_call,
    queue_suggestions,
    ringing_here,
    suggestion,
)
from ui.telephony.services import Call, Callback, Consult, Contact, Contacts, Phone, Recording
from ui.telephony.transfer import TransferPanel
from ui.theme import M
from ui.widgets.words import Words

_NOT_ALLOWED = frozenset({403, 603})


class Stage(QWidget):
    """Shows `phone.calls`; the window tells it of every fact about a call, and of every second."""

    changed = Signal(int)  # how many calls there are
    rang = Signal(object)  # a call that just arrived
    failed = Signal(str)  # words for the person
    opened = Signal(object)  # a part of it that should be seen
    centre_wanted = Signal(str, str)  # a command for the centre, and its argument
    came_to_nothing = Signal(str)  # why a call that was made did

    def __init__(
        self,
        phone: Phone,
        contacts: Contacts,
        runner: Runner,
        clock: Clock,
        words: Words,
        parent: QWidget | None = None,
    ) -> None:
        """No calls yet; `refresh` looks."""
        super().__init__(parent)
        self._phone = phone
        self._contacts = contacts
        self._runner = runner
        self._clock = clock
        self._words = words
        self._cards: dict[UUID, CallCard] = {}
        self._consults: dict[UUID, UUID] = {}  # the call asked first -> the one to be handed over
        self._queues: Mapping[str, str] = {}
        self._callback: Callback | None = None
        self._offset = timedelta(0)
        self._panel: TransferPanel | None = None
        self._asks = False  # the centre calls third parties for us
        self._consult_shown: Consult | None = None
        self._attached: tuple[UUID | None, Mapping[str, str]] = None, {}
        self._recorded: tuple[UUID | None, Recording | None] = None, None  # the centre's contact, and how
        self.consult = ConsultPanel(words, self)
        self.consult.wanted.connect(lambda action: self.centre_wanted.emit(action, ""))
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(M)

    @property
    def cards(self) -> list[CallCard]:
        """The cards from top to bottom."""
        return sorted(self._cards.values(), key=self._column.indexOf)

    def on_fact(self, fact: CallEvent) -> None:
        """A fact about a call came."""
        if isinstance(fact, CallTransferProgressed) and fact.final and fact.code >= 300:
            if fact.code in _NOT_ALLOWED:
                told = self._words(
                    "The transfer was refused: nobody may be called there. The caller is still yours."
                )
            else:
                told = self._words(
                    "The transfer did not work (answer {code}). The caller is still yours.", code=fact.code
                )
            self.failed.emit(told)
        if isinstance(fact, CallEnded):
            self._consults.pop(fact.call, None)
            card = self._cards.get(fact.call)
            told = self._told(card.shown, fact) if card is not None else ""
            if told:
                self.came_to_nothing.emit(told)
        self.refresh()

    def refresh(self) -> None:
        """Show the calls as they are now."""
        calls = focus_order(self._phone.calls)
        fresh = [call for call in calls if call.call not in self._cards]
        for gone in set(self._cards) - {call.call for call in calls}:
            self._drop(gone)
        for place, call in enumerate(calls):
            card = self._cards.get(call.call) or self._add(call)
            card.show_call(self._present(call))
            recordable, recording = self._recorded
            interaction, attached = self._attached
            card.attached.show_attached(attached if call.interaction == interaction else {})
            card.show_recording(
                recording, able=call.interaction is not None and call.interaction == recordable
            )
            if self._column.indexOf(card) != place:
                self._column.insertWidget(place, card)
        self._place_panel()
        self.tick()
        self.changed.emit(len(calls))
        for call in fresh:
            if ringing_here([call]) is not None:
                self.rang.emit(call)

    def know_queues(self, queues: Mapping[str, str]) -> None:
        """The centre's queues, key to name, that a call can be passed on to."""
        self._queues = queues

    def know_callback(self, callback: Callback | None, offset: timedelta) -> None:
        """The centre's contact of this desk when it is a callback, None when it is none. `offset` is the
        centre's time less ours. A call that is over for the centre keeps what was known until it ends here.
        """
        if callback is not None and callback != self._callback:
            self._callback, self._offset = callback, offset
            self.refresh()

    def know_consult(self, asks: bool, consult: Consult | None) -> None:  # noqa: FBT001
        """Whether the centre calls third parties for us, and whom it has called."""
        self._asks = asks
        if consult != self._consult_shown:
            self._consult_shown = consult
            self.refresh()

    def know_recording(self, interaction: UUID | None, recording: Recording | None) -> None:
        """Which call the centre can record, None for none, and how it does."""
        if (interaction, recording) != self._recorded:
            self._recorded = interaction, recording
            self.refresh()

    def know_attached(self, interaction: UUID, attached: Mapping[str, str]) -> None:
        """What goes along with the centre's contact; a call that is over for the centre keeps it."""
        if (interaction, attached) != self._attached:
            self._attached = interaction, attached
            self.refresh()

    def tick(self) -> None:
        """A second passed."""
        now = self._clock.now()
        for card in self._cards.values():
            card.tick(now)

    # ---- what keys ask for: each means the call at hand

    def answer(self) -> None:
        """Take the call that rings."""
        call = ringing_here(self._phone.calls)
        if call is not None:
            self._ask(lambda: self._phone.answer(call.call))

    def decline(self) -> None:
        """Say no to the call that rings."""
        call = ringing_here(self._phone.calls)
        if call is not None:
            self._ask(lambda: self._phone.decline(call.call))

    def end(self) -> None:
        """End the call being talked on, else the one dialled, ringing or held."""
        call = current(self._phone.calls)
        if call is None:
            return
        if ringing_here([call]) is not None:
            self._ask(lambda: self._phone.decline(call.call))
        else:
            self._ask(lambda: self._phone.hang_up(call.call))

    def toggle_hold(self) -> None:
        """Hold the call being talked on; with none, take back the one on hold."""
        call = current(self._phone.calls)
        if call is not None:
            self._hold(call.call, call.phase is not CallPhase.HELD)

    def toggle_mute(self) -> None:
        """Cut the microphone off, or join it again."""
        call = current(self._phone.calls)
        if call is not None:
            self._ask(lambda: self._phone.mute(call.call, muted=not call.muted))

    def toggle_keypad(self) -> bool:
        """Open or close the keypad of the call at hand; False when there is none that could take keys."""
        call = current(self._phone.calls)
        if call is None or call.phase is not CallPhase.TALKING:
            return False
        card = self._cards[call.call]
        card.show_keypad(shown=not card.keypad_shown)
        self.opened.emit(card.keypad)
        return True

    def open_transfer(self, call: UUID | None = None) -> None:
        """Ask where the call at hand is to go."""
        wanted = call or next((c.call for c in focus_order(self._phone.calls) if c.answered_at), None)
        if wanted is None:
            return
        if self._panel is None:
            self._panel = self._make_panel()
        shown = self._cards[wanted].shown
        self._panel.open_for(wanted, shown.name, self._others(wanted))
        self._place_panel()
        self.opened.emit(self._panel)

    # ---- inside

    def _present(self, call: Call) -> CallShown:
        known = self._callback
        mine = known if known is not None and call.interaction == known.interaction else None
        return present_call(call, self._words, mine, self._offset)

    def _told(self, shown: CallShown, fact: CallEnded) -> str:
        return not_reached(shown, fact, self._words) or failure(fact, shown.name, self._words)

    def _add(self, call: Call) -> CallCard:
        card = CallCard(self._present(call), self._words)
        card.answer_wanted.connect(lambda which: self._ask(lambda: self._phone.answer(which)))
        card.decline_wanted.connect(lambda which: self._ask(lambda: self._phone.decline(which)))
        card.end_wanted.connect(lambda which: self._ask(lambda: self._phone.hang_up(which)))
        card.hold_wanted.connect(self._hold)
        card.mute_wanted.connect(lambda which, on: self._ask(lambda: self._phone.mute(which, muted=on)))
        card.digit_wanted.connect(
            lambda which, digit: self._ask(lambda: self._phone.send_digits(which, digit))
        )
        card.transfer_wanted.connect(self.open_transfer)
        card.recording.wanted.connect(lambda action: self.centre_wanted.emit(action, ""))
        self._cards[call.call] = card
        return card

    def _drop(self, call: UUID) -> None:
        card = self._cards.pop(call)
        self._column.removeWidget(card)
        card.hide()
        card.deleteLater()
        if self._panel is not None and self._panel.call == call:
            self._panel.close_panel()

    def _hold(self, call: UUID, on: bool) -> None:  # noqa: FBT001  carried by a signal
        self._ask(lambda: self._phone.hold(call) if on else self._phone.resume(call))

    def _ask(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BadInput as fault:
            self.failed.emit(str(fault))

    def _make_panel(self) -> TransferPanel:
        panel = TransferPanel(self._words)
        panel.blind_wanted.connect(self._transfer)
        panel.ask_wanted.connect(self._consult)
        panel.join_wanted.connect(self._join)
        panel.asked.connect(self._look_up)
        return panel

    def _place_consult(self) -> None:
        consult = self._consult_shown
        wanted = consult.interaction if consult is not None else None
        call = next((one.call for one in self._phone.calls if wanted and one.interaction == wanted), None)
        card = self._cards.get(call) if call is not None else None
        fresh = self.consult.isHidden() and card is not None
        self.consult.show_consult(consult if card is not None else None)
        if card is not None:
            self._column.removeWidget(self.consult)
            self._column.insertWidget(self._column.indexOf(card) + 1, self.consult)
        if fresh:
            self.opened.emit(self.consult)

    def _place_panel(self) -> None:
        self._place_consult()
        panel = self._panel
        if panel is None or panel.call is None:
            return
        card = self._cards.get(panel.call)
        if card is None:
            panel.close_panel()
            return
        self._column.removeWidget(panel)
        self._column.insertWidget(self._column.indexOf(card) + 1, panel)
        panel.open_for(panel.call, card.shown.name, self._others(panel.call))

    def _others(self, call: UUID) -> list[tuple[UUID, str]]:
        answered = [other for other in self._phone.calls if other.answered_at and other.call != call]
        return [(other.call, self._cards[other.call].shown.name) for other in answered]

    def _transfer(self, call: UUID, target: str) -> None:
        try:
            self._phone.transfer(call, target)
        except BadInput as fault:
            if self._panel is not None:
                self._panel.tell(self._words.fault(str(fault)))
            return
        if self._panel is not None:
            self._panel.close_panel()

    def _consult(self, call: UUID, target: str) -> None:
        known = next((one for one in self._phone.calls if one.call == call), None)
        if self._asks and known is not None and known.interaction is not None:
            if known.phase is CallPhase.HELD:  # the centre plays the music, and the agent is to be heard
                self._hold(call, False)  # noqa: FBT003
            self.centre_wanted.emit("consult", target)
            if self._panel is not None:
                self._panel.close_panel()
            return
        try:
            consult = self._phone.dial(target)
        except BadInput as fault:
            if self._panel is not None:
                self._panel.tell(self._words.fault(str(fault)))
            return
        self._consults[consult] = call
        if self._panel is not None:
            self._panel.field.clear()

    def _join(self, call: UUID, other: UUID) -> None:
        # The one asked first is the consultation, whichever card the button stands under.
        first, second = (other, call) if call in self._consults else (call, other)
        self._ask(lambda: self._phone.transfer_attended(first, second))
        if self._panel is not None:
            self._panel.close_panel()

    def _look_up(self, typed: str) -> None:
        def found(contacts: Sequence[Contact]) -> None:
            if self._panel is not None:
                queues = queue_suggestions(self._queues, typed)
                self._panel.field.offer(typed, queues + [suggestion(contact) for contact in contacts])

        self._runner.run(self._contacts.completions(typed), found)
