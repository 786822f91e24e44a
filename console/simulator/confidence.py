"""How sure a mean is: Student's t, means over replications, batch means of one long run.

Waits of one run are correlated, so their own spread says nothing; means over replications are independent,
and those of long batches nearly so (Law, Simulation Modeling and Analysis, chapter 9).
"""

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

import msgspec
import numpy as np


class Estimate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A mean with the interval that holds the truth with the confidence asked for; without one (`low` and
    `high` None) there were too few values.
    """

    mean: float
    low: float | None = None
    high: float | None = None

    @property
    def half_width(self) -> float | None:
        """Half the interval."""
        return None if self.low is None or self.high is None else (self.high - self.low) / 2

    @property
    def relative_width(self) -> float | None:
        """The whole interval's width as a share of the mean."""
        return None if self.half_width is None or not self.mean else 2 * self.half_width / abs(self.mean)


def estimate(values: Sequence[float | None], confidence: float = 0.95) -> Estimate | None:
    """The mean of independent values; None among them are "-" and left out. None: there is nothing."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    mean = fmean(known)
    if len(known) == 1:
        return Estimate(mean)
    half = t_quantile(0.5 + confidence / 2, len(known) - 1) * stdev(known) / math.sqrt(len(known))
    return Estimate(mean, mean - half, mean + half)


def batch_means(values: Sequence[float], batches: int, confidence: float = 0.95) -> Estimate | None:
    """The mean of one run's values in their order, its interval from the means of equal batches.

    A rest that fills no batch is left out at the beginning. None: fewer values than batches.
    """
    size = len(values) // batches
    if not size:
        return None
    first = len(values) - size * batches
    return estimate(
        [fmean(values[begin : begin + size]) for begin in range(first, len(values), size)],
        confidence,
    )


def controlled(
    values: Sequence[float], controls: Sequence[Sequence[float]], truths: Sequence[float], confidence: float
) -> Estimate:
    """The mean of batch means, rid of what is known to be chance (control variates, Lavenberg, Welch 1981).

    `controls` are batch means of something whose true mean is known (`truths`): talk, the time between
    calls. Batches with more work than the truth have longer waits; least squares tell how much, and the
    value where all controls are true is the estimate, with Student's t for the batches less the controls
    less 1. Linear in few controls, so the bias is far below the interval (and goes with 1 / batches).
    """
    known = np.asarray(values)
    apart = [np.asarray(control) - truth for control, truth in zip(controls, truths, strict=True)]
    design = np.column_stack([np.ones(len(known)), *apart])
    found, *_ = np.linalg.lstsq(design, known, rcond=None)
    freedom = len(known) - len(found)
    rest = known - design @ found
    spread = float(rest @ rest) / freedom * float(np.linalg.inv(design.T @ design)[0, 0])
    half = t_quantile(0.5 + confidence / 2, freedom) * math.sqrt(spread)
    return Estimate(float(found[0]), float(found[0]) - half, float(found[0]) + half)


_EXACT_TO = 2


def t_quantile(share: float, freedom: int) -> float:
    """The value that Student's t with so many degrees of freedom stays under with this probability (> 0.5).

    Exact for 1 and 2 degrees, else Newton steps from the normal one on the exact distribution function.
    """
    if freedom == 1:
        return math.tan(math.pi * (share - 0.5))
    if freedom == _EXACT_TO:
        return (2 * share - 1) / math.sqrt(2 * share * (1 - share))
    found = NormalDist().inv_cdf(share)
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    for _ in range(50):
        density = scale * (1 + found * found / freedom) ** (-(freedom + 1) / 2)
        step = (_t_share(found, freedom) - share) / density
        found -= step
        if abs(step) < 1e-12 * found:
            break
    return found


def _t_share(t: float, freedom: int) -> float:
    """Student's distribution function for whole degrees: Abramowitz and Stegun 26.7.3 and 26.7.4."""
    angle = math.atan(t / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term = cosine if odd else 1.0
    total = term if freedom > 1 else 0.0
    for k in range(2 if odd else 1, freedom - 1, 2):
        term *= k / (k + 1) * cosine * cosine
        total += term
    both = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return 0.5 + both / 2
