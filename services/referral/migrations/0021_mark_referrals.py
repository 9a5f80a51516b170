"""What a reviewer should know at a glance: the protocol's markers on the referral."""

from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.execute("ALTER TABLE referral ADD COLUMN markers text[] NOT NULL DEFAULT '{}'::text[]")
    op.execute("CREATE INDEX ix_referral_markers ON referral USING gin (markers) WHERE closed_at IS NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE referral DROP COLUMN markers")
