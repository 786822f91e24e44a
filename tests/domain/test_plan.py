"""A whole plan of queues, agents and customers: what contradicts itself, and what serves nobody."""

import pytest

from console.domain.agent import Agent
from console.domain.doubts import demands_of, warnings_of
from console.domain.errors import SettingsError
from console.domain.plan import faults_of
from console.domain.queue import Holiday, OpenHours, Queue, Relaxation, SkillNeed
from console.settings import CentreSettings, parse_settings


def _faults(*queues: Queue, agents: tuple[Agent, ...] = (), **customers: str) -> dict[str, str]:
    return dict(faults_of(queues, agents, tuple(customers.items())))


def _warnings(*queues: Queue, agents: tuple[Agent, ...] = ()) -> dict[str, str]:
    return dict(warnings_of(queues, agents))


def test_a_sound_plan_has_no_fault_and_nothing_to_look_at() -> None:
    queue = Queue(
        key="a", hours=(OpenHours(days=("mon", "sat"), opens="22:00", closes="06:00"),),
        holidays=(Holiday(day="12-25"), Holiday(day="2026-12-24", opens="08:00", closes="12:00")),
        closed_to="*voicemail", max_waiting=9, full_to="*callback", leave_empty=True, no_agents_to="b",
        skills=(SkillNeed("x", 3), SkillNeed("y", 9, preferred=True)), tier=1,
        relax=(Relaxation(after_s=30, skills=()), Relaxation(after_s=60, tier=0)), callback_after_s=20,
        max_wait_s=120, overflow_to="b",
    )  # fmt: skip
    agent = Agent(key="ada", skills={"x": 3}, queues=("a", "b"), tiers={"a": 1}, weights={"b": 7})
    assert _faults(queue, Queue(key="b"), agents=(agent,), **{"+49301": "ada", "+49302": ""}) == {}
    assert _warnings(queue, Queue(key="b"), agents=(agent,)) == {}


@pytest.mark.parametrize(
    ("fields", "option", "words"),
    [
        ({"closed_to": "nowhere"}, "closed_to", "no queue “nowhere”"),
        ({"full_to": "*voicmail"}, "full_to", r"none of *voicemail"),
        ({"no_agents_to": "a"}, "no_agents_to", "where they come from"),
        ({"hours": (OpenHours(days=("mo",)),)}, "hours[0].days", "“mo” is no day"),
        ({"hours": (OpenHours(days=()),)}, "hours[0].days", "no day"),
        ({"hours": (OpenHours(days=("mon",), opens="8:00"),)}, "hours[0].opens", "08:30"),
        ({"hours": (OpenHours(days=("mon",), opens="24:00"),)}, "hours[0].opens", "no time"),
        ({"hours": (OpenHours(days=("mon",), closes="25:00"),)}, "hours[0].closes", "no time"),
        ({"holidays": (Holiday(day="2026-02-30"),)}, "holidays[0].day", "no day"),
        ({"holidays": (Holiday(day="24.12."),)}, "holidays[0].day", "2026-12-24"),
        ({"holidays": (Holiday(day="12-24"), Holiday(day="12-24"))}, "holidays[1].day", "already"),
        ({"holidays": (Holiday(day="12-24", opens="08:00"),)}, "holidays[0].opens", "both"),
        ({"holidays": (Holiday(day="12-24", opens="x", closes="9"),)}, "holidays[0].closes", "no time"),
        ({"relax": (Relaxation(after_s=0, tier=2),)}, "relax[0].after_s", "later"),
        ({"relax": (Relaxation(after_s=9, tier=2),) * 2}, "relax[1].after_s", "each step"),
        ({"relax": (Relaxation(after_s=float("nan"), tier=2),)}, "relax[0].after_s", "later"),
        ({"relax": (Relaxation(after_s=9),)}, "relax[0]", "changes nothing"),
        ({"relax": (Relaxation(after_s=9, tier=-1),)}, "relax[0].tier", "no tier"),
        ({"callback_after_s": 9, "callback_digit": ""}, "callback_digit", "no key"),
        ({"callback_after_s": 9, "callback_digit": "12"}, "callback_digit", "no key"),
        ({"value_weight": float("inf")}, "value_weight", "inf"),
        ({"ageing_s": -1}, "ageing_s", "from 0"),
        ({"callback_retry_s": float("nan")}, "callback_retry_s", "nan"),
    ],
)  # fmt: skip
def test_what_contradicts_itself(fields: dict[str, object], option: str, words: str) -> None:
    found = _faults(Queue(key="a", **fields))
    assert words in found[f"queues[0].{option}"]


def test_customers_and_agents_that_are_not_there() -> None:
    found = _faults(
        Queue(key="a"), agents=(Agent(key="ada", tiers={"b": 2}, weights={"c": 2}),), **{"1": "bob"}
    )
    assert set(found) == {"agents[0].tiers", "agents[0].weights", "routing.customers[0].agent"}
    assert dict(faults_of((), (), (("1", ""), ("1", ""), ("", "")))) == {
        "routing.customers[1].number": "“1” is empty or there already",
        "routing.customers[2].number": "“” is empty or there already",
    }


