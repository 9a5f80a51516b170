"""Why a golden case of the clinic is asked no more, and which were retired before each version."""

from alembic import op

revision = "0251"
down_revision = "0250"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE golden_case ADD COLUMN retired_reason text NOT NULL DEFAULT '',"
        " ADD COLUMN retired_note_sealed bytea"
    )
    op.execute("ALTER TABLE publishing_record ADD COLUMN retired_cases text[] NOT NULL DEFAULT '{}'")


def downgrade() -> None:
    op.execute("ALTER TABLE publishing_record DROP COLUMN retired_cases")
    op.execute("ALTER TABLE golden_case DROP COLUMN retired_note_sealed, DROP COLUMN retired_reason")
