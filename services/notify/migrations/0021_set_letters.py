"""E-mails have an HTML part, compiled when their words are published; what is wanted by topic may be ended by topic."""

from alembic import op

revision = "0021"
down_revision = "0040"

CREATE = """
CREATE TABLE compiled_letter (
    name text NOT NULL, language text NOT NULL, version integer NOT NULL, html text NOT NULL,
    CONSTRAINT pk_compiled_letter PRIMARY KEY (name, language, version));
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute("DROP TABLE compiled_letter")
