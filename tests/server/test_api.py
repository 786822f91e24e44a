"""The routes: who may, what they answer, what they refuse and in which words."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from console.clock import StoppedClock, SystemClock
from console.domain.address import Address
from console.domain.agent import Agent, Role
from console.domain.call import CallEnd, Direction, Quality
from console.domain.errors import StoreError
from console.domain.events import (
    AgentBecameReady,
    AgentConfigured,
    AgentRemoved,
    CallNoted,
    CallRecorded,
    InteractionArrived,
    InteractionOffered,
    QueueConfigured,
    QueueRemoved,
)
from console.domain.queue import Queue, SkillNeed
from console.server.rights import ROUTES, Open
from console.wire import encode_event

RANK = ["nobody", "anna", "sue", "root"]
CLOCK = SystemClock()


def recorded(agent: str = "anna", queue: str = "sales", minute: int = 0, **more: Any) -> CallRecorded:
    start = datetime(2026, 11, 22, 12, minute, tzinfo=UTC)
    fields = {
        "id": CLOCK.new_id(),
        "call": CLOCK.new_id(),
        "at": start + timedelta(seconds=30),
        "direction": Direction.INCOMING,
        "peer": Address("sip:kunde@example.org", "Größe"),
        "started_at": start,
        "answered_at": start,
        "ended_at": start + timedelta(seconds=30),
        "end": CallEnd.HUNG_UP_THERE,
        "quality": Quality(codec="G722", mos=4.2),
    }
    return CallRecorded(agent=agent, queue=queue, **{**fields, **more})


def wire(*events: Any) -> dict[str, Any]:
    return {"records": [msgspec.json.decode(encode_event(event)) for event in events]}


def told(answer: Any, status: int) -> str:
    """The words of a problem, having checked its form (RFC 9457)."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    body = answer.json()
    assert body["status"] == status
    assert body["title"]
    return str(body["detail"])


# ---------------------------------------------------------------- rights


def test_every_route_is_in_the_table_of_rights(running_app: Any) -> None:
    routes = set()
    for route in running_app.routes:
        for handler in getattr(route, "route_handlers", [getattr(route, "route_handler", None)]):
            methods = getattr(handler, "http_methods", ["WS"])
            path = "/".join(
                f"{{{part.name}}}" if not isinstance(part, str) else part for part in route.path_components
            )
            routes |= {f"{method} /{path}" for method in methods if method != "OPTIONS"}
    assert routes == set(ROUTES)


@pytest.fixture
async def running_app(running: Any) -> Any:
    return running.app


SAMPLE: dict[str, Any] = {
    "PUT /api/v1/queues/{key}": {"key": "k"},
    "PUT /api/v1/agents/{key}": {"key": "k"},
    "PUT /api/v1/agents/{key}/skills/{skill}": {"level": 3},
    "PUT /api/v1/users/{name}": {"role": "agent", "password": "long enough"},
    "POST /api/v1/records": {"records": []},
}


async def test_every_route_asks_for_its_role(running: Any) -> None:
    for name, needed in ROUTES.items():
        method, path = name.split(" ")
        if isinstance(needed, Open):
            continue
        path = path.format(key="k", skill="s", name="k", path="x", interaction=UUID(int=0))
        for rank, user in enumerate(RANK):
            headers = running.headers(user) if rank else {}
            answer = await running.http.request(method, path, headers=headers, json=SAMPLE.get(name))
            if not rank:
                assert "Sign in first" in told(answer, 401), name
                assert answer.headers["www-authenticate"] == "Bearer"
            elif rank - 1 < list(Role).index(needed):
                assert f"needs the role {needed}" in told(answer, 403), name
            else:
                assert answer.status_code in {200, 204, 404}, (name, user, answer.text)


@pytest.mark.parametrize("header", ["Basic YTpi", "Bearer", "Bearer x.y", "Bearer " + "a" * 5000, "x"])
async def test_a_wrong_token_is_refused(running: Any, header: str) -> None:
    told(await running.http.get("/api/v1/me", headers={"Authorization": header}), 401)


