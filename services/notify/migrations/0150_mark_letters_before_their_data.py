"""An attempt says whether it is marked before anything deliverable leaves, and when it was."""

from alembic import op

revision = "0150"
down_revision = "0060"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE send_attempt ADD COLUMN marks_handover boolean NOT NULL DEFAULT false,"
        " ADD COLUMN handed_over_at timestamptz"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE send_attempt DROP COLUMN marks_handover, DROP COLUMN handed_over_at")
