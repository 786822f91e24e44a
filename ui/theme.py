"""The visual language: every colour, size and distance in both windows. ui.widgets.look brings it to Qt.

Colours are those of Okabe and Ito (told apart with any colour vision), darkened or lightened until a mark has
3:1 and words have 4.5:1 against their ground (WCAG 2.2, 1.4.3 and 1.4.11; checked in the tests). No state is
told by colour alone: each has an icon and a word of its own.
"""

from dataclasses import dataclass
from typing import Final

from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette
from PySide6.QtWidgets import QWidget

from console.domain.agent import AgentState

# Distances, in device-independent pixels.
XS: Final = 4
S: Final = 8
M: Final = 12
L: Final = 16
XL: Final = 24
RADIUS: Final = 8
RADIUS_SMALL: Final = 6
CONTROL: Final = 36  # height of buttons and fields
CONTROL_LARGE: Final = 44  # height of what is pressed in a hurry: answer, decline, end

# The type scale, in device-independent pixels.
CAPTION: Final = 12
BODY: Final = 14
LEAD: Final = 16
TITLE: Final = 20
FIGURE: Final = 28
DISPLAY: Final = 44

FAMILIES: Final = (
    "Inter",
    "Segoe UI Variable",
    "Segoe UI",
    ".AppleSystemUIFont",
    "Cantarell",
    "Noto Sans",
    "DejaVu Sans",
)


@dataclass(frozen=True)
class Tone:
    """The colours of one meaning: `mark` for icons and bars, `fill` for a ground, `ink` for words."""

    mark: str
    fill: str
    ink: str


@dataclass(frozen=True)
class Theme:
    """One set of colours. Text colours hold on `canvas`, `surface` and `sunken` alike."""

    name: str
    canvas: str  # the window
    surface: str  # cards and fields
    sunken: str  # what lies deeper: keypad keys, tracks, table heads
    hover: str
    line: str
    line_strong: str
    handle: str  # of scroll bars
    text: str
    soft: str
    accent: str
    accent_hover: str
    on_accent: str
    good: Tone
    info: Tone
    warning: Tone
    critical: Tone
    neutral: Tone
    answer: str
    answer_hover: str
    end: str
    end_hover: str
    on_action: str
    states: dict[AgentState, Tone]
    series: tuple[str, ...]  # lines and areas of graphs, in this order

    @property
    def dark(self) -> bool:
        """Whether the ground is darker than the words."""
        return QColor(self.canvas).lightness() < 128

    def tone(self, name: str) -> Tone:
        """A tone by its name: good, info, warning, critical, neutral."""
        found: Tone = getattr(self, name)
        return found


_GREY = Tone("#77838f", "#e9edf1", "#4b5865")
_DARK_GREY = Tone("#8b98a6", "#2a343f", "#b4c0cb")

LIGHT: Final = Theme(
    name="light",
    canvas="#f3f5f8",
    surface="#ffffff",
    sunken="#e9edf1",
    hover="#eef2f6",
    line="#dbe1e8",
    line_strong="#8793a0",
    handle="#c3ccd6",
    text="#15202b",
    soft="#4f5d6b",
    accent="#0068a3",
    accent_hover="#005789",
    on_accent="#ffffff",
    good=Tone("#008f68", "#dff3ec", "#00624a"),
    info=Tone("#0072b2", "#dfeef8", "#00558a"),
    warning=Tone("#b87700", "#fdf0d6", "#6f4a00"),
    critical=Tone("#d55e00", "#fde8da", "#933f00"),
    neutral=_GREY,
    answer="#007a58",
    answer_hover="#006448",
    end="#bd4400",
    end_hover="#9c3800",
    on_action="#ffffff",
    states={
        AgentState.OFFLINE: _GREY,
        AgentState.READY: Tone("#008f68", "#dff3ec", "#00624a"),
        AgentState.OFFERED: Tone("#2b90c8", "#e2f2fc", "#0a5a86"),
        AgentState.ON_CONTACT: Tone("#0072b2", "#dfeef8", "#00558a"),
        AgentState.HOLD: Tone("#b4588c", "#f8e8f1", "#85335f"),
        AgentState.WRAP_UP: Tone("#b87700", "#fdf0d6", "#6f4a00"),
        AgentState.PAUSED: Tone("#8c8000", "#f7f4cf", "#5b5300"),
        AgentState.NOT_RESPONDING: Tone("#d55e00", "#fde8da", "#933f00"),
    },
    series=("#0072b2", "#b87700", "#008f68", "#b4588c", "#2b90c8", "#d55e00", "#8c8000", "#4b5865"),
)

