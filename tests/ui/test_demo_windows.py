"""The demo's windows: what the person is told, and that both windows can be seen."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from console.demo.hands import Invitation
from tests.ui.doubles import Scene, make_scene
from ui.demo import arrange, begin
from ui.shell.actions import TABLE
from ui.shell.window import AgentWindow
from ui.widgets.look import Look

Open = Callable[..., AgentWindow]


def _invited(scene: Scene, *, person: bool) -> tuple[Any, Invitation, list[str]]:
    """Return the application as far as it is asked, the invitation, and what happens."""
    happened: list[str] = []

    async def watch_as(_url: str, user: str, _password: str) -> None:
        happened.append(f"watches as {user}")

    app = SimpleNamespace(
        desk=SimpleNamespace(link=scene.link),
        words=scene.services.words,
        wallboard=None,
        watch_as=watch_as,
        show_wallboard=lambda: happened.append("shows the wallboard"),
    )
    invitation = Invitation(
        url="http://127.0.0.1:1", user="you", supervisor="sven", password="x", folder="", person=person
    )
    return app, invitation, happened


@pytest.mark.parametrize("language", ["en", "de"])
def test_who_sits_there_is_told_what_to_do(open_window: Open, language: str) -> None:
    scene = make_scene(language)
    window = open_window(scene, signed_in=False)
    app, invitation, happened = _invited(scene, person=True)
    asyncio.run(begin(app, window, invitation))
    assert not window.signing_in
    assert scene.link.asked[0] == ("sign_in", "http://127.0.0.1:1", "you", "x")
    told = window.notices.told["demo"]
    assert all(key in told for key in ("F2", "F8"))
    assert {"F2", "F8"} <= {spec.keys for spec in TABLE.values()}  # what is told is what the window does
    window.notices._shown["demo"]._button.click()
    assert happened == ["watches as sven", "shows the wallboard"]
    assert window.notices.told["demo"] == told
    window.notices._shown["demo"]._dismiss.click()
    assert window.notices.told == {}
    scene.bridge.stop()


def test_where_nobody_sits_nobody_is_told(scene: Scene, open_window: Open) -> None:
    window = open_window(scene, signed_in=False)
    app, invitation, happened = _invited(scene, person=False)
    asyncio.run(begin(app, window, invitation))
    assert (window.notices.told, happened) == ({}, ["watches as sven"])


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # offscreen
def test_both_windows_fit_on_one_screen(qapp: QApplication, look: Look, qtbot: QtBot) -> None:
    agent, board = QWidget(), QWidget()
    for window, size in ((agent, (500, 400)), (board, (5000, 4000))):
        qtbot.addWidget(window)
        window.resize(*size)
        window.show()
    arrange(qapp, agent, board)
    screen = qapp.screens()[0].availableGeometry()
    assert screen.contains(agent.frameGeometry())
    assert screen.contains(board.frameGeometry())
    assert board.frameGeometry().topLeft() != agent.frameGeometry().topLeft()
