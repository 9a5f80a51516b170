"""What a reviewer should know at a glance: the protocol's markers on the referral.

The index is built while referrals are read and written, outside the transaction, which commits the column first: both
may be there already when a revision that was cut off is run again.
"""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("ALTER TABLE referral ADD COLUMN IF NOT EXISTS markers text[] NOT NULL DEFAULT '{}'::text[]")
    with op.get_context().autocommit_block():
        op.execute("SET statement_timeout = 0")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_referral_markers")
        op.execute(
            "CREATE INDEX CONCURRENTLY ix_referral_markers ON referral USING gin (markers) WHERE closed_at IS NULL"
        )
        op.execute("RESET statement_timeout")


def downgrade() -> None:
    op.execute("ALTER TABLE referral DROP COLUMN markers")
