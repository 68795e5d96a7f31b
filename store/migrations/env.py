"""What alembic runs: online only, on the engine it is handed, every step in a transaction of its own."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Engine

from store.schema import metadata

engine: Engine = context.config.attributes["engine"]

with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
