"""Checkpoints to start from, and the figures of closed intervals."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_REFUSE_SQLITE = """
CREATE TRIGGER intervals_no_{verb} BEFORE {verb} ON intervals
BEGIN SELECT RAISE(ABORT, 'the intervals are append-only'); END
"""
_REFUSE_POSTGRESQL = """
CREATE FUNCTION intervals_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the intervals are append-only'; END $$
"""
_GUARD_POSTGRESQL = """
CREATE TRIGGER intervals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON intervals
FOR EACH STATEMENT EXECUTE FUNCTION intervals_refuse()
"""


def upgrade() -> None:
    """Make both tables, and the triggers that keep the intervals append-only."""
    sequence = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "checkpoints",
        sa.Column("sequence", sequence, primary_key=True, autoincrement=False),
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "intervals",
        sa.Column("to_sequence", sequence, primary_key=True, autoincrement=False),
        sa.Column("start", moment, primary_key=True),
        sa.Column("minutes", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("dimension", sa.String(32), primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("from_sequence", sequence, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
    op.create_index("intervals_looked_up", "intervals", ["dimension", "start", "key"])
    _guard()


def _guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(_REFUSE_SQLITE.format(verb=verb))
    else:
        op.execute(_REFUSE_POSTGRESQL)
        op.execute(_GUARD_POSTGRESQL)
