"""How the theme reaches Qt: one palette, one style sheet made from the tokens, live when it changes."""

from dataclasses import fields
from pathlib import Path
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from ui.theme import (
    BODY,
    CAPTION,
    CONTROL,
    CONTROL_LARGE,
    DARK,
    DISPLAY,
    FIGURE,
    LEAD,
    LIGHT,
    RADIUS,
    RADIUS_SMALL,
    TITLE,
    XL,
    XS,
    L,
    M,
    S,
    Theme,
    font,
)


def load_fonts(folder: Path) -> list[str]:
    """Load the fonts that come with the program; where they are missing the system's take their place.

    Returns the families that were loaded.
    """
    families: list[str] = []
    for file in sorted(folder.glob("*.ttf")):
        families += QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(file)))
    return families


def palette_of(theme: Theme) -> QPalette:
    """The theme for what Qt paints by itself: text, selections, placeholders, links, disabled words."""
    made = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: theme.canvas,
        role.WindowText: theme.text,
        role.Base: theme.surface,
        role.AlternateBase: theme.hover,
        role.Text: theme.text,
        role.Button: theme.surface,
        role.ButtonText: theme.text,
        role.BrightText: theme.text,
        role.ToolTipBase: theme.text,
        role.ToolTipText: theme.canvas,
        role.PlaceholderText: theme.soft,
        role.Highlight: theme.accent,
        role.HighlightedText: theme.on_accent,
        role.Link: theme.accent,
        role.LinkVisited: theme.accent,
        role.Light: theme.hover,
        role.Midlight: theme.line,
        role.Mid: theme.line_strong,
        role.Dark: theme.line_strong,
        role.Shadow: theme.line_strong,
        role.Accent: theme.accent,
    }
    for one, colour in colours.items():
        made.setColor(one, QColor(colour))
    for one in (role.WindowText, role.Text, role.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, one, QColor(theme.line_strong))
    return made


