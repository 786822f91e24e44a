"""The tables of the desk's history, and how a text is folded before it is kept for searching.

`call` holds one row a call; `started_at` and the like are UTC in ISO 8601 with microseconds, so that they
sort as text. It has few indices, because a row must get to the disk quickly. What is looked things up in
(`call_words`, the full text by the number of the call, and `peer`, one row for each number or address ever
called or calling) follows from it and is brought up to date a moment later, up to the call `found_until` (see
index).
"""

import unicodedata
from datetime import UTC, datetime

from console.domain.address import Address
from console.store.database import Connection, Migrations

history_migrations = Migrations("history")

_NAME_LIMIT = 200
_SPECIAL = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "\u0131": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d", "ħ": "h"}
)


@history_migrations()
def m001_calls(db: Connection) -> None:
    """Begin the tables."""
    db.execute("""
        CREATE TABLE call (
            number      INTEGER PRIMARY KEY,
            call        TEXT NOT NULL UNIQUE,
            record      TEXT NOT NULL,
            agent       TEXT NOT NULL,
            interaction TEXT,
            incoming    INTEGER NOT NULL,
            uri         TEXT NOT NULL,
            name        TEXT NOT NULL,
            digits      TEXT NOT NULL,
            account     TEXT NOT NULL,
            queue       TEXT NOT NULL,
            waited_s    REAL,
            skills      TEXT NOT NULL,
            started_at  TEXT NOT NULL,
            answered_at TEXT,
            ended_at    TEXT,
            seen_at     TEXT NOT NULL,
            "end"       TEXT,
            sip_code    INTEGER NOT NULL DEFAULT 0,
            reason      TEXT NOT NULL DEFAULT '',
            quality     TEXT,
            held_s      REAL NOT NULL DEFAULT 0,
            disposition TEXT NOT NULL DEFAULT '',
            note        TEXT NOT NULL DEFAULT '',
            noted_at    TEXT,
            missed      INTEGER NOT NULL DEFAULT 0,
            deliver     INTEGER NOT NULL DEFAULT 0
        )""")
    db.execute("CREATE INDEX call_missed ON call (missed, number) WHERE missed > 0")
    db.execute(
        "CREATE VIRTUAL TABLE call_words USING fts5 "
        "(who, number, note, tokenize = 'unicode61 remove_diacritics 0', prefix = '1 2 3')"
    )
    db.execute("""
        CREATE TABLE peer (
            number  INTEGER PRIMARY KEY,
            key     TEXT NOT NULL UNIQUE,
            uri     TEXT NOT NULL,
            name    TEXT NOT NULL,
            user    TEXT NOT NULL,
            digits  TEXT NOT NULL,
            last_at TEXT NOT NULL,
            calls   INTEGER NOT NULL,
            score   REAL NOT NULL
        )""")
    db.execute("CREATE TABLE found_until (number INTEGER NOT NULL)")
    db.execute("INSERT INTO found_until VALUES (0)")
    db.execute("CREATE INDEX peer_score ON peer (score DESC)")
    db.execute("CREATE INDEX peer_digits ON peer (digits)")
    db.execute("CREATE INDEX peer_last ON peer (last_at)")
    db.execute(
        "CREATE VIRTUAL TABLE peer_words USING fts5 "
        "(who, user, tokenize = 'unicode61 remove_diacritics 0', prefix = '1 2 3')"
    )


def fold(text: str) -> str:
    """A text as it is searched for, without case or accents: `Müller` is `muller`, `Strauß` is `strauss`."""
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(_SPECIAL)


def words(text: str) -> list[str]:
    """The folded words of a text: runs of letters and digits."""
    return "".join(c if c.isalnum() else " " for c in fold(text)).split()


def match_all(text: str) -> str:
    """An FTS5 query for rows that hold a word beginning with each word of `text`; "" when there is no word in
    it.

    Words are quoted, so nothing that a person types is read as FTS5 syntax.
    """
    return " ".join(f'"{word}"*' for word in words(text))


def digits_of(text: str) -> str:
    """The digits of what looks like a telephone number, national or international; "" for anything else.

    Leading zeros go: `030 1234` is found in `+49301234`.
    """
    bare = "".join(c for c in text if c not in " .-/()\u00a0")
    bare = bare.removeprefix("+")
    return bare.lstrip("0") if bare.isascii() and bare.isdigit() else ""


def clean(text: str, limit: int = _NAME_LIMIT) -> str:
    """A text from the network fit to be kept: valid Unicode without control characters, of bounded length."""
    if text.isprintable():
        return text[:limit].strip()
    valid = text.encode("utf-8", "replace").decode("utf-8")
    return "".join(c if c.isprintable() else " " for c in valid[:limit]).strip()


def clean_address(address: Address) -> Address:
    """An address from the network fit to be kept."""
    return Address(clean(address.uri, 1000), clean(address.name))


def stamp(at: datetime) -> str:
    """A time as it is kept."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
