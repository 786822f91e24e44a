"""The four graphs: cards with a title, a legend in words, and a plot that is made once the window stands."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.domain.figures import Sample, Snapshot
from ui.metrics.ink import RIGHT, Ink, Words, colour, rounded, type_of
from ui.metrics.series import (
    LINES,
    Bars,
    agent_bands,
    call_bars,
    service_steps,
    styled,
    thinned,
    times,
    waiting_lines,
)
from ui.metrics.tongue import Tongue
from ui.theme import STATE_ICONS, Theme, theme_of
from ui.widgets.labels import label

if TYPE_CHECKING:
    from ui.metrics.plots import Plot

WINDOW = timedelta(minutes=30)  # what the live graphs show
TURN_MS = 250  # one graph at a time, so that none holds up a frame of the board


@dataclass(frozen=True)
class Entry:
    """One line of a legend: how it is drawn, its words, its number."""

    words: str
    number: str
    tint: str
    fill: str = ""
    icon: str = ""
    dashes: tuple[float, ...] | None = None


class Legend(QWidget):
    """What a graph's lines, bands or bars are, in words, with their newest numbers."""

    def __init__(self, parent: QWidget | None = None) -> None:
        """An empty legend."""
        super().__init__(parent)
        self.entries: tuple[Entry, ...] = ()
        self._scale = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Expanding)

    def set_scale(self, scale: float) -> None:
        """Everything larger or smaller."""
        self._scale = scale
        self.setFixedWidth(round(126 * scale))
        self.update()

    def put(self, entries: Sequence[Entry]) -> None:
        """Other lines."""
        if tuple(entries) != self.entries:
            self.entries = tuple(entries)
            self.setAccessibleName(", ".join(f"{entry.words} {entry.number}" for entry in self.entries))
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """One line under the other."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        theme, scale = theme_of(self), self._scale
        ink = Ink(painter, theme, scale)
        tall = min(18 * scale, self.height() / max(1, len(self.entries)))
        size = min(12.0, tall / scale / 1.3)
        for number, entry in enumerate(self.entries):
            line = QRectF(0, number * tall, self.width(), tall)
            self._key(ink, QRectF(0, line.top(), 18 * scale, tall), entry)
            taken = ink.width(entry.number, 12, strong=True) + 4 * scale
            ink.words(
                line.adjusted(24 * scale, 0, -taken, 0), entry.words, Words(size, theme.soft, middle=True)
            )
            ink.words(line, entry.number, Words(size, theme.text, strong=True, side=RIGHT))
        painter.end()

    def _key(self, ink: Ink, place: QRectF, entry: Entry) -> None:
        scale, middle = ink.scale, place.center().y()
        if entry.icon:
            size = min(14.0, place.height() / scale)
            ink.shape(QPointF(2 * scale, middle - size / 2 * scale), entry.icon, entry.tint, size)
        elif entry.dashes is not None:
            pen = QPen(colour(entry.tint), 2.2 * scale)
            if entry.dashes:
                pen.setDashPattern(list(entry.dashes))
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            ink.painter.setPen(pen)
            ink.painter.drawLine(QPointF(0, middle), QPointF(18 * scale, middle))
        else:
            box = QRectF(3 * scale, middle - 5 * scale, 11 * scale, 10 * scale)
            ink.card(box, entry.fill or "transparent", entry.tint, 1.3, 2.0)


class GraphCard(QFrame):
    """A graph's title, plot and legend."""

    def __init__(self, title: str, tongue: Tongue, parent: QWidget | None = None) -> None:
        """Without its plot."""
        super().__init__(parent)
        self.setProperty("card", "true")
        self.title = label(title, "strong")
        self.note = label("", "caption")
        self.legend = Legend()
        self.empty = label(tongue.say("graph empty"), "soft")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._head = QHBoxLayout()
        self._head.addWidget(self.title)
        self._head.addWidget(self.note)
        self._head.addStretch(1)
        self._body = QHBoxLayout()
        self._body.addWidget(self.empty, 1)
        self._body.addWidget(self.legend)
        self.legend.hide()
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._head)
        self._column.addLayout(self._body, 1)
        self.plot: Plot | None = None
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.setAccessibleName(title)

    def minimumSizeHint(self) -> QSize:
        """It makes do with what it gets."""
        return QSize(80, 40)

    def put_plot(self, plot: "Plot") -> None:
        """The plot has come."""
        self.plot = plot
        plot.hide()
        self._body.insertWidget(1, plot, 1)

    def tell(self, *, data: bool) -> None:
        """Whether there is something to draw."""
        if self.plot is not None and self.plot.isHidden() is data:
            self.plot.setVisible(data)
            self.legend.setVisible(data)
            self.empty.setVisible(not data)

    def set_scale(self, scale: float) -> None:
        """Everything larger or smaller."""
        self._column.setContentsMargins(*(round(side * scale) for side in (12, 7, 12, 6)))
        self._column.setSpacing(round(2 * scale))
        self._head.setSpacing(round(8 * scale))
        self._body.setSpacing(round(8 * scale))
        self.setStyleSheet(rounded(scale))
        self.legend.set_scale(scale)
        for widget, size, strong in ((self.title, 14, True), (self.note, 12, False), (self.empty, 13, False)):
            widget.setStyleSheet(f"font-size: {round(size * scale)}px;")
            widget.setFont(type_of(round(size * scale), strong=strong))


