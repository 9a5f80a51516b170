"""Messages that ended their sender twice go alone; whether one waits is asked at every ring."""

from alembic import op

revision = "0182"
down_revision = "0181"

WHICH = "state = 'due' AND reason IN ('worker_lost_again', 'provider_denied_again')"


def upgrade() -> None:
    op.execute(f"CREATE INDEX ix_planned_message_suspect ON planned_message (due_at) WHERE {WHICH}")


def downgrade() -> None:
    op.execute("DROP INDEX ix_planned_message_suspect")
