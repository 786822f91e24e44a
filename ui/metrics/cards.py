"""How one queue is painted: a large card, a small card, or a row of a table."""

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt

from ui.metrics.grid import LARGE_LEAST, SMALL_LEAST
from ui.metrics.ink import LEFT, RIGHT, Ink, Words, colour, shape_of, tone_of
from ui.metrics.presenter import Figure, Level, TileView
from ui.metrics.tongue import Tongue

_PAD = 14.0


def _ground(ink: Ink, place: QRectF, level: Level, *, current: bool) -> None:
    theme = ink.theme
    line, weight = theme.line, 1.0
    if level is not Level.PLAIN:
        line, weight = tone_of(theme, level).mark, 1.5 + 0.5 * (level is Level.CRITICAL)
    ink.card(place, theme.surface, line, weight)
    if current:
        inset = 3.5 * ink.scale
        ink.card(place.adjusted(inset, inset, -inset, -inset), "transparent", theme.accent, 2.0, 5.0)


def badge(ink: Ink, right: QPointF, level: Level, word: str, size: float = 12.0) -> float:
    """Shape and word of a level, ending at a point on its middle line; returns where it begins."""
    theme, tone, scale = ink.theme, tone_of(ink.theme, level), ink.scale
    words = ink.width(word, size, strong=True)
    icon, pad, tall = (size + 3) * scale, 7 * scale, (size + 10) * scale
    width = words + icon + 2 * pad + 4 * scale
    place = QRectF(right.x() - width, right.y() - tall / 2, width, tall)
    plain = level is Level.PLAIN
    if not plain:
        ink.card(place, tone.fill, "", 1.0, 6.0)
    left = place.left() + pad
    ink.shape(QPointF(left, right.y() - icon / 2), shape_of(level), tone.mark, size + 3)
    how = Words(size, theme.soft if plain else tone.ink, strong=True)
    ink.words(QRectF(left + icon + 4 * scale, place.top(), words + 2, tall), word, how)
    return place.left()


def _named(ink: Ink, place: QRectF, words: str, level: Level, size: float) -> None:
    """A figure's name; before a serious one stands its shape."""
    scale, left = ink.scale, place.left()
    if level is not Level.PLAIN:
        corner = QPointF(left, place.center().y() - (size + 1) / 2 * scale)
        ink.shape(corner, shape_of(level), tone_of(ink.theme, level).mark, size + 1)
        left += (size + 5) * scale
    ink.figure(
        QRectF(left, place.top(), place.right() - left, place.height()), words, Words(size, ink.theme.soft)
    )


def _tint(ink: Ink, level: Level) -> str:
    return ink.theme.text if level is Level.PLAIN else tone_of(ink.theme, level).ink


def big(ink: Ink, place: QRectF, figure: Figure, size: float, caption: str) -> None:
    """A large figure over its name; a serious one has its shape and colour."""
    tall = size * 1.25 * ink.scale
    line = QRectF(place.left(), place.top(), place.width(), tall)
    ink.figure(line, figure.text, Words(size, _tint(ink, figure.level), strong=True))
    under = QRectF(place.left(), place.top() + tall, place.width(), 16 * ink.scale)
    _named(ink, under, caption, figure.level, 12)


def _pair(ink: Ink, place: QRectF, figure: Figure, size: float = 15.0) -> None:
    """A small figure under its name."""
    scale = ink.scale
    _named(ink, QRectF(place.left(), place.top(), place.width(), 15 * scale), figure.label, figure.level, 11)
    line = QRectF(place.left(), place.top() + 16 * scale, place.width(), 19 * scale)
    ink.figure(line, figure.text, Words(size, _tint(ink, figure.level), strong=True))
    if figure.note:
        used = ink.width(figure.text, size, strong=True) + 6 * scale
        ink.words(line.adjusted(used, 0, 0, 0), figure.note, Words(12, ink.theme.soft))