DARK: Final = Theme(
    name="dark",
    canvas="#11161c",
    surface="#1a222b",
    sunken="#242e39",
    hover="#222c36",
    line="#2d3945",
    line_strong="#6d7c8a",
    handle="#45535f",
    text="#e9eef3",
    soft="#a9b6c3",
    accent="#5ab4e8",
    accent_hover="#7cc4ee",
    on_accent="#07202f",
    good=Tone("#25b88a", "#133429", "#74dbb8"),
    info=Tone("#4fa3dd", "#152e42", "#93cbf0"),
    warning=Tone("#e69f00", "#3a2c0e", "#f5c560"),
    critical=Tone("#f0792f", "#42220f", "#ffab78"),
    neutral=_DARK_GREY,
    answer="#25b88a",
    answer_hover="#45c99f",
    end="#f0792f",
    end_hover="#f6924f",
    on_action="#0d1318",
    states={
        AgentState.OFFLINE: _DARK_GREY,
        AgentState.READY: Tone("#25b88a", "#133429", "#74dbb8"),
        AgentState.OFFERED: Tone("#7cc8f2", "#173648", "#a8dcf8"),
        AgentState.ON_CONTACT: Tone("#4fa3dd", "#152e42", "#93cbf0"),
        AgentState.HOLD: Tone("#d98fb8", "#3a2431", "#efb7d5"),
        AgentState.WRAP_UP: Tone("#e69f00", "#3a2c0e", "#f5c560"),
        AgentState.PAUSED: Tone("#ddd24a", "#33310f", "#ebe37e"),
        AgentState.NOT_RESPONDING: Tone("#f0792f", "#42220f", "#ffab78"),
    },
    series=("#4fa3dd", "#e69f00", "#25b88a", "#d98fb8", "#7cc8f2", "#f0792f", "#ddd24a", "#b4c0cb"),
)

STATE_ICONS: Final = {
    AgentState.OFFLINE: "power",
    AgentState.READY: "circle-check",
    AgentState.OFFERED: "bell-ring",
    AgentState.ON_CONTACT: "phone-call",
    AgentState.HOLD: "circle-pause",
    AgentState.WRAP_UP: "notebook-pen",
    AgentState.PAUSED: "coffee",
    AgentState.NOT_RESPONDING: "triangle-alert",
}
"""The shape that goes with each state's colour (names of ui.widgets.icons)."""

TONE_ICONS: Final = {
    "good": "circle-check",
    "info": "info",
    "warning": "triangle-alert",
    "critical": "octagon-alert",
    "neutral": "circle",
}
"""The shape that goes with each tone's colour."""


def theme_of(_widget: QWidget) -> Theme:
    """The theme a widget is painted in. A widget that paints itself asks again in every paintEvent.

    It is the application's: a widget's own palette may hold the ground that its style sheet gives it.
    """
    return DARK if QGuiApplication.palette().color(QPalette.ColorRole.Window).lightness() < 128 else LIGHT


def font(size: int = BODY, *, strong: bool = False, digits: bool = False) -> QFont:
    """A font of the type scale. `digits` gives all figures one width, so a running time stands still."""
    made = QFont(list(FAMILIES))
    made.setPixelSize(size)
    made.setWeight(QFont.Weight.DemiBold if strong else QFont.Weight.Normal)
    if digits:
        made.setFeature(QFont.Tag("tnum"), 1)
    return made
