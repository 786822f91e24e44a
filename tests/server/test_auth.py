"""Passwords, tokens, the brake on guessing."""

import asyncio
import base64
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from argon2 import PasswordHasher

from console.clock import StoppedClock
from console.domain.agent import Role
from console.domain.errors import BadInput, Refused
from console.ledger.ledger import Ledger
from console.ledger.users import User, Users
from console.server.auth import ADDRESS_TRIES, TRIES, WAIT_S, Brake, Passwords, Tokens, hash_password
from console.server.rights import MESSAGES, may

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def user(password_hash: str) -> User:
    return User(name="anna", role=Role.AGENT, password_hash=password_hash, tokens_after=NOON)


async def test_the_right_password_is_told_from_a_wrong_one() -> None:
    passwords = Passwords()
    anna = user(await passwords.hashed("correct horse"))
    assert anna.password_hash.startswith("$argon2id$")
    assert await passwords.right(anna, "correct horse")
    assert not await passwords.right(anna, "Correct horse")
    assert not await passwords.right(anna, "x" * 5000)


async def test_nobody_gets_in_without_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = Passwords()
    verified: list[str] = []
    from console.server import auth

    def noting(known: str, password: str) -> bool:
        verified.append(known)
        return True

    monkeypatch.setattr(auth, "_verified", noting)
    assert not await passwords.right(None, "x")
    assert not await passwords.right(user(""), "x")
    assert len(verified) == 2  # as much work as for a known user
    assert all(known.startswith("$argon2id$") for known in verified)


async def test_a_damaged_hash_lets_nobody_in() -> None:
    assert not await Passwords().right(user("no hash"), "no hash")


async def test_a_weak_hash_is_renewed() -> None:
    passwords = Passwords()
    weak = user(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("correct horse"))
    renewed = await passwords.renewed(weak, "correct horse")
    assert renewed is not None
    assert await passwords.right(user(renewed), "correct horse")
    assert await passwords.renewed(user(renewed), "correct horse") is None


@pytest.mark.parametrize("password", ["", "short", "x" * 1025])
def test_a_password_has_a_length(password: str) -> None:
    with pytest.raises(BadInput, match="8 to 1024"):
        hash_password(password)


async def test_hashing_does_not_stop_the_loop() -> None:
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    counting = asyncio.create_task(count())
    await Passwords().hashed("correct horse")
    counting.cancel()
    assert turns > 3


async def test_tokens_of_another_centre_are_refused(tmp_path: Path) -> None:
    clock = StoppedClock(NOON)
    tokens = []
    ledgers = []
    for name in ("one", "two"):
        ledger = await Ledger.open(f"sqlite:///{tmp_path / name}")
        ledgers.append(ledger)
        users = await Users.open(ledger.database)
        await users.put(user("x"))
        tokens.append(Tokens(users, clock, 1))
    token, expires_at = tokens[0].issue(user("x"))
    assert tokens[0].check(token).name == "anna"
    assert (expires_at - NOON).total_seconds() == 3600
    with pytest.raises(Refused, match="not known here"):
        tokens[1].check(token)
    for ledger in ledgers:
        await ledger.close()


async def test_a_token_holds_no_secret(tmp_path: Path) -> None:
    ledger = await Ledger.open(f"sqlite:///{tmp_path / 'one'}")
    users = await Users.open(ledger.database)
    token, _ = Tokens(users, StoppedClock(NOON), 1).issue(user("the hash"))
    payload = token.partition(".")[0]
    shown = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=="))
    assert shown[1] == "anna"
    assert "the hash" not in str(shown)
    await ledger.close()


def test_the_brake_counts_by_user_and_address() -> None:
    clock = StoppedClock(NOON)
    brake = Brake(clock)
    for _ in range(TRIES):
        assert brake.wait_s("anna", "192.0.2.1") == 0
        brake.count("anna", "192.0.2.1")
    assert brake.wait_s("anna", "192.0.2.1") == WAIT_S
    assert brake.wait_s("anna", "192.0.2.2") == 0
    assert brake.wait_s("ben", "192.0.2.1") == 0
    clock.move(WAIT_S)
    assert brake.wait_s("anna", "192.0.2.1") == 0
    brake.count("anna", "192.0.2.1")
    assert brake.wait_s("anna", "192.0.2.1") == 0


def test_the_brake_holds_an_address_that_tries_many_names() -> None:
    brake = Brake(StoppedClock(NOON))
    for number in range(ADDRESS_TRIES):
        brake.count(f"user{number}", "192.0.2.1")
    assert brake.wait_s("anna", "192.0.2.1") > 0
    assert brake.wait_s("anna", "192.0.2.2") == 0


def test_the_right_password_lifts_the_brake() -> None:
    brake = Brake(StoppedClock(NOON))
    for _ in range(3 * ADDRESS_TRIES):
        brake.count("anna", "192.0.2.1")
        brake.clear("anna", "192.0.2.1")
    assert brake.wait_s("anna", "192.0.2.1") == 0


def test_the_brake_forgets_before_it_grows() -> None:
    brake = Brake(StoppedClock(NOON))
    for number in range(30_000):
        brake.count("anna", f"address {number}")
    assert len(brake._failures) <= 10_000


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("message", [*MESSAGES, "Command make_coffee", "nothing"])
def test_every_message_has_its_role(role: Role, message: str) -> None:
    needed = MESSAGES.get(message)
    assert may(role, message) == (needed is not None and list(Role).index(role) >= list(Role).index(needed))
