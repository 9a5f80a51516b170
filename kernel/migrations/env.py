"""Alembic's environment, the same for every service; called by `kernel.migrate` with an address and metadata."""

from alembic import context
from sqlalchemy import create_engine, pool

config = context.config
engine = create_engine(
    config.attributes["url"],
    poolclass=pool.NullPool,
    # A migration that cannot get its lock gives up and is tried again, rather than queueing traffic behind it.
    connect_args={"options": "-c lock_timeout=2000 -c statement_timeout=60000"},
)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=config.attributes["metadata"], transaction_per_migration=True
    )
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
