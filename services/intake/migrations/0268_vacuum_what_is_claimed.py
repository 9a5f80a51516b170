"""Vacuum what is claimed after so many rows, however many wait in the same table.

Autovacuum's default waits until a fifth of a table is dead: with a million rows waiting, until a claim has 200,000 to
step over. And it leaves an index as it is while few pages hold dead rows, which is so where the dead are the newest.
"""

from alembic import op

revision = "0268"
down_revision = "0245"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE event_delivery SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000,"
        " vacuum_index_cleanup = on)"
    )


def downgrade() -> None:
    op.execute(
        "ALTER TABLE event_delivery RESET (autovacuum_vacuum_scale_factor, autovacuum_vacuum_threshold,"
        " vacuum_index_cleanup)"
    )
