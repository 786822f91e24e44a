"""A third party whom the agent asks while the customer waits: how it stands, and what can be done now."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from ui.telephony.services import Consult
from ui.theme import L, M, S
from ui.widgets.buttons import ActionButton
from ui.widgets.flow import FlowLayout
from ui.widgets.labels import prose
from ui.widgets.words import Words


class Keys:
    """The keys of a consultation, in portable form; they work while the panel is there."""

    SWAP = "F9"
    JOIN = "Shift+F9"
    HAND_OVER = "Shift+F7"
    BACK = "Ctrl+F7"


class ConsultPanel(QFrame):
    """Stands under the card of the customer's call. A click tells the centre's name of what is wanted."""

    wanted = Signal(str)

    def __init__(self, words: Words, parent: QWidget | None = None) -> None:
        """Hidden until `show_consult`."""
        super().__init__(parent)
        self.setProperty("card", "sunken")
        self._words = words
        self._says = prose("", "strong")
        self._hint = prose("", "soft")
        self.hand_over = self._button(
            words("Hand over"), "phone-forwarded", Keys.HAND_OVER, "complete", "primary"
        )
        self.swap = self._button(words("Swap"), "arrow-left-right", Keys.SWAP, "swap")
        self.join = self._button(words("Join all three"), "merge", Keys.JOIN, "conference")
        self.back = self._button(words("Back to the customer"), "x", Keys.BACK, "cancel_consult")
        row = QWidget()
        flow = FlowLayout(row)
        for button in self.stops:
            flow.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, M, L, M)
        column.setSpacing(S)
        for part in (self._says, self._hint, row):
            column.addWidget(part)
        self.hide()

    @property
    def stops(self) -> tuple[ActionButton, ...]:
        """Where Tab stops, in order."""
        return self.hand_over, self.swap, self.join, self.back

    def show_consult(self, consult: Consult | None) -> None:
        """How it stands; None: nobody is asked."""
        self.setVisible(consult is not None)
        if consult is None:
            return
        words, name = self._words, consult.name or consult.target
        if consult.together:
            says, hint = words("You, the customer and {name}", name=name), words("All three hear each other.")
        elif not consult.answered:
            says, hint = words("{name} is being called", name=name), words("The customer hears music.")
        elif consult.held:
            says, hint = words("You are asking {name}", name=name), words("The customer hears music.")
        else:
            says = words("{name} waits", name=name)
            hint = words("You talk with the customer; {name} hears music.", name=name)
        self._says.setText(says)
        self._hint.setText(hint)
        self.setAccessibleName(f"{says}. {hint}")
        self.hand_over.setEnabled(consult.answered)
        self.swap.setEnabled(consult.answered and not consult.together)
        self.join.setEnabled(consult.answered and not consult.together)

    def _button(self, said: str, icon: str, keys: str, action: str, kind: str = "") -> ActionButton:
        button = ActionButton(said, icon, keys=keys, kind=kind)
        button.setShortcut(keys)
        button.clicked.connect(lambda: self.wanted.emit(action))
        return button
