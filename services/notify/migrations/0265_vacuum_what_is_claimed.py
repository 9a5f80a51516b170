"""Vacuum what is claimed or sent after so many rows, however many wait in the same table.

Autovacuum's default waits until a fifth of a table is dead: with a million rows waiting, until a claim has 200,000 to
step over. And it leaves an index as it is while few pages hold dead rows, which is so where the dead are the newest.
"""

from alembic import op

revision = "0265"
down_revision = "0255"

# A message has more indexes to clean than a delivery, and is changed more often.
DEAD_ROWS = {"event_delivery": 10_000, "planned_message": 50_000}


def upgrade() -> None:
    for table, most in DEAD_ROWS.items():
        op.execute(
            f"ALTER TABLE {table} SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = {most},"
            " vacuum_index_cleanup = on)"
        )


def downgrade() -> None:
    for table in DEAD_ROWS:
        op.execute(
            f"ALTER TABLE {table} RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,"
            " vacuum_index_cleanup)"
        )
