"""Elastic joints between two clocks: a sound device and the engine. They absorb jitter and drift, and stay
short.

Two crystals never agree: 50 ppm are 180 ms an hour, so a fixed buffer runs empty or grows. Here the
low-water mark is watched, which is what jitter leaves over: all beyond a small reserve is cut out, and a
little is put in before it runs dry. Both are done by a cross-fade, in a quiet moment if one comes in time, so
that nothing is heard of it (the idea of time-scale modification in jitter buffers, as in NetEq). Where sound
is missing or too much, it fades out and in, so that a stall is heard as a gap and not as a click.
Whoever was held up catches up afterwards, and a device has played silence in the meantime: what was said
then queues up and would stay as latency, so all beyond the cushion goes within seconds.
Samples are 16-bit mono PCM.
"""

import threading
from array import array

_BYTES_A_SAMPLE = 2
_STEP_MS = 5  # the least that is cut out, and what is put in
_FADE_MS = 5
_DRY_MS = 2.6  # a low-water mark under this is about to run dry
_SHORT_WATCH_S = 1.0
_MUCH_MS = 20
_FIRST_WATCH_S = 0.5  # a burst at the start is gone after this
_QUIET = 300  # peak of a frame that is quiet: -40 dBFS
_PATIENCE_S = 1.0
_MOST_CUSHION_MS = 60