def _bar(ink: Ink, place: QRectF, value: float | None, target: float, level: Level) -> None:
    """The service level as a length, with a tick at its target."""
    ink.card(place, ink.theme.sunken, "", 1.0, 3.0)
    if value:
        filled = QRectF(place.left(), place.top(), place.width() * min(1.0, value), place.height())
        ink.card(filled, tone_of(ink.theme, level).mark, "", 1.0, 3.0)
    at = place.left() + place.width() * min(1.0, target)
    reach = 3 * ink.scale
    tick = QRectF(at - ink.scale, place.top() - reach, 2 * ink.scale, place.height() + 2 * reach)
    ink.painter.fillRect(tick, colour(ink.theme.text))


def _head(ink: Ink, inner: QRectF, view: TileView, size: float, badge_size: float) -> None:
    tall = 24 * ink.scale
    middle = QPointF(inner.right(), inner.top() + tall / 2)
    right = badge(ink, middle, view.level, view.word, badge_size)
    name = QRectF(inner.left(), inner.top(), right - inner.left() - 8 * ink.scale, tall)
    ink.words(name, view.name, Words(size, ink.theme.text, strong=True, middle=True))


def grown(ink: Ink, place: QRectF, least: tuple[float, float], most: float) -> Ink:
    """The same ink at a scale that makes use of a place larger than the least."""
    room = min(place.width() / least[0], place.height() / least[1]) / ink.scale
    return replace(ink, scale=ink.scale * min(most, max(1.0, room)))


def _made_of(ink: Ink, line: QRectF, view: TileView, age: str) -> None:
    """What the service level is made of, its goal, the data's age; in a second line its formula in words."""
    theme, scale = ink.theme, ink.scale
    ink.words(line, age, Words(11, theme.soft, side=RIGHT))
    room = line.adjusted(0, 0, -ink.width(age, 11) - 6 * scale, 0)
    ink.words(room, view.inputs, Words(12, theme.text))
    used = ink.width(view.inputs, 12) + 9 * scale
    if used + ink.width(view.target, 11) <= room.width():
        ink.words(room.adjusted(used, 0, 0, 0), view.target, Words(11, theme.soft))
    ink.words(line.translated(0, 16 * scale), view.formula, Words(11, theme.soft))


def large(ink: Ink, place: QRectF, view: TileView, tongue: Tongue, age: str, *, current: bool) -> None:
    """A card with all of a queue's figures, the formula in words and the data's age."""
    ink = grown(ink, place, LARGE_LEAST, 1.4)
    scale = ink.scale
    _ground(ink, place, view.level, current=current)
    pad = _PAD * scale
    inner = place.adjusted(pad, pad * 0.8, -pad, -pad * 0.7)
    spare = max(0.0, inner.height() - 184 * scale) / 4
    _head(ink, inner, view, 16, 12)
    top = inner.top() + 28 * scale + spare
    shares, left = (0.25, 0.30, 0.45), inner.left()
    figures = (view.waiting, view.longest, view.service)
    captions = (view.waiting.label, tongue.say("longest short"), view.service.label)
    for share, figure, caption in zip(shares, figures, captions, strict=True):
        width = inner.width() * share
        big(ink, QRectF(left, top, width - 5 * scale, 52 * scale), figure, 26, caption)
        left += width
    top += 57 * scale + spare
    _bar(
        ink,
        QRectF(inner.left(), top + 2 * scale, inner.width(), 5 * scale),
        view.share,
        view.aim,
        view.service.level,
    )
    top += 11 * scale
    _made_of(ink, QRectF(inner.left(), top, inner.width(), 16 * scale), view, age)
    top += 37 * scale + spare
    ink.rule(QPointF(inner.left(), top), inner.width())
    left, top = inner.left(), top + 5 * scale + spare / 2
    for share, figure in zip(
        (0.19, 0.19, 0.36, 0.26), (view.asa, view.aht, view.abandoned, view.ready), strict=True
    ):
        width = inner.width() * share
        _pair(ink, QRectF(left, top, width - 4 * scale, 36 * scale), figure)
        left += width


