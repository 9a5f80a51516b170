"""Visit types staff made or changed: at which sites they are given, who changed them, and a version to change by."""

from alembic import op

revision = "0040"
down_revision = "0023"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE visit_type ADD COLUMN sites text[] NOT NULL DEFAULT '{}',"
        " ADD COLUMN version integer NOT NULL DEFAULT 1, ADD COLUMN changed_by text NOT NULL DEFAULT ''"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE visit_type DROP COLUMN sites, DROP COLUMN version, DROP COLUMN changed_by")