def test_demands_after_each_step() -> None:
    one, two = (SkillNeed("x", 7),), (SkillNeed("x", 5),)
    queue = Queue(
        key="a",
        skills=one,
        tier=1,
        relax=(Relaxation(after_s=30, skills=two), Relaxation(after_s=60, tier=2)),
    )
    assert demands_of(queue) == [(one, 1), (two, 1), (two, 2)]


_STAFF = (Agent(key="ada", skills={"x": 4}, queues=("a",), tiers={"a": 2}),)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"skills": (SkillNeed("y"),)}, "can ever take a caller: nobody has “y” at level 1"),
        ({"skills": (SkillNeed("x", 5),)}, "can ever take a caller: nobody has “x” at level 5"),
        ({"tier": 1}, "nobody is of tier 1"),
        (
            {"skills": (SkillNeed("x", 5),), "relax": (Relaxation(after_s=30, skills=()),)},
            "can take a caller before 30 s: nobody has “x” at level 5",
        ),
    ],
)  # fmt: skip
def test_a_skill_nobody_has(fields: dict[str, object], words: str) -> None:
    assert words in _warnings(Queue(key="a", **fields), agents=_STAFF)["queues[0].skills"]


def test_two_who_have_half_each() -> None:
    agents = tuple(Agent(key=skill, skills={skill: 9}, queues=("a",)) for skill in "xy")
    found = _warnings(Queue(key="a", skills=(SkillNeed("x"), SkillNeed("y"))), agents=agents)
    assert "all that is asked for at once" in found["queues[0].skills"]


def test_a_queue_nobody_serves() -> None:
    assert _warnings(Queue(key="a"), Queue(key="b"), agents=_STAFF) == {
        "queues[1].key": "no agent serves the queue “b”"
    }


@pytest.mark.parametrize(
    ("fields", "option"),
    [
        ({"overflow_to": "*voicemail"}, "overflow_to"),
        ({"closed_to": "*voicemail"}, "closed_to"),
        ({"full_to": "*voicemail"}, "full_to"),
        ({"no_agents_to": "*voicemail"}, "no_agents_to"),
        ({"max_wait_s": 60, "relax": (Relaxation(after_s=60, tier=0),)}, "relax[0].after_s"),
        ({"max_wait_s": 60, "last_agent_s": 90}, "last_agent_s"),
    ],
)
def test_an_option_that_never_comes_to_bear(fields: dict[str, object], option: str) -> None:
    assert list(_warnings(Queue(key="a", **fields), agents=_STAFF)) == [f"queues[0].{option}"]


def test_a_circle_by_other_ways_is_told_and_not_refused() -> None:
    a = Queue(key="a", max_wait_s=60, overflow_to="b")
    b = Queue(key="b", max_waiting=5, full_to="c")
    c = Queue(key="c", leave_empty=True, no_agents_to="a")
    agents = (Agent(key="ada", queues=("a", "b", "c")),)
    assert _faults(a, b, c) == {}
    assert {option: words.split(";")[0] for option, words in _warnings(a, b, c, agents=agents).items()} == {
        "queues[0].overflow_to": "callers may be sent a → b → c → a",
        "queues[1].full_to": "callers may be sent b → c → a → b",
        "queues[2].no_agents_to": "callers may be sent c → a → b → c",
    }


def test_an_agents_place_in_a_queue_not_served() -> None:
    agent = Agent(key="ada", queues=("a",), tiers={"b": 1}, weights={"b": 1})
    other = Agent(key="bob", queues=("b",))
    assert list(_warnings(Queue(key="a"), Queue(key="b"), agents=(agent, other))) == [
        "agents[0].tiers",
        "agents[0].weights",
    ]


_FILE = """
[[routing.customers]]
number = "+4930123"
agent = "bob"

[[queues]]
key = "support"
skills = [{skill = "latin", level = 3}]

[[queues.hours]]
days = ["mon"]
opens = "8 o'clock"

[[agents]]
key = "ada"
queues = ["support"]
"""


def test_a_file_is_refused_with_the_line_and_warned_about_with_the_option() -> None:
    with pytest.raises(SettingsError, match=r"x:6: queues\[0\]\.hours\[0\]\.opens: .*08:30"):
        parse_settings(_FILE, CentreSettings, "x")
    told = _FILE.replace("8 o'clock", "08:00")
    with pytest.raises(SettingsError, match=r"x:4: routing\.customers\[0\]\.agent: .*bob"):
        parse_settings(told, CentreSettings, "x")
    settings = parse_settings(told.replace("bob", "ada"), CentreSettings, "x")
    assert [option for option, _ in settings.warnings()] == ["queues[0].skills"]
