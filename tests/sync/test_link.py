import asyncio
import logging
import socket
from datetime import timedelta

import httpx
import pytest

from console.domain.agent import Role
from console.domain.errors import NetworkError, Refused, SettingsError
from console.domain.events import LinkChanged, LinkState
from console.sync.http import in_words
from console.wire import (
    Command,
    Farewell,
    Heartbeat,
    Reply,
)
from tests.sync.rooms import Rooms
from tests.sync.small_centre import NOW, SmallCentre


async def test_sign_in_links_the_desk(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    desk = await centre.desk()
    assert desk.hello.token == "token-of-anna"
    assert desk.hello.contact == rooms.contact
    assert desk.hello.session is not None
    assert desk.hello.session.version == 7
    assert (desk.hello.board, desk.hello.last_sequence) == (False, None)
    assert (rooms.link.user, rooms.link.name, rooms.link.role) == ("anna", "Anna", Role.AGENT)
    assert rooms.link.welcome is not None
    assert rooms.link.welcome.pause_reasons == ("Lunch",)
    assert rooms.states() == [LinkState.CONNECTING, LinkState.ONLINE]
    last = rooms.facts.of(LinkChanged)[-1]
    assert (last.user, last.role, last.reason) == ("anna", Role.AGENT, "")
    assert abs(rooms.link.clock_offset - (NOW - rooms.clock.now())) < timedelta(seconds=5)


async def test_a_wrong_password_is_refused_in_words(centre: SmallCentre, rooms: Rooms) -> None:
    with pytest.raises(Refused, match="Name or password"):
        await rooms.link.sign_in(centre.url, "anna", "guess")
    assert rooms.link.state is LinkState.SIGNED_OUT
    assert rooms.link.user == ""
    await rooms.online(centre)


async def test_nobody_there_is_a_network_error_in_words(rooms: Rooms, free_port: int) -> None:
    with pytest.raises(NetworkError, match="nothing listens there"):
        await rooms.link.sign_in(f"http://127.0.0.1:{free_port}", "anna", "secret")
    assert rooms.link.state is LinkState.SIGNED_OUT


def test_a_name_that_is_not_known_is_told_in_words() -> None:
    with pytest.raises(socket.gaierror) as cause:
        socket.getaddrinfo("a name with spaces", 443, flags=socket.AI_NUMERICHOST)
    fault = httpx.ConnectError(str(cause.value))
    fault.__cause__ = cause.value
    assert in_words(fault) == "the name is not known (is it spelt right?)"


@pytest.mark.parametrize(
    "url", ["", "centre", "ftp://centre", "http://", "http://[::1", "https://a:b@host", "http://h:99999"]
)
async def test_a_url_that_is_none_is_told(rooms: Rooms, url: str) -> None:
    with pytest.raises(SettingsError, match=r"https://centre\.company\.example"):
        await rooms.link.sign_in(url, "anna", "secret")


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>Hotel Wi-Fi</html>"),
        (201, b"{}"),
        (201, b'{"token":1}'),
        (201, b"\xff\xfe"),
        (500, b"boom"),
        (302, b""),
        (201, b"[" * 100_000),
        (201, b"x" * 5_000_000),
    ],
)
async def test_what_is_no_centre_is_told(centre: SmallCentre, rooms: Rooms, status: int, body: bytes) -> None:
    centre.answer_sign_in = lambda _: (status, body)
    with pytest.raises(NetworkError):
        await rooms.link.sign_in(centre.url, "anna", "secret")
    assert rooms.link.state is LinkState.SIGNED_OUT


