"""Sending can be paused, and pauses itself when the database is not the one that last sent (a restored copy)."""

from alembic import op

revision = "0183"
down_revision = "0182"


def upgrade() -> None:
    op.execute("""
CREATE TABLE sending_gate (
    id smallint NOT NULL CHECK (id = 1),
    home text NOT NULL DEFAULT '',
    seen_at timestamptz,
    paused_at timestamptz,
    paused_by text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    gap_since timestamptz,
    resumed_at timestamptz,
    resumed_by text NOT NULL DEFAULT '',
    CONSTRAINT pk_sending_gate PRIMARY KEY (id))""")
    op.execute("INSERT INTO sending_gate (id) VALUES (1)")
    op.execute("ALTER TABLE planned_message ADD COLUMN ask_since timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE planned_message DROP COLUMN ask_since")
    op.execute("DROP TABLE sending_gate")
