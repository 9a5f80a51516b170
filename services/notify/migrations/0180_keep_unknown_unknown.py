"""A send that was in doubt when its visit began stays unknown: "expired" said that it had not been sent."""

from alembic import op

revision = "0180"
down_revision = "0153"

# The trail is only added to: it shows what the message was called meanwhile, and the other services are told.
TELL = """
INSERT INTO message_move (id, message_id, at, from_state, to_state, reason, attempt_id)
SELECT gen_random_uuid(), id, now(), '{before}', '{after}', 'unknown_at_visit', attempt_id FROM planned_message
WHERE state = '{before}' AND reason = 'unknown_at_visit';
INSERT INTO untold_state (message_id) SELECT id FROM planned_message
WHERE state = '{before}' AND reason = 'unknown_at_visit' ON CONFLICT (message_id) DO NOTHING;
UPDATE planned_message SET state = '{after}' WHERE state = '{before}' AND reason = 'unknown_at_visit';
"""
INDEX = (
    "CREATE INDEX ix_planned_message_unknown ON planned_message (unknown_at) WHERE state = 'unknown'{more}"
)


def upgrade() -> None:
    op.execute(TELL.format(before="expired", after="unknown"))
    op.execute("DROP INDEX ix_planned_message_unknown")
    op.execute(INDEX.format(more=" AND reason <> 'unknown_at_visit'"))


def downgrade() -> None:
    op.execute(TELL.format(before="unknown", after="expired"))
    op.execute("DROP INDEX ix_planned_message_unknown")
    op.execute(INDEX.format(more=""))