async def test_a_token_that_was_tampered_with_is_refused(running: Any) -> None:
    payload, _, signature = running.token("anna").partition(".")
    root = running.token("root").partition(".")[0]
    for token in (
        f"{root}.{signature}",
        f"{payload}.{signature[:-2]}AA",
        f"{payload}.",
        f".{signature}",
        payload,
    ):
        told(await running.http.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"}), 401)


async def test_health_needs_no_token(running: Any) -> None:
    answer = await running.http.get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "sequence": 3})


async def test_metrics_are_open_to_this_machine_and_to_admins(running: Any) -> None:
    page = (await running.http.get("/metrics")).text
    assert "callboard_ledger_events 3.0" in page
    assert 'callboard_queue_waiting{queue="sales"} 1.0' in page
    assert 'callboard_agents{state="paused"} 1.0' in page
    proxied = {"X-Forwarded-For": "192.0.2.7"}
    told(await running.http.get("/metrics", headers=proxied), 401)
    told(await running.http.get("/metrics", headers={**proxied, **running.headers("sue")}), 403)
    admin = await running.http.get("/metrics", headers={**proxied, **running.headers("root")})
    assert admin.status_code == 200


async def test_unknown_paths_methods_and_bodies_are_problems(running: Any) -> None:
    told(await running.ask("root", "GET", "/api/v1/nothing"), 404)
    told(await running.ask("root", "PATCH", "/api/v1/queues"), 405)
    told(await running.ask("root", "PUT", "/api/v1/queues/a", content=b"{"), 400)
    told(await running.ask("root", "PUT", "/api/v1/queues/a", content=b"\xff"), 400)
    told(await running.ask("root", "PUT", "/api/v1/queues/a", content=b"[" * 100_000), 400)
    told(await running.ask("root", "PUT", "/api/v1/queues/a", content=b" " * 3_000_000), 413)


async def test_a_bug_is_answered_without_telling_more(running: Any, monkeypatch: Any, caplog: Any) -> None:
    def broken() -> None:
        raise ZeroDivisionError("the secret")

    monkeypatch.setattr(running.centre.board, "snapshot", broken)
    words = told(await running.ask("sue", "GET", "/api/v1/board"), 500)
    assert "secret" not in words
    assert "ZeroDivisionError" in caplog.text


# ---------------------------------------------------------------- signing in


async def test_signing_in_gives_a_token_that_works_until_signed_out(running: Any, password: str) -> None:
    answer = await running.http.post("/api/v1/sign-in", json={"user": "anna", "password": password})
    assert answer.status_code == 200
    session = answer.json()
    assert (session["user"], session["name"], session["role"]) == ("anna", "Anna", "agent")
    assert datetime.fromisoformat(session["expires_at"]) > CLOCK.now() + timedelta(hours=11)
    headers = {"Authorization": f"Bearer {session['token']}"}
    me = await running.http.get("/api/v1/me", headers=headers)
    assert (me.json()["user"], me.json()["agent"]) == ("anna", True)
    assert (await running.http.post("/api/v1/sign-out", headers=headers)).status_code == 204
    assert "signed out" in told(await running.http.get("/api/v1/me", headers=headers), 401)
    assert running.metric("callboard_sign_ins_total") == 1


async def test_a_wrong_password_and_a_wrong_name_sound_the_same(running: Any, password: str) -> None:
    answers = [
        await running.http.post("/api/v1/sign-in", json={"user": user, "password": given})
        for user, given in (("anna", "wrong one"), ("nobody", password), ("nobody", ""))
    ]
    assert {told(answer, 401) for answer in answers} == {"Name or password is wrong."}
    assert running.metric("callboard_sign_in_failures_total", why="wrong") == 3


async def test_guessing_is_braked(start: Any, password: str) -> None:
    clock = StoppedClock(datetime(2026, 11, 22, tzinfo=UTC))
    running = await start(clock)

    async def attempt(user: str, given: str) -> Any:
        return await running.http.post("/api/v1/sign-in", json={"user": user, "password": given})

    for _ in range(5):
        told(await attempt("anna", "wrong one"), 401)
    answer = await attempt("anna", password)
    assert "Wait 60 seconds" in told(answer, 429)
    assert answer.headers["retry-after"] == "60"
    assert (await attempt("sue", password)).status_code == 200
    clock.move(60)
    assert (await attempt("anna", password)).status_code == 200


