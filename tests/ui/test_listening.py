"""A supervisor in an agent's call, by keys on the wallboard: begin, change, leave, refusals, ends."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from console.domain.agent import AgentState
from console.domain.errors import BadInput, NetworkError
from console.domain.events import MonitoringMode
from console.domain.figures import Snapshot
from tests.ui.listening_sample import AGENT, CALL, TOM, called, others
from tests.ui.waiting_sample import ScriptedSupervisor, make_office
from tests.ui.wallboard_sample import NOON, BoardStub, clock_at
from ui.metrics.listeners import SOFT_S, Listening
from ui.metrics.listening import ListenStrip, Stage
from ui.metrics.services import Office
from ui.metrics.tongue import Tongue
from ui.metrics.wallboard import Wallboard
from ui.widgets.look import Look

CTRL = Qt.KeyboardModifier.ControlModifier
LISTEN, WHISPER, BARGE = MonitoringMode


@dataclass
class Scene:
    """A wallboard with AGENT chosen, and the centre behind it."""

    window: Wallboard
    service: BoardStub
    centre: ScriptedSupervisor
    office: Office
    qtbot: QtBot

    @property
    def listening(self) -> Listening:
        assert self.window.agents.listening is not None
        return self.window.agents.listening

    @property
    def strip(self) -> ListenStrip:
        return self.listening.strip

    @property
    def mine(self) -> UUID:
        return self.centre.heard[-1].monitoring

    def choose(self, agent: str) -> None:
        self.window.agents.table.selectRow(self.window.agents_model.shown.index(agent))
        self.window.agents.table.setFocus()

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Press a key where the keyboard is."""
        here = QApplication.focusWidget()
        assert isinstance(here, QWidget)
        self.qtbot.keyClick(here, key, modifier)

    def tick(self, seconds: int = 1) -> None:
        for _ in range(seconds):
            self.window.tick()

    def tell(self, board: Snapshot) -> None:
        self.service.tell(board)
        self.window._draw()

    def inside(self, mode: MonitoringMode = LISTEN) -> None:
        """Begun and answered."""
        self.choose(AGENT)
        self.press(Qt.Key.Key_Return)
        self.press(Qt.Key.Key_Return)
        self.centre.hear(self.mine, since=NOON, mode=mode)
        self.tick()


Opened = Callable[..., Scene]


@pytest.fixture
def opened(qtbot: QtBot, look: Look) -> Iterator[Opened]:
    windows: list[Wallboard] = []

    def open_board(office: Office | None = None, *, language: str = "en", long: bool = False) -> Scene:
        look.use("light")
        made, centre = make_office()
        service = BoardStub(called(long=long))
        window = Wallboard(service, clock_at(), Tongue(language), office or made)
        windows.append(window)
        window.resize(1280, 720)
        window.show()
        window.activateWindow()
        qtbot.waitUntil(window.isActiveWindow)
        return Scene(window, service, centre, office or made, qtbot)

    yield open_board
    for window in windows:
        window.close()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def test_by_keys_alone_it_is_begun_changed_and_left(opened: Opened) -> None:
    scene = opened()
    scene.choose(AGENT)
    scene.press(Qt.Key.Key_L, CTRL)
    strip = scene.strip
    assert (strip.title.text(), strip.stage) == ("In the call of Ana Novak", Stage.ASKED)
    assert strip.hint.text() == "Nobody will hear you."
    scene.press(Qt.Key.Key_Right)
    assert (strip.mode, strip.hint.text()) == (WHISPER, "Ana Novak will hear you, the customer will not.")
    scene.press(Qt.Key.Key_Return)
    assert scene.centre.asked == [("monitor", CALL, WHISPER, "")]
    assert (strip.state.text(), strip.mode) == ("Your phone rings: answer it.", WHISPER)
    assert strip.leave.hasFocus()
    assert not strip.modes[BARGE].isEnabled()
    scene.centre.hear(scene.mine, since=NOON - timedelta(seconds=4))
    scene.tick()
    assert strip.state.text() == "Ana Novak hears you. The customer does not."
    assert strip.time.text() == "0:05"
    scene.press(Qt.Key.Key_Backtab)
    assert strip.modes[BARGE].hasFocus()
    scene.press(Qt.Key.Key_Return)
    assert scene.centre.asked[-1] == ("mode", scene.mine, BARGE)
    assert strip.mode is WHISPER  # it is no fact yet
    scene.centre.hear(scene.mine, mode=BARGE)
    scene.tick()
    assert strip.state.text() == "Ana Novak and the customer hear you."
    assert [mode for mode, button in strip.modes.items() if button.isChecked()] == [BARGE]
    scene.press(Qt.Key.Key_Escape)
    assert scene.centre.asked[-1] == ("leave", scene.mine)
    assert strip.isHidden()
    assert scene.window.agents.table.hasFocus()


