"""The agent's place: state, queues, dial field, calls, wrap-up, history; joined here, blind to each other."""

from itertools import pairwise
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from console.domain.agent import AgentState, Presence
from console.domain.events import CallEvent, LinkState
from console.wire import AgentView
from ui.history.note import NoteEditor
from ui.history.pane import HistoryPane
from ui.history.services import Row
from ui.routing.presenter import Wish, present_queues, present_state
from ui.routing.queues import QueueCounts
from ui.routing.state_switch import StateSwitch
from ui.routing.wrap_up import WrapUpPanel
from ui.shell.panes import Panes, columns_for
from ui.shell.services import Services
from ui.telephony.dialler import Dialler
from ui.telephony.services import Call
from ui.telephony.stage import Stage
from ui.theme import L, M, S
from ui.widgets.buttons import ActionButton
from ui.widgets.empty import EmptyState
from ui.widgets.ticker import Ticker

_REMEMBERED = 100
_NARROW = 560


class DeskPage(QWidget):
    """Everything an agent works with. The window tells it of facts; it asks the services."""

    failed = Signal(str)
    rang = Signal(object)
    export_wanted = Signal(str)
    sign_in_wanted = Signal()

    def __init__(self, services: Services, parent: QWidget | None = None) -> None:
        """Shows what the services know now; `start` follows the clock."""
        super().__init__(parent)
        self._services = services
        words, runner, clock = services.words, services.runner, services.clock
        self._wish: Wish | None = None
        self._dialling = False
        self._of_interaction: dict[UUID, tuple[UUID, str]] = {}
        self._wrapped: UUID | None = None
        self._ordered: tuple[UUID, ...] | None = None
        self.ticker = Ticker(self)
        self.ticker.ticked.connect(self.tick)
        self.switch = StateSwitch(words)
        self.queues = QueueCounts(words)
        self.menu = ActionButton(words("Menu"), "ellipsis", kind="quiet", bare=True)
        self.dialler = Dialler(services.phone, services.history, runner, words)
        self.stage = Stage(services.phone, services.history, runner, clock, words)
        self.editor = NoteEditor(services.history, runner, words)
        self.wrap_up = WrapUpPanel(self.editor, words)
        self.history = HistoryPane(services.history, runner, clock.now, words)
        self.empty = EmptyState("phone", "")
        self._work = self._make_work()
        self._panes = Panes(self.dialler, self._work, self.history)
        self._lay_out()
        self._join()

    def start(self) -> None:
        """Look at everything, and follow the clock from now on."""
        self.history.refresh()
        self.stage.refresh()
        self.show_link()
        self.ticker.start()

    def stop(self) -> None:
        """Keep what is typed; follow nothing any longer."""
        self.ticker.stop()
        self.editor.keep()
        self.history.editor.keep()

    @property
    def columns(self) -> int:
        """How many columns are shown."""
        return self._panes.columns

    # ---- facts

    def on_call(self, fact: CallEvent) -> None:
        """Something happened to a call."""
        self.stage.on_fact(fact)

    def on_agent(self, view: AgentView) -> None:
        """The centre told the agent's state."""
        if self._wish is not None and self._wish.fulfilled_by(view):
            self._wish = None
        self.show_link()

    def show_link(self) -> None:
        """Show state, queues and wrap-up as the link knows them now."""
        link, words = self._services.link, self._services.words
        view = link.agent_view if link.state in {LinkState.ONLINE, LinkState.LOST} else None
        if link.state is not LinkState.ONLINE:
            self._wish = None
        if link.welcome is not None:
            self.switch.set_reasons(link.welcome.pause_reasons)
            self.history.set_dispositions(link.welcome.dispositions)
            self.editor.set_dispositions(link.welcome.dispositions)
        self.switch.show_state(present_state(view, link.state, self._wish, link.clock_offset, words))
        self.queues.show_queues(present_queues(view))
        self.stage.know_queues(view.queues if view else {})
        contact = view.contact if view else None
        reaching = contact if contact and (contact.callback or contact.outbound) else None
        self.stage.know_callback(reaching, link.clock_offset)
        self.stage.know_consult(bool(view and view.asks), view.consult if view else None)
        if contact is not None:
            self.stage.know_attached(contact.interaction, contact.attached)
        recordable = contact.interaction if view and view.records and contact else None
        self.stage.know_recording(recordable, view.recording if view else None)
        self._show_wrap_up(view)
        self._show_empty(view)
        self.tick()

    def tick(self) -> None:
        """A second passed."""
        now = self._services.clock.now()
        self.switch.tick(now)
        self.wrap_up.tick(now)
        self.stage.tick()

    # ---- what keys ask for

    def ready(self) -> None:
        """Ask for calls."""
        if self.switch.ready.isEnabled():
            self._command(Wish(ready=True), "ready", "")

    def pause(self, reason: str) -> None:
        """Ask for none from now on."""
        self._command(Wish(ready=False, reason=reason), "pause", reason)

    def pause_after(self, reason: str) -> None:
        """Ask for none once the work at hand is done."""
        self._command(Wish(ready=False, reason=reason), "pause_after", reason)

    def end_wrap_up(self) -> None:
        """Say that wrap-up is done; what was written is kept first."""
        if self.wrap_up.isHidden():
            return
        self.editor.keep()
        self._services.runner.run(self._services.link.command("end_wrap_up"), None, self.failed.emit)

    def extend_wrap_up(self) -> None:
        """Ask for more time; the centre's view shows whether it was given."""

        def refused(why: str) -> None:
            self.wrap_up.answered()
            self.failed.emit(why)

        self._services.runner.run(self._services.link.command("extend_wrap_up"), None, refused)

    def keypad(self) -> None:
        """The keypad of the call at hand, else that of the dial field."""
        if not self.stage.toggle_keypad():
            self.dialler.show_keypad(shown=not self.dialler.keypad_shown)

    def call_back(self, address: str) -> None:
        """Call somebody from the history."""
        self.dialler.dial(address)

    def show_history(self) -> None:
        """A row of the history was written."""
        self.history.refresh()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The width decides how many columns there are."""
        super().resizeEvent(event)
        width = event.size().width()
        self.switch.show_narrow(narrow=width < _NARROW)
        if self._panes.arrange(columns_for(width)):
            wide = self._panes.columns == 3
            self.dialler.keep_keypad(kept=wide)
            if wide:
                self._panes.put_aside(self.queues)
            else:
                self._top.addWidget(self.queues)
            self.queues.show_heading(shown=wide)
        self._show_empty(self._services.link.agent_view)

    # ---- inside

    def _make_work(self) -> QWidget:
        work = QWidget()
        column = QVBoxLayout(work)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(M)
        for part in (self.stage, self.wrap_up):
            column.addWidget(part)
        column.addWidget(self.empty, 100)
        column.addStretch(1)
        return work

    def _lay_out(self) -> None:
        top = QFrame()
        top.setProperty("card", "true")
        self._top = QVBoxLayout(top)
        self._top.setContentsMargins(L, S, S, S)
        self._top.setSpacing(S)
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(self.switch, 1)
        row.addWidget(self.menu, 0, Qt.AlignmentFlag.AlignTop)
        self._top.addLayout(row)
        self._top.addWidget(self.queues)
        column = QVBoxLayout(self)
        column.setContentsMargins(M, M, M, 0)
        column.setSpacing(M)
        column.addWidget(top)
        column.addWidget(self._panes, 1)

    def _join(self) -> None:
        self.switch.ready_wanted.connect(self.ready)
        self.switch.pause_wanted.connect(self.pause)
        self.switch.pause_after_wanted.connect(self.pause_after)
        self.switch.sign_in_wanted.connect(self.sign_in_wanted)
        self.stage.opened.connect(self._panes.reveal)
        self.wrap_up.done_wanted.connect(self.end_wrap_up)
        self.wrap_up.longer_wanted.connect(self.extend_wrap_up)
        self.stage.changed.connect(lambda _count: self._calls_changed())
        self.stage.centre_wanted.connect(self._ask_centre)
        self.stage.rang.connect(self._on_ring)
        self.history.called.connect(self.call_back)
        self.dialler.by_centre = self._dial_by_centre
        self.history.export_wanted.connect(self.export_wanted)
        for part in (self.stage, self.history, self.editor):
            part.failed.connect(self.failed)

    def _order_stops(self) -> None:
        """Tab goes as the eye does: state, dial field, calls, wrap-up, history."""
        switch = self.switch
        stops: list[QWidget] = [switch.sign_in, switch.ready, switch.pause, self.menu, *self.dialler.stops]
        for card in self.stage.cards:
            stops += card.stops
        stops += self.stage.consult.stops
        stops += [self.editor.disposition, self.editor.text, *self.wrap_up.stops, *self.history.stops]
        for before, after in pairwise(stops):
            self.setTabOrder(before, after)

    def _calls_changed(self) -> None:
        known = tuple(card.call for card in self.stage.cards)
        if known != self._ordered:
            self._ordered = known
            self._order_stops()
        for call in self._services.phone.calls:
            if call.interaction is not None:
                self._of_interaction[call.interaction] = (call.call, call.peer.shown)
        while len(self._of_interaction) > _REMEMBERED:
            del self._of_interaction[next(iter(self._of_interaction))]
        self._show_empty(self._services.link.agent_view)

    def _on_ring(self, call: Call) -> None:
        if not writing():
            next(card for card in self.stage.cards if card.call == call.call).focus_first()
        self.rang.emit(call)

    def _command(self, wish: Wish, action: str, argument: str) -> None:
        def refused(why: str) -> None:
            if self._wish == wish:
                self._wish = None
                self.show_link()
            self.failed.emit(why)

        self._wish = wish
        self.show_link()
        self._services.runner.run(self._services.link.command(action, argument), None, refused)

    def _dial_by_centre(self, typed: str) -> bool:
        """The centre makes the call, if it can: it is on record then, and this phone is rung first."""
        link, words = self._services.link, self._services.words
        view = link.agent_view
        if link.state is not LinkState.ONLINE or view is None or not view.dials:
            return False
        if self._dialling:
            return True

        def answered(why: str) -> None:
            self._dialling = False
            if why:
                self.dialler.tell(words.fault(why))
            else:
                self.dialler.clear()

        self._dialling = True
        self._services.runner.run(link.command("dial", typed.strip()), lambda _: answered(""), answered)
        return True

    def _ask_centre(self, action: str, argument: str) -> None:
        """What is wanted of a call; the centre's view shows what came of it."""
        self._services.runner.run(
            self._services.link.command(action, argument), None, lambda why: self.failed.emit(why)
        )

    def _show_wrap_up(self, view: AgentView | None) -> None:
        interaction = view.wrap_up_interaction if view and view.state is AgentState.WRAP_UP else None
        known = self._of_interaction.get(interaction) if interaction else None
        self.wrap_up.show_view(view, self._services.link.clock_offset, known[1] if known else "")
        if interaction == self._wrapped:
            return
        self._wrapped = interaction
        self.editor.write_on(None)
        if interaction is not None:
            self._find_wrapped(interaction, known[0] if known else None)

    def _find_wrapped(self, interaction: UUID, call: UUID | None) -> None:
        """The wrap-up's call: known from its ringing here, else (the desk was restarted) from the history."""

        def found(row: Row | None) -> None:
            if row is not None and self._wrapped == interaction:
                self.editor.write_on(row.call, row.disposition, row.note)
                if not writing():
                    self.editor.text.setFocus()

        history, runner = self._services.history, self._services.runner
        if call is not None:
            runner.run(history.row(call), found)
            return
        runner.run(
            history.search("", 50),
            lambda rows: found(next((row for row in rows if row.interaction == interaction), None)),
        )

    def _show_empty(self, view: AgentView | None) -> None:
        busy = bool(self._services.phone.calls) or not self.wrap_up.isHidden()
        self.stage.setVisible(bool(self._services.phone.calls))
        self.empty.setVisible(not busy and self._panes.columns > 1)
        self._work.setVisible(busy or self._panes.columns > 1)
        words = self._services.words
        title, hint = words("No call at hand"), words("Dial a number, a name or a SIP address.")
        if self._services.link.state is LinkState.ONLINE and view is not None:
            if view.presence is Presence.READY:
                title, hint = words("Ready for the next call"), words("It rings here. F2 answers.")
            else:
                hint = words("Press Ready to get calls, or dial.")
        self.empty.say("phone", title, hint)


def writing() -> bool:
    """Whether the keyboard is in the middle of something: then nothing takes it away."""
    focus = QApplication.focusWidget()
    if isinstance(focus, QLineEdit):
        return bool(focus.text())
    return isinstance(focus, QPlainTextEdit) and bool(focus.toPlainText())
