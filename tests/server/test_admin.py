"""Setting up queues, agents, skills and users; the API's description."""

from typing import Any

import msgspec
import pytest

from console.domain.agent import Agent
from console.domain.events import (
    AgentConfigured,
    AgentRemoved,
    QueueConfigured,
    QueueRemoved,
)
from console.domain.queue import Queue, SkillNeed
from console.server.rights import ROUTES
from tests.server.asking import told

# ---------------------------------------------------------------- setting up


async def test_a_queue_is_set_up_changed_and_removed(running: Any) -> None:
    queue = Queue(
        key="help", name="Hilfe", numbers=("200",), skills=(SkillNeed("english", 3),), overflow_to="sales"
    )
    body = msgspec.to_builtins(queue)
    assert (await running.ask("root", "PUT", "/api/v1/queues/help", json=body)).status_code == 200
    listed = (await running.ask("anna", "GET", "/api/v1/queues")).json()
    assert [one["key"] for one in listed] == ["help", "sales"]
    assert msgspec.convert(listed[0], Queue) == queue
    told(await running.ask("root", "DELETE", "/api/v1/queues/sales"), 400)
    assert (await running.ask("root", "DELETE", "/api/v1/queues/help")).status_code == 204
    told(await running.ask("root", "DELETE", "/api/v1/queues/help"), 404)
    facts = [event for _, event in await running.centre.ledger.of_types([QueueConfigured, QueueRemoved], 3)]
    assert [type(fact) for fact in facts] == [QueueConfigured, QueueRemoved]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"key": "other"}, "have to be the same"),
        ({"ring_timeout_s": 0}, "at least 1 second"),
        ({"wrap_up_s": -1}, "wrap_up_s"),
        ({"max_wait_s": 1e300}, "max_wait_s"),
        ({"target": 80}, "target"),
        ({"timezone": "Mars/Base"}, "Europe/Berlin"),
        ({"timezone": "../../etc/passwd"}, "Europe/Berlin"),
        ({"overflow_to": "nowhere"}, "no other queue"),
        ({"overflow_to": "help"}, "no other queue"),
        ({"numbers": ["sales"]}, "leads to the queue sales already"),
        ({"skills": [{"skill": "english", "level": 11}]}, "<= 10"),
        ({"skills": [{"skill": "", "level": 1}]}, "has a name"),
        ({"priority": 10**12}, "-1000 to 1000"),
        ({"numbers": [""]}, "at least one"),
        ({"colour": "red"}, "unknown field"),
        ({"wrap_up_s": "long"}, "wrap_up_s"),
    ],
)
async def test_a_queue_that_makes_no_sense_is_refused(
    running: Any, change: dict[str, Any], words: str
) -> None:
    answer = await running.ask("root", "PUT", "/api/v1/queues/help", json={"key": "help", **change})
    assert words in told(answer, 400)


@pytest.mark.parametrize("key", ["ü", "a b", ".x", "x" * 65, "a%2Fb"])
async def test_a_key_has_a_form(running: Any, key: str) -> None:
    answer = await running.ask("root", "PUT", f"/api/v1/queues/{key}", json={"key": key})
    assert answer.status_code in {400, 404}


async def test_agents_and_their_skills(running: Any) -> None:
    agent = Agent(key="cleo", name="Cleo", skills={"german": 9}, queues=("sales",))
    assert (
        await running.ask("root", "PUT", "/api/v1/agents/cleo", json=msgspec.to_builtins(agent))
    ).status_code == 200
    given = await running.ask("root", "PUT", "/api/v1/agents/cleo/skills/english", json={"level": 4})
    assert given.json()["skills"] == {"german": 9, "english": 4}
    taken = await running.ask("root", "DELETE", "/api/v1/agents/cleo/skills/german")
    assert taken.json()["skills"] == {"english": 4}
    skills = (await running.ask("anna", "GET", "/api/v1/skills")).json()
    assert skills == [{"skill": "english", "agents": {"anna": 5, "cleo": 4}, "queues": []}]
    assert [one["key"] for one in (await running.ask("anna", "GET", "/api/v1/agents")).json()] == [
        "anna",
        "ben",
        "cleo",
    ]
    assert (await running.ask("root", "DELETE", "/api/v1/agents/cleo")).status_code == 204
    facts = [event for _, event in await running.centre.ledger.of_types([AgentConfigured, AgentRemoved], 3)]
    assert [type(fact) for fact in facts] == [AgentConfigured, AgentConfigured, AgentConfigured, AgentRemoved]


async def test_an_agent_that_makes_no_sense_is_refused(running: Any) -> None:
    async def put(**more: Any) -> str:
        return told(await running.ask("root", "PUT", "/api/v1/agents/x", json={"key": "x", **more}), 400)

    assert "nowhere" in await put(queues=["nowhere"])
    assert ">= 1" in await put(skills={"english": 0})
    told(await running.ask("root", "PUT", "/api/v1/agents/anna/skills/english", json={"level": 11}), 400)
    told(await running.ask("root", "PUT", "/api/v1/agents/nobody/skills/english", json={"level": 1}), 404)
    told(await running.ask("root", "DELETE", "/api/v1/agents/anna/skills/nothing"), 404)
    told(await running.ask("root", "DELETE", "/api/v1/agents/nobody"), 404)


