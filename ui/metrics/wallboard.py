"""The wallboard window: what is going on in every queue and with every agent, for a desk or a wall."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QRect, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QResizeEvent, QShortcut, QShowEvent
from PySide6.QtWidgets import QWidget

from console.clock import Clock
from console.domain.figures import Snapshot
from ui.metrics.freshness import Freshness, Health, freshness, with_notices
from ui.metrics.graphs import Graphs
from ui.metrics.grid import Kind
from ui.metrics.head import BANNER, EXPORT, HEAD, Banner, Head, Veil
from ui.metrics.models import AgentsModel, CallersModel, by_key
from ui.metrics.pace import Pace
from ui.metrics.panels import AgentsPanel, CallersPanel
from ui.metrics.presenter import StripView, TileView
from ui.metrics.queue_board import QueueBoard
from ui.metrics.services import BoardService, Office
from ui.metrics.spans import SPANS, read_span
from ui.metrics.tiles import Tiles, names_of
from ui.metrics.tongue import Tongue
from ui.widgets.empty import EmptyState
from ui.widgets.ticker import Ticker

if TYPE_CHECKING:
    from ui.metrics.line_window import LineWindow

LEFT_SHARE = 0.585
LEFT_SHARE_ROWS = 0.62  # many queues in rows need the room
TILES_MOST = 0.62  # of the height under the strip
GRAPHS_AFTER_MS = 60  # the figures are on the screen first: loading the graphs takes a third of a second
_SPAN = "wallboard_span"
_REFERENCE = (1440.0, 810.0)  # the window's size at scale 1


class Wallboard(QWidget):
    """The window. It reads `service.board` at most 25 times a second, and only when it was told of a change.

    Keys: F11 full screen, Esc leaves it; Page Up, Page Down turn the pages of many queues; in the queues
    arrows move and Space chooses one, which agents, callers and graphs then follow; Enter shows who waits.
    """

    def __init__(
        self,
        service: BoardService,
        clock: Clock,
        tongue: Tongue | None = None,
        office: Office | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """The board of a service, in a language and time zone. Without an `office` it is to look at only."""
        super().__init__(parent)
        self._office = office
        self.line: LineWindow | None = None  # made when it is first wanted
        self._service = service
        self._clock = clock
        self._tongue = tongue or Tongue()
        self._scale = 0.0
        self._board: Snapshot | None = None
        self._tiles = Tiles(self._tongue)
        self._names: dict[str, str] = {}
        self._fresh: Freshness | None = None
        self._kiosk = False
        self._make()
        self.pace = Pace(self, clock, self._draw)
        self._ticker = Ticker(self)
        self._ticker.ticked.connect(self.tick)
        self._unsubscribe: Callable[[], None] | None = None
        self._draw()

    def _make(self) -> None:
        tongue = self._tongue
        now = self._centre_now()
        self.setWindowTitle(f"Callboard: {tongue.say('title')}")
        self.setMinimumSize(960, 540)
        self.resize(1440, 810)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.agents_model = AgentsModel(tongue, now, self)
        self.callers_model = CallersModel(tongue, now, self)
        self.head = Head(tongue, self)
        self.banner = Banner(self)
        self.queues = QueueBoard(tongue, self)
        self.no_queues = EmptyState("hourglass", tongue.say("banner first"), parent=self)
        self.graphs = Graphs(tongue, self)
        self.agents = AgentsPanel(self.agents_model, tongue, self)
        self.callers = CallersPanel(self.callers_model, tongue, self)
        for panel in (self.agents, self.callers):
            panel.tell_empty(tongue.say("graph empty"))
        self.veil = Veil(self)
        self.queues.chosen.connect(self.agents.choose_queue)
        self.queues.opened.connect(self.show_line)
        self.head.span_chosen.connect(self.choose_span)
        self.head.export_wanted.connect(self.show_export)
        if self._office is not None:
            self.head.offer_export()
            self.agents.offer_listening(self._office)
            QShortcut(QKeySequence(EXPORT), self, self.show_export)
        self.choose_span(read_span(self._office.memory.read(_SPAN)) if self._office else 0)
        self.agents.queue_chosen.connect(self._focus_queue)

    @property
    def event_to_paint_ms(self) -> list[float]:
        """Milliseconds from hearing of a change until it was painted, the newest 2,000."""
        return list(self.pace.samples)

    @property
    def health(self) -> Health:
        """Whether the figures are live, stale or not there."""
        return self._freshness().health

    @property
    def kiosk(self) -> bool:
        """Whether it fills the screen."""
        return self._kiosk

    @property
    def strip_view(self) -> StripView:
        """What the strip says."""
        return self.head.view

    @property
    def tile_views(self) -> tuple[TileView, ...]:
        """What the tiles say."""
        return self.queues.views

    def show_line(self, queue: str) -> None:
        """Open the window of who waits in a queue."""
        if self._office is None:
            return
        if self.line is None:
            from ui.metrics.line_window import LineWindow

            self.line = LineWindow(self._office, self._tongue, self._centre_now)
        self.line.put(self._service.board, self._service.state)
        self.line.open_for(queue)

    def choose_span(self, minutes: int) -> None:
        """Show the figures of today (0) or of the last so many minutes; it is remembered."""
        if self._office is not None and minutes != self._tiles.minutes:
            self._office.memory.write(_SPAN, str(minutes).encode())
        self._tiles.choose(minutes)
        self.head.show_span(self._tiles.minutes)
        if self._board is not None:
            fresh = self._freshness()
            self._tiles.take(self._board, fresh.as_of, anew=True)
            self._put(fresh)

    def show_export(self) -> None:
        """Ask which figures go into which file."""
        if self._office is not None:
            from ui.metrics.export_dialog import ExportDialog

            dialog = ExportDialog(self._office, self._tongue, self._centre_now, self)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()

    def build_graphs(self) -> None:
        """Make the graphs now; by itself the window does so right after it was first shown."""
        self.graphs.build()
        self.graphs.draw()

    def start(self) -> None:
        """Follow the service; by itself the window does so whenever it is shown. Idempotent."""
        if self._unsubscribe is None:
            self._unsubscribe = self._service.on_board(self._heard)
        self._ticker.start()
        self.graphs.start()
        self.pace.changed()

    def stop(self) -> None:
        """Let go of the service and the timers, as closing the window does; idempotent."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._ticker.stop()
        self.pace.stop()
        self.graphs.stop()

    def set_kiosk(self, on: bool) -> None:  # noqa: FBT001 - a state
        """Fill the screen with figures alone, or be a window again."""
        self._kiosk = on
        for panel in (self.agents, self.callers, self.head):
            panel.set_kiosk(on=on)
        self.setCursor(Qt.CursorShape.BlankCursor) if on else self.unsetCursor()
        self.showFullScreen() if on else self.showNormal()

    def toggle_kiosk(self) -> None:
        """Full screen, or back."""
        self.set_kiosk(not self._kiosk)

    # What Qt tells.

    def showEvent(self, event: QShowEvent) -> None:
        """The graphs come once the first figures stand."""
        super().showEvent(event)
        self.start()
        self.agents.resume()
        self.setFocus()
        QTimer.singleShot(GRAPHS_AFTER_MS, self, self.build_graphs)

    def closeEvent(self, event: QCloseEvent) -> None:
        """A closed board listens no more."""
        self.stop()
        if self.line is not None:
            self.line.close()
        super().closeEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Type and distances follow the size."""
        super().resizeEvent(event)
        self._lay_out()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """F11 and Esc: full screen and back; Page Up, Page Down: the queues' pages; W: the next span."""
        if event.key() == Qt.Key.Key_Escape and self._kiosk:
            self.set_kiosk(False)
        elif event.key() == Qt.Key.Key_F11:
            self.toggle_kiosk()
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            self.queues.turn(1 if event.key() == Qt.Key.Key_PageDown else -1)
        elif event.key() == Qt.Key.Key_W:
            place = SPANS.index(self._tiles.minutes)
            self.choose_span(SPANS[(place + 1) % len(SPANS)])
        else:
            super().keyPressEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Another theme: what keeps colours takes the new ones."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._scale:
            for part in (self.agents, self.callers, self.graphs):
                part.retheme()

    # Figures.

    def _heard(self, *_news: object) -> None:
        self.pace.changed()

    def _centre_now(self) -> datetime:
        offset = self._service.clock_offset
        return self._clock.now() + (offset if isinstance(offset, timedelta) else timedelta(seconds=offset))

    def _freshness(self) -> Freshness:
        board, age, now = self._service.board, self._service.board_age, self._centre_now()
        taken = board.at if board else None
        if taken is not None and age is not None:
            taken = max(taken, now - timedelta(seconds=age))
        fresh = freshness(taken, self._service.state, now, self._tongue)
        return with_notices(fresh, board.notices if board is not None else (), self._tongue)

    def _draw(self) -> None:
        """Bring what changed to the widgets."""
        board = self._service.board
        fresh = self._freshness()
        if board is not None and board is not self._board:
            before, self._board = self._board, board
            self._take(board, before, fresh)
        elif board is None:
            self._forget(fresh)
        self._put(fresh)
        if self.line is not None and not self.line.isHidden():
            self.line.put(board, self._service.state)

    def _forget(self, fresh: Freshness) -> None:
        """There are no figures, or they are no longer ours to show."""
        self.no_queues.say("hourglass", fresh.banner)
        if self._board is None:
            return
        self._board, self._names = None, {}
        self._tiles.forget()
        self.agents_model.put({}, {})
        self.callers_model.put({}, {})
        for panel in (self.agents, self.callers):
            panel.number.setText("")
            panel.tell_empty(self._tongue.say("graph empty"))
        self.graphs.forget()
        self._lay_out()

    def _take(self, board: Snapshot, before: Snapshot | None, fresh: Freshness) -> None:
        """New figures: rows that are the same objects as before cost nothing."""
        names = names_of(board.queues)
        arranged, renamed = names.keys() != self._names.keys(), names != self._names
        self._names = names
        self._tiles.take(board, fresh.as_of)
        self.queues.theirs = {one.queue: one for one in board.theirs}
        self.agents_model.now = fresh.as_of
        self.agents_model.put(by_key(board.agents, lambda agent: agent.agent), names)
        if before is None or board.abandoned is not before.abandoned or renamed:
            self.callers_model.put(by_key(board.abandoned, lambda caller: str(caller.interaction)), names)
            self.callers.refresh()
        self.agents.put_queues(board.queues)
        self.agents.refresh()
        self.graphs.put(board, names)
        if not names:
            self.no_queues.say(
                "layout-grid", self._tongue.say("no queues"), self._tongue.say("no queues hint")
            )
        if arranged:
            self._lay_out()

    def _put(self, fresh: Freshness) -> None:
        """Tiles, strip, freshness."""
        tongue = self._tongue
        age = "" if fresh.health is Health.EMPTY else tongue.say("age", age=fresh.age)
        self.queues.put(self._tiles.views, age)
        self.head.put(self._tiles.strip(self._board, fresh.as_of), tongue.time(self._centre_now()), fresh)
        told = self.banner.words
        self.banner.tell(fresh.banner, lost=fresh.lost)
        stale = fresh.health is Health.STALE
        if self.veil.isHidden() is stale or bool(told) != bool(fresh.banner):
            self.veil.setVisible(stale)
            self._lay_out()
        self._fresh = fresh

    def tick(self) -> None:
        """A second went by: waits and times in state grow, the data ages, rows find their places."""
        fresh = self._freshness()
        self._tiles.tick(fresh.as_of)
        self._draw()
        self.agents_model.tick(fresh.as_of)
        self.agents_model.settle()
        self.agents.tick()
        self.callers_model.settle()
        if self.line is not None:
            self.line.tick()

    def _focus_queue(self, key: str) -> None:
        self.queues.select(key)
        self.callers_model.narrow(key)
        self.callers.refresh()
        self.graphs.focus(key)

    # Where everything stands.

    def _lay_out(self) -> None:
        """Strip, banner, then queues over graphs at the left, agents over callers at the right."""
        width, height = self.width(), self.height()
        scale = max(0.66, round(min(width / _REFERENCE[0], height / _REFERENCE[1]) * 50) / 50)
        if scale != self._scale:
            self._scale = scale
            for part in (self.head, self.banner, self.queues, self.graphs, self.agents, self.callers):
                part.set_scale(scale)
        edge, gap = round(14 * scale), round(10 * scale)
        top, inner = edge, width - 2 * edge
        self.head.setGeometry(edge, top, inner, round(HEAD * scale))
        top += round(HEAD * scale) + gap
        if self.banner.words:
            self.banner.setGeometry(edge, top, inner, round(BANNER * scale))
            top += round(BANNER * scale) + gap
        area = QRect(edge, top, inner, height - edge - top)
        rows = self.queues.planned(area.width() * LEFT_SHARE, area.height() * TILES_MOST).kind is Kind.ROW
        wide = round(area.width() * (LEFT_SHARE_ROWS if rows else LEFT_SHARE))
        self._lay_out_left(area, wide, gap)
        left = area.left() + wide + gap
        right = area.left() + area.width() - left
        tall = round((area.height() - gap) * 0.66)
        self.agents.setGeometry(left, area.top(), right, tall)
        self.callers.setGeometry(left, area.top() + tall + gap, right, area.height() - tall - gap)
        self.veil.setGeometry(area)
        self.veil.raise_()

    def _lay_out_left(self, area: QRect, width: int, gap: int) -> None:
        """Queues as tall as they make use of, the graphs below them."""
        most = area.height() * TILES_MOST
        empty = not self._tiles
        grid = self.queues.planned(width, most)
        wanted = grid.height if grid.room >= len(self._tiles) else most
        tall = round(area.height() * 0.34 if empty else min(most, wanted))
        self.no_queues.setVisible(empty)
        self.queues.setVisible(not empty)
        for part in (self.queues, self.no_queues):
            part.setGeometry(area.left(), area.top(), width, tall)
        below = area.top() + tall + gap
        self.graphs.setGeometry(area.left(), below, width, area.top() + area.height() - below)
