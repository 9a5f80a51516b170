"""Count starts per address and hour."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE start_count (address_index bytea NOT NULL, hour timestamptz NOT NULL, starts integer NOT NULL,"
        " CONSTRAINT pk_start_count PRIMARY KEY (address_index, hour))"
    )


def downgrade() -> None:
    op.execute("DROP TABLE start_count")
