"""How durations are spread: the distributions a scenario can name, and draws from them."""

import math
from collections.abc import Callable, Iterator
from enum import StrEnum
from random import Random
from statistics import NormalDist
from typing import Annotated

import msgspec

LONGEST_S = 30 * 24 * 3600.0
"""Thirty days: no duration of a scenario is longer, nor is a draw of one."""

_LEAST = 1e-300


class Kind(StrEnum):
    """The shape of a distribution."""

    EXPONENTIAL = "exponential"
    LOGNORMAL = "lognormal"
    CONSTANT = "constant"
    UNIFORM = "uniform"
    NEVER = "never"  # a patience that never ends


def _help(text: str) -> msgspec.Meta:
    return msgspec.Meta(description=text)


class Spread(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A distribution of seconds: exponential and constant by `mean_s`, lognormal by `mean_s` and `sd_s`,
    uniform from `least_s` to `most_s`.
    """

    kind: Annotated[Kind, _help("exponential, lognormal, constant, uniform or never.")]
    mean_s: Annotated[float, _help("The mean, in seconds.")] = 0.0
    sd_s: Annotated[float, _help("The standard deviation of a lognormal one.")] = 0.0
    least_s: Annotated[float, _help("The least of a uniform one.")] = 0.0
    most_s: Annotated[float, _help("The most of a uniform one.")] = 0.0

    @property
    def mean(self) -> float:
        """The mean in seconds; infinite for never."""
        if self.kind is Kind.NEVER:
            return math.inf
        return (self.least_s + self.most_s) / 2 if self.kind is Kind.UNIFORM else self.mean_s

    def faults(self) -> Iterator[tuple[str, str]]:
        """What is wrong with it: the option's name and words."""
        asked = _ASKED[self.kind]
        for name in ("mean_s", "sd_s", "least_s", "most_s"):
            value = getattr(self, name)
            if name not in asked and value != 0:
                yield name, f"a duration that is {self.kind} has no {name}"
            elif not (math.isfinite(value) and 0 <= value <= LONGEST_S):
                yield name, f"{value:g} does not do; it goes from 0 to {LONGEST_S:.0f}"
            elif name in asked and name != "least_s" and self.kind is not Kind.CONSTANT and value == 0:
                yield name, f"a duration that is {self.kind} needs a {name} of more than 0"
        if self.kind is Kind.UNIFORM and self.least_s > self.most_s:
            yield "least_s", f"{self.least_s:g} is more than most_s ({self.most_s:g})"

    def sampler(self, dice: Random) -> Callable[[], float]:
        """Draws of seconds, by inversion of one die each: with the same dice two variants go together."""
        return _SAMPLERS[self.kind](self, dice.random)


_ASKED: dict[Kind, tuple[str, ...]] = {
    Kind.EXPONENTIAL: ("mean_s",),
    Kind.LOGNORMAL: ("mean_s", "sd_s"),
    Kind.CONSTANT: ("mean_s",),
    Kind.UNIFORM: ("least_s", "most_s"),
    Kind.NEVER: (),
}

_Uniform = Callable[[], float]


def _exponential(spread: Spread, uniform: _Uniform) -> Callable[[], float]:
    mean, log = spread.mean_s, math.log
    return lambda: -mean * log(1.0 - uniform())


def _lognormal(spread: Spread, uniform: _Uniform) -> Callable[[], float]:
    """Mean m and deviation s of the duration itself: sigma² = ln(1 + s²/m²), mu = ln m - sigma²/2."""
    variance = math.log1p((spread.sd_s / spread.mean_s) ** 2)
    mu, sigma = math.log(spread.mean_s) - variance / 2, math.sqrt(variance)
    normal = NormalDist().inv_cdf

    def draw() -> float:
        return min(math.exp(mu + sigma * normal(uniform() or _LEAST)), LONGEST_S)

    return draw


def _constant(spread: Spread, uniform: _Uniform) -> Callable[[], float]:
    mean = spread.mean_s
    return lambda: mean


def _uniform(spread: Spread, uniform: _Uniform) -> Callable[[], float]:
    least, width = spread.least_s, spread.most_s - spread.least_s
    return lambda: least + width * uniform()


def _never(spread: Spread, uniform: _Uniform) -> Callable[[], float]:
    return lambda: math.inf


_SAMPLERS: dict[Kind, Callable[[Spread, _Uniform], Callable[[], float]]] = {
    Kind.EXPONENTIAL: _exponential,
    Kind.LOGNORMAL: _lognormal,
    Kind.CONSTANT: _constant,
    Kind.UNIFORM: _uniform,
    Kind.NEVER: _never,
}
