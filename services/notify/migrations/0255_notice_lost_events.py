"""Events that somebody heard and their sender does not have any more; and when the others were last asked."""

from alembic import op

revision = "0255"
down_revision = "0188"


def upgrade() -> None:
    op.execute("""
CREATE TABLE lost_event (
    id uuid NOT NULL,
    service text NOT NULL,
    sent_by_us boolean NOT NULL,
    found_at timestamptz NOT NULL,
    CONSTRAINT pk_lost_event PRIMARY KEY (id))""")
    op.execute("ALTER TABLE sending_gate ADD COLUMN compared_start timestamptz")
    op.execute("ALTER TABLE sending_gate ADD COLUMN compare_tries smallint NOT NULL DEFAULT 0")
    # Code from before this revision asks nobody: what it sends from goes on sending until PostgreSQL starts again.
    op.execute("UPDATE sending_gate SET compared_start = pg_postmaster_start_time()")


def downgrade() -> None:
    op.execute("ALTER TABLE sending_gate DROP COLUMN compare_tries")
    op.execute("ALTER TABLE sending_gate DROP COLUMN compared_start")
    op.execute("DROP TABLE lost_event")