_SHEET = Template("""
QToolTip { background: $text; color: $canvas; border: none; padding: ${XS}px ${S}px;
  font-size: ${CAPTION}px; }

QFrame[card="true"] { background: $surface; border: 1px solid $line; border-radius: ${RADIUS}px; }
QFrame[card="sunken"] { background: $sunken; border: none; border-radius: ${RADIUS}px; }
QFrame[card="offered"] { background: $offered_fill; border: 2px solid $offered_mark;
  border-radius: ${RADIUS}px; }
QFrame[card="wrap_up"] { background: $surface; border: 1px solid $wrap_up_mark; border-radius: ${RADIUS}px; }
QFrame[rule="true"] { background: $line; border: none; max-height: 1px; min-height: 1px; }

QLabel { background: transparent; }
QLabel[kind="caption"] { color: $soft; font-size: ${CAPTION}px; }
QLabel[kind="soft"] { color: $soft; }
QLabel[kind="strong"] { font-weight: 600; }
QLabel[kind="lead"] { font-size: ${LEAD}px; font-weight: 600; }
QLabel[kind="title"] { font-size: ${TITLE}px; font-weight: 600; }
QLabel[kind="figure"] { font-size: ${FIGURE}px; font-weight: 600; }
QLabel[kind="display"] { font-size: ${DISPLAY}px; font-weight: 600; }
QLabel[kind="error"] { color: $critical_ink; }

QPushButton, QToolButton { background: $surface; color: $text; border: 1px solid $line_strong;
  border-radius: ${RADIUS_SMALL}px; padding: 0 ${M}px; min-height: ${button}px; }
QPushButton:hover, QToolButton:hover { background: $hover; }
QPushButton:pressed, QToolButton:pressed { background: $sunken; }
QPushButton:focus, QToolButton:focus { border: 2px solid $accent; padding: 0 ${M_focus}px;
  min-height: ${button_focus}px; }
QPushButton:checked, QToolButton:checked { background: $info_fill; color: $info_ink;
  border-color: $info_mark; }
QPushButton:disabled, QToolButton:disabled { color: $line_strong; border-color: $line;
  background: transparent; }
QToolButton::menu-indicator { image: none; }
QPushButton::menu-indicator { image: none; width: 0; }

QPushButton[kind="primary"], QToolButton[kind="primary"] { background: $accent; color: $on_accent;
  border-color: $accent; font-weight: 600; }
QPushButton[kind="primary"]:hover, QToolButton[kind="primary"]:hover { background: $accent_hover; }
QPushButton[kind="answer"] { background: $answer; color: $on_action; border-color: $answer;
  font-weight: 600; }
QPushButton[kind="answer"]:hover { background: $answer_hover; }
QPushButton[kind="end"] { background: $end; color: $on_action; border-color: $end; font-weight: 600; }
QPushButton[kind="end"]:hover { background: $end_hover; }
QPushButton[kind="primary"]:focus, QToolButton[kind="primary"]:focus, QPushButton[kind="answer"]:focus,
  QPushButton[kind="end"]:focus { border: 2px solid $text; }
QPushButton[kind="primary"]:disabled, QToolButton[kind="primary"]:disabled,
  QPushButton[kind="answer"]:disabled,
  QPushButton[kind="end"]:disabled { background: $sunken; color: $line_strong; border-color: $sunken; }
QPushButton[kind="quiet"], QToolButton[kind="quiet"] { background: transparent;
  border: 2px solid transparent; padding: 0 ${S}px; min-height: ${button_focus}px; }
QPushButton[kind="quiet"]:hover, QToolButton[kind="quiet"]:hover { background: $hover; }
QPushButton[kind="quiet"]:pressed, QToolButton[kind="quiet"]:pressed { background: $sunken; }
QPushButton[kind="quiet"]:focus, QToolButton[kind="quiet"]:focus { border-color: $accent; }
QPushButton[kind="quiet"]:checked, QToolButton[kind="quiet"]:checked { background: $info_fill;
  color: $info_ink; }
QPushButton[kind="quiet"]:disabled, QToolButton[kind="quiet"]:disabled { border-color: transparent; }
QPushButton[kind="key"] { background: $sunken; border: 2px solid transparent; padding: 0; }
QPushButton[kind="key"]:hover { background: $line; }
QPushButton[kind="key"]:pressed { background: $info_fill; color: $info_ink; }
QPushButton[kind="key"]:focus { border-color: $accent; }
QToolButton[kind="tool"] { background: $sunken; border: 2px solid transparent; font-size: ${CAPTION}px;
  padding: ${XS}px 0; min-height: ${large}px; }
QToolButton[kind="tool"]:hover { background: $line; }
QToolButton[kind="tool"]:checked { background: $info_fill; color: $info_ink; border-color: $info_mark; }
QToolButton[kind="tool"]:focus { border-color: $accent; padding: ${XS}px 0; min-height: ${large}px; }
QToolButton[kind="tool"]:disabled { background: transparent; }
QPushButton[bare="true"], QPushButton[bare="true"]:focus { padding: 0; }
QPushButton[scale="large"], QToolButton[scale="large"] { min-height: ${large}px; font-size: ${LEAD}px; }
QPushButton[scale="large"]:focus, QToolButton[scale="large"]:focus { min-height: ${large_focus}px; }

QLineEdit, QTextEdit, QPlainTextEdit, QComboBox, QSpinBox, QDoubleSpinBox, QDateEdit { background: $surface;
  color: $text; border: 1px solid $line_strong;
  border-radius: ${RADIUS_SMALL}px; padding: 1px ${field}px; selection-background-color: $accent;
  selection-color: $on_accent; }
QLineEdit, QComboBox, QSpinBox, QDoubleSpinBox, QDateEdit { min-height: ${field_height}px; }
QLineEdit:focus, QTextEdit:focus, QPlainTextEdit:focus, QComboBox:focus, QSpinBox:focus, QDateEdit:focus,
  QDoubleSpinBox:focus {
  border: 2px solid $accent; padding: 0 ${field_focus}px; }
QLineEdit:disabled, QTextEdit:disabled, QPlainTextEdit:disabled, QComboBox:disabled, QDateEdit:disabled {
  background: transparent; color: $line_strong; border-color: $line; }
QLineEdit, QTextEdit, QPlainTextEdit { placeholder-text-color: $soft; }
QLineEdit[locked="true"] { background: $sunken; border-color: $line; }
QLineEdit[locked="true"]:focus { border-color: $accent; }
QLineEdit[plain="true"] { background: transparent; border-color: transparent; min-height: ${plain_height}px;
  padding: 0; }
QLineEdit[plain="true"]:focus { border: 1px solid $accent; padding: 0; }
QLineEdit[wrong="true"] { border-color: $critical_mark; }
QLineEdit[scale="large"] { font-size: ${LEAD}px; min-height: ${field_large}px; }
QComboBox::drop-down { border: none; width: ${XL}px; }
QSpinBox::up-button, QSpinBox::down-button, QDateEdit::up-button, QDateEdit::down-button { width: 0;
  border: none; }
QFrame[card="true"]:focus { border-color: $accent; }
QComboBox QAbstractItemView, QAbstractItemView[popup="true"] { background: $surface; color: $text;
  border: 1px solid $line_strong; outline: none;
  selection-background-color: $info_fill; selection-color: $info_ink; padding: ${XS}px; }
QAbstractItemView[popup="true"] { padding: 0; }
QAbstractItemView[popup="true"]::item { min-height: ${XL}px; padding: 0 ${S}px; border: none; }
QAbstractItemView[popup="true"]::item:selected { background: $info_fill; color: $info_ink; }

QCheckBox { spacing: ${S}px; background: transparent; border: 2px solid transparent;
  border-radius: ${XS}px; padding: 1px; }
QCheckBox:focus { border-color: $accent; }
QCheckBox::indicator { width: 18px; height: 18px; }

QListView, QTableView, QTreeView { background: transparent; border: none; outline: none;
  gridline-color: $line;
  selection-background-color: $info_fill; selection-color: $text; }
QTableView, QTreeView { alternate-background-color: $hover; }
QHeaderView { background: transparent; border: none; }
QHeaderView::section { background: transparent; color: $soft; border: none;
  border-bottom: 1px solid $line; padding: ${XS}px ${S}px; font-size: ${CAPTION}px; font-weight: 600; }
QScrollArea, QScrollArea > QWidget > QWidget { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: ${M}px; margin: 0; }
QScrollBar:horizontal { background: transparent; height: ${M}px; margin: 0; }
QScrollBar::handle { background: $handle; border-radius: 3px; margin: 3px; min-height: ${XL}px;
  min-width: ${XL}px; }
QScrollBar::handle:hover { background: $soft; }
QScrollBar::add-line, QScrollBar::sub-line, QScrollBar::add-page, QScrollBar::sub-page {
  background: none; border: none; width: 0; height: 0; }

QMenu { background: $surface; color: $text; border: 1px solid $line_strong; padding: ${XS}px; }
QMenu::item { padding: ${S}px ${XL}px ${S}px ${S}px; border-radius: ${XS}px; }
QMenu::icon { padding-left: ${S}px; }
QMenu::item:selected { background: $info_fill; color: $info_ink; }
QMenu::item:disabled { color: $line_strong; }
QMenu::separator { height: 1px; background: $line; margin: ${XS}px ${S}px; }

QTabWidget::pane { border: none; border-top: 1px solid $line; }
QTabBar { qproperty-drawBase: 0; }
QTabBar::tab { background: transparent; color: $soft; border: none; border-bottom: 2px solid transparent;
  padding: ${S}px ${M}px; }
QTabBar::tab:selected { color: $text; border-bottom-color: $accent; font-weight: 600; }
QTabBar::tab:focus { color: $accent; }
QSplitter::handle { background: transparent; }
""")


