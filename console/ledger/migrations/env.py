"""Alembic's way in: migrate on the connection that the caller holds open, within the caller's transaction."""

from alembic import context

from console.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
