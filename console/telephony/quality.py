"""How a call sounds, as a number: the E-model (ITU-T G.107 simplified) with each codec's own impairment,
and when to warn.

Everything here is pure. Figures of G.113 appendix I (narrowband) and G.113 appendix IV (wideband).
"""

from collections import deque

import msgspec

from console.domain.call import Quality

WARN_RTT_MS = 400.0
WARN_JITTER_MS = 30.0
WARN_LOSS_PERCENT = 3.0
WARN_MOS = 3.5
WARN_SAMPLES = 3
WARN_OF = 5


class CodecImpairment(msgspec.Struct, frozen=True):
    """What a codec costs: `ie` without loss, `bpl` how well it stands loss (percent), and on which scale."""

    ie: float
    bpl: float
    wideband: bool = False


_IMPAIRMENTS = {
    "PCMU": CodecImpairment(0, 25.1),  # with the concealment that pjmedia has
    "PCMA": CodecImpairment(0, 25.1),
    "G729": CodecImpairment(11, 19),
    "GSM": CodecImpairment(20, 10),  # full rate: Ie of G.113; its robustness taken from EFR
    "GSM-EFR": CodecImpairment(5, 10),
    "ILBC": CodecImpairment(12, 32),
    "SPEEX": CodecImpairment(11, 19),  # no figure published: as G.729A
    "G722": CodecImpairment(13, 14, wideband=True),  # 64 kbit/s
    "OPUS": CodecImpairment(5, 25, wideband=True),  # no figure published: between G.722.2 and unimpaired
    "L16": CodecImpairment(0, 25.1, wideband=True),
}
_WORST_KNOWN = CodecImpairment(11, 4.3)


def impairment_of(codec: str) -> CodecImpairment:
    """The figures of a codec by its SDP name, with or without clock (`G722/16000`); careful ones when
    unknown.
    """
    name, _, clock = codec.upper().partition("/")
    found = _IMPAIRMENTS.get(name, _WORST_KNOWN)
    if name in {"SPEEX", "L16"}:
        return CodecImpairment(found.ie, found.bpl, wideband=clock.split("/")[0] not in {"", "8000"})
    return found


def rating(codec: str, *, delay_ms: float, loss_percent: float) -> float:
    """The rating factor R on the narrowband scale's 0-100 (ITU-T G.107; G.107.1's R divided by 1.29 when
    wideband).

    `delay_ms` is one way, with the jitter buffer; `loss_percent` after it.
    """
    figures = impairment_of(codec)
    ceiling = 129.0 if figures.wideband else 93.2
    delay = max(0.0, delay_ms)
    loss = min(100.0, max(0.0, loss_percent))
    late = 0.024 * delay + (0.11 * (delay - 177.3) if delay > 177.3 else 0.0)
    equipment = figures.ie + (95.0 - figures.ie) * loss / (loss + figures.bpl)
    value = ceiling - late - equipment
    return min(100.0, max(0.0, value / 1.29 if figures.wideband else value))


def mos_of(codec: str, *, delay_ms: float, loss_percent: float) -> float:
    """The mean opinion score, 1.0 to 4.5 (G.107 annex B), rounded to hundredths."""
    r = rating(codec, delay_ms=delay_ms, loss_percent=loss_percent)
    return round(min(4.5, max(1.0, 1 + 0.035 * r + 7e-6 * r * (r - 60) * (100 - r))), 2)


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """The engine's counters of a call's stream at one moment, all since its beginning; times in ms."""

    codec: str
    sent: int = 0
    received: int = 0
    lost: int = 0
    jitter_ms: float = 0.0
    rtt_ms: float = 0.0
    buffer_ms: float = 0.0


def quality_between(earlier: Reading | None, later: Reading) -> Quality:
    """The quality of the time between two readings of one stream; None as the first means since its
    beginning.
    """
    before = earlier or Reading(codec=later.codec)
    received = max(0, later.received - before.received)
    lost = max(0, later.lost - before.lost)
    loss = 100.0 * lost / (received + lost) if received + lost else 0.0
    one_way = later.rtt_ms / 2 + later.buffer_ms
    mos = mos_of(later.codec, delay_ms=one_way, loss_percent=loss) if received else None
    return Quality(
        codec=later.codec,
        mos=mos,
        loss_percent=round(loss, 2),
        jitter_ms=round(later.jitter_ms, 2),
        rtt_ms=round(later.rtt_ms, 2),
        sent=max(0, later.sent - before.sent),
        received=received,
        lost=lost,
        wideband=impairment_of(later.codec).wideband,
    )


class Meter:
    """Adds up one call's readings, across the restarts of its stream (hold and resume begin a new one)."""

    def __init__(self) -> None:
        """Nothing read."""
        self._last: Reading | None = None
        self._sums = Reading(codec="")
        self._scores: list[float] = []
        self._rtts: list[float] = []
        self._jitters: list[float] = []

    def add(self, reading: Reading) -> Quality:
        """Take a reading; returns the quality since the one before."""
        last = self._last
        if last is not None and (reading.received < last.received or reading.sent < last.sent):
            last = None  # a new stream counts from nothing
        interval = quality_between(last, reading)
        self._last = reading
        sums = self._sums
        self._sums = Reading(
            codec=reading.codec,
            sent=sums.sent + interval.sent,
            received=sums.received + interval.received,
            lost=sums.lost + interval.lost,
        )
        if interval.mos is not None:
            self._scores.append(interval.mos)
            self._jitters.append(interval.jitter_ms)
        if interval.rtt_ms:
            self._rtts.append(interval.rtt_ms)
        return interval

    @property
    def total(self) -> Quality | None:
        """The whole call: counts added up, times and MOS averaged over the intervals that had sound; None:
        no sound.
        """
        if not self._scores:
            return None
        return msgspec.structs.replace(
            quality_between(None, self._sums),
            mos=round(_mean(self._scores), 2),
            rtt_ms=round(_mean(self._rtts), 2),
            jitter_ms=round(_mean(self._jitters), 2),
        )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def complaints(quality: Quality) -> tuple[str, ...]:
    """What is wrong with an interval, as keys: `delay`, `jitter`, `loss`, `mos`."""
    found = (
        ("delay", quality.rtt_ms > WARN_RTT_MS),
        ("jitter", quality.jitter_ms > WARN_JITTER_MS),
        ("loss", quality.loss_percent > WARN_LOSS_PERCENT),
        ("mos", quality.mos is not None and quality.mos < WARN_MOS),
    )
    return tuple(name for name, bad in found if bad)


class QualityWatch:
    """Says when to warn: what was wrong in 3 of the last 5 intervals; clears once 3 of 5 are not bad any
    more.
    """

    def __init__(self) -> None:
        """Nothing measured."""
        self._recent: deque[tuple[str, ...]] = deque(maxlen=WARN_OF)

    def add(self, quality: Quality) -> tuple[str, ...]:
        """Take an interval; returns the complaints to show now, most telling first, () for none."""
        self._recent.append(complaints(quality))
        return self.warnings

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to show now."""
        names = ("loss", "jitter", "delay", "mos")
        return tuple(name for name in names if sum(name in bad for bad in self._recent) >= WARN_SAMPLES)
