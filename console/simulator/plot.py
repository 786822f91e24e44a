"""Results as a picture: service level and wait over the day, a row a queue, a line a variant (SVG)."""

from collections.abc import Callable
from xml.etree import ElementTree

from console.simulator.charts import Line, Style
from console.simulator.results import QueueResult, Results, Slot, VariantResult
from console.simulator.words import runs_in_words

_WIDTH, _HEIGHT, _TOP = 760, 340, 44
_MOST_QUEUES = 12
_SVG = "http://www.w3.org/2000/svg"
_FONT = "Inter, DejaVu Sans, sans-serif"

# Colours that the colour-blind tell apart (Okabe and Ito 2008); every line has its own dashes besides.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
_DASHES = ("", "8, 4", "2, 4", "12, 4, 2, 4", "4, 2", "16, 6", "1, 2")

_STYLE = Style(
    background="#ffffff",
    plot_background="#ffffff",
    foreground="#333333",
    foreground_strong="#111111",
    foreground_subtle="#cccccc",
    opacity="1",
    opacity_hover="1",
    colors=_COLOURS,
    font_family=_FONT,
    title_font_size=17,
    label_font_size=12,
    major_label_font_size=12,
    legend_font_size=13,
    guide_stroke_dasharray="2,6",
)


def svg(results: Results) -> bytes:
    """The picture as an SVG document that needs nothing from elsewhere."""
    base = results.variants[0]
    queues = base.queues[1:] if len(base.queues) - 1 <= _MOST_QUEUES else base.queues[:1]
    root = ElementTree.Element(
        f"{{{_SVG}}}svg",
        {"viewBox": f"0 0 {2 * _WIDTH} {_TOP + _HEIGHT * len(queues)}", "width": "100%"},
    )
    ElementTree.SubElement(root, f"{{{_SVG}}}rect", {"width": "100%", "height": "100%", "fill": "#ffffff"})
    title = ElementTree.SubElement(
        root, f"{{{_SVG}}}text", {"x": "20", "y": "30", "font-size": "22", "font-family": _FONT}
    )
    title.text = f"{results.scenario} ({runs_in_words(results)}, seed {results.seed})"
    for row, queue in enumerate(queues):
        for column, chart in enumerate((_levels(results, queue), _waits(results, queue))):
            chart.uuid = f"{row}-{column}"  # not by chance: the same results give the same picture
            root.append(_moved(chart, column * _WIDTH, _TOP + row * _HEIGHT))
    ElementTree.register_namespace("", _SVG)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _moved(chart: Line, x: int, y: int) -> ElementTree.Element:
    """A chart as a part of the picture: a group, since not every program shows documents in documents."""
    document = ElementTree.fromstring(chart.render())
    group = ElementTree.Element(f"{{{_SVG}}}g", {"transform": f"translate({x} {y})"})
    group.attrib |= {name: document.attrib[name] for name in ("id", "class")}
    group.extend(document)
    for defs in group.findall(f"{{{_SVG}}}defs"):
        for script in defs.findall(f"{{{_SVG}}}script"):
            defs.remove(script)  # it would show values under the mouse, with a library from elsewhere
    for part in group.iter(f"{{{_SVG}}}path"):
        words = part.get("class", "").split()
        if "nofill" in words:  # the style sheet says so too, but not every program reads all of it
            part.set("fill", "none")
            part.set("stroke-width", "2.5")
        elif "guide" in words:
            part.set("stroke", "#dddddd")
        elif words[-1:] == ["line"]:
            part.set("stroke", "#888888")
    return group


def _levels(results: Results, queue: QueueResult) -> Line:
    within = f" (within {queue.threshold_s:g} s)" if queue.threshold_s else ""
    return _chart(results, queue, f"{queue.name}: service level in %{within}", _level, (0, 100))


def _waits(results: Results, queue: QueueResult) -> Line:
    return _chart(results, queue, f"{queue.name}: mean wait of the answered in s", _asa, None)


def _level(slot: Slot) -> float | None:
    return None if slot.service_level is None else slot.service_level * 100


def _asa(slot: Slot) -> float | None:
    return slot.asa_s


def _chart(
    results: Results,
    queue: QueueResult,
    title: str,
    value: Callable[[Slot], float | None],
    bounds: tuple[float, float] | None,
) -> Line:
    slots = [slot for variant in results.variants for slot in variant.slots]
    times = sorted({slot.at for slot in slots if slot.queue == queue.key})
    chart = Line(
        width=_WIDTH,
        height=_HEIGHT,
        style=_STYLE,
        title=title,
        js=[],
        legend_at_bottom=True,
        legend_at_bottom_columns=4,
        show_minor_x_labels=False,
        truncate_label=-1,
        truncate_legend=28,
        dots_size=2,
        include_x_axis=True,
        formatter=lambda number: f"{number:.1f}",
        no_data_text="nobody came",
        **({"range": bounds} if bounds else {}),
    )
    chart.x_labels = times
    chart.x_labels_major = [time for time in times if time.endswith(":00")]
    for number, variant in enumerate(results.variants):
        dashes = _DASHES[number % len(_DASHES)]
        found = _by_time(variant, queue.key)
        chart.add(
            variant.name,
            [value(found[time]) if time in found else None for time in times],
            stroke_style={"width": 2.5, **({"dasharray": dashes} if dashes else {})},
        )
    return chart


def _by_time(variant: VariantResult, queue: str) -> dict[str, Slot]:
    return {slot.at: slot for slot in variant.slots if slot.queue == queue}
