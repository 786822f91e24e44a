"""The wallboard's four plots on pyqtgraph, without its default look. Import it late: it costs a start 0.3 s.

Nothing is told by colour alone: lines have their own dashes, bands stand in the order of their legend and
carry their word, points have a shape, bars are hollow, full or light.
"""

from datetime import UTC, datetime

import pyqtgraph as pg
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPen

from ui.metrics.ink import measure, type_of
from ui.metrics.meaning import SERVICE_GAP
from ui.metrics.series import INTERVAL_S, Band, Bars, Line, Steps
from ui.metrics.tongue import Tongue
from ui.theme import Theme

DASHES: tuple[list[float], ...] = ([], [6, 3], [1.5, 2.5], [8, 3, 1.5, 3], [12, 4], [3, 3])
_SPACINGS = (15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600)
_FINE = 2.0  # from this scale on (4K) pixels are too small to see steps, and smoothing costs most
_LEAST_SPAN_S = 60.0


class TimeAxis(pg.AxisItem):  # type: ignore[misc]  # untyped base
    """The axis of time of day, in local time, with round minutes."""

    def __init__(self, tongue: Tongue) -> None:
        """At the bottom."""
        super().__init__("bottom")
        self._tongue = tongue

    def tickSpacing(self, least: float, most: float, size: float) -> list[tuple[float, float]]:
        """One kind of ticks: round minutes, with room for their words."""
        room = max(2.0, size / (64.0 * self._grown()))
        wanted = (most - least) / room
        return [(float(next((step for step in _SPACINGS if step >= wanted), _SPACINGS[-1])), 0.0)]

    def tickStrings(self, values: list[float], _scale: float, spacing: float) -> list[str]:
        """Hours and minutes, with seconds where ticks are closer."""
        say = self._tongue.minute if spacing >= 60 else self._tongue.time
        return [say(datetime.fromtimestamp(value, UTC)) for value in values]

    def _grown(self) -> float:
        font = self.style["tickFont"]
        return font.pixelSize() / 11.0 if font is not None else 1.0


class CountAxis(pg.AxisItem):  # type: ignore[misc]  # untyped base
    """The axis of counts: few ticks, whole numbers; `unit` stands behind each."""

    def __init__(self, unit: str = "") -> None:
        """At the left."""
        super().__init__("left")
        self._unit = unit

    def boundingRect(self) -> QRectF:
        """With room for half a number at either end, or the 0 is left out."""
        found: QRectF = super().boundingRect()
        font = self.style["tickFont"]
        half = font.pixelSize() if font is not None else 12
        return found.adjusted(0, -half, 0, half)

    def tickSpacing(self, least: float, most: float, size: float) -> list[tuple[float, float]]:
        """About one tick in forty pixels, on 1, 2, 5, 10 and so on."""
        font = self.style["tickFont"]
        grown = font.pixelSize() / 11.0 if font is not None else 1.0
        wanted = (most - least) / max(2.0, size / (26.0 * grown))
        steps = (base * 10**power for power in range(6) for base in (1, 2, 5))
        return [(float(next((step for step in steps if step >= wanted), 1000000)), 0.0)]

    def tickStrings(self, values: list[float], _scale: float, _spacing: float) -> list[str]:
        """Whole numbers."""
        return [f"{round(value)}{self._unit}" for value in values]


