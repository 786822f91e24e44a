"""The routes: who may, what they answer, what they refuse and in which words."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from console.clock import StoppedClock
from console.domain.agent import Role
from console.domain.errors import StoreError
from console.domain.events import (
    AgentBecameReady,
    CallNoted,
)
from console.server.rights import ROUTES, Open
from console.wire import encode_event
from tests.server.asking import CLOCK, recorded, told, wire

RANK = ["nobody", "anna", "sue", "root"]


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
    "POST /api/v1/interactions/{interaction}/move": {"queue": "k"},
    "POST /api/v1/interactions/{interaction}/priority": {"priority": 1},
    "POST /api/v1/interactions/{interaction}/pull": {"agent": "k"},
    "POST /api/v1/interactions/{interaction}/attached": {"attached": {"TIER": "gold"}},
    "POST /api/v1/consultation": {"action": "swap"},
    "POST /api/v1/dial": {"number": "0301234567"},
    "POST /api/v1/interactions/{interaction}/recording": {"order": "start"},
    "POST /api/v1/interactions/{interaction}/monitor": {},
    "POST /api/v1/monitorings/{monitoring}": {"mode": "whisper"},
}

QUERY = {f"GET /api/v1/figures{ending}": "?dimension=queue&window=today" for ending in ("", ".csv", ".xlsx")}


async def test_every_route_asks_for_its_role(running: Any) -> None:
    for name, needed in ROUTES.items():
        method, path = name.split(" ")
        if isinstance(needed, Open):
            continue
        path = path.format(
            key="k",
            skill="s",
            name="k",
            path="x",
            interaction=UUID(int=0),
            recording=UUID(int=0),
            monitoring=UUID(int=0),
        )
        path += QUERY.get(name, "")
        for rank, user in enumerate(RANK):
            headers = running.headers(user) if rank else {}
            answer = await running.http.request(method, path, headers=headers, json=SAMPLE.get(name))
            if not rank:
                assert "Sign in first" in told(answer, 401), name
                assert answer.headers["www-authenticate"] == "Bearer"
            elif rank - 1 < list(Role).index(needed):
                assert f"needs the role {needed}" in told(answer, 403), name
            else:
                assert answer.status_code in {200, 202, 204, 404}, (name, user, answer.text)


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
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "ok", "sequence": 3, "out_of_reach": []},
    )
    running.centre.out_of_reach = ("north",)
    answer = await running.http.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["out_of_reach"] == ["north"]
    running.centre.writing = False
    answer = await running.http.get("/health")
    assert (answer.status_code, answer.json()["status"]) == (503, "degraded")


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
