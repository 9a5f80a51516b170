"""Under which provider of the schedule a member of staff sees patients; "" for who sees none."""

from alembic import op

revision = "0140"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE staff ADD COLUMN provider_id text NOT NULL DEFAULT ''")


def downgrade() -> None:
    op.execute("ALTER TABLE staff DROP COLUMN provider_id")
