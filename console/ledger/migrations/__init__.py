"""Migrations of the centre's tables, run by Alembic when a ledger is opened."""
