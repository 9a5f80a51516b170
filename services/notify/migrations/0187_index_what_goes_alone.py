"""What goes alone is found by an index; built by itself, so that messages can be read meanwhile.

In the transaction that adds the column everybody would wait for the whole build.
"""

from alembic import op

revision = "0187"
down_revision = "0186"


def upgrade() -> None:
    op.execute(
        "CREATE INDEX ix_planned_message_alone ON planned_message (due_at) WHERE state = 'due' AND goes_alone"
    )


def downgrade() -> None:
    op.execute("DROP INDEX ix_planned_message_alone")
