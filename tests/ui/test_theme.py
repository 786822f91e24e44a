"""The visual language keeps its promises: contrast, a shape for every colour, live change."""

import re
from collections.abc import Iterator
from dataclasses import fields

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from console import paths
from console.domain.agent import AgentState
from ui.theme import DARK, LIGHT, STATE_ICONS, TONE_ICONS, Theme, font, theme_of
from ui.widgets.look import Look, load_fonts, sheet_of

THEMES = [LIGHT, DARK]
TONES = ("good", "info", "warning", "critical", "neutral")


@pytest.fixture(autouse=True)
def dressed_again(look: Look) -> Iterator[None]:
    """Give the application back the look that all other tests share."""
    yield
    look._dress()


def _luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part) for part in QColor(colour).getRgbF()[:3])
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", ["canvas", "surface", "sunken", "hover"])
@pytest.mark.parametrize("words", ["text", "soft"])
def test_words_can_be_read_on_every_ground(theme: Theme, ground: str, words: str) -> None:
    assert contrast(getattr(theme, words), getattr(theme, ground)) >= 4.5


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_tone_can_be_seen_and_read(theme: Theme) -> None:
    for tone in [theme.tone(name) for name in TONES] + list(theme.states.values()):
        assert contrast(tone.ink, tone.fill) >= 4.5, tone
        assert contrast(tone.ink, theme.surface) >= 4.5, tone
        assert contrast(tone.mark, theme.surface) >= 3.0, tone
        assert contrast(tone.mark, tone.fill) >= 2.9, tone


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_keys_can_be_read_and_the_focus_seen(theme: Theme) -> None:
    for ground in (theme.answer, theme.answer_hover, theme.end, theme.end_hover):
        assert contrast(theme.on_action, ground) >= 4.5, ground
    for ground in (theme.accent, theme.accent_hover):
        assert contrast(theme.on_accent, ground) >= 4.5, ground
    assert contrast(theme.accent, theme.canvas) >= 3.0
    assert contrast(theme.line_strong, theme.surface) >= 3.0


def test_no_state_is_told_by_colour_alone() -> None:
    assert set(STATE_ICONS) == set(AgentState)
    assert len(set(STATE_ICONS.values())) == len(AgentState)
    assert len(set(TONE_ICONS.values())) == len(TONES)
    folder = paths.resources() / "icons" / "lucide"
    assert [
        name
        for name in {*STATE_ICONS.values(), *TONE_ICONS.values()}
        if not (folder / f"{name}.svg").exists()
    ] == []


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_the_style_sheet_is_made_of_tokens_alone(theme: Theme) -> None:
    sheet = sheet_of(theme)
    assert "$" not in sheet
    tokens = {str(getattr(theme, item.name)) for item in fields(theme)}
    tones = [theme.tone(name) for name in TONES] + list(theme.states.values())
    tokens |= {colour for tone in tones for colour in (tone.mark, tone.fill, tone.ink)}
    assert set(re.findall(r"#[0-9a-f]{6}", sheet)) - tokens == set()


def test_the_look_changes_live(qapp: QApplication, qtbot: QtBot) -> None:
    look = Look(qapp, paths.resources() / "fonts")
    widget = QWidget()
    qtbot.addWidget(widget)
    look.use("dark")
    assert (look.theme, theme_of(widget)) == (DARK, DARK)
    look.use("light")
    assert (look.theme, theme_of(widget)) == (LIGHT, LIGHT)
    look.stop()


def test_the_system_is_followed_until_something_is_chosen(qapp: QApplication) -> None:
    look = Look(qapp)
    hints = QGuiApplication.styleHints()
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert look.theme is DARK
    look.use("light")
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Light)
    hints.colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert look.theme is LIGHT
    look.use("nonsense")
    assert (look.choice, look.theme) == ("system", DARK)
    look.stop()


def test_the_fonts_that_come_along_are_loaded(qapp: QApplication) -> None:
    assert "Inter" in load_fonts(paths.resources() / "fonts")
    assert load_fonts(paths.resources() / "nowhere") == []
    assert font(20, strong=True).pixelSize() == 20
