"""Queueing theory in closed form: what the router's figures are proven against. Pure; times in one unit.

* Erlang B: share refused of M/M/n/n (Erlang 1917), by the stable recursion over the servers.
* Erlang C: M/M/n without impatience (Erlang 1917).
* Erlang A: M/M/n+M, customers who hang up after an exponential patience (Palm 1946; in the notation of
  Mandelbaum and Zeltyn, The Palm/Erlang-A Queue, 2005). Exact: see `ErlangA`.
* Priorities: M/M/n, non-preemptive, one service time for all classes (Cobham 1954, Kella and Yechiali 1985).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

_ENOUGH = 1e-18


def erlang_b(load: float, servers: int) -> float:
    """Share of calls that find all servers busy and are lost; `load` in erlangs."""
    lost = 1.0
    for server in range(1, servers + 1):
        lost = load * lost / (server + load * lost)
    return lost


def erlang_c(load: float, servers: int) -> float:
    """Share of calls that wait at all; 1 when the load is too much for the servers."""
    if load >= servers:
        return 1.0
    lost = erlang_b(load, servers)
    return servers * lost / (servers - load * (1 - lost))


@dataclass(frozen=True)
class ErlangC:
    """M/M/n: `rate` calls in a unit of time, `service` the mean talk, everybody waits for ever."""

    rate: float
    service: float
    servers: int

    @property
    def load(self) -> float:
        """Erlangs offered."""
        return self.rate * self.service

    @property
    def occupancy(self) -> float:
        """Share of the time that a server is busy."""
        return self.load / self.servers

    @cached_property
    def waiting(self) -> float:
        """Share of calls that wait at all."""
        return erlang_c(self.load, self.servers)

    @property
    def asa(self) -> float:
        """Mean wait of all calls."""
        return self.waiting * self.service / (self.servers - self.load)

    def service_level(self, threshold: float) -> float:
        """Share of calls answered within the threshold."""
        return 1 - self.waiting * math.exp(-(self.servers - self.load) * threshold / self.service)

    def percentile(self, share: float) -> float:
        """The wait that this share of calls does not exceed."""
        if share <= 1 - self.waiting:
            return 0.0
        return math.log(self.waiting / (1 - share)) * self.service / (self.servers - self.load)


@dataclass(frozen=True)
class ErlangA:
    """M/M/n+M: as Erlang C, but who has waited for an exponential `patience` (its mean) hangs up.

    The wait that a customer of endless patience would find has the density v(t) = r p exp(c (1 - y) - m t)
    with y = exp(-t / patience), r the rate, c = r patience, m = servers / service, p the probability of
    servers - 1 in the system (Baccelli and Hebuterne 1981). With x = m patience, integrals of v, and of v
    times the share y of those who are still there, are incomplete gamma functions:

        K(x, z) = integral from 0 to z of exp(c (1 - y)) y^(x - 1) dy
                = exp(c (1 - z)) z^x / x * sum of (c z)^j / ((x + 1) ... (x + j)),   j from 0

    a series of positive terms, summed from its largest outward on a logarithmic scale.
    """

    rate: float
    service: float
    servers: int
    patience: float

    @property
    def _c(self) -> float:
        return self.rate * self.patience

    @property
    def _x(self) -> float:
        return self.servers * self.patience / self.service

    @cached_property
    def _log_all(self) -> float:
        """The logarithm of K(x, 1)."""
        return _log_k(self._x, self._c, 1.0)

    @cached_property
    def _log_empty(self) -> float:
        """Logarithm of the probability of fewer than n in the system, in units of that of n - 1."""
        return -math.log(erlang_b(self.rate * self.service, self.servers - 1))

    @cached_property
    def _log_one(self) -> float:
        """Logarithm of all probabilities in the same units."""
        return _log_sum(self._log_empty, math.log(self._c) + self._log_all)

    def _share(self, log_k: float) -> float:
        """An integral of v, from the ln of its K."""
        return math.exp(math.log(self._c) + log_k - self._log_one)

    @property
    def waiting(self) -> float:
        """Share of calls that find all servers busy."""
        return self._share(self._log_all)

    @cached_property
    def abandoned(self) -> float:
        """Share of calls that hang up before an answer."""
        return self.waiting - self._share(_log_k(self._x + 1, self._c, 1.0))

    @property
    def occupancy(self) -> float:
        """Share of the time that a server is busy."""
        return self.rate * (1 - self.abandoned) * self.service / self.servers

    @property
    def mean_wait(self) -> float:
        """Mean wait of all calls, those that hung up included: abandoned * patience."""
        return self.abandoned * self.patience

    def service_level(self, threshold: float) -> float:
        """Share of all calls that are answered within the threshold."""
        still = math.exp(-threshold / self.patience)
        late = self._share(_log_k(self._x + 1, self._c, still))
        return 1 - self.abandoned - late

    @cached_property
    def asa(self) -> float:
        """Mean wait of the answered: the integral of the share answered later than t, over t, by Simpson's
        rule on 4,000 steps to where less than 1e-12 is left; over the share answered.
        """
        most = self.service / self.servers
        while self._late(most) > 1e-12:
            most *= 2
        steps = 4000
        inner = math.fsum(
            (4 if step % 2 else 2) * self._late(most * step / steps) for step in range(1, steps)
        )
        total = most / steps / 3 * (self._late(0.0) + inner + self._late(most))
        return total / (1 - self.abandoned)

    def _late(self, after: float) -> float:
        """Share of all calls that are answered after more than so long."""
        return self._share(_log_k(self._x + 1, self._c, math.exp(-after / self.patience)))


def priority_waits(rates: Sequence[float], service: float, servers: int) -> list[float]:
    """Mean waits of classes in falling priority, served without interrupting anybody, all with the mean
    talk `service`: W_k = C service / (n (1 - s_(k-1)) (1 - s_k)), s_k the load of the classes 1 to k by n.
    """
    whole = erlang_c(sum(rates) * service, servers) * service / servers
    waits, before = [], 0.0
    for rate in rates:
        with_it = before + rate * service / servers
        waits.append(whole / ((1 - before) * (1 - with_it)) if with_it < 1 else math.inf)
        before = with_it
    return waits


def _log_sum(first: float, second: float) -> float:
    most = max(first, second)
    return most + math.log(math.exp(first - most) + math.exp(second - most))


def _log_k(x: float, c: float, z: float) -> float:
    """The logarithm of K(x, z) of `ErlangA`."""
    if z <= 0:
        return -math.inf
    a = c * z
    peak = max(0, math.ceil(a - x))
    log_peak = peak * math.log(a) - math.lgamma(x + 1 + peak) + math.lgamma(x + 1)
    total, term, j = 1.0, 1.0, peak
    while term > _ENOUGH:
        j += 1
        term *= a / (x + j)
        total += term
    term, j = 1.0, peak
    while j > 0 and term > _ENOUGH:
        term *= (x + j) / a
        total += term
        j -= 1
    return c * (1 - z) + x * math.log(z) - math.log(x) + log_peak + math.log(total)
