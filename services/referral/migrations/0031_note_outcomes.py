"""The note a person writes with what became of a visit."""

from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.execute("ALTER TABLE appointment_change ADD COLUMN note_sealed bytea")


def downgrade() -> None:
    op.execute("ALTER TABLE appointment_change DROP COLUMN note_sealed")
