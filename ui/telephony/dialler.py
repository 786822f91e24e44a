"""Calling somebody: one field for numbers, names and addresses, and a keypad for those who like keys."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.domain.errors import BadInput
from ui.bridge import Runner
from ui.telephony.keypad import Keypad
from ui.telephony.presenter import suggestion
from ui.telephony.services import Contact, Contacts, Phone
from ui.theme import S
from ui.widgets.buttons import ActionButton
from ui.widgets.completing import CompletingField
from ui.widgets.labels import prose
from ui.widgets.words import Words

_LOOK_MS = 700


class Keys:
    """The keys of the dialler, in portable form."""

    DIAL = "Ctrl+L"


class Dialler(QWidget):
    """Enter calls. What cannot be called is said under the field, which keeps what was typed."""

    dialled = Signal(object)  # the call's id
    given_up = Signal()  # what was offered is not what stands there any more
    by_centre: Callable[[str], bool] = staticmethod(lambda typed: False)
    """Takes what was typed when the centre makes the call; it tells, or clears the field, in its time."""

    def __init__(
        self, phone: Phone, contacts: Contacts, runner: Runner, words: Words, parent: QWidget | None = None
    ) -> None:
        """An empty field; the keypad is closed."""
        super().__init__(parent)
        self._phone = phone
        self._contacts = contacts
        self._runner = runner
        self._words = words
        self._keypad: Keypad | None = None
        self._kept = False
        self._offered = ""
        self._looking = QTimer(self, singleShot=True, interval=_LOOK_MS)
        self.field = self._make_field(words)
        self._call = ActionButton(words("Call"), "phone", kind="primary", bare=True)
        self._call.setFixedSize(44, 44)
        self._call.clicked.connect(lambda: self.dial(self.field.text()))
        self._open = ActionButton(words("Keypad"), "grid-3x3", kind="quiet", bare=True)
        self._open.setCheckable(True)
        self._open.setFixedSize(44, 44)
        self._open.toggled.connect(lambda on: self.show_keypad(shown=on))
        self._error = prose("", "error")
        self._error.hide()
        row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(self.field, 1)
        row.addWidget(self._open)
        row.addWidget(self._call)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(S)
        self._column.addLayout(row)
        self._column.addWidget(self._error)

    def _make_field(self, words: Words) -> CompletingField:
        field = CompletingField()
        field.setProperty("scale", "large")
        field.setPlaceholderText(words("Number or name"))
        field.setAccessibleName(words("Call somebody: number, name or address"))
        field.setToolTip(words("Number, name or SIP address  (Ctrl+L)"))
        field.setMaxLength(256)
        field.asked.connect(self._look_up)
        field.entered.connect(self._enter)
        field.textChanged.connect(self._changed)
        return field

    @property
    def stops(self) -> list[QWidget]:
        """Where Tab stops, in order."""
        return [self.field, self._open, self._call]

    @property
    def error(self) -> str:
        """What is said under the field."""
        return self._error.text()

    @property
    def keypad_shown(self) -> bool:
        """Whether the keypad is open."""
        return self._keypad is not None and not self._keypad.isHidden()

    def focus_field(self) -> None:
        """Put the keyboard into the field, ready to type over."""
        self.field.setFocus()
        self.field.selectAll()

    def offer(self, target: str, *, focus: bool) -> None:
        """Put into the field whom another program wants called: the person decides.

        Enter counts only after a moment: it may have been meant for what stood there before.
        """
        self._offered = ""
        self.field.setText(target)
        self.field.setCursorPosition(0)
        self._offered = target
        self._looking.start()
        if focus:
            self.field.setFocus()

    def dial(self, typed: str) -> None:
        """Call what was typed."""
        if not typed.strip():
            self.tell(self._words("Enter a number, a name or a SIP address."))
            self.field.setFocus()
            return
        if self.by_centre(typed):
            return
        try:
            call = self._phone.dial(typed)
        except BadInput as fault:
            self.tell(self._words.fault(str(fault)))
            return
        self.clear()
        self.dialled.emit(call)

    def clear(self) -> None:
        """What was typed is called: ready for the next."""
        self.field.clear()
        self.show_keypad(shown=self._kept)

    def tell(self, error: str) -> None:
        """Say why it cannot be called; "" takes that away."""
        self._error.setText(error)
        self._error.setVisible(bool(error))
        if bool(self.field.property("wrong")) != bool(error):
            self.field.setProperty("wrong", bool(error))
            self.field.style().unpolish(self.field)
            self.field.style().polish(self.field)

    def show_keypad(self, *, shown: bool) -> None:
        """Open or close the keypad; one that is kept open stays."""
        shown = shown or self._kept
        if shown and self._keypad is None:
            self._keypad = Keypad(self._words)
            self._keypad.pressed.connect(self._type)
            self._keypad.closed.connect(lambda: self.show_keypad(shown=False))
            self._column.addWidget(self._keypad)
        self._open.setChecked(shown)
        if self._keypad is not None:
            self._keypad.setVisible(shown)

    def keep_keypad(self, *, kept: bool) -> None:
        """With much room the keypad stays open."""
        self._kept = kept
        self._open.setVisible(not kept)
        self.show_keypad(shown=kept)

    def _enter(self, typed: str) -> None:
        if not self._looking.isActive():
            self.dial(typed)

    def _changed(self, text: str) -> None:
        self.tell("")
        if self._offered and text != self._offered:
            self._offered = ""
            self._looking.stop()
            self.given_up.emit()

    def _type(self, digit: str) -> None:
        self.field.insert(digit)
        self.field.setFocus()

    def _look_up(self, typed: str) -> None:
        def found(contacts: Sequence[Contact]) -> None:
            self.field.offer(typed, [suggestion(contact) for contact in contacts])

        self._runner.run(self._contacts.completions(typed), found)
