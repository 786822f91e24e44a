"""What a figure means, from the one catalogue of metrics: name, formula, which way is good, limits. Pure.

The tiles show what stands here; nothing of it is kept a second time but its German.
"""

from typing import Final

from console.domain.queue import Queue, ServiceLevelFormula
from console.metrics.catalogue import CATALOGUE
from console.metrics.metric import Better, Metric, Unit
from ui.metrics.tongue import Tongue

SHOWN: Final = (
    "waiting", "longest_wait_now_s", "service_level",
    *(f"level_{formula.value}" for formula in ServiceLevelFormula),
    "asa_s", "aht_s", "abandoned", "abandon_rate", "agents_ready", "offered", "answered",
)  # fmt: skip
"""The metrics of the wallboard's tiles and strip, by their keys in the catalogue."""

_NAMES: Final[dict[str, str]] = {
    "waiting": "Jetzt wartend",
    "longest_wait_now_s": "Längste Wartezeit jetzt",
    "service_level": "Servicelevel",
    "asa_s": "Mittlere Annahmezeit",
    "aht_s": "Mittlere Bearbeitungszeit",
    "abandoned": "Aufgelegt",
    "abandon_rate": "Aufleger-Anteil",
    "agents_ready": "Agenten bereit",
    "offered": "Angeboten",
    "answered": "Angenommen",
}

_GERMAN: Final[dict[str, str]] = {
    "customers who wait or whose offer rings, now": "Kunden, die jetzt warten oder für die es klingelt",
    "now - the earliest beginning of a wait": "jetzt - der früheste Beginn einer Wartezeit",
    "each fact by the formula and threshold that were in force at its moment": (
        "jedes Ereignis nach Formel und Schwelle, die in seinem Augenblick galten"
    ),
    "answered in time / answered": "rechtzeitig angenommen / angenommen",
    "(answered + abandoned in time) / (answered + abandoned)": (
        "(angenommen + rechtzeitig aufgelegt) / (angenommen + aufgelegt)"
    ),
    "answered in time / (answered + abandoned)": "rechtzeitig angenommen / (angenommen + aufgelegt)",
    "answered in time / (answered + abandoned - short abandons)": (
        "rechtzeitig angenommen / (angenommen + aufgelegt - Kurzabbrüche)"
    ),
    "answered in time / (answered + abandoned - abandoned in time)": (
        "rechtzeitig angenommen / (angenommen + aufgelegt - rechtzeitig aufgelegt)"
    ),
    "wait of the answered / answered": "Wartezeit der Angenommenen / angenommen",
    "(talk + hold + wrap-up) / answered": "(Gespräch + Halten + Nachbearbeitung) / angenommen",
    "left by the customer before an answer": "vom Kunden vor der Annahme beendet",
    "abandoned / (answered + abandoned - short abandons)": (
        "aufgelegt / (angenommen + aufgelegt - Kurzabbrüche)"
    ),
    "agents who are ready now (one in two queues: in both rows, once in the centre)": (
        "Agenten, die jetzt bereit sind (in zwei Warteschlangen: in beiden Zeilen, in der Summe einmal)"
    ),
    "put into a queue (channel, skill, centre: each one once)": (
        "in eine Warteschlange gekommen (Kanal, Fähigkeit, Zentrale: jeder einmal)"
    ),
    "answered by an agent out of a queue (there: once)": (
        "von einem Agenten aus einer Warteschlange angenommen (dort: einmal)"
    ),
}


def name(key: str, tongue: Tongue) -> str:
    """A metric's name."""
    if tongue.language != "de":
        return "Service level" if key.startswith("level_") else CATALOGUE[key].name
    return _NAMES["service_level" if key.startswith("level_") else key]


def formula(key: str, tongue: Tongue) -> str:
    """Its formula in words."""
    words = CATALOGUE[key].formula
    return _GERMAN[words] if tongue.language == "de" else words


def better(key: str, tongue: Tongue) -> str:
    """Which way is good: "higher is better", "lower is better", or ""."""
    way = CATALOGUE[key].better
    return "" if way is Better.NEITHER else tongue.say(f"better {way}")


def value_words(metric: Metric, value: float, tongue: Tongue) -> str:
    """A value in the metric's unit."""
    if metric.unit is Unit.SHARE:
        return tongue.target(value)
    return f"{tongue.limit(value)} s" if metric.unit is Unit.SECONDS else tongue.limit(value)


def limits(key: str, queue: Queue | None, tongue: Tongue) -> str:
    """From which values on it calls for attention: by the queue's own limits, else by the catalogue's."""
    metric = CATALOGUE[key]
    warning, critical = _limits_of(key, queue, metric)
    high = metric.better is Better.HIGH
    parts = [
        tongue.say(f"{word} {'below' if high else 'from'}", value=value_words(metric, limit, tongue))
        for word, limit in (("warning", warning), ("critical", critical))
        if limit
    ]
    return ", ".join(parts)


def _limits_of(key: str, queue: Queue | None, metric: Metric) -> tuple[float | None, float | None]:
    if queue is None:
        return metric.warning, metric.critical
    if key == "waiting":
        return queue.warn_waiting, queue.critical_waiting
    if key == "longest_wait_now_s":
        return queue.warn_longest_s, queue.critical_longest_s
    if key.startswith("level_"):
        return queue.target, max(0.0, queue.target - SERVICE_GAP)
    return metric.warning, metric.critical


def _gap() -> float:
    metric = CATALOGUE["service_level"]
    assert metric.warning is not None
    assert metric.critical is not None
    return round(metric.warning - metric.critical, 6)


SERVICE_GAP: Final = _gap()
"""So far below its target a service level is critical: as far as the catalogue's limits are apart."""


def meaning(key: str, queue: Queue | None, tongue: Tongue) -> str:
    """All that is to be said of a metric in one line, without its value."""
    parts = (formula(key, tongue), better(key, tongue), limits(key, queue, tongue))
    return ". ".join(part[0].upper() + part[1:] for part in parts if part)
