"""Hands on a window: a key pressed, words typed, where the keyboard is."""

from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from ui.shell.window import AgentWindow


def press(window: AgentWindow, keys: str) -> None:
    """Press a shortcut where the keyboard is."""
    sequence = QKeySequence(keys)[0]
    QApplication.processEvents()  # new cards have their place
    target = window.focusWidget() or window
    QTest.keyClick(target, sequence.key(), sequence.keyboardModifiers())


def write(window: AgentWindow, text: str) -> None:
    """Type where the keyboard is."""
    target = window.focusWidget()
    assert target is not None
    QTest.keyClicks(target, text)