def _faded(leaving: bytes, coming: bytes) -> bytes:
    """One sound turned into another of the same length."""
    first, second = array("h", leaving), array("h", coming)
    many = len(first)
    return array(
        "h", ((a * (many - n) + b * n) // many for n, (a, b) in enumerate(zip(first, second, strict=True)))
    ).tobytes()


def _joined(leaving: bytes, pcm: bytes) -> bytes:
    """`pcm`, its start faded in from the sound `leaving`."""
    many = min(len(leaving), len(pcm))
    return _faded(leaving[:many], pcm[:many]) + pcm[many:]


def shortened(pcm: bytes, cut: int, fade: int) -> bytes:
    """`pcm` without `cut` bytes, its start faded over `fade` bytes; needs cut + fade bytes."""
    return _faded(pcm[:fade], pcm[cut : cut + fade]) + pcm[cut + fade :]


def lengthened(pcm: bytes, more: int, fade: int) -> bytes:
    """`pcm` with its first `more` bytes said twice, faded over `fade` bytes; needs more + fade bytes."""
    return pcm[:more] + _faded(pcm[more : more + fade], pcm[:fade]) + pcm[fade:]


def _whole(size: int) -> int:
    return size - size % _BYTES_A_SAMPLE


class _LowWater:
    """The lowest level since it began, and how much went by since."""

    def __init__(self) -> None:
        self.low = 1 << 30
        self.seen = 0

    def note(self, low: int, size: int) -> None:
        self.low = min(self.low, low)
        self.seen += size


class Level:
    """Watches how low a buffer runs and says how much is to be cut out or put in.

    It looks at short spans of time for a surplus that no jitter explains (a device that paused, a burst at
    the start or after a stall) and for running dry, at longer ones for a small surplus. For a while after it
    ran empty the cushion counts as no surplus.
    """

    def __init__(self, rate_hz: int, reserve_ms: float, watch_s: float) -> None:
        """`reserve_ms` is how low it may run, `watch_s` how long it looks once the start is over."""
        self.a_ms = rate_hz * _BYTES_A_SAMPLE // 1000
        self._reserve = int(reserve_ms * self.a_ms)
        self.cushion = self._reserve
        self._longest = int(watch_s * 1000) * self.a_ms
        self.step = _STEP_MS * self.a_ms
        self.fade = _FADE_MS * self.a_ms
        self.underruns = 0
        self.trims = 0
        self.stretches = 0
        self._long = _LowWater()
        self._short = _LowWater()
        self.begin()

    def begin(self) -> None:
        """Start anew: look often, since what queues up at a start should go soon."""
        self._watch = int(_FIRST_WATCH_S * 1000) * self.a_ms
        self._wary = False
        self._due = 0
        self._waited = 0
        self._look_again()

    def starved(self) -> None:
        """It ran empty: start again with a thicker cushion, and look long before that is cut."""
        self.underruns += 1
        self.cushion = min(self.cushion + self.step, _MOST_CUSHION_MS * self.a_ms)
        self._watch = self._longest
        self._wary = True
        self._due = 0
        self._look_again()

    def passed(self, low: int, size: int) -> None:
        """`size` bytes went by and at the lowest moment `low` were left."""
        self._long.note(low, size)
        self._short.note(low, size)
        if self._due:
            self._waited += size
        elif self._long.seen >= self._watch:
            self._due = self._wanted(self._long.low)
            self._waited = 0
            self._wary = False
            if not self._due:
                self._watch = min(2 * self._watch, self._longest)
            self._look_again()
        elif self._short.seen >= _SHORT_WATCH_S * 1000 * self.a_ms:
            self._look_shortly()

    @property
    def _floor(self) -> int:
        return self.cushion if self._wary else self._reserve

    def _look_shortly(self) -> None:
        low = self._short.low
        self._short = _LowWater()
        if low < _DRY_MS * self.a_ms:
            self._due = -self.step
        elif low - self._floor > _MUCH_MS * self.a_ms:
            self._due = _whole(low - self._floor)
        self._waited = 0

    def due(self, pcm: bytes) -> int:
        """Bytes to cut out (> 0) or put in (< 0) around the frame `pcm`; 0 for now."""
        if not self._due:
            return 0
        patient = self._waited < _PATIENCE_S * 1000 * self.a_ms
        if patient and max(map(abs, array("h", pcm)), default=0) > _QUIET:
            return 0
        return self._due

    def done(self, change: int) -> None:
        """It was done, with so many bytes; what is left stays due."""
        if change > 0:
            self.trims += 1
            if not self._wary:
                self.cushion = max(self.cushion - change, self._reserve)
        else:
            self.stretches += 1
        self._due -= change
        if self._due < self.step:
            self._due = 0
            self._look_again()

    def _wanted(self, low: int) -> int:
        if low < _DRY_MS * self.a_ms:
            return -self.step
        spare = low - self._reserve
        return _whole(spare) if spare >= self.step else 0

    def _look_again(self) -> None:
        self._long = _LowWater()
        self._short = _LowWater()


class ElasticRing:
    """Bytes in at one end, bytes out at the other, from any two threads; elastic where they are taken."""

    def __init__(
        self, rate_hz: int, *, reserve_ms: float = 5.0, most_ms: float = 200.0, watch_s: float = 8.0
    ) -> None:
        """`reserve_ms` is how low it may run at rest, `most_ms` a hard bound, `watch_s` how long it looks."""
        self.level = Level(rate_hz, reserve_ms, watch_s)
        self._most = int(most_ms * self.level.a_ms)
        self._data = bytearray()
        self._lock = threading.Lock()
        self._primed = False
        self._leaving = b""
        self.overruns = 0

    @property
    def depth_ms(self) -> float:
        """Milliseconds of sound it holds."""
        return len(self._data) / self.level.a_ms

    @property
    def underruns(self) -> int:
        """How often it ran empty."""
        return self.level.underruns

    def put(self, pcm: bytes) -> None:
        """Add sound; beyond the hard bound the oldest goes."""
        with self._lock:
            self._data += pcm
            over = len(self._data) - self._most
            if over > 0:
                self._leaving = self._leaving or bytes(self._data[: self.level.fade])
                del self._data[: _whole(over + 1)]
                self.overruns += 1

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes: sound, or silence while it fills."""
        with self._lock:
            if not self._primed:
                enough = size + self.level.cushion
                if len(self._data) < enough:
                    return bytes(size)
                self._primed = True
                self._leaving = bytes(self.level.fade)
                del self._data[: len(self._data) - enough]
            if len(self._data) < size:
                return self._starved(size)
            taken = self._elastic(size)
            self.level.passed(len(self._data), size)
            if self._leaving:
                taken, self._leaving = _joined(self._leaving, taken), b""
            return taken

    def clear(self) -> None:
        """Forget what it holds: the device was changed."""
        with self._lock:
            self._data.clear()
            self._primed = False
            self.level.begin()

    def _elastic(self, size: int) -> bytes:
        level = self.level
        change = level.due(bytes(self._data[:size]))
        if change > 0:
            change = min(change, len(self._data) - size, size - level.fade)
        if change == 0 or size < level.step + level.fade:
            return self._cut_off(size)
        level.done(change)
        raw = self._cut_off(size + change)
        if change > 0:
            return shortened(raw, change, level.fade)
        return lengthened(raw, -change, min(level.fade, len(raw) + change))

    def _cut_off(self, size: int) -> bytes:
        taken = bytes(self._data[:size])
        del self._data[:size]
        return taken

    def _starved(self, size: int) -> bytes:
        """Give silence for one frame and keep what there is: so the depth grows by what was missing."""
        self.level.starved()
        rest = bytes(self._data)
        self._data.clear()
        self._primed = False
        fade = min(self.level.fade, len(rest))
        going = _faded(rest[len(rest) - fade :], bytes(fade))
        return rest[: len(rest) - fade] + going + bytes(size - len(rest))


class ElasticFeed:
    """Fits frames to a buffer that is not ours (a device's), elastic where they are put. One thread."""

    def __init__(
        self, rate_hz: int, *, reserve_ms: float = 5.0, most_ms: float = 120.0, watch_s: float = 8.0
    ) -> None:
        """As the ring's; of a frame that finds more than `most_ms` nothing is put."""
        self.level = Level(rate_hz, reserve_ms, watch_s)
        self._most = int(most_ms * self.level.a_ms)
        self._begun = False
        self._leaving = b""
        self.overruns = 0

    @property
    def underruns(self) -> int:
        """How often the device had run empty."""
        return self.level.underruns

    def fit(self, pcm: bytes, held: int) -> bytes:
        """What to put instead of the frame `pcm`, when the device holds `held` bytes."""
        level = self.level
        if held <= 0:
            if self._begun:
                level.starved()
            self._begun = True
            self._leaving = b""
            return bytes(level.cushion) + _joined(bytes(level.fade), pcm)
        if held > self._most:
            self.overruns += 1
            self._leaving = self._leaving or pcm[: level.fade]
            return b""
        if self._leaving:
            pcm, self._leaving = _joined(self._leaving, pcm), b""
        level.passed(held, len(pcm))
        return self._elastic(pcm)

    def _elastic(self, pcm: bytes) -> bytes:
        level = self.level
        change = level.due(pcm)
        if change > 0:
            change = min(change, len(pcm) - level.fade)
        if change == 0 or len(pcm) < level.step + level.fade:
            return pcm
        level.done(change)
        if change > 0:
            return shortened(pcm, change, level.fade)
        return lengthened(pcm, -change, level.fade)

    def begin(self) -> None:
        """Another device, which is empty."""
        self._begun = False
        self.level.begin()
