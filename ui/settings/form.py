"""Fields for declared options: each knows its option, shows a value and gives one back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QLineEdit, QSpinBox, QWidget

from console.domain.errors import SettingsError
from console.settings import DeskSettings, Option, options
from ui.widgets.choice import Choice
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
            "phone.auto_answer",
        ),
    ),
    ("Centre", ("centre", "user", "history.keep_days")),
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
    "phone.auto_answer": "Answer calls at once",
    "centre": "Centre",
    "user": "User",
    "history.keep_days": "Keep history for (days)",
}
_CHOICES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "window.theme": (("system", "Like the system"), ("light", "Light"), ("dark", "Dark")),
    "window.language": (("system", "Like the system"), ("en", "English"), ("de", "Deutsch")),
    "phone.transport": (("udp", "UDP"), ("tcp", "TCP"), ("tls", "TLS (encrypted)")),
    "phone.srtp": (("off", "Off"), ("optional", "When the other side can"), ("required", "Always")),
}
_MOST_DAYS = 36500


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


class Field:
    """One option's field. `widget` is what is shown."""

    def __init__(self, option: Option, words: Words, choices: Sequence[tuple[str, str]] = ()) -> None:
        """`choices` (value, words) make it a list to choose from."""
        self.option = option
        self._help = words(option.help)
        self._choices = list(choices) or [
            (value, words(said)) for value, said in _CHOICES.get(option.name, ())
        ]
        self.widget: QWidget = self._make(words)
        self.widget.setAccessibleName(label_of(option, words))

    @property
    def help(self) -> str:
        """What stands under the field: nothing where the choices say it all, no word of what is not typed."""
        if self.option.name in _CHOICES:
            return ""
        return f"{self._help.split(';')[0].rstrip('.')}." if self._choices else self._help

    def show(self, value: Any) -> None:
        """Show a value of the option's type."""
        field = self.widget
        if isinstance(field, QComboBox):
            place = field.findData(value)
            if place < 0:  # a device that is not plugged in stays chosen
                field.addItem(str(value), value)
                place = field.count() - 1
            field.setCurrentIndex(place)
        elif isinstance(field, QCheckBox):
            field.setChecked(bool(value))
        elif isinstance(field, QSpinBox):
            field.setValue(int(value))
        elif isinstance(field, QLineEdit):
            field.setText(", ".join(value) if isinstance(value, tuple) else str(value))

    @property
    def value(self) -> Any:
        """What stands there, of the option's type."""
        field = self.widget
        if isinstance(field, QComboBox):
            return field.currentData()
        if isinstance(field, QCheckBox):
            return field.isChecked()
        if isinstance(field, QSpinBox):
            return field.value()
        text = field.text().strip() if isinstance(field, QLineEdit) else ""
        if self.option.kind.startswith("list"):
            return [part.strip() for part in text.split(",") if part.strip()]
        return text

    def _make(self, words: Words) -> QWidget:
        if self._choices:
            box = Choice()
            box.setMinimumContentsLength(8)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            for value, said in self._choices:
                box.addItem(said, value)
            return box
        if self.option.kind == "true or false":
            return QCheckBox(label_of(self.option, words))
        if self.option.kind == "whole number":
            number = QSpinBox()
            number.setRange(0, _MOST_DAYS)
            number.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
            number.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            return number
        return QLineEdit()


def value_of(settings: DeskSettings, name: str) -> Any:
    """The value of an option by its dotted name."""
    found: Any = settings
    for part in name.split("."):
        found = getattr(found, part)
    return found


def settings_from(values: Mapping[str, Any]) -> DeskSettings:
    """Settings from values by dotted name. Raises SettingsError, naming the option that does not fit."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *sections_, last = name.split(".")
        place = nested
        for section in sections_:
            place = place.setdefault(section, {})
        place[last] = value
    try:
        return msgspec.convert(nested, DeskSettings)
    except msgspec.ValidationError as fault:
        raise SettingsError(str(fault)) from None
