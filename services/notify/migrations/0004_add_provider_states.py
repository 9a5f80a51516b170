"""How fast each provider may be used and how far it is trusted; why a message is not in the wished language."""

from alembic import op

revision = "0004"
down_revision = "0003"

CREATE = """
CREATE TABLE provider_state (
    name text NOT NULL, channel text NOT NULL, weight integer NOT NULL, tokens double precision NOT NULL,
    refilled_at timestamptz NOT NULL, paused_until timestamptz, day date NOT NULL, sent_that_day integer NOT NULL,
    CONSTRAINT pk_provider_state PRIMARY KEY (name),
    CONSTRAINT ck_provider_state_weight CHECK (weight BETWEEN 0 AND 100));
CREATE INDEX ix_send_attempt_started_at ON send_attempt (started_at);
ALTER TABLE planned_message ADD COLUMN language_note text NOT NULL DEFAULT '';
CREATE INDEX ix_planned_message_catch_up ON planned_message (expires_at) WHERE state = 'due';
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute("DROP INDEX ix_planned_message_catch_up")
    op.execute("ALTER TABLE planned_message DROP COLUMN language_note")
    op.execute("DROP INDEX ix_send_attempt_started_at")
    op.execute("DROP TABLE provider_state")
