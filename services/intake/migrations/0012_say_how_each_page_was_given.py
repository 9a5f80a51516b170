"""Each saved page says how it was given and who typed it; a link may open at once for who asked the birth date."""

from alembic import op

revision = "0012"
down_revision = "0011"

# Before this, who typed a page stands in the audit only.
COLUMNS = """
ALTER TABLE page_save ADD COLUMN mode text NOT NULL DEFAULT '', ADD COLUMN author_kind text NOT NULL DEFAULT '',
    ADD COLUMN author_id text NOT NULL DEFAULT '';
ALTER TABLE patient_link ADD COLUMN opens_until timestamptz;
"""


def upgrade() -> None:
    op.execute(COLUMNS)


def downgrade() -> None:
    op.execute("ALTER TABLE patient_link DROP COLUMN opens_until")
    op.execute("ALTER TABLE page_save DROP COLUMN mode, DROP COLUMN author_kind, DROP COLUMN author_id")
