"""Who may sign in, which tokens were signed out, and the key that signs tokens.

All of it is small and asked for at every request, so it is held in memory too; the database is written first.
"""

import secrets as random
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Connection, Table, delete, insert, select

from console.domain.agent import Role
from console.ledger.database import Database
from console.ledger.tables import revoked_tokens, secrets, users

KEY_BYTES = 32


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who may sign in. Tokens made before `tokens_after` are no longer good."""

    name: str
    role: Role
    shown: str = ""
    password_hash: str
    tokens_after: datetime


class Users:
    """The users of one centre. Belongs to one event loop."""

    def __init__(self, database: Database) -> None:
        """Not for callers: see `open`."""
        self._database = database
        self._users: dict[str, User] = {}
        self._revoked: dict[UUID, datetime] = {}
        self.key = b""

    @classmethod
    async def open(cls, database: Database) -> "Users":
        """Read the users in an open database (`Ledger.database`), with the key. Raises StoreError."""
        found = cls(database)
        await database.write(found._load)
        return found

    def known(self, name: str) -> User | None:
        """The user of that name, from memory."""
        return self._users.get(name)

    async def get(self, name: str) -> User | None:
        """The user of that name."""
        return self._users.get(name)

    async def all(self) -> list[User]:
        """All users, by name."""
        return [self._users[name] for name in sorted(self._users)]

    async def put(self, user: User) -> None:
        """Add a user, or replace the one of that name. Raises StoreError."""
        row = {**msgspec.structs.asdict(user), "role": user.role.value}
        await self._database.write(lambda connection: _replace(connection, users, "name", row))
        self._users[user.name] = user

    async def delete(self, name: str) -> bool:
        """Remove a user; False when there was none. Raises StoreError."""
        if name not in self._users:
            return False
        await self._database.write(
            lambda connection: connection.execute(delete(users).where(users.c.name == name))
        )
        self._users.pop(name, None)
        return True

    async def revoke(self, token: UUID, expires_at: datetime, now: datetime) -> None:
        """Sign a token out; forget those that have expired by `now` anyway. Raises StoreError."""
        row = {"token": token, "expires_at": expires_at}

        def work(connection: Connection) -> None:
            connection.execute(delete(revoked_tokens).where(revoked_tokens.c.expires_at < now))
            _replace(connection, revoked_tokens, "token", row)

        await self._database.write(work)
        self._revoked = {known: until for known, until in self._revoked.items() if until >= now}
        self._revoked[token] = expires_at

    def revoked(self, token: UUID) -> bool:
        """Whether a token was signed out."""
        return token in self._revoked

    def _load(self, connection: Connection) -> None:
        for row in connection.execute(select(users)).mappings():
            user = User(**{**row, "role": Role(row["role"])})
            self._users[user.name] = user
        for gone in connection.execute(select(revoked_tokens)):
            self._revoked[gone.token] = gone.expires_at
        key = connection.scalar(select(secrets.c.value).where(secrets.c.name == "token"))
        if key is None:
            key = random.token_bytes(KEY_BYTES)
            connection.execute(insert(secrets), {"name": "token", "value": key})
        self.key = bytes(key)


def _replace(connection: Connection, table: Table, key: str, row: dict[str, Any]) -> None:
    """Put a row in place of the one with its key, in SQL that every database knows."""
    connection.execute(delete(table).where(table.c[key] == row[key]))
    connection.execute(insert(table), row)
