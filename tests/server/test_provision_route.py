"""What the centre gives a desk: by desk, queue and user; the password only where nobody reads along."""

from pathlib import Path

import msgspec
import pytest

from console.domain.agent import Agent
from console.domain.queue import Queue
from console.provision.answer import Provision, provision_for, taken_in
from console.settings import CentreSettings, ProvisionSettings, parse_settings
from tests.server.conftest import Start

RULES = ProvisionSettings(
    desks={"phone": {"codecs": ["PCMA"], "transport": "udp"}, "history": {"keep_days": 1}},
    queues={"a": {"history": {"keep_days": 2}}, "b": {"history": {"keep_days": 3}, "user": "x"}},
    users={"ada": {"phone": {"transport": "tls"}}},
    trusted_keys=("k",),
)
QUEUES = {"a": Queue(key="a", name="Alpha"), "b": Queue(key="b")}


@pytest.mark.parametrize(
    ("user", "served", "days", "transport"),
    [
        ("ada", ("a", "b"), 2, "tls"),
        ("ada", ("b", "a"), 3, "tls"),
        ("bea", ("a",), 2, "udp"),
        ("bea", (), 1, "udp"),
        ("bea", ("gone",), 1, "udp"),
    ],
)
def test_the_users_goes_before_the_dearest_queues(
    user: str, served: tuple[str, ...], days: int, transport: str
) -> None:
    given = provision_for(user, Agent(key=user, queues=served), QUEUES, RULES)
    assert given.values["history.keep_days"] == days
    assert given.values["phone.transport"] == transport
    assert given.values["phone.codecs"] == ["PCMA"]
    assert [queue.key for queue in given.queues] == [key for key in served if key in QUEUES]


def test_somebody_who_is_no_agent_gets_what_every_desk_gets() -> None:
    assert provision_for("sue", None, QUEUES, RULES).values == {
        "phone.codecs": ["PCMA"], "phone.transport": "udp", "history.keep_days": 1,
    }  # fmt: skip


def test_a_centre_has_no_say_in_updates_and_crash_reports() -> None:
    from console.clock import SystemClock

    given = Provision(values={"updates.url": "https://evil.example", "crash.send": "always", "user": "ada"})
    assert taken_in(given, "https://c.example", "ada", SystemClock().now()).values == {"user": "ada"}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[provision.desks]\nphone.wings = 2", r"provision\.desks\.phone\.wings: there is no such option"),
        ("[provision.users.ada]\nphone.srtp = 7", r"provision\.users\.ada\.phone\.srtp: Expected `str`"),
        ("[provision.desks]\nupdates.url = 'x'", r"provision\.desks\.updates\.url: only the policy"),
        (
            "[[queues]]\nkey = 'a'\n[provision.queues.b]\nuser = 'x'",
            r"provision\.queues\.b: there is no queue",
        ),
        ("[provision]\ndesk = 1", r"x:2: provision\.desk: there is no such option"),
    ],
)
def test_rules_that_fit_no_desk_are_refused_at_the_start(text: str, told: str) -> None:
    with pytest.raises(Exception, match=told):
        parse_settings(text, CentreSettings, "x")


async def test_the_route(start: Start, tmp_path: Path) -> None:
    running = await start()
    (tmp_path / "anna").write_text("of the telephone\n")
    rules = msgspec.structs.replace(
        RULES, passwords=str(tmp_path), users={"anna": {"phone": {"uri": "sip:anna@x.example"}}}, queues={}
    )
    running.centre.settings = msgspec.structs.replace(running.centre.settings, provision=rules)
    answer = await running.ask("anna", "GET", "/api/v1/provision")
    given = msgspec.json.decode(answer.content, type=Provision)
    assert given.values["phone.uri"] == "sip:anna@x.example"
    assert (given.sip_password, given.trusted_keys) == ("of the telephone", ("k",))
    ben = msgspec.json.decode((await running.ask("ben", "GET", "/api/v1/provision")).content, type=Provision)
    assert (ben.sip_password, [queue.name for queue in ben.queues]) == ("", ["Sales"])
    assert (await running.http.get("/api/v1/provision")).status_code == 401


@pytest.mark.parametrize("user", ["..", "../anna", "a/b", ".", "", "a\0b"])
def test_no_name_leads_out_of_the_folder(user: str, tmp_path: Path) -> None:
    from console.server.provisioning import _password

    (tmp_path / "anna").write_text("secret")
    (tmp_path / "in").mkdir()
    assert _password(tmp_path / "in", user) == ""