def test_arrow_keys_in_the_call_choose_nothing_by_themselves(opened: Opened) -> None:
    scene = opened()
    scene.inside()
    asked = len(scene.centre.asked)
    scene.strip.modes[LISTEN].setFocus()
    scene.press(Qt.Key.Key_Right)
    assert scene.strip.modes[WHISPER].hasFocus()
    assert (scene.strip.mode, len(scene.centre.asked)) == (LISTEN, asked)
    scene.press(Qt.Key.Key_Left)
    scene.press(Qt.Key.Key_Space)  # what it is already
    assert (scene.strip.modes[LISTEN].isChecked(), len(scene.centre.asked)) == (True, asked)


def test_the_phone_is_remembered_and_an_address_needs_no_scheme(opened: Opened) -> None:
    scene = opened()
    scene.choose(AGENT)
    scene.press(Qt.Key.Key_Return)
    scene.strip.phone.setText(" sue@10.0.0.7 ")
    scene.strip.phone.setFocus()
    scene.press(Qt.Key.Key_Return)
    assert scene.centre.asked == [("monitor", CALL, LISTEN, "sip:sue@10.0.0.7")]
    again = opened(Office(scene.centre, scene.office.runner, scene.office.memory))
    assert again.strip.stage is Stage.RINGING  # she is in it still, by another window
    scene.centre.heard.clear()
    again.tick(1 + SOFT_S)
    again.choose(AGENT)
    again.press(Qt.Key.Key_Return)
    assert again.strip.phone.text() == "sip:sue@10.0.0.7"


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "You are in a call already: leave that one first."),
        ("de", "Sie hören schon in einem Anruf mit: Verlassen Sie den zuerst."),
    ],
)
def test_what_the_centre_refuses_is_said_where_it_was_asked(
    opened: Opened, language: str, words: str
) -> None:
    scene = opened(language=language)
    scene.choose(AGENT)
    scene.press(Qt.Key.Key_Return)
    scene.centre.says_no = BadInput("You are in a call already: leave that one first.")
    scene.press(Qt.Key.Key_Return)
    assert scene.strip.error.text() == words
    assert scene.strip.stage is Stage.ASKED
    scene.centre.says_no = None
    scene.press(Qt.Key.Key_Return)
    assert (scene.strip.stage, scene.strip.error.text()) == (Stage.RINGING, "")


def test_who_is_in_no_call_is_said_and_the_words_go_by_themselves(opened: Opened) -> None:
    scene = opened()
    scene.choose("a0001")
    scene.press(Qt.Key.Key_Return)
    assert scene.strip.title.text().endswith("is not in a call.")
    assert scene.centre.asked == []
    scene.tick(SOFT_S - 1)
    assert not scene.strip.isHidden()
    scene.tick()
    assert scene.strip.isHidden()
    assert scene.window.agents.table.hasFocus()
    scene.window.agents.table.clearSelection()
    scene.press(Qt.Key.Key_L, CTRL)
    assert scene.strip.title.text() == "Choose an agent first."


def test_the_others_in_the_call_are_named(opened: Opened) -> None:
    scene = opened()
    scene.centre.heard = others()
    scene.inside()
    assert scene.strip.others.text() == "Also in this call: tom (listens)"
    scene.centre.hear(TOM, mode=BARGE)
    scene.tick()
    assert scene.strip.others.text() == "Also in this call: tom (barged in)"
    scene.centre.heard = [view for view in scene.centre.heard if view.monitoring != TOM]
    scene.tick()
    assert scene.strip.others.isHidden()


@pytest.mark.parametrize(
    ("answered", "goes_on", "words"),
    [
        (True, False, "The call of Ana Novak is over."),
        (True, True, "You are no longer in the call of Ana Novak."),
        (False, True, "Your phone was not answered."),
    ],
)
def test_the_end_is_told_and_closes_softly(
    opened: Opened, *, answered: bool, goes_on: bool, words: str
) -> None:
    scene = opened()
    scene.inside()
    if not answered:
        scene.centre.hear(scene.mine, since=None)
        scene.tick()
    if not goes_on:
        scene.tell(called(state=AgentState.WRAP_UP))
    scene.centre.heard.clear()
    scene.tick()
    assert (scene.strip.stage, scene.strip.title.text()) == (Stage.OVER, words)
    assert scene.office.memory.read("listening_monitoring") == b""
    scene.tick(SOFT_S)
    assert scene.strip.isHidden()
    assert scene.window.agents.table.hasFocus()