async def test_the_token_is_in_no_log_and_no_repr(
    centre: SmallCentre, rooms: Rooms, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await rooms.online(centre)
        await centre.stop()
        await rooms.until(LinkState.LOST)
    servers = ("uvicorn", "websockets.server")
    ours = [entry.getMessage() for entry in caplog.records if not entry.name.startswith(servers)]
    assert any("lost" in line for line in ours)
    assert "token-of" not in "".join(ours)
    assert "secret" not in "".join(ours)
    assert "token-of" not in repr(rooms.link._signed_in)


async def test_a_lost_centre_is_found_again_and_told_once(
    centre: SmallCentre, rooms: Rooms, caplog: pytest.LogCaptureFixture
) -> None:
    await rooms.online(centre)
    first = await centre.desk()
    await centre.stop()
    await rooms.until(LinkState.LOST)
    await asyncio.sleep(0.3)
    await centre.start()
    await rooms.until(LinkState.ONLINE)
    second = await centre.desk()
    assert second.hello.session == first.hello.session
    told = [entry.message for entry in caplog.records if entry.name == "console.sync.link"]
    assert [line.split()[4].strip(":") for line in told] == ["lost", "online"]


async def test_a_lost_centre_is_tried_at_once_when_asked(centre: SmallCentre, patient: Rooms) -> None:
    await patient.online(centre)
    await centre.stop()
    await patient.until(LinkState.LOST)
    patient.link.try_now()  # still nobody there
    await patient.facts.wait(lambda: len(patient.reasons()) > 1)
    assert "nothing listens there" in patient.link.reason
    await centre.start()
    patient.link.try_now()
    await patient.until(LinkState.ONLINE)


async def test_trying_while_there_is_nothing_to_wait_for_changes_nothing(
    centre: SmallCentre, patient: Rooms
) -> None:
    patient.link.try_now()
    await patient.online(centre)
    patient.link.try_now()
    await patient.link.command("ready")
    await centre.stop()
    await patient.until(LinkState.LOST)
    assert len(patient.reasons()) == 1  # what was asked for before is forgotten: it waits
    await patient.link.stop()


async def test_a_silent_centre_counts_as_gone(centre: SmallCentre, rooms: Rooms) -> None:
    centre.heartbeat_s = 0.1
    await rooms.online(centre)
    await rooms.until(LinkState.LOST)
    assert "not been heard" in rooms.link.reason
    await rooms.until(LinkState.ONLINE)


async def test_heartbeats_keep_it_up_both_ways(centre: SmallCentre, rooms: Rooms) -> None:
    centre.heartbeat_s = 0.2
    await rooms.online(centre)
    desk = await centre.desk()
    for _ in range(6):
        beat = await desk.next(Heartbeat)
        assert abs(beat.now - rooms.clock.now()) < timedelta(seconds=5)
        await desk.say(Heartbeat(now=NOW, sequence=1))
    assert rooms.states() == [LinkState.CONNECTING, LinkState.ONLINE]


async def test_a_clock_that_was_set_is_noticed(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    desk = await centre.desk()
    later = rooms.clock.now() + timedelta(hours=1)
    await desk.say(Heartbeat(now=later, sequence=1), Reply(number=999))
    await rooms.link.command("ready")
    assert abs(rooms.link.clock_offset - timedelta(hours=1)) < timedelta(seconds=5)


async def test_a_farewell_without_return_wants_a_new_sign_in(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    desk = await centre.desk()
    await desk.say(Farewell(reason="You signed in at another desk.", retry=False))
    await rooms.until(LinkState.REFUSED)
    assert rooms.link.reason == "You signed in at another desk."
    await desk.gone()
    await rooms.online(centre)


async def test_a_farewell_with_return_comes_back(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    desk = await centre.desk()
    await desk.say(Farewell(reason="The centre restarts."))
    await rooms.until(LinkState.LOST)
    assert rooms.link.reason == "The centre restarts."
    await rooms.until(LinkState.ONLINE)


async def test_an_expired_token_wants_a_new_sign_in(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    centre.bad_tokens = True
    await (await centre.desk()).close(1012)
    await rooms.until(LinkState.REFUSED)
    assert "expired" in rooms.link.reason


@pytest.mark.parametrize(
    ("status", "state"),
    [(401, LinkState.REFUSED), (403, LinkState.REFUSED), (404, LinkState.LOST), (503, LinkState.LOST)],
)
async def test_a_refused_upgrade(centre: SmallCentre, rooms: Rooms, status: int, state: LinkState) -> None:
    centre.refuse_upgrade = status
    await rooms.link.sign_in(centre.url, "anna", "secret")
    await rooms.until(state)


async def test_commands_are_done_or_refused_in_the_centres_words(centre: SmallCentre, rooms: Rooms) -> None:
    with pytest.raises(NetworkError):
        await rooms.link.command("ready")
    await rooms.online(centre)
    desk = await centre.desk()
    await rooms.link.command("ready")
    await rooms.link.command("pause", "Lunch")
    with pytest.raises(Refused, match="There is no reason “Siesta”"):
        await rooms.link.command("pause", "Siesta")
    sent = [await desk.next(Command) for _ in range(3)]
    assert [(one.action, one.argument) for one in sent] == [
        ("ready", ""),
        ("pause", "Lunch"),
        ("pause", "Siesta"),
    ]
    assert len({one.number for one in sent}) == 3


async def test_a_command_without_a_reply_ends_in_words(
    centre: SmallCentre, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    await rooms.online(centre)
    monkeypatch.setattr("console.sync.link.REPLY_S", 0.05)
    with pytest.raises(NetworkError, match="did not reply"):
        await rooms.link.command("no such")


async def test_a_command_cut_off_ends_in_words(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    desk = await centre.desk()
    asked = asyncio.ensure_future(rooms.link.command("end_wrap_up"))
    await desk.next(Command)
    await desk.close(1012)
    with pytest.raises(NetworkError, match="before the centre replied"):
        await asked


async def test_sign_out_tells_the_centre_and_forgets(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    desk = await centre.desk()
    await rooms.link.sign_out()
    assert (await desk.next(Command)).action == "sign_out"
    await desk.gone()
    assert (rooms.link.state, rooms.link.user, rooms.link.role) == (LinkState.SIGNED_OUT, "", None)
    await rooms.link.sign_out()
    assert rooms.states().count(LinkState.SIGNED_OUT) == 1


async def test_stop_leaves_without_signing_out(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    desk = await centre.desk()
    await rooms.link.stop()
    await desk.gone()
    await rooms.link.stop()


async def test_stop_while_it_tries_to_come_back(centre: SmallCentre, rooms: Rooms) -> None:
    await rooms.online(centre)
    await centre.stop()
    await rooms.until(LinkState.LOST)
    await rooms.link.stop()
