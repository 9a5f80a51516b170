"""Everyone who had a hand in a draft, so that none of them approves it."""

from alembic import op

revision = "0150"
down_revision = "0141"


def upgrade() -> None:
    op.execute("ALTER TABLE protocol_draft ADD COLUMN editors text[] NOT NULL DEFAULT '{}'")
    # Who changed an open draft between its author and its last editor stands in the audit trail.
    op.execute("""
        UPDATE protocol_draft d SET editors = ARRAY(
            SELECT d.author_id UNION SELECT d.changed_by UNION
            SELECT a.actor_id FROM audit_entry a
            WHERE a.subject_kind = 'protocol_draft' AND a.subject_id = d.id::text AND a.action = 'change_draft'
        )
    """)


def downgrade() -> None:
    op.execute("ALTER TABLE protocol_draft DROP COLUMN editors")
