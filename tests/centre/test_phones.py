"""Who has which password for the phone, whatever is lost in between: links, Asterisks, the centre itself."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from console.centre.phones import AgentPhones
from console.clock import StoppedClock
from console.switch.ari import AriAnswer
from console.switch.asterisk_accounts import Accounts, HasAccounts, Phones
from tests.centre.doubles import SpySwitch

RENEW = timedelta(hours=8)
RENEW_S = RENEW.total_seconds()
AGENT = "anna"


class Memory:
    """What an Asterisk has in its memory, and the connection to it."""

    def __init__(self) -> None:
        self.url, self.connected = "http://127.0.0.1", True
        self.objects: dict[str, dict[str, str]] = {}

    def send(self, _method: str, path: str, *, body: Any, answered: Callable[[AriAnswer], None]) -> None:
        if self.connected:
            self.objects[path] = {field["attribute"]: field["value"] for field in body["fields"]}
        asyncio.get_running_loop().call_soon(answered, AriAnswer(200 if self.connected else 0, ""))

    async def ask(self, _method: str, path: str, query: Mapping[str, str | int] | None = None) -> AriAnswer:
        assert query is None
        if (fields := self.objects.get(path)) is None:
            return AriAnswer(404, "")
        listed = [{"attribute": key, "value": value} for key, value in fields.items()]
        return AriAnswer(200, "", msgspec.json.encode(listed).decode())

    @property
    def good(self) -> set[str]:
        """The passwords with which a phone can register."""
        return {fields["password"] for path, fields in self.objects.items() if "/auth/" in path}


class Box(HasAccounts, SpySwitch):
    """A switch with nothing but accounts."""

    def __init__(self, memory: Memory) -> None:
        super().__init__()
        self.accounts = Accounts(memory, Phones(sip="127.0.0.1:5061"))  # type: ignore[arg-type]
        self.connections = (SimpleNamespace(connected=memory.connected),)

    async def adopt(self, *_: object) -> None: ...
    def staff(self, *_: object) -> None: ...
    def strays(self, *_: object) -> dict[str, Any]:
        return {}


class World:
    """A centre, an Asterisk, and the desk of one agent."""

    def __init__(self) -> None:
        self.memory = Memory()
        self.clock = StoppedClock(datetime(2026, 11, 23, 8, tzinfo=UTC))
        self.has = ""
        self.linked = False
        self.left_at = 0.0
        self.begin_centre()

    def begin_centre(self) -> None:
        """As after a kill: it knows nothing."""
        self.box = Box(self.memory)
        self.phones = AgentPhones(self.box, RENEW, self.clock)
        self.phones.on_change(lambda agent: self.deliver())

    def deliver(self) -> None:
        access = self.phones.access(AGENT)
        assert access is not None
        self.has = access.password

    async def link(self, *, delivered: bool) -> None:
        """The desk comes; perhaps the link is lost before it is told its password."""
        await self.phones.linked(AGENT)
        self.linked = True
        if delivered:
            self.deliver()
        else:
            await self.lose()

    async def lose(self) -> None:
        if self.linked:
            self.linked, self.left_at = False, self.clock.monotonic()
            self.phones.keep_only(())

    async def lose_on_the_way(self) -> None:
        """The password is changed, and the link is lost with the new one on its way."""
        before = self.has
        self.clock.move(RENEW_S)
        await self.phones.look()
        if self.linked:
            self.has = before
            await self.lose()

    async def pass_time(self, seconds: float) -> None:
        self.clock.move(seconds)
        await self.phones.look()

    async def restart_asterisk(self) -> None:
        """Down, up, and empty; not while nobody is there who could make the accounts anew."""
        if AGENT not in self.box.accounts._kept:
            return
        self.memory.connected = self.box.connections[0].connected = False
        await self.phones.look()
        self.memory.objects.clear()
        self.memory.connected = self.box.connections[0].connected = True
        self.box.accounts.again()
        await self.phones.look()

    async def kill_centre(self) -> None:
        if self.linked:
            self.linked, self.left_at = False, self.clock.monotonic()
        self.begin_centre()

    def check(self, steps: list[str]) -> None:
        """A phone that was linked lately can register."""
        if not self.linked and self.clock.monotonic() - self.left_at >= RENEW_S:
            self.has = ""  # withdrawn
        assert self.has in {"", *self.memory.good}, steps


STEPS: dict[str, Callable[[World], Awaitable[None]]] = {
    "link": lambda world: world.link(delivered=True),
    "link that is lost": lambda world: world.link(delivered=False),
    "lose": World.lose,
    "change and lose": World.lose_on_the_way,
    "a minute": lambda world: world.pass_time(61),
    "hours": lambda world: world.pass_time(RENEW_S / 3),
    "restart Asterisk": World.restart_asterisk,
    "kill the centre": World.kill_centre,
}


@given(steps=st.lists(st.sampled_from(sorted(STEPS)), max_size=14))
@settings(max_examples=150, deadline=None)
def test_no_phone_that_was_linked_lately_is_turned_away(steps: list[str]) -> None:
    async def run() -> None:
        world = World()
        for step in steps:
            await STEPS[step](world)
            world.check(steps)

    asyncio.run(run())


async def test_the_password_before_is_good_until_the_desk_was_linked_for_a_minute() -> None:
    world = World()
    await world.link(delivered=True)
    first = world.has
    await world.pass_time(61)
    assert (first in world.memory.good, len(world.memory.good)) == (True, 2)
    await world.pass_time(RENEW_S)
    second = world.has
    assert first != second
    assert {first, second} == world.memory.good
    await world.pass_time(59)
    assert {first, second} == world.memory.good
    await world.pass_time(2)
    assert first not in world.memory.good
    assert second in world.memory.good


async def test_a_desk_that_stays_away_has_no_good_password_in_the_end() -> None:
    world = World()
    await world.link(delivered=True)
    await world.pass_time(61)
    await world.lose()
    await world.pass_time(RENEW_S - 1)
    assert world.has in world.memory.good
    await world.pass_time(2)
    assert world.has not in world.memory.good
    before = world.has
    await world.link(delivered=True)
    assert world.has in world.memory.good
    assert world.has != before


async def test_all_desks_get_a_new_password_when_asterisk_is_back() -> None:
    world = World()
    await world.link(delivered=True)
    before = world.has
    await world.restart_asterisk()
    assert world.has == before  # a minute was not over: given again
    await world.pass_time(61)
    await world.restart_asterisk()
    assert world.has != before  # so that each phone registers at once
    assert {before, world.has} == world.memory.good


async def test_a_centre_that_was_killed_goes_on_with_the_passwords_that_it_finds() -> None:
    world = World()
    await world.link(delivered=True)
    for seconds in (61, RENEW_S):  # now there are two
        await world.pass_time(seconds)
    good = set(world.memory.good)
    await world.kill_centre()
    await world.link(delivered=True)
    assert world.memory.good == good
    await world.pass_time(61)
    assert len(world.memory.good - good) == 1


async def test_secrets_show_in_nobodys_words() -> None:
    world = World()
    account = await world.box.give_account(AGENT)
    assert account is not None
    access_given = await world.phones.linked(AGENT), world.phones.access(AGENT)
    for shown in (account, access_given, world.box.accounts._kept, world.phones.access(AGENT)):
        for text in (repr(shown), str(shown)):
            assert not any(password in text for password in world.memory.good | {account.password})