@pytest.mark.parametrize(
    "body",
    [None, {}, [], {"user": "anna"}, {"user": 7, "password": "x"}, {"user": "", "password": "x"},
     {"user": "a", "password": "x" * 2000}, {"user": "a", "password": "x", "more": 1}],
)  # fmt: skip
async def test_a_sign_in_of_the_wrong_form_is_refused(running: Any, body: Any) -> None:
    told(await running.http.post("/api/v1/sign-in", json=body), 400)


async def test_a_token_expires(start: Any) -> None:
    clock = StoppedClock(datetime(2026, 11, 22, tzinfo=UTC))
    running = await start(clock, token_hours=1)
    headers = running.headers("anna")
    clock.move(3599)
    assert (await running.http.get("/api/v1/me", headers=headers)).status_code == 200
    clock.move(1)
    assert "has expired" in told(await running.http.get("/api/v1/me", headers=headers), 401)


# ---------------------------------------------------------------- records


async def test_records_go_to_the_ledger_once(running: Any) -> None:
    one, two = recorded(), CallNoted(id=CLOCK.new_id(), at=CLOCK.now(), call=CLOCK.new_id(), note="☎")
    for _ in range(2):
        answer = await running.ask("anna", "POST", "/api/v1/records", json=wire(one, two))
        assert answer.json() == {"acknowledged": [str(one.id), str(two.id)], "refused": []}
    kept = [event for _, event in await running.centre.ledger.of_agent("anna")]
    assert kept[-2:] == [one, msgspec.structs.replace(two, agent="anna")]
    assert await running.centre.ledger.count() == 5


async def test_one_bad_record_does_not_block_the_rest(running: Any) -> None:
    good = recorded()
    stranger = recorded(agent="ben")
    state = AgentBecameReady(id=CLOCK.new_id(), at=CLOCK.now(), agent="anna")
    early = msgspec.structs.replace(recorded(), at=datetime(1, 1, 1, tzinfo=UTC) - timedelta(0))
    early = json.loads(
        encode_event(early).decode().replace("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+12:00")
    )
    bodies = [{}, {"id": "x"}, {"type": "CallRecorded", "id": 7}, *wire(stranger, state)["records"], early]
    answer = await running.ask(
        "anna", "POST", "/api/v1/records", json={"records": [*bodies, *wire(good)["records"]]}
    )
    body = answer.json()
    assert body["acknowledged"] == [str(good.id)]
    assert [refused["id"] for refused in body["refused"]] == [
        *("", "x", "7", str(stranger.id), str(state.id), early["id"])
    ]
    reasons = [refused["reason"] for refused in body["refused"]]
    assert "this record is ben's" in reasons[3]
    assert "not AgentBecameReady" in reasons[4]
    assert "out of range" in reasons[5]
    assert running.metric("callboard_records_total", outcome="refused") == 6


async def test_records_that_cannot_be_written_are_not_acknowledged(running: Any) -> None:
    running.centre.fault = StoreError("/secret/path the disk is full")
    answer = await running.ask("anna", "POST", "/api/v1/records", json=wire(recorded(), recorded()))
    words = told(answer, 503)
    assert "secret" not in words
    assert answer.headers["retry-after"] == "5"


async def test_too_many_records_at_once_are_refused(running: Any) -> None:
    told(await running.ask("anna", "POST", "/api/v1/records", json={"records": [{}] * 501}), 400)


# ---------------------------------------------------------------- history


async def test_history_is_newest_first_with_the_last_note(running: Any) -> None:
    calls = [recorded(minute=minute) for minute in range(3)]
    noted = [
        CallNoted(
            id=CLOCK.new_id(), at=CLOCK.now(), call=calls[1].call, agent=agent, disposition=said, note=said
        )
        for agent, said in (("anna", "first"), ("anna", "last"), ("ben", "not his call"))
    ]
    await running.centre.ledger.append([*calls, *noted])
    page = (await running.ask("anna", "GET", "/api/v1/history")).json()
    assert page["next"] is None
    assert [row["id"] for row in page["rows"]] == [str(call.id) for call in reversed(calls)]
    assert [row["note"] for row in page["rows"]] == ["", "last", ""]
    row = page["rows"][0]
    assert (row["peer"]["name"], row["quality"]["mos"], row["end"]) == ("Größe", 4.2, "hung_up_there")