def _marked(ink: Ink, place: QRectF, figure: Figure, size: float) -> None:
    """A figure with the shape of its level behind it."""
    icon = 0.0 if figure.level is Level.PLAIN else (size * 0.62 + 4) * ink.scale
    room = place.adjusted(0, 0, -icon, 0)
    used = ink.figure(room, figure.text, Words(size, _tint(ink, figure.level), strong=True))
    if icon:
        corner = QPointF(place.left() + used + 4 * ink.scale, place.center().y() - size * 0.3 * ink.scale)
        ink.shape(corner, shape_of(figure.level), tone_of(ink.theme, figure.level).mark, size * 0.62)


def _said(ink: Ink, line: QRectF, figure: Figure, words: str, side: Qt.AlignmentFlag) -> float:
    """A figure in a line of small words, its shape before it; returns how wide it is."""
    icon = 0.0 if figure.level is Level.PLAIN else 15 * ink.scale
    wide = ink.width(words, 11) + icon
    left = line.left() if side == LEFT else line.right() - wide
    tint = ink.theme.soft
    if icon:
        tone = tone_of(ink.theme, figure.level)
        tint = tone.ink
        ink.shape(QPointF(left, line.center().y() - 6 * ink.scale), shape_of(figure.level), tone.mark, 12)
    ink.words(QRectF(left + icon, line.top(), wide - icon + 1, line.height()), words, Words(11, tint))
    return wide + 6 * ink.scale


def small(ink: Ink, place: QRectF, view: TileView, tongue: Tongue, age: str, *, current: bool) -> None:
    """A card with the figures that are watched, and the rest in two lines of small words."""
    ink = grown(ink, place, SMALL_LEAST, 1.2)
    scale, theme = ink.scale, ink.theme
    _ground(ink, place, view.level, current=current)
    pad = 9 * scale
    inner = place.adjusted(pad, pad * 0.6, -pad, -pad * 0.6)
    spare = max(0.0, inner.height() - 109 * scale) / 3
    _head(ink, inner, view, 14, 11)
    top, left = inner.top() + 25 * scale + spare, inner.left()
    captions = (tongue.say("waiting"), tongue.say("longest short"), view.inputs_short)
    figures = (view.waiting, view.longest, view.service)
    for share, figure, caption in zip((0.26, 0.33, 0.41), figures, captions, strict=True):
        width = inner.width() * share - 3 * scale
        line, under = QRectF(left, top, width, 25 * scale), QRectF(left, top + 25 * scale, width, 15 * scale)
        if figure is view.service:
            ink.figure(line, figure.text, Words(20, _tint(ink, figure.level), strong=True))
            _named(ink, under, caption, figure.level, 11)
        else:
            _marked(ink, line.adjusted(0, 0, -4 * scale, 0), figure, 20)
            ink.figure(under, caption, Words(11, theme.soft))
        left += width + 3 * scale
    top += 44 * scale + spare
    _bar(ink, QRectF(inner.left(), top, inner.width(), 4 * scale), view.share, view.aim, view.service.level)
    line = QRectF(inner.left(), top + 8 * scale + spare / 2, inner.width(), 15 * scale)
    taken = _said(ink, line, view.ready, f"{view.ready.label} {view.ready_short}", RIGHT)
    means = f"{view.asa.label} {view.asa.text} {view.aht.label} {view.aht.text}"
    ink.figure(line.adjusted(0, 0, -taken, 0), means, Words(11, theme.soft))
    line = line.translated(0, 15 * scale)
    gone = f"{view.abandoned.label} {view.abandoned.text}, {view.abandoned.note}"
    taken = _said(ink, line, view.abandoned, gone, LEFT)
    ink.words(line.adjusted(taken, 0, 0, 0), age, Words(11, theme.soft, side=RIGHT))


