"""Whether a red flag waits on some referral of a patient is looked up by that patient alone, before every booking.

The few flagged referrals have an index of their own: until statistics were gathered the planner went through all open
ones instead. Built while referrals are read and written; it may be there already when a revision that was cut off is
run again.
"""

from alembic import op

revision = "0260"
down_revision = "0268"


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_referral_held")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_referral_held ON referral (patient_id) WHERE flagged AND closed_at IS NULL"
        )
        op.execute("RESET statement_timeout")


def downgrade() -> None:
    op.execute("DROP INDEX ix_referral_held")
