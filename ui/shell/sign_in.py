"""Signing in: which centre, who, password; or without a centre. Errors in words, Enter leads on."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from ui.theme import XL, XS, L, S
from ui.widgets.buttons import ActionButton
from ui.widgets.icons import IconLabel
from ui.widgets.labels import label, prose
from ui.widgets.notice import Notice
from ui.widgets.words import Words

_WIDE = 328  # fits into the narrowest window


class SignInPage(QWidget):
    """`wanted` carries URL, user and password; `alone_wanted` says to go without a centre."""

    wanted = Signal(str, str, str)
    alone_wanted = Signal()

    def __init__(self, words: Words, parent: QWidget | None = None) -> None:
        """Empty fields."""
        super().__init__(parent)
        self._words = words
        self.url = self._field(words("Centre"), "https://")
        self.held = prose("", "caption")
        self.held.hide()
        self.user = self._field(words("User"))
        self.password = self._field(words("Password"))
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.error = Notice(dismiss_words=words("Dismiss"))
        self._go = ActionButton(words("Sign in"), "log-in", kind="primary", large=True)
        self._go.clicked.connect(self._enter)
        self._alone = ActionButton(words("Use without a centre"), kind="quiet")
        self._alone.setToolTip(words("A plain SIP phone with its own history, on any SIP account"))
        self._alone.clicked.connect(self.alone_wanted)
        self._lay_out()

    def offer(self, url: str, user: str, known: Sequence[str] = ()) -> None:
        """Fill in what is known; the keyboard goes to the first empty field."""
        self.url.setText(url or (known[0] if known else ""))
        self.user.setText(user)
        self.focus_first()

    def hold_centre(self, who: str) -> None:
        """Whom the centre is locked by: the field shows it and takes no other; "" for nobody."""
        self.url.setReadOnly(bool(who))
        self.url.setProperty("locked", "true" if who else "false")
        self.url.style().unpolish(self.url)
        self.url.style().polish(self.url)
        self.held.setText(self._words("The centre is set by {who}.", who=who) if who else "")
        self.held.setVisible(bool(who))
        self.url.setAccessibleDescription(self.held.text())

    def focus_first(self) -> None:
        """Put the keyboard into the first field that has to be filled in."""
        self._first_empty().setFocus()

    def tell(self, error: str) -> None:
        """Say why it did not work; the password stays to be corrected."""
        self._busy(busy=False)
        self.error.tell(self._words.fault(error), "critical", dismissable=False)
        self.password.setFocus()
        self.password.selectAll()

    def wait(self) -> None:
        """The centre is being asked."""
        self.error.hide()
        self._busy(busy=True)

    def done(self) -> None:
        """Signed in: nothing secret stays in the fields."""
        self._busy(busy=False)
        self.error.hide()
        self.password.clear()

    def _field(self, name: str, hint: str = "") -> QLineEdit:
        field = QLineEdit()
        field.setAccessibleName(name)
        field.setPlaceholderText(hint)
        field.returnPressed.connect(self._enter)
        return field

    def _first_empty(self) -> QLineEdit:
        fields = (self.url, self.user, self.password)
        return next((field for field in fields if not field.text()), self.password)

    def _enter(self) -> None:
        empty = self._first_empty()
        if not empty.text():
            empty.setFocus()
            return
        self.wanted.emit(self.url.text().strip(), self.user.text().strip(), self.password.text())

    def _busy(self, *, busy: bool) -> None:
        for part in (self.url, self.user, self.password, self._go):
            part.setEnabled(not busy)
        self._go.say(self._words("Signing in…") if busy else self._words("Sign in"))

    def _lay_out(self) -> None:
        inner = QWidget()
        middle = QVBoxLayout(inner)
        middle.setContentsMargins(L, L, L, L)
        middle.addStretch(1)
        across = QHBoxLayout()  # no alignment: a card that is aligned is not asked how high its words need it
        across.addStretch(1)
        across.addWidget(self._make_card())
        across.addStretch(1)
        middle.addLayout(across)
        middle.addStretch(2)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def _make_card(self) -> QFrame:
        card = QFrame()
        card.setProperty("card", "true")
        card.setFixedWidth(_WIDE)
        column = QVBoxLayout(card)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(XS)
        column.addWidget(IconLabel("phone-call", 32, "accent"), 0, Qt.AlignmentFlag.AlignHCenter)
        hint = prose(self._words("Sign in to your centre to take calls."), "soft")
        for words in (label("Callboard", "title"), hint):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(words)
        column.addSpacing(L)
        for field in (self.url, self.user, self.password):
            name = label(field.accessibleName(), "caption")
            name.setBuddy(field)
            column.addWidget(name)
            column.addWidget(field)
            if field is self.url:
                column.addWidget(self.held)
            column.addSpacing(S)
        column.addWidget(self.error)
        column.addSpacing(S)
        column.addWidget(self._go)
        column.addSpacing(S)
        column.addWidget(self._alone)
        return card