# Columns of a row: figure, width at scale 1. The later ones are left out where there is no room.
_COLUMNS = (
    ("waiting", 46.0),
    ("longest", 56.0),
    ("service", 70.0),
    ("abandoned", 94.0),
    ("ready", 48.0),
    ("asa", 50.0),
    ("aht", 50.0),
)
_NAME_LEAST = 84.0


def columns_for(width: float, scale: float) -> list[tuple[str, float]]:
    """Which columns a row of a width has room for, with their widths."""
    left = width - (_NAME_LEAST + 22) * scale
    chosen: list[tuple[str, float]] = []
    for name, wide in _COLUMNS:
        if wide * scale > left:
            break
        chosen.append((name, wide * scale))
        left -= wide * scale
    return chosen


def row_head(ink: Ink, place: QRectF, tongue: Tongue) -> None:
    """The names of a row's columns."""
    short = {"waiting": "waiting", "longest": "longest short", "service": "service short"}
    how = Words(11, ink.theme.soft, strong=True, side=RIGHT)
    columns = columns_for(place.width(), ink.scale)
    right = place.right()
    for name, width in reversed(columns):
        ink.words(
            QRectF(right - width, place.top(), width, place.height()), tongue.say(short.get(name, name)), how
        )
        right -= width
    left = QRectF(
        place.left() + 22 * ink.scale, place.top(), right - place.left() - 22 * ink.scale, place.height()
    )
    ink.words(left, tongue.say("col queue"), Words(11, ink.theme.soft, strong=True, side=LEFT))
    ink.rule(QPointF(place.left(), place.bottom() - 1), place.width())


def row(ink: Ink, place: QRectF, view: TileView, *, current: bool) -> None:
    """A queue in one line."""
    scale, theme = ink.scale, ink.theme
    tone = tone_of(theme, view.level)
    ink.painter.fillRect(place, colour(theme.canvas))
    critical = view.level is Level.CRITICAL
    if current or critical:
        ground = tone.fill if critical else theme.hover
        ink.card(place.adjusted(0, 1, 0, -1), ground, theme.accent if current else "", 1.5, 4)
    middle = place.center().y()
    ink.shape(QPointF(place.left() + 3 * scale, middle - 7 * scale), shape_of(view.level), tone.mark, 14)
    right = place.right() - 4 * scale
    for name, width in reversed(columns_for(place.width(), scale)):
        figure: Figure = getattr(view, name)
        cell = QRectF(right - width + 6 * scale, place.top(), width - 6 * scale, place.height())
        _cell(ink, cell, figure, view.ready_short if name == "ready" else figure.text)
        right -= width
    name_place = QRectF(
        place.left() + 22 * scale, place.top(), right - place.left() - 22 * scale, place.height()
    )
    serious = view.level is not Level.PLAIN
    ink.words(name_place, view.name, Words(13, theme.text, strong=serious, middle=True))


def _cell(ink: Ink, cell: QRectF, figure: Figure, text: str) -> None:
    serious = figure.level is not Level.PLAIN
    tint = tone_of(ink.theme, figure.level).ink if serious else ink.theme.text
    right = cell.right()
    if figure.note and figure.note.endswith("%") and figure.label:
        ink.words(cell, figure.note, Words(12, ink.theme.soft, side=RIGHT))
        right -= 50 * ink.scale
    words = QRectF(cell.left(), cell.top(), right - cell.left(), cell.height())
    ink.words(words, text, Words(13, tint, strong=serious, side=RIGHT))
    if serious:
        wide = ink.width(text, 13, strong=True) + 15 * ink.scale
        corner = QPointF(max(cell.left() - 6 * ink.scale, right - wide), cell.center().y() - 6 * ink.scale)
        ink.shape(corner, shape_of(figure.level), tone_of(ink.theme, figure.level).mark, 12)
