"""The formulas against published values, against each other, and against the chain they solve."""

import math

import pytest

from console.simulator.theory import ErlangA, ErlangC, erlang_b, erlang_c, priority_waits


@pytest.mark.parametrize(
    ("load", "servers", "published"),
    # The tables of Erlang's loss formula that every telephone engineer's handbook has.
    [(1, 1, 0.5), (2, 3, 0.2105), (5, 5, 0.2849), (10, 10, 0.2146), (20, 30, 0.0085), (100, 117, 0.0098)],
)
def test_erlang_b_is_that_of_the_tables(load: float, servers: int, published: float) -> None:
    assert erlang_b(load, servers) == pytest.approx(published, abs=6e-5)


def test_erlang_c_of_small_systems_is_what_textbooks_derive() -> None:
    assert erlang_c(0.75, 1) == pytest.approx(0.75)  # M/M/1: the load
    assert erlang_c(1.5, 2) == pytest.approx(2 * 0.75**2 / (1 + 0.75))  # M/M/2: 2 rho² / (1 + rho)
    assert erlang_c(3, 2) == 1.0
    assert ErlangC(rate=0.8, service=1.0, servers=1).asa == pytest.approx(0.8 / 0.2)


def test_the_worked_example_of_100_calls_in_half_an_hour() -> None:
    """Call Centre Helper, Erlang C made simple: 100 calls of 3 minutes in 30 minutes, 14 agents, 20 s."""
    model = ErlangC(rate=100 / 1800, service=180, servers=14)
    assert model.waiting == pytest.approx(0.174, abs=5e-4)
    assert model.service_level(20) == pytest.approx(0.888, abs=5e-4)
    assert model.asa == pytest.approx(7.8, abs=0.05)
    assert model.occupancy == pytest.approx(0.714, abs=5e-4)


def test_the_worked_example_of_360_calls_in_half_an_hour() -> None:
    """Mitan, The Erlang-C formula: 360 calls of 4 minutes in 30 minutes, 55 agents, 15 s."""
    model = ErlangC(rate=0.2, service=240, servers=55)
    assert model.waiting == pytest.approx(0.239, abs=5e-4)
    assert model.asa == pytest.approx(8.2, abs=0.05)
    assert model.service_level(15) == pytest.approx(0.846, abs=5e-4)


def test_fifty_agents_with_and_without_patience() -> None:
    """Gans, Koole and Mandelbaum, Telephone Call Centers (2003), table of M/M/N and M/M/N+M: 48 calls a
    minute of one minute, 50 agents, patience 2 minutes.
    """
    endless = ErlangC(rate=48, service=1, servers=50)
    assert endless.asa * 60 == pytest.approx(20.8, abs=0.05)
    assert endless.percentile(0.9) * 60 == pytest.approx(58.1, abs=0.05)
    model = ErlangA(rate=48, service=1, servers=50, patience=2)
    assert model.abandoned == pytest.approx(0.031, abs=5e-4)
    assert model.mean_wait * 60 == pytest.approx(3.7, abs=0.05)
    assert model.occupancy == pytest.approx(0.93, abs=5e-3)


@pytest.mark.parametrize(
    ("rate", "service", "servers", "patience"),
    [(48, 1, 50, 2), (10, 1, 5, 0.5), (300 / 3600, 180, 10, 60), (1, 180, 200, 600)],
)
def test_erlang_a_solves_its_birth_and_death_chain(
    rate: float, service: float, servers: int, patience: float
) -> None:
    model = ErlangA(rate, service, servers, patience)
    logs = [0.0]
    for number in range(1, 4000):
        out = min(number, servers) / service + max(0, number - servers) / patience
        logs.append(logs[-1] + math.log(rate / out))
    weights = [math.exp(log - max(logs)) for log in logs]
    shares = [weight / math.fsum(weights) for weight in weights]
    waiting = math.fsum(shares[servers:])
    queue = math.fsum((number - servers) * share for number, share in enumerate(shares) if number > servers)
    assert model.waiting == pytest.approx(waiting, rel=1e-9)
    assert model.abandoned == pytest.approx(queue / patience / rate, rel=1e-9)
    assert model.service_level(0) == pytest.approx(1 - waiting, abs=1e-9)
    assert model.service_level(50 * patience) == pytest.approx(1 - model.abandoned, abs=1e-9)


def test_the_wait_of_the_answered_by_the_chain_of_places_in_the_queue() -> None:
    """Who finds k waiting moves up at rates n/s + j/p, j = k ... 0, and leaves with rate 1/p at each."""
    rate, service, servers, patience = 10.0, 1.0, 5, 0.5
    weights = [1.0]
    for number in range(1, 400):
        out = min(number, servers) / service + max(0, number - servers) / patience
        weights.append(weights[-1] * rate / out)
    answered, waited = math.fsum(weights[:servers]), 0.0
    for ahead, weight in enumerate(weights[servers:]):
        still, wait = 1.0, 0.0
        for place in range(ahead, -1, -1):
            up = servers / service + place / patience
            still *= up / (up + 1 / patience)
            wait += 1 / (up + 1 / patience)
        answered += weight * still
        waited += weight * still * wait
    assert ErlangA(rate, service, servers, patience).asa == pytest.approx(waited / answered, rel=1e-7)


def test_endless_patience_is_erlang_c() -> None:
    model, endless = ErlangA(48, 1, 50, 1e6), ErlangC(48, 1, 50)
    assert model.asa == pytest.approx(endless.asa, rel=1e-3)
    assert model.service_level(0.5) == pytest.approx(endless.service_level(0.5), abs=1e-4)


def test_two_classes_wait_as_cobham_says() -> None:
    """M/M/1 with loads 0.3 and 0.4: W0 = 0.7, W1 = W0 / 0.7, W2 = W0 / (0.7 * 0.3)."""
    assert priority_waits([0.3, 0.4], 1.0, 1) == pytest.approx([1.0, 0.7 / 0.21])


def test_priorities_share_out_the_wait_and_do_not_change_its_sum() -> None:
    """The conservation law: weighted by their rates, the waits are the one of a single class."""
    first, second = priority_waits([3.0, 4.0], 1.0, 8)
    whole = ErlangC(7.0, 1.0, 8).asa
    assert (3 * first + 4 * second) / 7 == pytest.approx(whole)
    assert first < whole < second
    assert priority_waits([1.0], 1.0, 2) == pytest.approx([ErlangC(1.0, 1.0, 2).asa])