class Plot(pg.PlotWidget):  # type: ignore[misc]  # untyped base
    """One plot: thin grid, no frame, no mouse, the theme's colours."""

    def __init__(self, tongue: Tongue, theme: Theme, unit: str = "") -> None:
        """An empty plot."""
        axes = {"bottom": TimeAxis(tongue), "left": CountAxis(unit)}
        super().__init__(background=theme.surface, axisItems=axes)
        self.tongue = tongue
        self.theme = theme
        self.scale_ = 1.0
        self.setFrameShape(self.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setMouseEnabled(x=False, y=False)
        self.setMenuEnabled(False)
        self.hideButtons()
        self.smooth = True
        self.getPlotItem().getViewBox().setDefaultPadding(0.0)

    def dress(self, theme: Theme, scale: float) -> None:
        """Take theme and scale."""
        self.theme, self.scale_ = theme, scale
        self.smooth = scale < _FINE
        self.setAntialiasing(self.smooth)
        self.setBackground(theme.surface)
        item = self.getPlotItem()
        item.showGrid(x=False, y=True, alpha=0.9)
        for side in ("left", "bottom"):
            axis = item.getAxis(side)
            axis.setPen(self.pen(theme.line, 0.8))
            axis.setTickPen(self.pen(theme.line, 0.8))
            axis.setZValue(-100)
            axis.setTextPen(pg.mkPen(theme.soft))
            axis.setTickFont(type_of(round(11 * scale)))
            axis.setStyle(
                tickLength=0, tickTextOffset=round(5 * scale), maxTickLevel=0, hideOverlappingLabels=False
            )
        item.getAxis("left").setWidth(round(44 * scale))
        item.getAxis("bottom").setHeight(round(20 * scale))
        item.layout.setContentsMargins(0, round(4 * scale), round(8 * scale), 0)

    def pen(self, tint: str, width: float = 2.0, dashes: list[float] | None = None) -> QPen:
        """A pen of so many pixels at scale 1; these pens count the screen's own pixels."""
        pen: QPen = pg.mkPen(tint, width=width * self.scale_ * self.devicePixelRatioF())
        if dashes:
            pen.setDashPattern(dashes)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
        return pen

    def counts(self, most: float) -> None:
        """Counts from 0; a hair less, or rounding drops the tick at 0."""
        self.setYRange(-0.002 * most, most, padding=0.0)

    def span(self, first: float, last: float, most: float) -> None:
        """The part of the world that is shown: times, and counts from 0."""
        first = min(first, last - _LEAST_SPAN_S)
        self.setXRange(first, last, padding=0.0)
        self.counts(most)


def most_of(value: float) -> float:
    """The upper end of an axis: some air over the highest value, at least 4."""
    return max(4.0, value * 1.12 + 0.5)


class WaitingPlot(Plot):
    """Waiting calls over time, a line a queue."""

    def draw(self, lines: list[Line], styles: list[int]) -> None:
        """Draw anew, each line in its style: a colour and dashes of its own."""
        self.clear()
        highest = 0.0
        for line, style in zip(lines, styles, strict=True):
            tint = self.theme.series[style % len(self.theme.series)]
            pen = self.pen(tint, 2.0, DASHES[style % len(DASHES)])
            self.addItem(pg.PlotCurveItem(list(line.x), list(line.y), pen=pen, antialias=self.smooth))
            highest = max(highest, *line.y)
        if lines:
            self.span(lines[0].x[0], lines[0].x[-1], most_of(highest))


class AgentsPlot(Plot):
    """Agents by state over time, stacked; each band carries its word where it is tall enough."""

    def draw(self, bands: list[Band], x: tuple[float, ...]) -> None:
        """Draw anew; the highest band first, each lower one over it."""
        self.clear()
        if not bands:
            return
        most = most_of(max(bands[-1].high))
        self.span(x[0], x[-1], most)
        for band in reversed(bands):
            tone = self.theme.states[band.state]
            edge = self.pen(tone.mark, 1.2)
            curve = pg.PlotCurveItem(
                list(x),
                list(band.high),
                pen=edge,
                fillLevel=0.0,
                brush=pg.mkBrush(tone.fill),
                antialias=self.smooth,
            )
            self.addItem(curve)
        tall = self.getPlotItem().getViewBox().height() or 100.0
        for band in bands:
            self._name(band, x, most, tall)

    def _name(self, band: Band, x: tuple[float, ...], most: float, tall: float) -> None:
        """Write a band's word at its newest end, if it is tall enough all along the word."""
        size = round(11 * self.scale_)
        text = self.tongue.say(f"state {band.state}")
        first, last = self.getPlotItem().viewRange()[0]
        wide = self.getPlotItem().getViewBox().width() or 100.0
        start = x[-1] - (measure(size, strong=True).horizontalAdvance(text) + 14) / wide * (last - first)
        along = [place for place, at in enumerate(x) if at >= start]
        low, high = max(band.low[along[0] :]), min(band.high[along[0] :])
        if start < x[0] or (high - low) / most * tall < 13 * self.scale_:
            return
        words = pg.TextItem(text, color=self.theme.states[band.state].ink, anchor=(1.0, 0.5))
        words.setFont(type_of(size, strong=True))
        words.setPos(x[-1], (low + high) / 2)
        self.addItem(words)


class ServicePlot(Plot):
    """Service level by interval against its target. Met: a disc; missed: a triangle; far off: a square."""

    def draw(self, steps: Steps) -> None:
        """Draw anew."""
        self.clear()
        target = pg.InfiniteLine(
            steps.target,
            angle=0,
            pen=self.pen(self.theme.text, 1.4, [5, 4]),
        )
        self.addItem(target)
        if not steps.x:
            return
        x = [start + INTERVAL_S / 2 for start in steps.x]
        self.addItem(
            pg.PlotCurveItem(
                x, list(steps.y), pen=self.pen(self.theme.line_strong, 1.4), antialias=self.smooth
            )
        )
        for shape, name, least, below in self._kinds(steps.target):
            places = [(at, value) for at, value in zip(x, steps.y, strict=True) if least <= value < below]
            points = pg.ScatterPlotItem(
                [at for at, _ in places],
                [value for _, value in places],
                symbol=shape,
                size=9 * self.scale_,
                brush=pg.mkBrush(self.theme.tone(name).mark),
                pen=self.pen(self.theme.surface, 1.0),
                antialias=self.smooth,
            )
            self.addItem(points)
        self.setXRange(min(steps.x[0], steps.x[-1] - 3 * INTERVAL_S), steps.x[-1] + INTERVAL_S, padding=0.0)
        self.counts(106.0)

    @staticmethod
    def _kinds(target: float) -> tuple[tuple[str, str, float, float], ...]:
        far = target - 100 * SERVICE_GAP
        return (
            ("o", "good", target, float("inf")),
            ("t1", "warning", far, target),
            ("s", "critical", float("-inf"), far),
        )


class CallsPlot(Plot):
    """Offered (hollow), answered (full) and abandoned (light) calls by interval, side by side."""

    def draw(self, bars: Bars) -> None:
        """Draw anew."""
        self.clear()
        if not bars.x:
            return
        wide = INTERVAL_S * 0.26
        kinds = (
            (0, bars.offered, "transparent", self.theme.line_strong),
            (1, bars.answered, self.theme.info.mark, self.theme.info.mark),
            (2, bars.abandoned, self.theme.critical.fill, self.theme.critical.mark),
        )
        for number, values, fill, edge in kinds:
            x = [start + INTERVAL_S * 0.11 + wide * number for start in bars.x]
            self.addItem(
                pg.BarGraphItem(
                    x0=x, height=list(values), width=wide * 0.86, brush=QColor(fill), pen=self.pen(edge, 1.3)
                )
            )
        self.setXRange(min(bars.x[0], bars.x[-1] - 3 * INTERVAL_S), bars.x[-1] + INTERVAL_S, padding=0.0)
        self.counts(most_of(max(bars.offered)))