def test_a_call_that_ends_before_anything_was_asked_closes_the_question(opened: Opened) -> None:
    scene = opened()
    scene.choose(AGENT)
    scene.press(Qt.Key.Key_Return)
    scene.tell(called(interaction=UUID(int=77)))  # the next customer already
    scene.tick()
    assert scene.strip.title.text() == "The call of Ana Novak is over."
    scene.press(Qt.Key.Key_Escape)
    assert scene.strip.isHidden()


def test_a_lost_link_is_told_and_forgotten_when_it_is_back(opened: Opened) -> None:
    scene = opened()
    scene.inside()
    scene.centre.says_no = NetworkError(
        "There is no connection to the centre right now. Try again when it is back."
    )
    scene.tick()
    assert scene.strip.error.text().startswith("There is no connection")
    assert scene.strip.stage is Stage.INSIDE
    scene.press(Qt.Key.Key_Escape)  # cannot be carried: still inside
    assert scene.strip.stage is Stage.INSIDE
    scene.centre.says_no = None
    scene.tick()
    assert scene.strip.error.isHidden()
    scene.press(Qt.Key.Key_Escape)
    assert scene.strip.isHidden()


def test_another_row_or_filter_changes_nothing_about_the_call(opened: Opened) -> None:
    scene = opened()
    scene.inside(WHISPER)
    scene.window.agents.search.setText("nobody of this name")
    scene.tick()
    assert scene.strip.state.text() == "Ana Novak hears you. The customer does not."
    scene.window.agents.search.clear()
    scene.choose("a0001")
    scene.press(Qt.Key.Key_L, CTRL)
    assert scene.strip.leave.hasFocus()
    assert scene.strip.error.text() == "You are in a call already: leave that one first."
    assert scene.strip.title.text() == "In the call of Ana Novak"


def test_the_menu_offers_it_or_says_why_not(opened: Opened) -> None:
    scene = opened()
    table = scene.window.agents.table

    def entry(agent: str) -> tuple[str, bool]:
        index = scene.window.agents_model.index(scene.window.agents_model.shown.index(agent), 0)
        menu = scene.listening.menu(table.visualRect(index).center() + QPoint(2, 0))
        action = menu.actions()[0]
        told = action.text(), action.isEnabled()
        action.trigger()  # does nothing while it is not enabled
        menu.deleteLater()
        return told

    words, can = entry("a0001")
    assert words.endswith("is not in a call.")
    assert not can
    assert scene.strip.isHidden()
    assert entry(AGENT) == ("Listen to the call…", True)
    assert scene.strip.stage is Stage.ASKED


def test_on_a_wall_nobody_asks_but_who_is_inside_sees_it(opened: Opened) -> None:
    scene = opened()
    scene.choose(AGENT)
    scene.press(Qt.Key.Key_Return)
    scene.window.set_kiosk(True)
    assert scene.strip.isHidden()
    scene.window.agents.listen()
    assert scene.strip.isHidden()
    scene.window.set_kiosk(False)
    scene.inside()
    scene.window.set_kiosk(True)
    scene.tick()
    assert not scene.strip.isHidden()
    scene.window.set_kiosk(False)


def test_one_who_changes_her_mind_while_the_centre_is_asked_is_let_go(opened: Opened) -> None:
    scene = opened()
    held: list[Callable[[], None]] = []

    class Slow:
        """Keeps answers back until it is told."""

        def run(self, *asked: Any) -> None:
            held.append(lambda: scene.office.runner.run(*asked))

    scene.listening._office = Office(scene.centre, Slow(), scene.office.memory)
    scene.choose(AGENT)
    scene.press(Qt.Key.Key_Return)
    held.pop(0)()  # who else listens
    scene.press(Qt.Key.Key_Return)
    assert scene.strip.stage is Stage.BEGUN
    scene.press(Qt.Key.Key_Escape)
    assert scene.strip.isHidden()
    while held:
        held.pop(0)()
    assert scene.centre.asked == [("monitor", CALL, LISTEN, ""), ("leave", scene.mine)]
    assert scene.strip.isHidden()


def test_without_an_office_there_is_no_way(look: Look, qtbot: QtBot) -> None:
    window = Wallboard(BoardStub(called()), clock_at(), Tongue())
    qtbot.addWidget(window)
    window.agents.table.selectRow(0)
    window.agents.listen()
    assert window.agents.listening is None
