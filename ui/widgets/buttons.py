"""Buttons whose icon follows the theme, and whose tool tip names their key."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QKeySequence, QShowEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QToolButton, QWidget

from ui.theme import CONTROL, XS, Theme, theme_of
from ui.widgets.icons import icon

_ICON = 18
_WIDEST = 16_777_215  # Qt's: no limit


class ActionButton(QPushButton):
    """A button with an icon, words or both.

    `kind`: "" plain, "primary" the one that leads on, "answer", "end", "quiet" without a frame. A button
    without words is square and says its words in the tool tip and to a screen reader. `keys` is shown in the
    tool tip; the window binds it (one place for all shortcuts).
    """

    def __init__(
        self,
        words: str,
        icon_name: str = "",
        *,
        kind: str = "",
        keys: str = "",
        bare: bool = False,
        large: bool = False,
    ) -> None:
        """A button; `bare` shows the icon alone, `large` is for what is pressed in a hurry."""
        super().__init__()
        self._icon_name = icon_name
        self._keys = keys
        self._gap = 0
        self._dressed: tuple[str, str, bool] | None = None
        if kind:
            self.setProperty("kind", kind)
        if large:
            self.setProperty("scale", "large")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._said = words
        self.set_bare(bare=bare)

    def set_bare(self, *, bare: bool) -> None:
        """Show the icon alone, or with its words."""
        self._bare = bare
        self._gap = 0 if bare or not self._said else XS
        self._dressed = None
        self.setIconSize(QSize(_ICON + self._gap, _ICON))
        self.setMinimumWidth(CONTROL if bare else 0)
        self.setMaximumWidth(CONTROL if bare else _WIDEST)
        self.setProperty("bare", bare)
        self.style().unpolish(self)
        self.style().polish(self)
        self.say(self._said)

    def say(self, words: str, icon_name: str = "") -> None:
        """Change the words, and the icon when one is named."""
        self._said = words
        self._icon_name = icon_name or self._icon_name
        self.setText("" if self._bare else words)
        self.setAccessibleName(words)
        shown = (
            QKeySequence(self._keys).toString(QKeySequence.SequenceFormat.NativeText) if self._keys else ""
        )
        tip = f"{words}  ({shown})" if shown else (words if self._bare else "")
        self.setToolTip(tip)
        self._dress()

    def set_kind(self, kind: str) -> None:
        """Become another kind of button."""
        if (self.property("kind") or "") != kind:
            self.setProperty("kind", kind)
            self.style().unpolish(self)
            self.style().polish(self)
            self._dress()

    @property
    def keys(self) -> str:
        """The shortcut it names, in portable form."""
        return self._keys

    def event(self, event: QEvent) -> bool:
        """Follow theme, check and focus."""
        done = super().event(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.EnabledChange}:
            self._dress()
        return done

    def showEvent(self, event: QShowEvent) -> None:
        """Dress for the first time."""
        super().showEvent(event)
        self._dress()

    def checkStateSet(self) -> None:
        """A checked button has other ink."""
        super().checkStateSet()
        self._dress()

    def nextCheckState(self) -> None:
        """The same, by a click."""
        super().nextCheckState()
        self._dress()

    def _dress(self) -> None:
        if not self._icon_name or not self.isVisible():
            return
        theme = theme_of(self)
        wanted = (self._icon_name, f"{theme.name} {self.property('kind')}", self.isChecked())
        if wanted != self._dressed:
            self._dressed = wanted
            self.setIcon(icon(self._icon_name, self._ink(theme), _ICON, theme.line_strong, self._gap))

    def _ink(self, theme: Theme) -> str:
        if self.isChecked():
            return theme.info.ink
        return {"primary": theme.on_accent, "answer": theme.on_action, "end": theme.on_action}.get(
            str(self.property("kind") or ""), theme.text
        )


class ToolKey(QToolButton):
    """A key with its icon above its word, for a row of equals. `keys` is named in the tool tip."""

    def __init__(self, words: str, icon_name: str, keys: str = "", parent: QWidget | None = None) -> None:
        """A key."""
        super().__init__(parent)
        self._icon_name = icon_name
        self._keys = keys
        self._dressed: tuple[str, str, bool] | None = None
        self.setProperty("kind", "tool")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(_ICON + 2, _ICON + 2))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.toggled.connect(lambda _on: self._dress())
        self.say(words, icon_name)

    def say(self, words: str, icon_name: str) -> None:
        """Change word and icon."""
        self._icon_name = icon_name
        self.setText(words)
        self.setAccessibleName(words)
        shown = QKeySequence(self._keys).toString(QKeySequence.SequenceFormat.NativeText)
        self.setToolTip(f"{words}  ({shown})" if shown else "")
        self._dress()

    def event(self, event: QEvent) -> bool:
        """Follow the theme."""
        done = super().event(event)
        if event.type() in {QEvent.Type.PaletteChange, QEvent.Type.StyleChange, QEvent.Type.Show}:
            self._dress()
        return done

    def _dress(self) -> None:
        theme = theme_of(self)
        wanted = (self._icon_name, theme.name, self.isChecked())
        if wanted != self._dressed:
            self._dressed = wanted
            ink = theme.info.ink if self.isChecked() else theme.text
            self.setIcon(icon(self._icon_name, ink, _ICON + 2, theme.line_strong))
