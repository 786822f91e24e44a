"""The settings window: tabs of fields, each with what it is for; nothing changes before it is kept."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from console.domain.errors import SettingsError
from console.settings import DeskSettings, Option
from console.settings.values import value_of
from ui.settings.form import Field, label_of, sections, settings_from
from ui.settings.words import Given
from ui.theme import XL, XS, L, M, S
from ui.widgets.buttons import ActionButton
from ui.widgets.icons import IconLabel
from ui.widgets.labels import label, prose
from ui.widgets.notice import Notice
from ui.widgets.words import Words

_NOWHERE = "none"
_NOTHING = Given()


class SettingsDialog(QDialog):
    """`kept` carries the new settings and the telephone password (None: as it was); the caller closes it."""

    kept = Signal(object, object)
    theme_chosen = Signal(str)

    def __init__(
        self,
        settings: DeskSettings,
        speakers: Sequence[str],
        microphones: Sequence[str],
        words: Words,
        parent: QWidget | None = None,
        *,
        given: Given = _NOTHING,
    ) -> None:
        """Shows `settings`; the devices are offered by name. `given`: what others decided."""
        super().__init__(parent)
        self._given = given
        self._words = words
        self._before = settings
        self.setWindowTitle(words("Settings"))
        self.setModal(True)
        self._devices = {
            "audio.speaker": self._device_choices(speakers),
            "audio.microphone": self._device_choices(microphones),
            "audio.ringer": [*self._device_choices(speakers), (_NOWHERE, words("Nowhere"))],
        }
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText(words("unchanged"))
        self.password.setAccessibleName(words("Account password"))
        self.error = Notice(dismiss_words=words("Dismiss"))
        self.fields: dict[str, Field] = {}
        self.tabs = QTabWidget()
        for title, options in sections():
            self.tabs.addTab(self._make_tab(options), words(title))
        self._lay_out()
        for name, field in self.fields.items():
            field.show(value_of(settings, name))
        self._follow_theme()

    def tell(self, error: str) -> None:
        """Say why the settings were not kept."""
        self.error.tell(self._words.fault(error), "critical")

    def keep(self) -> None:
        """Hand over what stands in the fields."""
        try:
            settings = settings_from({name: field.value for name, field in self.fields.items()})
        except SettingsError as fault:
            self.tell(str(fault))
            return
        self.error.hide()
        self.kept.emit(settings, self.password.text() or None)

    def reject(self) -> None:
        """Leave all as it was, the theme that was tried out too."""
        self.theme_chosen.emit(self._before.window.theme)
        super().reject()

    def _device_choices(self, names: Sequence[str]) -> list[tuple[str, str]]:
        return [("", self._words("The system's default")), *((name, name) for name in names)]

    def _follow_theme(self) -> None:
        box = self.fields["window.theme"].widget
        if isinstance(box, QComboBox):
            box.currentIndexChanged.connect(lambda _at: self.theme_chosen.emit(str(box.currentData())))

    def _make_tab(self, options: Sequence[Option]) -> QWidget:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(S, L, S, L)
        column.setSpacing(XS)
        for option in options:
            field = self.fields[option.name] = Field(
                option, self._words, self._devices.get(option.name, ()), self._given.origins.get(option.name)
            )
            if not field.labelled:
                name = label(label_of(option, self._words), "strong")
                name.setBuddy(field.widget)
                column.addWidget(name)
            column.addWidget(field.widget)
            if field.given:
                column.addLayout(self._whose(field))
            if field.help:
                column.addWidget(prose(field.help, "caption"))
            column.addSpacing(M)
            if option.name == "user" and self._given.queues:
                column.addWidget(label(self._words("Your queues"), "strong"))
                column.addWidget(prose(", ".join(self._given.queues)))
                column.addSpacing(M)
            if option.name == "phone.username":
                column.addWidget(label(self._words("Account password"), "strong"))
                column.addWidget(self.password)
                column.addWidget(
                    prose(self._words("Kept in the system's keyring, never in a file."), "caption")
                )
                column.addSpacing(M)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inner)
        return scroll

    @staticmethod
    def _whose(field: Field) -> QHBoxLayout:
        """Who gave or locked it: an icon and words."""
        row = QHBoxLayout()
        row.setSpacing(XS)
        row.addWidget(IconLabel("lock" if field.locked else "info", 16, "soft"), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(prose(field.given, "caption"), 1)
        return row

    def _lay_out(self) -> None:
        cancel = ActionButton(self._words("Cancel"))
        cancel.clicked.connect(self.reject)
        keep = ActionButton(self._words("Save"), "check", kind="primary")
        keep.setDefault(True)
        keep.clicked.connect(self.keep)
        buttons = QHBoxLayout()
        buttons.setSpacing(S)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, L, L, L)
        column.setSpacing(M)
        column.addWidget(self.tabs, 1)
        column.addWidget(self.error)
        column.addLayout(buttons)
        self.resize(480, 560)
        self.setMinimumSize(320, 360 + XL)
