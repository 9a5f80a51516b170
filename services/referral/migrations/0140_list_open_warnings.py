"""Warning signs a patient's answers leave open, and those a clinician has settled.

A referral still open with open questions of any kind was accepted before they were told apart: until a clinician
settles that, its patient is asked to call, as before.
"""

from alembic import op

revision = "0140"
down_revision = "0080"

ADD = """
ALTER TABLE referral
    ADD COLUMN open_warnings text[] NOT NULL DEFAULT '{}'::text[],
    ADD COLUMN settled_warnings text[] NOT NULL DEFAULT '{}'::text[]
"""
EARLIER = "UPDATE referral SET open_warnings = '{earlier}' WHERE unknown_count > 0 AND closed_at IS NULL"


def upgrade() -> None:
    op.execute(ADD)
    op.execute(EARLIER)


def downgrade() -> None:
    op.execute("ALTER TABLE referral DROP COLUMN open_warnings, DROP COLUMN settled_warnings")
