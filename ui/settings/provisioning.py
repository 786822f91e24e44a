"""The offer of a link with settings: who sends it, what it would change here, and the person's decision."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from console.domain.errors import BadInput, Refused
from console.policy.resolve import Origin, Rank
from ui.settings.form import declared, label_of, said
from ui.settings.services import Provisioning
from ui.settings.words import who
from ui.theme import XS, L, M, S
from ui.widgets.buttons import ActionButton
from ui.widgets.icons import IconLabel
from ui.widgets.labels import label, prose
from ui.widgets.notice import Notice, Notices
from ui.widgets.tick import Tick

if TYPE_CHECKING:
    from console.provision.link import Offered

_CAUSE: Final = "settings link"


def offer(window: QWidget, notices: Notices, provisioning: Provisioning, link: str) -> None:
    """Show what a link would change and ask; a link that may not be believed is told in a notice of the
    window. Nothing is changed before the person agrees.
    """
    words = provisioning.words
    notices.clear(_CAUSE)
    for earlier in window.findChildren(OfferDialog):  # the last link is the one that is meant
        earlier.reject()
    try:
        offered = provisioning.home.read(link, provisioning.clock.now())
    except (BadInput, Refused) as fault:
        notices.tell(_CAUSE, words.fault(str(fault)), "critical")
        return
    dialog = OfferDialog(offered, provisioning, window)
    dialog.accepted.connect(
        lambda: notices.tell(
            _CAUSE, words("The settings of {issuer} are in use.", issuer=offered.issuer), "good"
        )
    )
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()


class OfferDialog(QDialog):
    """Who sends it and until when it is good, each option as it is and as it would be."""

    def __init__(self, offered: "Offered", provisioning: Provisioning, parent: QWidget | None = None) -> None:
        """Nothing is done before `agree`."""
        super().__init__(parent)
        self._offered = offered
        self._provisioning = provisioning
        self._words = words = provisioning.words
        self.setWindowTitle(words("Settings from a link"))
        self.setModal(True)
        self.error = Notice(dismiss_words=words("Dismiss"))
        self.replace = Tick(words("Also replace what I chose myself"))
        self.replace.toggled.connect(self._show_changes)
        self._list = QVBoxLayout()
        self._list.setSpacing(M)
        self._agree = ActionButton(words("Use these settings"), "check", kind="primary")
        self._agree.clicked.connect(self.agree)
        self.changes: list[str] = []
        """What would come of it, a line an option, as it is shown."""
        self._lay_out()
        self._show_changes()

    def agree(self) -> None:
        """Do as the link says."""
        provisioning = self._provisioning
        self._agree.setEnabled(False)
        provisioning.runner.run(
            provisioning.take(self._offered, self.replace.isChecked()),
            lambda _nothing: self.accept(),
            self._failed,
        )

    def _failed(self, why: str) -> None:
        self._agree.setEnabled(True)
        self.error.tell(self._words.fault(why), "critical")

    # ---- inside

    def _show_changes(self) -> None:
        home, now = self._provisioning.home, self._provisioning.clock.now()
        before = home.origins()
        after = home.after(self._offered, now, replacing=self.replace.isChecked())
        own = [name for name in self._offered.values if before[name].rank is Rank.USER]
        self.replace.setVisible(any(before[name].value != self._offered.values[name] for name in own))
        while self._list.count():
            item = self._list.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.setParent(None)
                widget.deleteLater()
        self.changes = []
        for name in self._offered.values:
            self._list.addWidget(self._row(before[name], after))
        self._list.addStretch(1)

    def _row(self, before: Origin, after: Mapping[str, Origin]) -> QWidget:
        words = self._words
        option = declared()[before.name]
        wanted = self._offered.values[before.name]
        now, then = said(option, before.value, words), said(option, wanted, words)
        what = words("{now} becomes {then}", now=now, then=then)
        why = ""
        if wanted == before.value:
            what = words("{now}, as it is already", now=now)
        elif after[before.name].value != wanted:
            what = words("stays {now} (the link has {then})", now=now, then=then)
            why = self._in_the_way(after[before.name])
        name = label_of(option, words)
        self.changes.append(" ".join(filter(None, (f"{name}: {what}.", why))))
        row = QWidget()
        row.setAccessibleName(self.changes[-1])
        column = QVBoxLayout(row)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(XS)
        column.addWidget(label(name, "strong"))
        column.addWidget(prose(what))
        if why:
            line = QHBoxLayout()
            line.setSpacing(XS)
            sign = "lock" if after[before.name].locked else "info"
            line.addWidget(IconLabel(sign, 16, "soft"), 0, Qt.AlignmentFlag.AlignTop)
            line.addWidget(prose(why, "caption"), 1)
            column.addLayout(line)
        return row

    def _in_the_way(self, origin: Origin) -> str:
        if origin.locked:
            return self._words("Locked by {who}.", who=who(origin.source, self._words))
        if origin.rank is Rank.USER:
            return self._words("You chose it yourself.")
        return self._words("Preset by {who}.", who=who(origin.source, self._words))

    def _lay_out(self) -> None:
        words, offered = self._words, self._offered
        sender = words(
            "{issuer} sends settings for this desk. The link is vouched for by {who} and good until {day}.",
            issuer=offered.issuer,
            who=who(offered.trusted_by, words),
            day=f"{offered.expires.astimezone():%Y-%m-%d %H:%M}",
        )
        inner = QWidget()
        inner.setLayout(self._list)
        self._list.setContentsMargins(S, S, S, S)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidget(inner)
        scroll.setAccessibleName(words("What would change"))
        cancel = ActionButton(words("Cancel"))
        cancel.clicked.connect(self.reject)
        cancel.setDefault(True)  # Enter, pressed too soon, changes nothing
        buttons = QHBoxLayout()
        buttons.setSpacing(S)
        buttons.addStretch(1)
        buttons.addWidget(cancel)
        buttons.addWidget(self._agree)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, L, L, L)
        column.setSpacing(M)
        column.addWidget(prose(sender))
        column.addWidget(scroll, 1)
        column.addWidget(self.replace)
        column.addWidget(self.error)
        column.addLayout(buttons)
        self.resize(460, 480)
        self.setMinimumSize(320, 320)