async def test_history_goes_page_by_page(running: Any) -> None:
    calls = [recorded() for _ in range(7)]
    await running.centre.ledger.append(calls)
    seen, before = [], None
    for _ in range(3):
        params = {"limit": 3} | ({"before": before} if before else {})
        page = (await running.ask("sue", "GET", "/api/v1/history", params=params)).json()
        seen += [row["id"] for row in page["rows"]]
        before = page["next"]
    assert seen == [str(call.id) for call in reversed(calls)]
    assert before is None


async def test_an_agent_sees_the_own_calls_only(running: Any) -> None:
    anna, ben = recorded("anna"), recorded("ben", queue="help")
    await running.centre.ledger.append([anna, ben])

    async def seen(user: str, **params: str) -> list[str]:
        answer = await running.ask(user, "GET", "/api/v1/history", params=params)
        return [row["agent"] for row in answer.json()["rows"]]

    assert await seen("anna") == ["anna"]
    assert await seen("anna", agent="anna") == ["anna"]
    assert await seen("sue") == ["ben", "anna"]
    assert await seen("sue", agent="ben") == ["ben"]
    assert await seen("sue", queue="help") == ["ben"]
    assert "own calls only" in told(await running.ask("anna", "GET", "/api/v1/history?agent=ben"), 403)


async def test_history_by_time(running: Any) -> None:
    await running.centre.ledger.append([recorded(minute=minute) for minute in (0, 10, 20)])
    params = {"start": "2026-11-22T12:05:00Z", "end": "2026-11-22T13:15:00+01:00"}
    page = (await running.ask("sue", "GET", "/api/v1/history", params=params)).json()
    assert [row["started_at"] for row in page["rows"]] == ["2026-11-22T12:10:00Z"]
    for bad in ("2026-11-22T12:05:00", "yesterday", "0001-01-01T00:00:00Z"):
        told(await running.ask("sue", "GET", "/api/v1/history", params={"start": bad}), 400)


async def test_the_course_of_an_interaction(running: Any) -> None:
    key = CLOCK.new_id()
    now = CLOCK.now()
    facts = [
        InteractionArrived(id=CLOCK.new_id(), at=now, interaction=key, customer=Address("tel:1"), called="x"),
        InteractionOffered(
            id=CLOCK.new_id(), at=now, interaction=key, offer=CLOCK.new_id(), queue="sales", agent="anna",
            ring_timeout_s=20,
        ),
    ]  # fmt: skip
    await running.centre.ledger.append(facts)
    for user in ("anna", "sue"):
        steps = (await running.ask(user, "GET", f"/api/v1/interactions/{key}")).json()
        assert [(step["sequence"], step["event"]["type"]) for step in steps] == [
            *((4, "InteractionArrived"), (5, "InteractionOffered"))
        ]
    told(await running.ask("ben", "GET", f"/api/v1/interactions/{key}"), 403)
    told(await running.ask("sue", "GET", f"/api/v1/interactions/{CLOCK.new_id()}"), 404)


async def test_the_board_is_given_whole(running: Any) -> None:
    board = (await running.ask("sue", "GET", "/api/v1/board")).json()
    assert board["sequence"] == 3
    assert board["queues"][0]["queue"]["key"] == "sales"


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
        ({"wrap_up_s": -1}, "wrap_up_s is -1"),
        ({"max_wait_s": 1e300}, "max_wait_s"),
        ({"target": 80}, "from 0 to 1"),
        ({"timezone": "Mars/Base"}, "Europe/Berlin"),
        ({"timezone": "../../etc/passwd"}, "Europe/Berlin"),
        ({"overflow_to": "nowhere"}, "no other queue"),
        ({"overflow_to": "help"}, "no other queue"),
        ({"numbers": ["sales"]}, "leads to the queue sales already"),
        ({"skills": [{"skill": "english", "level": 11}]}, "1 to 10"),
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
    assert "1 to 10" in await put(skills={"english": 0})
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
