"""What ended its sender twice is marked in a column of its own, and look-ups count the processes they ended.

Code before this one goes by the reason, which is written as before; it only finds such rows by another index.
"""

from alembic import op

revision = "0185"
down_revision = "0184"

AGAIN = "state = 'due' AND reason IN ('worker_lost_again', 'provider_denied_again')"


def upgrade() -> None:
    op.execute("ALTER TABLE planned_message ADD COLUMN goes_alone boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE send_lookup ADD COLUMN losses integer NOT NULL DEFAULT 0")
    op.execute(
        "UPDATE planned_message SET goes_alone = true"
        " WHERE state = 'due' AND reason IN ('worker_lost_again', 'provider_denied_again')"
    )
    op.execute(
        "CREATE INDEX ix_planned_message_alone ON planned_message (due_at) WHERE state = 'due' AND goes_alone"
    )
    op.execute("DROP INDEX ix_planned_message_suspect")


def downgrade() -> None:
    op.execute(f"CREATE INDEX ix_planned_message_suspect ON planned_message (due_at) WHERE {AGAIN}")
    op.execute("DROP INDEX ix_planned_message_alone")
    op.execute("ALTER TABLE send_lookup DROP COLUMN losses")
    op.execute("ALTER TABLE planned_message DROP COLUMN goes_alone")