def sheet_of(theme: Theme) -> str:
    """The theme for the rest: one style sheet made from the tokens."""
    values: dict[str, str | int] = {
        item.name: getattr(theme, item.name)
        for item in fields(theme)
        if isinstance(getattr(theme, item.name), str)
    }
    for name in ("good", "info", "warning", "critical", "neutral"):
        tone = theme.tone(name)
        values |= {f"{name}_mark": tone.mark, f"{name}_fill": tone.fill, f"{name}_ink": tone.ink}
    for state, tone in theme.states.items():
        values |= {f"{state}_mark": tone.mark, f"{state}_fill": tone.fill, f"{state}_ink": tone.ink}
    sizes: dict[str, str | int] = {
        "XS": XS,
        "S": S,
        "M": M,
        "L": L,
        "XL": XL,
        "RADIUS": RADIUS,
        "RADIUS_SMALL": RADIUS_SMALL,
    }
    type_scale: dict[str, str | int] = {
        "CAPTION": CAPTION,
        "BODY": BODY,
        "LEAD": LEAD,
        "TITLE": TITLE,
        "FIGURE": FIGURE,
        "DISPLAY": DISPLAY,
    }
    derived: dict[str, str | int] = {
        "button": CONTROL - 2,
        "button_focus": CONTROL - 4,
        "M_focus": M - 1,
        "large": CONTROL_LARGE - 2,
        "large_focus": CONTROL_LARGE - 4,
        "field": S + 2,
        "field_focus": S + 1,
        "field_height": CONTROL - 4,
        "plain_height": CAPTION + S,
        "field_large": CONTROL_LARGE - 4,
    }
    return _SHEET.substitute(values | sizes | type_scale | derived)


class Look:
    """The theme of the running program: `system` follows the desktop, live; `light` and `dark` hold."""

    def __init__(self, application: QApplication, fonts: Path | None = None) -> None:
        """Dress the application in the system's theme. `fonts`: the folder of the fonts that come with it."""
        self._application = application
        self._choice = "system"
        if fonts is not None:
            load_fonts(fonts)
        application.setStyle("Fusion")
        application.setFont(font())
        self._scheme = QGuiApplication.styleHints().colorScheme()
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._scheme_changed)
        self._theme = self._wanted()
        self._dress()

    @property
    def theme(self) -> Theme:
        """What is shown now."""
        return self._theme

    @property
    def choice(self) -> str:
        """What was chosen: light, dark or system."""
        return self._choice

    def use(self, choice: str) -> None:
        """Show `light`, `dark` or what the `system` has; an unknown word counts as `system`."""
        self._choice = choice if choice in {"light", "dark"} else "system"
        self._refresh()

    def stop(self) -> None:
        """Follow the desktop no longer."""
        QGuiApplication.styleHints().colorSchemeChanged.disconnect(self._scheme_changed)

    def _scheme_changed(self, scheme: Qt.ColorScheme) -> None:
        self._scheme = scheme
        self._refresh()

    def _wanted(self) -> Theme:
        if self._choice != "system":
            return DARK if self._choice == "dark" else LIGHT
        return DARK if self._scheme == Qt.ColorScheme.Dark else LIGHT

    def _refresh(self) -> None:
        wanted = self._wanted()
        if wanted is not self._theme:
            self._theme = wanted
            self._dress()

    def _dress(self) -> None:
        self._application.setPalette(palette_of(self._theme))
        self._application.setStyleSheet(sheet_of(self._theme))
