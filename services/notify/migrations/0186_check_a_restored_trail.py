"""Whether a restored copy's audit trail holds stands beside the pause, where whoever ends it looks."""

from alembic import op

revision = "0186"
down_revision = "0185"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE sending_gate ADD COLUMN audit_checked_at timestamptz, ADD COLUMN audit_broken_at bigint"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE sending_gate DROP COLUMN audit_checked_at, DROP COLUMN audit_broken_at")
