"""Referrals, their decisions and moves, protocol versions, and the counts behind the worklists."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
