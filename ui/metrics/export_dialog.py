"""Figures into a file: what, of which days, in which intervals, in which form."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

from PySide6.QtCore import QDate, Qt, QTimeZone
from PySide6.QtWidgets import QDateEdit, QDialog, QFileDialog, QFormLayout, QHBoxLayout, QVBoxLayout, QWidget

from console.metrics.increments import Dimension
from ui.metrics.exports import CUTS, KINDS, Range, Wish, days_of
from ui.metrics.services import Office
from ui.metrics.tongue import Tongue
from ui.theme import L, M, S
from ui.widgets.buttons import ActionButton
from ui.widgets.choice import Choice
from ui.widgets.labels import prose
from ui.widgets.notice import Notice


class ExportDialog(QDialog):
    """Stands beside the wallboard, which goes on. The file is written by `export_to`."""

    def __init__(
        self, office: Office, tongue: Tongue, now: Callable[[], datetime], parent: QWidget | None = None
    ) -> None:
        """Today by queue, in intervals of 15 minutes. `now` is the centre's time."""
        super().__init__(parent)
        self._office = office
        self._tongue = tongue
        self._asking = False
        say = tongue.say
        self.setWindowTitle(f"Callboard: {say('export title')}")
        self.dimension = self._choice(
            "export what", [(d.value, say(f"dimension {d.value}")) for d in Dimension]
        )
        self.range = self._choice("export range", [(r.value, say(f"range {r.value}")) for r in Range])
        self.cut = self._choice("export cut", [(cut, say(f"cut {cut}")) for cut in CUTS])
        self.kind = self._choice("export kind", [(kind, say(f"kind {kind}")) for kind in KINDS])
        self.first, self.last = QDateEdit(), QDateEdit()
        for field, words in ((self.first, "export from"), (self.last, "export to")):
            field.setDisplayFormat("dd.MM.yyyy" if tongue.language == "de" else "yyyy-MM-dd")
            field.setAccessibleName(say(words))
            field.userDateChanged.connect(self._own_dates)
        self.notice = Notice(dismiss_words=say("close"))
        self.save = ActionButton(say("export save"), "save", kind="primary")
        self.save.setDefault(True)
        self.save.clicked.connect(self.ask_file)
        self._today = now().astimezone(tongue.zone).date()
        self._lay_out()
        self.range.currentIndexChanged.connect(self._show_days)
        self._show_days()

    def _choice(self, words: str, rows: list[tuple[str, str]]) -> Choice:
        made = Choice()
        made.setAccessibleName(self._tongue.say(words))
        for key, shown in rows:
            made.addItem(shown, key)
        return made

    def _lay_out(self) -> None:
        say = self._tongue.say
        days = QWidget()
        row = QHBoxLayout(days)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(S)
        row.addWidget(self.first, 1)
        row.addWidget(self.last, 1)
        form = QFormLayout()
        form.setSpacing(M)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignVCenter)
        for words, field in (
            ("export what", self.dimension), ("export range", self.range), ("export days", days),
            ("export cut", self.cut), ("export kind", self.kind),
        ):  # fmt: skip
            form.addRow(say(words), field)
        buttons = QHBoxLayout()
        close = ActionButton(say("close"))
        close.setAutoDefault(False)
        close.clicked.connect(self.reject)
        buttons.addStretch(1)
        buttons.addWidget(close)
        buttons.addWidget(self.save)
        column = QVBoxLayout(self)
        column.setContentsMargins(L, L, L, L)
        column.setSpacing(M)
        column.addLayout(form)
        column.addWidget(prose(say("export hint"), "caption"))
        column.addWidget(self.notice)
        column.addLayout(buttons)
        self.setMinimumWidth(440)

    @property
    def wish(self) -> Wish:
        """What is chosen."""
        return Wish(
            Dimension(self.dimension.currentData()),
            _date(self.first.date()),
            _date(self.last.date()),
            self.cut.currentData(),
            self.kind.currentData(),
        )

    def ask_file(self) -> None:
        """Ask where the file is to be, unless something is wrong with the days."""
        wish = self.wish
        if self._asking:
            return
        if wish.fault:
            self.notice.tell(self._tongue.say(wish.fault), "warning")
            return
        dialog = QFileDialog(self, self._tongue.say("export title"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(wish.kind)
        dialog.setNameFilter(f"{wish.kind.upper()} (*.{wish.kind})")
        dialog.selectFile(wish.file)
        dialog.fileSelected.connect(lambda name: self.export_to(Path(name)))
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def export_to(self, path: Path) -> None:
        """Have the figures written to a file, and say so."""
        wish, tongue = self.wish, self._tongue
        self._asking = True
        self.notice.tell(tongue.say("export asking"), "info", dismissable=False)

        def done(_nothing: None) -> None:
            self._asking = False
            self.notice.tell(tongue.say("export done", file=path.name), "good")

        def failed(words: str) -> None:
            self._asking = False
            self.notice.tell(tongue.fault(words), "critical")

        query = wish.query(tongue.zone, zone_name(tongue))
        self._office.runner.run(self._office.supervisor.export(query, wish.kind, path), done, failed)

    def _show_days(self) -> None:
        chosen = Range(self.range.currentData())
        own = chosen is Range.OWN
        for field, day in zip((self.first, self.last), days_of(chosen, self._today), strict=True):
            field.setEnabled(own)
            if not own:
                field.blockSignals(True)  # noqa: FBT003 - Qt's own interface
                field.setDate(QDate(day.year, day.month, day.day))
                field.blockSignals(False)  # noqa: FBT003 - Qt's own interface
        self.notice.hide()

    def _own_dates(self) -> None:
        self.notice.hide()


def zone_name(tongue: Tongue) -> str:
    """The IANA name of the time zone that days are of, "" when it is not known."""
    if tongue.zone is not None:
        return str(getattr(tongue.zone, "key", ""))
    known = bytes(QTimeZone.systemTimeZoneId().data()).decode("ascii", "replace")
    return known if "/" in known else ""


def _date(day: QDate) -> date:
    return date(day.year(), day.month(), day.day())
