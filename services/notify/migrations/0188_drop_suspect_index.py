"""The index that found what goes alone by its reason; code before 0185 is only slower without it.

By itself: to drop an index everybody is shut out, and the build of the other would be lost each time the table is busy.
"""

from alembic import op

revision = "0188"
down_revision = "0187"

AGAIN = "state = 'due' AND reason IN ('worker_lost_again', 'provider_denied_again')"


def upgrade() -> None:
    op.execute("DROP INDEX ix_planned_message_suspect")


def downgrade() -> None:
    op.execute(f"CREATE INDEX ix_planned_message_suspect ON planned_message (due_at) WHERE {AGAIN}")
