"""What a person looked at before they let sending go on rests sealed: free words may name a patient."""

from alembic import op

revision = "0184"
down_revision = "0183"


def upgrade() -> None:
    op.execute("ALTER TABLE sending_gate ADD COLUMN note_sealed bytea")


def downgrade() -> None:
    op.execute("ALTER TABLE sending_gate DROP COLUMN note_sealed")
