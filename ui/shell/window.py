"""The agent's window: sign-in or desk, notices above, the connection in words below."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QByteArray, Qt, Signal
from PySide6.QtGui import QCloseEvent, QShowEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu, QStackedWidget, QVBoxLayout, QWidget

from console.domain.agent import Role
from console.domain.events import (
    AudioDevicesChanged,
    LinkChanged,
    LinkState,
    RegistrationChanged,
    StrangerRefused,
)
from ui.settings.words import who
from ui.shell.actions import Actions, Do
from ui.shell.desk_page import DeskPage, writing
from ui.shell.links import Links
from ui.shell.presenter import (
    link_notice,
    present_link,
    present_registration,
    present_sound,
    present_strangers,
    registration_notice,
    sound_notice,
    worst,
)
from ui.shell.services import Services
from ui.shell.sign_in import SignInPage
from ui.shell.status import StatusLine
from ui.telephony.services import Call
from ui.theme import M
from ui.widgets.look import Look
from ui.widgets.notice import Action, Notices

NARROWEST = 360
_LOWEST = 480
_GEOMETRY = "agent_window"


class AgentWindow(QWidget):
    """One window for one agent. `board_wanted` asks for the wallboard, `support_wanted` for a bundle,
    `closed` comes when it is gone.
    """

    board_wanted = Signal()
    support_wanted = Signal()
    closed = Signal()

    def __init__(self, services: Services, look: Look) -> None:
        """Built but not shown; `start` makes it live."""
        super().__init__()
        self._services = services
        self._look = look
        self._registrations: dict[str, RegistrationChanged] = {}
        self._unregistered = ""
        self._strangers = 0
        self._closing = False
        words = services.words
        self.setWindowTitle("Callboard")
        self.setObjectName("agent")
        self.setMinimumSize(NARROWEST, _LOWEST)
        self.notices = Notices(dismiss_words=words("Dismiss"))
        self.status = StatusLine()
        self.desk = DeskPage(services)
        self.sign_in: SignInPage | None = None  # made when it is needed
        self._stack = QStackedWidget()
        self._stack.addWidget(self.desk)
        self._links = Links(
            self.desk.dialler,
            self.notices,
            words,
            at_desk=lambda: not self.signing_in,
            keep_focus=lambda: self.isActiveWindow() and writing(),
            provision=self._provision,
        )
        self._lay_out()
        self.actions_ = Actions(self, self._bound(), words)
        self._menu = QMenu(self)
        self._menu.aboutToShow.connect(self._fill_menu)
        self.desk.menu.setMenu(self._menu)
        self._listen()
        self._place()

    def start(self) -> None:
        """Look at everything and listen; shows sign-in when there is a centre to sign in to."""
        self.desk.start()
        self._show_link()
        state, settings = self._services.link.state, self._services.settings()
        idle = state in {LinkState.NONE, LinkState.SIGNED_OUT, LinkState.REFUSED}
        if idle and (settings.centre or not settings.phone.uri):
            self.show_sign_in()
        else:
            self.desk.dialler.focus_field()

    @property
    def signing_in(self) -> bool:
        """Whether the sign-in page is shown."""
        return self.sign_in is not None and self._stack.currentWidget() is self.sign_in

    def show_sign_in(self) -> None:
        """Ask for centre, user and password."""
        if self.sign_in is None:
            self.sign_in = SignInPage(self._services.words)
            self.sign_in.wanted.connect(self._sign_in)
            self.sign_in.alone_wanted.connect(self.show_desk)
            self._stack.addWidget(self.sign_in)
        settings = self._services.settings()
        self._stack.setCurrentWidget(self.sign_in)
        self.sign_in.offer(settings.centre, settings.user, self._services.centres)
        where = self._services.given().origins.get("centre")
        held = where is not None and where.locked
        self.sign_in.hold_centre(who(where.source, self._services.words) if where and held else "")

    def show_desk(self) -> None:
        """Show the place of work."""
        self._stack.setCurrentWidget(self.desk)
        self.desk.dialler.focus_field()
        self._links.arrived()

    def take_link(self, link: str) -> None:
        """A link from another program (tel:, sip:, callto:, callboard:): offered, never acted upon."""
        self._links.take(link)

    def to_front(self) -> None:
        """Come before all other windows, as far as the desktop lets a window do that."""
        if self.isMinimized():
            self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def showEvent(self, event: QShowEvent) -> None:
        """The keyboard begins where the first thing is typed."""
        super().showEvent(event)
        if self.signing_in and self.sign_in is not None:
            self.sign_in.focus_first()
        else:
            self.desk.dialler.focus_field()

    def closeEvent(self, event: QCloseEvent) -> None:
        """With a call at hand closing is asked about once more; place and size are kept."""
        if self._services.phone.calls and not self._closing:
            event.ignore()
            words = self._services.words
            action = Action(words("End the call and close"), self._close_now)
            self.notices.tell("closing", words("Closing the window ends your call."), "warning", action)
            return
        self._services.memory.write(_GEOMETRY, bytes(self.saveGeometry().data()))
        self.desk.stop()
        event.accept()
        self.closed.emit()

    # ---- inside

    def _lay_out(self) -> None:
        above = QWidget()
        column = QVBoxLayout(above)
        column.setContentsMargins(M, M, M, 0)
        column.addWidget(self.notices)
        self._above = above
        self._above.hide()
        self.notices.changed.connect(self._above.setVisible)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(above)
        outer.addWidget(self._stack, 1)
        outer.addWidget(self.status)

    def _place(self) -> None:
        kept = self._services.memory.read(_GEOMETRY)
        if not kept or not self.restoreGeometry(QByteArray(kept)):
            self.resize(1120, 720)

    def _listen(self) -> None:
        bridge, words = self._services.bridge, self._services.words
        bridge.call.connect(self.desk.on_call)
        bridge.agent.connect(self.desk.on_agent)
        bridge.history.connect(lambda _fact: self.desk.show_history())
        bridge.link.connect(self._on_link)
        bridge.registration.connect(self._on_registration)
        bridge.devices.connect(self._on_devices)
        bridge.stranger.connect(self._on_stranger)
        self.desk.rang.connect(self._on_ring)
        self.desk.stage.changed.connect(self._on_calls)
        self.desk.failed.connect(lambda why: self.notices.tell("failed", words.fault(why), "critical"))
        self.desk.stage.came_to_nothing.connect(lambda why: self.notices.tell("call", why))
        self.desk.dialler.dialled.connect(lambda _call: self.notices.clear("call"))
        self.desk.export_wanted.connect(self._export)
        self.desk.sign_in_wanted.connect(self.show_sign_in)

    def _bound(self) -> dict[Do, Callable[[], object]]:
        desk = self.desk
        stage = desk.stage
        return {
            Do.ANSWER: stage.answer,
            Do.DECLINE: stage.decline,
            Do.HOLD: stage.toggle_hold,
            Do.MUTE: stage.toggle_mute,
            Do.KEYPAD: desk.keypad,
            Do.TRANSFER: stage.open_transfer,
            Do.END: stage.end,
            Do.READY: desk.ready,
            Do.PAUSE: desk.switch.open_pauses,
            Do.DONE: desk.end_wrap_up,
            Do.LONGER: desk.wrap_up.ask_longer,
            Do.DIAL: desk.dialler.focus_field,
            Do.SEARCH: desk.history.focus_search,
            Do.NOTE: desk.history.focus_note,
            Do.BOARD: self.board_wanted.emit,
            Do.THEME: self._switch_theme,
            Do.SETTINGS: self.open_settings,
            Do.SIGN_IN: self.show_sign_in,
            Do.SIGN_OUT: self._sign_out,
            Do.SUPPORT: self.support_wanted.emit,
            Do.QUIT: self.close,
        }

    def _fill_menu(self) -> None:
        link, calls = self._services.link, self._services.phone.calls
        online = link.state is LinkState.ONLINE
        talking = any(call.answered_at for call in calls)
        ringing = any(card.shown.incoming for card in self.desk.stage.cards)
        can = {
            Do.ANSWER: ringing,
            Do.DECLINE: ringing,
            Do.HOLD: talking,
            Do.MUTE: talking,
            Do.TRANSFER: talking,
            Do.END: bool(calls),
            Do.READY: self.desk.switch.ready.isEnabled(),
            Do.PAUSE: self.desk.switch.pause.isEnabled(),
            Do.DONE: not self.desk.wrap_up.isHidden(),
            Do.LONGER: not self.desk.wrap_up.isHidden() and self.desk.wrap_up.longer.isEnabled(),
            Do.BOARD: link.role is not None and link.role.includes(Role.SUPERVISOR),
            Do.SIGN_IN: not online,
            Do.SIGN_OUT: link.state not in {LinkState.NONE, LinkState.SIGNED_OUT},
        }
        self.actions_.fill(self._menu, can)

    # ---- the centre

    def _sign_in(self, url: str, user: str, password: str) -> None:
        page = self.sign_in
        if page is None:
            return
        page.wait()

        def done(_nothing: None) -> None:
            page.done()
            self.show_desk()

        self._services.runner.run(self._services.link.sign_in(url, user, password), done, page.tell)

    def _sign_out(self) -> None:
        self._services.runner.run(self._services.link.sign_out(), lambda _nothing: self.show_sign_in())

    def _on_link(self, fact: LinkChanged) -> None:
        self._show_link()
        self.desk.show_link()
        if fact.state is LinkState.REFUSED and not self.signing_in:
            self.show_sign_in()

    def _show_link(self) -> None:
        link, words = self._services.link, self._services.words
        self.status.link.say(present_link(link.state, link.name, link.reason, words))
        told = link_notice(link.state, link.reason, words)
        if told:
            tone = "critical" if link.state is LinkState.REFUSED else "warning"
            lost = link.state is LinkState.LOST
            again = Action(words("Try now"), link.try_now, stays=True) if lost else None
            self.notices.tell("link", told, tone, again, dismissable=False)
        else:
            self.notices.clear("link")

    # ---- telephone and sound

    def _on_registration(self, fact: RegistrationChanged) -> None:
        if fact.registered or not 200 <= fact.sip_code < 300:
            self._registrations[fact.account] = fact
        else:  # taken back: there is nothing to register any more
            self._registrations.pop(fact.account, None)
        words, shown = self._services.words, worst(self._registrations)
        self.status.registration.say(present_registration(shown, words))
        told = registration_notice(shown, words)
        if not told:
            self.notices.clear("registration")
        elif told != self._unregistered:  # what was put away comes back for another reason only
            self.notices.tell("registration", told, "critical")
        self._unregistered = told

    def _on_devices(self, fact: AudioDevicesChanged) -> None:
        words = self._services.words
        self.status.sound.say(present_sound(fact, words))
        told = sound_notice(fact, words)
        if told:
            self.notices.tell("sound", told, "critical")
        else:
            self.notices.clear("sound")

    def _on_stranger(self, fact: StrangerRefused) -> None:
        self._strangers += 1
        self.status.strangers.say(present_strangers(self._strangers, fact, self._services.words))

    def _on_ring(self, _call: Call) -> None:
        if self.isMinimized():
            self.showNormal()
        self.show_desk_keeping_focus()
        QApplication.alert(self)

    def show_desk_keeping_focus(self) -> None:
        """A call rings while somebody signs in: it must be seen."""
        if self.signing_in:
            self._stack.setCurrentWidget(self.desk)
            self._links.arrived()

    def _on_calls(self, count: int) -> None:
        self.setWindowTitle(self._title())
        if count == 0:
            self.notices.clear("closing")

    def _title(self) -> str:
        """What the task bar tells: who rings, else how the call above all others stands."""
        shown = [card.shown for card in self.desk.stage.cards]
        for call in shown:
            if call.incoming:
                return self._services.words("Ringing: {name}", name=call.name) + " · Callboard"
        return f"{shown[0].words}: {shown[0].name} · Callboard" if shown else "Callboard"

    def _close_now(self) -> None:
        self._closing = True
        for call in self._services.phone.calls:
            self._services.phone.hang_up(call.call)
        self.close()

    # ---- the rest

    def _provision(self, link: str) -> None:
        from ui.settings.provisioning import offer

        if self._services.provisioning is not None:
            offer(self, self.notices, self._services.provisioning, link)

    def _switch_theme(self) -> None:
        self._look.use("light" if self._look.theme.dark else "dark")

    def open_settings(self) -> None:
        """Open the settings beside the window; calls go on."""
        from ui.settings.dialog import SettingsDialog

        services = self._services
        found = services.devices()
        dialog = SettingsDialog(
            services.settings(),
            found.speakers,
            found.microphones,
            services.words,
            self,
            given=services.given(),
        )
        dialog.theme_chosen.connect(self._look.use)
        dialog.kept.connect(
            lambda settings, password: services.runner.run(
                services.save(settings, password), lambda _nothing: dialog.accept(), dialog.tell
            )
        )
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    def _export(self, kind: str) -> None:
        words = self._services.words
        dialog = QFileDialog(self, words("Export the call history"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.setNameFilter(f"{kind.upper()} (*.{kind})")
        dialog.selectFile(f"callboard-history.{kind}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.export_to(kind, Path(name)))
        dialog.open()

    def export_to(self, kind: str, path: Path) -> None:
        """Write the history to a file and say so."""
        words = self._services.words

        def done(_nothing: None) -> None:
            self.notices.tell("export", words("The history is in {file}.", file=path.name), "good")

        def failed(why: str) -> None:
            self.notices.tell("export", words.fault(why), "critical")

        self._services.runner.run(self._services.export(kind, path), done, failed)
