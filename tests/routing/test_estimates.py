"""The wait to expect, and the handle times it goes by; who is known of a customer."""

from datetime import timedelta

import pytest

from console.domain import events as ev
from console.domain.address import Address
from console.domain.agent import Agent
from console.domain.queue import Queue
from console.routing.customers import Customers, can_be_called
from console.routing.estimates import Recent, expected_wait
from console.settings import CustomerRule
from tests.routing.centre_world import START, World


@pytest.mark.parametrize(
    ("ahead", "handle_s", "serving", "idle", "wait"),
    [
        (0, 100.0, 4, 0, 25.0),
        (3, 100.0, 4, 0, 100.0),
        (0, 100.0, 4, 1, 0.0),
        (1, 100.0, 4, 1, 25.0),
        (0, None, 4, 0, None),
        (0, None, 4, 1, 0.0),
        (0, 100.0, 0, 0, None),
    ],
)
def test_expected_wait(
    ahead: int, handle_s: float | None, serving: int, idle: int, wait: float | None
) -> None:
    assert expected_wait(ahead, handle_s, serving, idle) == wait


def test_a_mean_follows_the_last_values() -> None:
    recent = Recent()
    for value in (10.0, 20.0, -5.0):
        recent.take(value)
    assert (recent.number, recent.mean) == (2, 15.0)  # a clock set back measured nothing
    for _ in range(200):
        recent.take(100.0)
    assert recent.mean == pytest.approx(100.0, abs=0.1)


def test_a_handle_time_is_the_contact_with_hold_and_its_wrap_up() -> None:
    world = World((Queue(key="a", announce_every_s=0, wrap_up_s=60),), (Agent(key="ada", queues=("a",)),))
    world.sign_in("ada")
    for talk_s, wrap_up_s in ((100, 20), (200, 40)):
        interaction = world.call("a")
        world.answer(interaction)
        world.wait(talk_s / 2)
        world.tell(ev.InteractionHeld, interaction=interaction, agent="ada")
        world.wait(talk_s / 2)
        world.end(interaction)
        world.wait(wrap_up_s)
        world.tell(ev.WrapUpEnded, agent="ada", interaction=interaction)
    assert world.router._handle_times.handle_s("a") == 180.0


@pytest.mark.parametrize(
    ("uri", "callable_"),
    [
        ("tel:+4930123", True),
        ("sip:anna@customer.example", True),
        ("sip:anonymous@anonymous.invalid", False),
        ("sip:Anonymous@gateway.example", False),
        ("sip:x@ANONYMOUS.invalid", False),
        ("sip:unknown@x", False),
        ("", False),
    ],
)
def test_who_can_be_called(uri: str, callable_: bool) -> None:
    assert can_be_called(Address(uri)) is callable_


def test_a_rule_is_found_by_number_user_or_address() -> None:
    rules = (CustomerRule(number="+4930123", value=1), CustomerRule(number="sip:Anna@x", value=2))
    customers = Customers(rules)
    assert customers.rule(Address("tel:+4930123")).value == 1
    assert customers.rule(Address("sip:+4930123@trunk.example")).value == 1
    assert customers.rule(Address("sip:anna@elsewhere.example")).value == 2
    assert customers.rule(Address("sip:ben@x")).value == 0


def test_the_memory_of_who_served_last_is_bounded_and_forgets_the_oldest() -> None:
    customers = Customers((), most=3)
    for number in range(5):
        customers.answered(Address(f"tel:{number}"), f"agent{number}", START + timedelta(days=number))
    customers.answered(Address("tel:2"), "other", START + timedelta(days=5))
    customers.answered(Address("tel:6"), "agent6", START + timedelta(days=6))
    now = START + timedelta(days=7)
    assert [customers.last_agent(Address(f"tel:{number}"), 30, now) for number in (1, 2, 3, 4, 6)] == [
        "", "other", "", "agent4", "agent6",
    ]  # fmt: skip
    assert customers.last_agent(Address("tel:2"), 1.9, now) == ""
    assert customers.last_agent(Address("tel:2"), 2, now) == "other"
