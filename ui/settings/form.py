"""Fields for declared options: each knows its option, shows a value and gives one back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QLineEdit,
    QSpinBox,
    QWidget,
)

from console.policy.resolve import Origin
from console.settings import DeskSettings, Option, options
from console.settings.values import settings_of
from ui.settings.words import given_words
from ui.widgets.choice import Choice
from ui.widgets.tick import Tick
from ui.widgets.words import Words

SECTIONS: Final = (
    ("Sound", ("audio.speaker", "audio.microphone", "audio.ringer")),
    ("Look", ("window.theme", "window.language")),
    (
        "Telephone",
        (
            "phone.uri",
            "phone.registrar",
            "phone.username",
            "phone.transport",
            "phone.srtp",
            "phone.codecs",
            "phone.bind",
            "phone.tls_ca",
            "phone.auto_answer",
        ),
    ),
    ("Centre", ("centre", "user", "history.keep_days")),
    (
        "Program",
        ("start.autostart", "updates.check", "updates.url", "updates.key", "crash.send", "crash.url"),
    ),
)
"""The tabs, and which options stand in each; what is declared and not named here goes to the last one."""

_LABELS: Final = {
    "audio.speaker": "Speaker",
    "audio.microphone": "Microphone",
    "audio.ringer": "Rings on",
    "window.theme": "Theme",
    "window.language": "Language",
    "phone.uri": "SIP address",
    "phone.registrar": "Registrar",
    "phone.username": "Account name",
    "phone.transport": "Transport",
    "phone.srtp": "Encrypted sound",
    "phone.codecs": "Codecs",
    "phone.bind": "Network address",
    "phone.tls_ca": "Trusted authorities",
    "phone.auto_answer": "Answer calls at once",
    "centre": "Centre",
    "user": "User",
    "history.keep_days": "Keep history for (days)",
    "start.autostart": "Start with the computer",
    "updates.check": "Look for new versions",
    "updates.url": "List of versions",
    "updates.key": "Key of the list of versions",
    "crash.send": "Send crash reports",
    "crash.url": "Crash reports go to",
    "log.level": "Log",
    "log.size_mb": "Size of a log file (MB)",
    "log.files": "Older log files",
}
_CHOICES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "window.theme": (("system", "Like the system"), ("light", "Light"), ("dark", "Dark")),
    "window.language": (("system", "Like the system"), ("en", "English"), ("de", "Deutsch")),
    "phone.transport": (("udp", "UDP"), ("tcp", "TCP"), ("tls", "TLS (encrypted)")),
    "crash.send": (("never", "Never"), ("ask", "Ask each time"), ("always", "Always")),
    "phone.srtp": (("off", "Off"), ("optional", "When the other side can"), ("required", "Always")),
}
_MOST = 2**31 - 1  # of a QSpinBox


def declared() -> dict[str, Option]:
    """All options of the desk by name."""
    return {option.name: option for option in options(DeskSettings)}


def sections() -> list[tuple[str, list[Option]]]:
    """The tabs with their options; none is left out."""
    known = declared()
    named = {name for _, names in SECTIONS for name in names}
    rest = [option for name, option in known.items() if name not in named]
    made = [(title, [known[name] for name in names if name in known]) for title, names in SECTIONS]
    made[-1][1].extend(rest)
    return made


def label_of(option: Option, words: Words) -> str:
    """What stands beside a field."""
    return words(_LABELS.get(option.name, option.name.split(".")[-1].replace("_", " ").capitalize()))


def said(option: Option, value: Any, words: Words) -> str:
    """A value in words."""
    if isinstance(value, bool):
        return words("Yes") if value else words("No")
    if isinstance(value, tuple):
        return ", ".join(value) or words("nothing")
    for choice, told in _CHOICES.get(option.name, ()):
        if choice == value:
            return words(told)
    return str(value) or words("nothing")


class Field:
    """One option's field. `widget` is what is shown: when it is locked, words that can be read, selected and
    reached by keyboard, but not changed.
    """

    def __init__(
        self,
        option: Option,
        words: Words,
        choices: Sequence[tuple[str, str]] = (),
        origin: Origin | None = None,
    ) -> None:
        """`choices` (value, words) make it a list to choose from; `origin` is whose the value is."""
        self.option = option
        self.origin = origin
        self.locked = origin is not None and origin.locked
        self.given = given_words(origin, words)
        self._words = words
        self._held: Any = None
        self._help = words(option.help)
        self._choices = list(choices) or [
            (value, words(said)) for value, said in _CHOICES.get(option.name, ())
        ]
        self.widget: QWidget = self._make(words)
        self.widget.setAccessibleName(label_of(option, words))
        self.widget.setAccessibleDescription(f"{self.given} {self.help}".strip())

    @property
    def labelled(self) -> bool:
        """Whether the field itself says what it is, and needs no words above."""
        return isinstance(self.widget, QCheckBox)

    @property
    def help(self) -> str:
        """What stands under the field: nothing where the choices say it all, no word of what is not typed."""
        if self.option.name in _CHOICES:
            return ""
        return f"{self._help.split(';')[0].rstrip('.')}." if self._choices else self._help

    def show(self, value: Any) -> None:
        """Show a value of the option's type."""
        field = self.widget
        self._held = value
        if self.locked and isinstance(field, QLineEdit):
            shown = [told for choice, told in self._choices if choice == value]
            field.setText(shown[0] if shown else said(self.option, value, self._words))
            field.setCursorPosition(0)
        elif isinstance(field, QComboBox):
            place = field.findData(value)
            if place < 0:  # a device that is not plugged in stays chosen
                field.addItem(str(value), value)
                place = field.count() - 1
            field.setCurrentIndex(place)
        elif isinstance(field, QCheckBox):
            field.setChecked(bool(value))
        elif isinstance(field, QSpinBox):
            field.setValue(int(value))
        elif isinstance(field, QDoubleSpinBox):
            field.setValue(float(value))
        elif isinstance(field, QLineEdit):
            field.setText(", ".join(value) if isinstance(value, tuple) else str(value))

    @property
    def value(self) -> Any:
        """What stands there, of the option's type."""
        if self.locked:
            return self._held
        field = self.widget
        if isinstance(field, QComboBox):
            return field.currentData()
        if isinstance(field, QCheckBox):
            return field.isChecked()
        if isinstance(field, QSpinBox | QDoubleSpinBox):
            return self._count(field)
        text = field.text().strip() if isinstance(field, QLineEdit) else ""
        if self.option.kind.startswith("list"):
            return [part.strip() for part in text.split(",") if part.strip()]
        return text

    def _count(self, field: QSpinBox | QDoubleSpinBox) -> Any:
        """The number that stands there; a file's own when it has more digits than are shown."""
        if isinstance(field, QDoubleSpinBox) and field.value() == round(self._held, field.decimals()):
            return self._held
        return field.value()

    def _number(self) -> QAbstractSpinBox:
        least, most = self.option.least or 0, self.option.most
        if self.option.kind == "whole number":
            whole = QSpinBox()
            whole.setRange(int(least), int(most) if most is not None else _MOST)
            return whole
        fraction = QDoubleSpinBox()
        fraction.setRange(least, most if most is not None else _MOST)
        return fraction

    def _make(self, words: Words) -> QWidget:
        if self.locked:
            held = QLineEdit()
            held.setReadOnly(True)
            held.setProperty("locked", "true")
            return held
        if self._choices:
            box = Choice()
            box.setMinimumContentsLength(8)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            for value, said in self._choices:
                box.addItem(said, value)
            return box
        if self.option.kind == "true or false":
            return Tick(label_of(self.option, words))
        if self.option.kind in {"whole number", "number"}:
            number = self._number()
            number.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
            number.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            return number
        return QLineEdit()


def settings_from(values: Mapping[str, Any]) -> DeskSettings:
    """Settings from values by dotted name. Raises SettingsError, naming the option that does not fit."""
    return settings_of(values, DeskSettings)
