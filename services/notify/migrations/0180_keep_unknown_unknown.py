"""A send that was in doubt when its visit began stays unknown: "expired" said that it had not been sent.

Its index is built beside the old one while messages are read and sent, outside the transaction: what is left of a build
that was cut off is dropped first.
"""

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
BESIDE = (
    "SET statement_timeout = 0",
    "DROP INDEX CONCURRENTLY IF EXISTS ix_planned_message_unknown_next",
    "CREATE INDEX CONCURRENTLY ix_planned_message_unknown_next ON planned_message (unknown_at)"
    " WHERE state = 'unknown'{more}",
    "RESET statement_timeout",
)
SWAP = """
DROP INDEX ix_planned_message_unknown;
ALTER INDEX ix_planned_message_unknown_next RENAME TO ix_planned_message_unknown;
"""


def upgrade() -> None:
    _build_beside(" AND reason <> 'unknown_at_visit'")
    op.execute(TELL.format(before="expired", after="unknown"))
    op.execute(SWAP)


def downgrade() -> None:
    _build_beside("")
    op.execute(TELL.format(before="unknown", after="expired"))
    op.execute(SWAP)


def _build_beside(more: str) -> None:
    with op.get_context().autocommit_block():
        for statement in BESIDE:
            op.execute(statement.format(more=more))
