"""The version of a place on the waiting list, and when staff were told that a site cannot keep the promise."""

from alembic import op

revision = "0141"
down_revision = "0140"


def upgrade() -> None:
    op.execute("ALTER TABLE waitlist_entry ADD COLUMN version integer NOT NULL DEFAULT 1")
    op.execute("ALTER TABLE promise_gap ADD COLUMN alerted_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE promise_gap DROP COLUMN alerted_at")
    op.execute("ALTER TABLE waitlist_entry DROP COLUMN version")
