"""Two clocks that never agree, in virtual time: depth stays bounded, and next to nothing is heard of it."""

import math
import random
from array import array
from itertools import pairwise

import pytest

from console.telephony.elastic import ElasticFeed, ElasticRing, lengthened, shortened
from console.telephony.sounds import rms

RATE = 16_000
A_MS = 32
FRAME_MS = 20.0
CHUNK_MS = 2.5
HOUR_S = 3_600
CHUNK = bytes(int(CHUNK_MS * A_MS))
FRAME = bytes(int(FRAME_MS * A_MS))
FADE = 5 * A_MS


def _tone(ms: float, hz: float = 400, loud: int = 8_000) -> bytes:
    return array(
        "h", (round(loud * math.sin(2 * math.pi * hz * n / RATE)) for n in range(int(ms * RATE / 1000)))
    ).tobytes()


def _steepest(pcm: bytes) -> int:
    samples = array("h", pcm)
    return max(abs(a - b) for a, b in pairwise(samples))


class _Device:
    """A sound device whose crystal is off by `ppm`: how many chunks it has moved at a time of ours."""

    def __init__(self, ppm: float) -> None:
        self._every = CHUNK_MS / (1 + ppm * 1e-6)
        self._moved = 0

    def chunks(self, at_ms: float) -> int:
        due = int(at_ms / self._every) - self._moved
        self._moved += due
        return due


def _ticks(seconds: float, jitter_ms: float) -> list[float]:
    chance = random.Random(7)
    return [n * FRAME_MS + chance.random() * jitter_ms for n in range(int(seconds * 1000 / FRAME_MS))]


def _hour_at_the_microphone(ppm: float, jitter_ms: float) -> tuple[ElasticRing, float]:
    ring, device, deepest = ElasticRing(RATE), _Device(ppm), 0.0
    for number, at in enumerate(_ticks(HOUR_S, jitter_ms)):
        ring.put(CHUNK * device.chunks(at))
        ring.take(len(FRAME))
        if number > 500:
            deepest = max(deepest, ring.depth_ms)
    return ring, deepest


def _hour_at_the_speaker(ppm: float, jitter_ms: float) -> tuple[ElasticFeed, float]:
    feed, device, deepest, held = ElasticFeed(RATE), _Device(ppm), 0, 0
    for number, at in enumerate(_ticks(HOUR_S, jitter_ms)):
        held = max(0, held - device.chunks(at) * len(CHUNK))
        held += len(feed.fit(FRAME, held))
        if number > 500:
            deepest = max(deepest, held)
    return feed, deepest / A_MS


@pytest.mark.parametrize("jitter_ms", [2.0, 8.0])
@pytest.mark.parametrize("ppm", [-200.0, 0.0, 200.0])
def test_an_hour_of_drift_at_the_microphone(ppm: float, jitter_ms: float) -> None:
    ring, deepest = _hour_at_the_microphone(ppm, jitter_ms)
    assert deepest <= FRAME_MS + jitter_ms
    assert ring.underruns <= 2
    assert ring.overruns == 0
    drift_ms = abs(ppm) * 1e-6 * HOUR_S * 1000
    assert ring.level.trims + ring.level.stretches <= drift_ms / 5 + 3


@pytest.mark.parametrize("jitter_ms", [2.0, 8.0])
@pytest.mark.parametrize("ppm", [-200.0, 0.0, 200.0])
def test_an_hour_of_drift_at_the_speaker(ppm: float, jitter_ms: float) -> None:
    feed, deepest = _hour_at_the_speaker(ppm, jitter_ms)
    assert deepest <= 2 * FRAME_MS + jitter_ms
    assert feed.underruns <= 2
    assert feed.overruns == 0


def test_a_burst_at_the_start_is_gone_within_seconds() -> None:
    feed, held = ElasticFeed(RATE), 0
    for _ in range(5):  # the device is not awake yet
        held += len(feed.fit(FRAME, held))
    assert held >= 100 * A_MS
    for _ in range(150):
        held += len(feed.fit(FRAME, held)) - len(FRAME)
    assert held < 15 * A_MS + len(FRAME)
    assert feed.underruns == 0


def test_a_burst_in_the_call_does_not_stay() -> None:
    ring = ElasticRing(RATE)
    for _ in range(2_000):
        ring.put(FRAME)
        ring.take(len(FRAME))
    ring.put(FRAME * 4)
    for _ in range(250):
        ring.put(FRAME)
        ring.take(len(FRAME))
    assert ring.depth_ms < 15
    assert ring.underruns == 0


def test_a_sleeping_device_never_queues_more_than_the_bound() -> None:
    feed, held = ElasticFeed(RATE, most_ms=120), 0
    for _ in range(500):
        held += len(feed.fit(FRAME, held))
    assert held <= (120 + FRAME_MS) * A_MS
    assert feed.overruns > 400