async def test_users_are_set_up_and_removed(running: Any) -> None:
    new = {"role": "supervisor", "shown": "Dora", "password": "a long enough one"}
    made = await running.ask("root", "PUT", "/api/v1/users/dora", json=new)
    assert made.json() == {"name": "dora", "role": "supervisor", "shown": "Dora"}
    entered = await running.http.post("/api/v1/sign-in", json={"user": "dora", "password": new["password"]})
    headers = {"Authorization": f"Bearer {entered.json()['token']}"}
    assert (await running.http.get("/api/v1/board", headers=headers)).status_code == 200
    await running.ask("root", "PUT", "/api/v1/users/dora", json={"role": "agent"})
    told(await running.http.get("/api/v1/board", headers=headers), 403)
    assert (await running.http.get("/api/v1/me", headers=headers)).status_code == 200
    await running.ask("root", "PUT", "/api/v1/users/dora", json={**new, "password": "another long one"})
    told(await running.http.get("/api/v1/me", headers=headers), 401)
    assert (await running.ask("root", "DELETE", "/api/v1/users/dora")).status_code == 204
    names = [user["name"] for user in (await running.ask("root", "GET", "/api/v1/users")).json()]
    assert names == ["anna", "ben", "root", "sue"]
    assert "password" not in (await running.ask("root", "GET", "/api/v1/users")).text


async def test_what_an_admin_may_not_do_with_users(running: Any) -> None:
    async def put(name: str, **body: Any) -> Any:
        return await running.ask("root", "PUT", f"/api/v1/users/{name}", json=body)

    assert "needs a password" in told(await put("new", role="agent"), 400)
    told(await put("new", role="agent", password="short"), 400)
    told(await put("new", role="king", password="long enough"), 400)
    assert "your own admin rights" in told(await put("root", role="agent"), 403)
    assert "remove yourself" in told(await running.ask("root", "DELETE", "/api/v1/users/root"), 403)
    told(await running.ask("root", "DELETE", "/api/v1/users/nobody"), 404)


async def test_the_api_describes_itself(running: Any) -> None:
    described = (await running.ask("anna", "GET", "/schema/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    operations = {
        f"{method.upper()} {path}" for path, methods in described["paths"].items() for method in methods
    }
    assert operations == {name for name in ROUTES if not name.startswith(("WS", "GET /schema"))}
    assert (await running.ask("anna", "GET", "/schema")).json() == described
    told(await running.http.get("/schema/openapi.json"), 401)
    for methods in described["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["description"]


async def test_the_plan_tells_what_serves_nobody(running: Any) -> None:
    assert (await running.ask("sue", "GET", "/api/v1/plan")).json() == {"warnings": []}
    queue = {"key": "help", "skills": [{"skill": "welsh", "level": 3}]}
    assert (await running.ask("root", "PUT", "/api/v1/queues/help", json=queue)).status_code == 200
    (warning,) = (await running.ask("sue", "GET", "/api/v1/plan")).json()["warnings"]
    assert (warning["kind"], warning["key"], warning["option"]) == ("queue", "help", "key")
    assert "no agent serves" in warning["words"]
    agent = {"key": "ben", "queues": ["sales", "help"]}
    await running.ask("root", "PUT", "/api/v1/agents/ben", json=agent)
    (warning,) = (await running.ask("sue", "GET", "/api/v1/plan")).json()["warnings"]
    assert warning["option"] == "skills"
    assert "welsh" in warning["words"]
    told(await running.ask("anna", "GET", "/api/v1/plan"), 403)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"hours": [{"days": ["someday"]}]}, "hours"),
        ({"hours": [{"days": ["mon"], "opens": "25:00"}]}, "hours"),
        ({"holidays": [{"day": "tomorrow"}]}, "holidays"),
        ({"relax": [{"after_s": 60}, {"after_s": 30}]}, "relax"),
        ({"closed_to": "nowhere"}, "closed_to"),
        ({"full_to": "*fax"}, "full_to"),
        ({"callback_digit": "11", "callback_after_s": 9}, "callback_digit"),
        ({"max_wait_s": 60, "overflow_to": "help"}, "round"),
    ],
)
async def test_a_queue_that_contradicts_itself_is_refused(
    running: Any, options: dict[str, Any], words: str
) -> None:
    back = {"key": "help", "max_wait_s": 60, "overflow_to": "sales"}
    assert (await running.ask("root", "PUT", "/api/v1/queues/help", json=back)).status_code == 200
    answer = await running.ask("root", "PUT", "/api/v1/queues/sales", json={"key": "sales", **options})
    assert words in told(answer, 400)


@pytest.mark.parametrize("option", ["overflow_to", "closed_to", "full_to", "no_agents_to"])
async def test_a_queue_that_others_send_on_to_stays(running: Any, option: str) -> None:
    queue = {"key": "help", option: "sales"}
    assert (await running.ask("root", "PUT", "/api/v1/queues/help", json=queue)).status_code == 200
    assert "help sends callers on to sales" in told(
        await running.ask("root", "DELETE", "/api/v1/queues/sales"), 400
    )
