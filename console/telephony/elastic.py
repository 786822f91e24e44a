"""An elastic ring between two clocks: a sound device and the engine. It absorbs jitter and drift, and stays
short.

Two crystals never agree; over an hour a fixed buffer runs empty or grows by whole frames (50 ppm are 180 ms
an hour). This ring watches its low-water mark: as long as it never falls below the reserve within a watch
period it holds more than it needs and gives up a little; when it runs empty it takes silence and lets the
reserve grow. So its depth follows the jitter that there is (the idea of an adaptive jitter buffer, RFC 3550
6.4.1 for the measure).
"""

import threading

_BYTES_A_SAMPLE = 2
_TRIM_MS = 5
_MUCH_MS = 40


class ElasticRing:
    """Bytes in at one end, bytes out at the other, from any two threads. 16-bit mono PCM."""

    def __init__(
        self, rate_hz: int, *, reserve_ms: float = 5.0, most_ms: float = 200.0, watch_s: float = 1.0
    ) -> None:
        """`reserve_ms` is how low it may run at rest, `most_ms` a hard bound, `watch_s` how long it looks
        first.
        """
        self._a_ms = rate_hz * _BYTES_A_SAMPLE // 1000
        self._floor = int(reserve_ms * self._a_ms)
        self._reserve = self._floor
        self._most = int(most_ms * self._a_ms)
        self._watch = int(watch_s * 1000) * self._a_ms
        self._data = bytearray()
        self._lock = threading.Lock()
        self._low = self._most
        self._taken = 0
        self._primed = False
        self.underruns = 0
        self.trims = 0
        self.overruns = 0

    @property
    def depth_ms(self) -> float:
        """Milliseconds of sound it holds."""
        return len(self._data) / self._a_ms

    def put(self, pcm: bytes) -> None:
        """Add sound; beyond the hard bound the oldest goes."""
        with self._lock:
            self._data += pcm
            over = len(self._data) - self._most
            if over > 0:
                del self._data[: over + over % _BYTES_A_SAMPLE]
                self.overruns += 1

    def take(self, size: int) -> bytes:
        """Exactly `size` bytes: sound, or silence while it fills."""
        with self._lock:
            if not self._primed and len(self._data) < size + self._reserve:
                return bytes(size)
            self._primed = True
            if len(self._data) < size:
                return self._starved(size)
            taken = bytes(self._data[:size])
            del self._data[:size]
            self._watched(size)
            return taken

    def clear(self) -> None:
        """Forget what it holds: the device was changed."""
        with self._lock:
            self._data.clear()
            self._primed = False
            self._low, self._taken = self._most, 0

    def _starved(self, size: int) -> bytes:
        """Ran empty: give what there is, fill up again, and keep a little more from now on."""
        self.underruns += 1
        rest = bytes(self._data)
        self._data.clear()
        self._primed = False
        self._reserve = min(self._reserve + _TRIM_MS * self._a_ms, self._most // 2)
        self._low, self._taken = self._most, 0
        return rest + bytes(size - len(rest))

    def _watched(self, size: int) -> None:
        self._low = min(self._low, len(self._data))
        self._taken += size
        if self._taken < self._watch:
            return
        spare = self._low - self._reserve
        step = _TRIM_MS * self._a_ms
        if spare >= step:
            del self._data[: spare if spare > _MUCH_MS * self._a_ms else step]
            self.trims += 1
        elif self._reserve > self._floor:
            self._reserve = max(self._floor, self._reserve - self._a_ms)
        self._low, self._taken = self._most, 0