def test_a_ring_that_nobody_empties_keeps_the_newest() -> None:
    ring = ElasticRing(RATE, most_ms=100)
    for value in range(1, 21):
        ring.put(bytes([value, 0]) * (len(FRAME) // 2))
    assert ring.depth_ms == 100
    assert ring.overruns == 15
    assert ring.take(len(FRAME))[-2] >= 19


def test_late_sound_makes_the_cushion_grow_and_calm_makes_it_shrink() -> None:
    ring = ElasticRing(RATE)
    for turn in range(400):  # every 4th frame comes 20 ms late
        ring.put(FRAME * {2: 0, 3: 2}.get(turn % 4, 1))
        ring.take(len(FRAME))
    assert 0 < ring.underruns <= 6
    rough = ring.underruns
    for _ in range(3_000):
        ring.put(FRAME)
        ring.take(len(FRAME))
    assert ring.underruns == rough
    assert ring.depth_ms < 15


def test_nothing_comes_out_before_there_is_enough_and_sizes_are_exact() -> None:
    ring = ElasticRing(RATE, reserve_ms=5)
    ring.put(_tone(20))
    assert ring.take(640) == bytes(640)
    ring.put(_tone(5))
    assert ring.take(640)[FADE:] == _tone(20)[FADE:]
    assert len(ring.take(640)) == 640
    assert ring.underruns == 1


@pytest.mark.parametrize("change_ms", [5, 8, 10])
def test_what_is_cut_or_put_in_makes_no_click(change_ms: int) -> None:
    change, fade = change_ms * A_MS, 5 * A_MS
    for hz in (150, 333, 1_000):
        tone = _tone(20, hz)
        shorter, longer = shortened(tone, change, fade), lengthened(tone, min(change, 10 * A_MS), fade)
        assert len(tone) - len(shorter) == change
        assert len(longer) - len(tone) == min(change, 10 * A_MS)
        assert shorter[-8:] == longer[-8:] == tone[-8:]
        assert shorter[:2] == longer[:2] == tone[:2]
        for made in (shorter, longer):
            assert _steepest(made) < 1.5 * _steepest(tone) + 200


def test_it_waits_for_a_quiet_moment() -> None:
    feed, loud, held = ElasticFeed(RATE), _tone(20), 0
    held += len(feed.fit(loud, held))
    for _ in range(30):
        assert feed.fit(loud, 30 * A_MS) == loud  # a surplus of 25 ms, seen after half a second
    assert len(feed.fit(FRAME, 30 * A_MS)) < len(FRAME)


def test_it_does_not_wait_for_ever() -> None:
    feed, loud = ElasticFeed(RATE), _tone(20)
    feed.fit(loud, 0)
    sizes = [len(feed.fit(loud, 30 * A_MS)) for _ in range(100)]
    assert min(sizes) < len(loud)


def test_another_device_starts_afresh() -> None:
    feed = ElasticFeed(RATE)
    feed.fit(FRAME, 0)
    feed.begin()
    assert len(feed.fit(FRAME, 0)) > len(FRAME)
    assert feed.underruns == 0
    ring = ElasticRing(RATE)
    ring.put(_tone(60))
    ring.clear()
    assert ring.depth_ms == 0
    assert ring.take(640) == bytes(640)
    assert ring.underruns == 0


def _with_stalls(feed: ElasticFeed, stalls_at: tuple[int, ...], frames: int) -> list[float]:
    """What the device holds in ms, frame by frame; at a stall the clock stands for 250 ms and catches up."""
    held, levels, speech = 0, [], _tone(20, loud=2_000)
    for number in range(frames):
        burst = 12 if number in stalls_at else 0
        held = 0 if burst else max(0, held - len(FRAME))
        for pcm in (speech,) * (1 + burst):
            held += len(feed.fit(pcm, held))
        levels.append((held - len(FRAME)) / A_MS)
    return levels


def test_what_a_stall_leaves_behind_does_not_stay() -> None:
    feed = ElasticFeed(RATE)
    levels = _with_stalls(feed, (500,), 1_000)
    assert levels[499] < 15
    assert levels[500] > 80
    assert max(levels[500 + 200 :]) < 35  # four seconds later
    assert feed.underruns == 1


def test_one_stall_after_the_other_does_not_add_up() -> None:
    feed = ElasticFeed(RATE)
    stalls = tuple(range(500, 2_000, 250))  # every five seconds: never calm for long
    levels = _with_stalls(feed, stalls, 2_500)
    for stall in stalls:
        assert max(levels[stall + 200 : stall + 249]) < 30 + 5 * (len(stalls) + 1)
    assert feed.underruns == len(stalls)
    assert levels[-1] < 15


def test_what_comes_late_to_a_reader_does_not_stay() -> None:
    ring, depths = ElasticRing(RATE), []
    for number in range(1_000):
        late = 500 <= number < 512  # and then one half of it comes, and a little later the other
        ring.put(b"" if late else FRAME * {512: 7, 516: 7}.get(number, 1))
        ring.take(len(FRAME))
        depths.append(ring.depth_ms)
    assert ring.underruns == 1
    assert max(depths[500:700]) > 80
    assert max(depths[700:]) < 35


def test_a_stall_is_a_gap_without_clicks() -> None:
    whole, feed, held, played = _tone(8_000, 333), ElasticFeed(RATE), 0, bytearray()
    for number, at in enumerate(range(0, len(whole) - len(FRAME), len(FRAME))):
        held = {50: 0, 75: 500 * A_MS, 76: 500 * A_MS}.get(number % 100, 15 * A_MS)
        played += feed.fit(whole[at : at + len(FRAME)], held)
    assert feed.underruns == 3
    assert feed.overruns == 8
    assert rms(bytes(played)) > 0.1
    assert _steepest(bytes(played)) < 1.5 * _steepest(whole)


def test_a_reader_without_sound_makes_no_clicks() -> None:
    whole = _tone(24_000, 350)  # whole waves in a frame: what is put has no jumps
    ring, taken = ElasticRing(RATE), bytearray()
    for number, at in enumerate(range(0, len(whole) - len(FRAME), len(FRAME))):
        if number % 300 != 250:  # now and then a frame never comes
            ring.put(whole[at : at + len(FRAME)])
        if number % 300 == 275:  # and then too many do
            ring.put(whole[at : at + 300 * A_MS])
        taken += ring.take(len(FRAME))
    assert ring.underruns >= 3
    assert ring.overruns >= 3
    assert rms(bytes(taken)) > 0.1
    assert _steepest(bytes(taken)) < 1.5 * _steepest(whole)
