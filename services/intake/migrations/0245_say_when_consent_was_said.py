"""When somebody last said whether we may text them or write e-mail; nobody asked, or before this: not known."""

from alembic import op

revision = "0245"
down_revision = "0012"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE patient ADD COLUMN consent_sms_at timestamptz, ADD COLUMN consent_email_at timestamptz"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE patient DROP COLUMN consent_email_at, DROP COLUMN consent_sms_at")
