"""Users, revoked tokens and the signing key, over a restart."""

from datetime import timedelta

from console.clock import StoppedClock
from console.domain.agent import Role
from console.ledger.ledger import Ledger
from console.ledger.users import KEY_BYTES, User, Users


def user(clock: StoppedClock, name: str, role: Role = Role.AGENT) -> User:
    return User(
        name=name, role=role, shown=name.title(), password_hash="$argon2id$x", tokens_after=clock.now()
    )


async def test_users_are_kept_replaced_and_removed(url: str, clock: StoppedClock) -> None:
    ledger = await Ledger.open(url)
    users = await Users.open(ledger.database)
    assert await users.all() == []
    ben, anna = user(clock, "ben"), user(clock, "anna", Role.ADMIN)
    await users.put(ben)
    await users.put(anna)
    await users.put(user(clock, "ben", Role.SUPERVISOR))
    await ledger.close()
    ledger = await Ledger.open(url)
    users = await Users.open(ledger.database)
    assert await users.all() == [anna, user(clock, "ben", Role.SUPERVISOR)]
    assert await users.get("anna") == users.known("anna") == anna
    assert await users.delete("anna") is True
    assert await users.delete("anna") is False
    assert await users.get("anna") is None
    await ledger.close()


async def test_the_key_is_made_once(url: str) -> None:
    keys = []
    for _ in range(2):
        ledger = await Ledger.open(url)
        keys.append((await Users.open(ledger.database)).key)
        await ledger.close()
    assert keys[0] == keys[1]
    assert len(keys[0]) == KEY_BYTES


async def test_a_signed_out_token_stays_so_until_it_has_expired(url: str, clock: StoppedClock) -> None:
    ledger = await Ledger.open(url)
    users = await Users.open(ledger.database)
    old, new = clock.new_id(), clock.new_id()
    await users.revoke(old, clock.now() + timedelta(hours=1), clock.now())
    assert users.revoked(old)
    clock.move(7200)
    await users.revoke(new, clock.now() + timedelta(hours=1), clock.now())
    await users.revoke(new, clock.now() + timedelta(hours=1), clock.now())
    await ledger.close()
    ledger = await Ledger.open(url)
    users = await Users.open(ledger.database)
    assert (users.revoked(old), users.revoked(new)) == (False, True)
    await ledger.close()
