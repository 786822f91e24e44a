"""Every state of the window at every width, in both languages: nothing is cut off or lies on another."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from console.settings import DeskSettings
from tests.ui.calls_of_days import make_rows
from tests.ui.doubles import make_scene
from tests.ui.render import SIZES, STATES
from ui.shell.window import AgentWindow
from ui.widgets.badge import Badge
from ui.widgets.labels import ElidedLabel
from ui.widgets.look import Look


def _seen(window: QWidget, kind: type[QWidget]) -> Iterator[QWidget]:
    for widget in window.findChildren(kind):
        if widget.isVisible() and not widget.visibleRegion().isEmpty():
            yield widget


def _cut_off(window: QWidget) -> list[str]:
    found = []
    for button in _seen(window, QAbstractButton):
        assert isinstance(button, QAbstractButton)
        if (
            isinstance(button, QPushButton | QToolButton)
            and button.text()
            and button.width() < _needs(button)
        ):
            found.append(f"{button.text()!r}: {button.width()} of {_needs(button)}")
    for words in _seen(window, QLabel):
        assert isinstance(words, QLabel)
        if isinstance(words, ElidedLabel) or not words.text():
            continue
        if words.wordWrap():
            high = words.heightForWidth(words.width())
            if words.height() < high - 1:
                found.append(f"{words.text()!r}: {words.height()} of {high} high")
        elif words.width() < words.sizeHint().width():
            found.append(f"{words.text()!r}: {words.width()} of {words.sizeHint().width()}")
    return found


def _needs(button: QAbstractButton) -> int:
    return button.fontMetrics().horizontalAdvance(button.text()) + (0 if button.icon().isNull() else 8)


def _overlapping(window: QWidget) -> list[str]:
    parts = [part for kind in (QAbstractButton, QLabel, Badge) for part in _seen(window, kind)]
    placed = [(part, QRect(part.mapTo(window, QPoint(0, 0)), part.size())) for part in parts]
    return [
        f"{one!r} and {other!r}"
        for n, (one, here) in enumerate(placed)
        for other, there in placed[n + 1 :]
        if one.parent() is other.parent() and here.intersects(there)
    ]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size[0]))
@pytest.mark.parametrize("state", STATES)
def test_nothing_is_cut_off(
    state: str, size: tuple[int, int], language: str, look: Look, qtbot: QtBot
) -> None:
    scene = make_scene(language, settings=DeskSettings())
    scene.history.rows = make_rows(60, scene.clock)
    window = AgentWindow(scene.services, look)
    window.resize(*size)
    window.show()
    STATES[state](scene, window)
    for _ in range(3):
        QApplication.processEvents()
    shown = QApplication.activeModalWidget() or window
    cut, overlapping, width = _cut_off(shown), _overlapping(shown), window.width()
    shown.close()
    for call in scene.phone.calls:
        scene.phone.ended(call.call)
    window.close()
    scene.bridge.stop()
    window.deleteLater()
    assert cut == []
    assert overlapping == []
    assert width == size[0]
