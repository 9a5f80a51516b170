"""A queued save is numbered by its milliseconds: more than four bytes hold."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # Rewrites the table: this revision ships with the first release, before there are rows to speak of.
    op.execute("ALTER TABLE page_save ALTER COLUMN sequence TYPE bigint")


def downgrade() -> None:
    op.execute(
        "ALTER TABLE page_save ALTER COLUMN sequence TYPE integer USING least(sequence, 2147483647)::integer"
    )
