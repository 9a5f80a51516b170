"""What the release before writes beside this one asks for a call: it does not know of open warning signs.

Migrations run before code is replaced (docs/runbook.md, upgrade), so for a while referrals come from code that leaves
`open_warnings` out. Code that knows the column always writes its list.
"""

from alembic import op

revision = "0151"
down_revision = "0150"


def upgrade() -> None:
    op.execute("ALTER TABLE referral ALTER COLUMN open_warnings SET DEFAULT '{earlier}'::text[]")


def downgrade() -> None:
    op.execute("ALTER TABLE referral ALTER COLUMN open_warnings SET DEFAULT '{}'::text[]")
