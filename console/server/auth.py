"""Signing in: passwords (argon2id), signed tokens that expire (HMAC-SHA256), and a brake on guessing.

A token is `payload.signature`, both base64url: the payload names the token, the user and its times, not the
role, which is looked up each time, so that a right that is taken away is gone at once.
"""

import asyncio
import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from console.clock import Clock
from console.domain.agent import Role
from console.domain.errors import BadInput, Refused
from console.ledger.users import User, Users

PASSWORD_LEAST = 8
PASSWORD_MOST = 1024
TRIES = 5
"""Wrong passwords for one user from one address before it has to wait."""
ADDRESS_TRIES = 50
"""Wrong passwords from one address, whatever the user."""
WAIT_S = 60.0
_REMEMBERED = 10_000
_TOKEN_MOST = 1024

_hasher = PasswordHasher()


def hash_password(password: str) -> str:
    """The argon2id hash of a password; costs 50 ms and 64 MiB. Raises BadInput for one too short or long."""
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise BadInput(f"A password has {PASSWORD_LEAST} to {PASSWORD_MOST} characters.")
    return _hasher.hash(password)


class Passwords:
    """Checks passwords off the loop, a few at a time: each one costs memory on purpose."""

    def __init__(self) -> None:
        """Nothing is hashed yet."""
        self._gate = asyncio.Semaphore(2)
        self._decoy = ""

    async def hashed(self, password: str) -> str:
        """See `hash_password`."""
        async with self._gate:
            return await asyncio.to_thread(hash_password, password)

    async def right(self, user: User | None, password: str) -> bool:
        """Whether it is the user's password. A user who does not exist costs as much time as one who does."""
        if len(password) > PASSWORD_MOST:
            return False
        async with self._gate:
            if not self._decoy:
                self._decoy = await asyncio.to_thread(_hasher.hash, secrets.token_hex(16))
            known = user.password_hash if user else ""
            found = await asyncio.to_thread(_verified, known or self._decoy, password)
            return found and bool(known)

    async def renewed(self, user: User, password: str) -> str | None:
        """A new hash where the kept one was made with weaker parameters than today's; else None."""
        if not _hasher.check_needs_rehash(user.password_hash):
            return None
        async with self._gate:
            return await asyncio.to_thread(_hasher.hash, password)


def _verified(known: str, password: str) -> bool:
    try:
        return _hasher.verify(known, password)
    except (VerificationError, InvalidHashError):
        return False


class Brake:
    """Slows the guessing of passwords: so many failures by user and address, and by address, then a pause."""

    def __init__(self, clock: Clock) -> None:
        """No failures yet."""
        self._clock = clock
        self._failures: dict[tuple[str, str], tuple[int, float]] = {}

    def wait_s(self, user: str, address: str) -> float:
        """Seconds to wait before the next try; 0 is none."""
        now = self._clock.monotonic()
        waits = [0.0]
        for key, most in (((user, address), TRIES), (("", address), ADDRESS_TRIES)):
            count, last = self._failures.get(key, (0, 0.0))
            if count >= most:
                waits.append(last + WAIT_S - now)
        return max(waits)

    def count(self, user: str, address: str) -> None:
        """A try begins: it counts as failed until `clear`, so that many at once do not slip through."""
        now = self._clock.monotonic()
        for key in ((user, address), ("", address)):
            count, last = self._failures.pop(key, (0, now))
            self._failures[key] = (1 if now - last >= WAIT_S else count + 1, now)
        while len(self._failures) > _REMEMBERED:
            self._failures.pop(next(iter(self._failures)))

    def clear(self, user: str, address: str) -> None:
        """It was the right password."""
        self._failures.pop((user, address), None)
        count, last = self._failures.get(("", address), (0, 0.0))
        if count:
            self._failures["", address] = (count - 1, last)


class Claims(msgspec.Struct, frozen=True, array_like=True):
    """What a token says."""

    token: UUID
    user: str
    issued_at: datetime
    expires_at: datetime


class SignedIn(msgspec.Struct, frozen=True):
    """Somebody with a good token."""

    user: User
    claims: Claims

    @property
    def name(self) -> str:
        """The sign-in name."""
        return self.user.name

    @property
    def role(self) -> Role:
        """What they may do, as of now."""
        return self.user.role


class Tokens:
    """Makes, checks and revokes tokens."""

    def __init__(self, users: Users, clock: Clock, hours: float) -> None:
        """Tokens are good for `hours`."""
        self._users = users
        self._clock = clock
        self._life = timedelta(hours=hours)

    def issue(self, user: User) -> tuple[str, datetime]:
        """A token for a user, and when it expires."""
        now = self._clock.now()
        claims = Claims(self._clock.new_id(), user.name, now, now + self._life)
        payload = urlsafe_b64encode(msgspec.json.encode(claims)).rstrip(b"=")
        return (payload + b"." + self._signature(payload)).decode(), claims.expires_at

    def check(self, token: str) -> SignedIn:
        """Who holds this token. Raises Refused, in words, when it is not good (any more)."""
        payload, _, signature = token[:_TOKEN_MOST].encode(errors="replace").partition(b".")
        if not hmac.compare_digest(signature, self._signature(payload)):
            raise Refused("This sign-in is not known here. Sign in again.")
        # Signed by us, so it is of our form.
        padded = payload + b"=" * (-len(payload) % 4)
        return self.recheck(msgspec.json.decode(urlsafe_b64decode(padded), type=Claims))

    def recheck(self, claims: Claims) -> SignedIn:
        """The same for claims whose signature was checked before: expiry, sign-out, the rights of now."""
        if claims.expires_at <= self._clock.now():
            raise Refused("This sign-in has expired. Sign in again.")
        if self._users.revoked(claims.token):
            raise Refused("This sign-in was signed out. Sign in again.")
        user = self._users.known(claims.user)
        if user is None or claims.issued_at < user.tokens_after:
            raise Refused("This sign-in is no longer good: the account was changed. Sign in again.")
        return SignedIn(user, claims)

    async def revoke(self, claims: Claims) -> None:
        """Sign out: the token is no longer good. Raises StoreError."""
        await self._users.revoke(claims.token, claims.expires_at, self._clock.now())

    def _signature(self, payload: bytes) -> bytes:
        made = hmac.new(self._users.key, payload, hashlib.sha256).digest()
        return urlsafe_b64encode(made).rstrip(b"=")