class Graphs(QWidget):
    """All four. `focus` is the key of a queue to show alone, "" for all together."""

    def __init__(self, tongue: Tongue, parent: QWidget | None = None) -> None:
        """Cards without plots; `build` brings those."""
        super().__init__(parent)
        self._tongue = tongue
        self._scale = 1.0
        self._board: Snapshot | None = None
        self._names: Mapping[str, str] = {}
        self._focus = ""
        self._styles: dict[str, int] = {}
        self._drawn: dict[int, object] = {}
        self._next = 0
        say = tongue.say
        titles = (say("graph waiting"), say("graph agents"), say("graph service"), say("graph calls"))
        self.cards = tuple(GraphCard(title, tongue) for title in titles)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        for number, card in enumerate(self.cards):
            self._grid.addWidget(card, number // 2, number % 2)
        for line in (0, 1):
            self._grid.setRowStretch(line, 1)
            self._grid.setColumnStretch(line, 1)
        self._turns = QTimer(self)
        self._turns.setInterval(TURN_MS)
        self._turns.timeout.connect(self._turn)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)

    def build(self) -> None:
        """Make the plots and keep them up to date from now on."""
        if self.cards[0].plot is not None:
            return
        from ui.metrics.plots import AgentsPlot, CallsPlot, ServicePlot, WaitingPlot

        theme = theme_of(self)
        self._waiting: WaitingPlot = WaitingPlot(self._tongue, theme)
        self._agents: AgentsPlot = AgentsPlot(self._tongue, theme)
        self._service: ServicePlot = ServicePlot(self._tongue, theme, "\N{NO-BREAK SPACE}%")
        self._calls: CallsPlot = CallsPlot(self._tongue, theme)
        for card, plot in zip(
            self.cards, (self._waiting, self._agents, self._service, self._calls), strict=True
        ):
            card.put_plot(plot)
        self.retheme()
        self.start()

    def start(self) -> None:
        """Draw on, once the plots are there; idempotent."""
        if self.cards[0].plot is not None and not self._turns.isActive():
            self._turns.start()

    def stop(self) -> None:
        """Draw no more."""
        self._turns.stop()

    def set_scale(self, scale: float) -> None:
        """Everything larger or smaller."""
        self._scale = scale
        self._grid.setSpacing(round(10 * scale))
        for card in self.cards:
            card.set_scale(scale)
        self.retheme()

    def retheme(self) -> None:
        """The theme or the scale is another one now."""
        theme = theme_of(self)
        for card in self.cards:
            if card.plot is not None:
                card.plot.dress(theme, self._scale)
        self._drawn.clear()
        self.draw()

    def put(self, board: Snapshot, names: Mapping[str, str]) -> None:
        """Take the figures as they are now; the graphs follow one after the other."""
        self._board, self._names = board, names

    def forget(self) -> None:
        """There are no figures any more."""
        self._board = None
        self._drawn.clear()
        for card in self.cards:
            card.tell(data=False)

    def focus(self, queue: str) -> None:
        """Show one queue, or all with ""."""
        self._focus = queue
        for card in (self.cards[2], self.cards[3]):
            card.note.setText(self._names.get(queue, queue))
        self.draw()

    def draw(self) -> None:
        """Draw all four now."""
        for number in range(4):
            self._draw(number)

    def _turn(self) -> None:
        self._next = (self._next + 1) % 4
        self._draw(self._next)

    def _draw(self, number: int) -> None:
        """Draw one graph if what it shows changed."""
        board = self._board
        if board is None or self.cards[number].plot is None:
            return
        makers: tuple[Callable[[Snapshot], None], ...] = (
            self._draw_waiting,
            self._draw_agents,
            self._draw_service,
            self._draw_calls,
        )
        shown = (self._focus, board.samples[-1:] if number < 2 else board.intervals)
        if self._drawn.get(number) != shown:
            self._drawn[number] = shown
            makers[number](board)

    def _samples(self, board: Snapshot) -> tuple[Sample, ...]:
        return thinned(recent(board.samples))

    def _draw_waiting(self, board: Snapshot) -> None:
        from ui.metrics.plots import DASHES

        theme = theme_of(self)
        samples = self._samples(board)
        lines = waiting_lines(samples, tuple(self._names), self._focus) if samples else []
        if not self._focus:
            self._styles = styled(lines, self._styles)
        styles = [self._styles.get(line.key, 0) for line in lines]
        self.cards[0].tell(data=bool(lines))
        if lines:
            self._waiting.draw(lines, styles)
        busiest = len(board.queues) > LINES and not self._focus
        note = self._tongue.say("graph busiest", n=LINES, all=len(board.queues)) if busiest else ""
        self.cards[0].note.setText(note or self._names.get(self._focus, self._focus))
        self.cards[0].legend.put(
            [
                Entry(
                    self._names.get(line.key, line.key),
                    self._tongue.count(round(line.y[-1])),
                    theme.series[style % len(theme.series)],
                    dashes=tuple(DASHES[style % len(DASHES)]),
                )
                for line, style in zip(lines, styles, strict=True)
            ]
        )

    def _draw_agents(self, board: Snapshot) -> None:
        theme = theme_of(self)
        samples = self._samples(board)
        bands = agent_bands(samples) if samples else []
        self.cards[1].tell(data=bool(bands))
        self._agents.draw(bands, times(samples))
        self.cards[1].legend.put(
            [
                Entry(
                    self._tongue.say(f"state {band.state}"),
                    self._tongue.count(band.now),
                    theme.states[band.state].mark,
                    icon=STATE_ICONS[band.state],
                )
                for band in reversed(bands)
            ]
        )

    def _draw_service(self, board: Snapshot) -> None:
        steps = service_steps(board, self._focus)
        self.cards[2].tell(data=bool(steps.x))
        self._service.draw(steps)
        self.cards[2].legend.put(service_legend(theme_of(self), self._tongue, steps.y, steps.target))

    def _draw_calls(self, board: Snapshot) -> None:
        bars = call_bars(board, self._focus)
        self.cards[3].tell(data=bool(bars.x))
        self._calls.draw(bars)
        self.cards[3].legend.put(calls_legend(theme_of(self), self._tongue, bars))


