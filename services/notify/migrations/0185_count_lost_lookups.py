"""What ended its sender twice is marked in a column of its own, and look-ups count the processes they ended.

Code before this one goes by the reason, which is written as before. The index comes by itself in 0187: nobody reads a
message while this revision lasts.
"""

from alembic import op

revision = "0185"
down_revision = "0184"


def upgrade() -> None:
    op.execute("ALTER TABLE planned_message ADD COLUMN goes_alone boolean NOT NULL DEFAULT false")
    op.execute("ALTER TABLE send_lookup ADD COLUMN losses integer NOT NULL DEFAULT 0")
    op.execute(
        "UPDATE planned_message SET goes_alone = true"
        " WHERE state = 'due' AND reason IN ('worker_lost_again', 'provider_denied_again')"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE send_lookup DROP COLUMN losses")
    op.execute("ALTER TABLE planned_message DROP COLUMN goes_alone")