def recent(samples: tuple[Sample, ...]) -> tuple[Sample, ...]:
    """The samples of the last half hour."""
    if not samples:
        return ()
    since: datetime = samples[-1].at - WINDOW
    first = next(
        number
        for number, sample in enumerate(reversed(samples), 1)
        if sample.at < since or number == len(samples)
    )
    return samples[-first:]


def service_legend(theme: Theme, tongue: Tongue, values: Sequence[float], target: float) -> list[Entry]:
    """What the shapes mean, and the newest interval's service level."""
    newest = tongue.share(values[-1] / 100) if values else "-"
    return [
        Entry(tongue.say("service now"), newest, theme.line_strong, dashes=()),
        Entry(tongue.say("target line"), tongue.target(target / 100), theme.text, dashes=(5, 4)),
    ]


def calls_legend(theme: Theme, tongue: Tongue, bars: Bars) -> list[Entry]:
    """What the bars are, and the newest interval's counts."""
    kinds = (
        ("offered", bars.offered, theme.line_strong, ""),
        ("answered", bars.answered, theme.info.mark, theme.info.mark),
        ("abandoned", bars.abandoned, theme.critical.mark, theme.critical.fill),
    )
    return [
        Entry(tongue.say(key), tongue.count(values[-1]) if values else "-", tint, fill=fill)
        for key, values, tint, fill in kinds
    ]
