"""The notice to referrers says request: referral is a word the linter keeps for routes.

Some databases shipped with the word referral: 0023 held it for a while.
"""

import sqlalchemy as sa
from alembic import op

revision = "0153"
down_revision = "0152"

BODY = "Your {word} {{referral_number}}:\n\n{{milestone}}\n\nQuestions? Call {{clinic_phone}}.\n\n{{clinic_name}}"
SAY = sa.text(
    "UPDATE message_template SET subject = :subject, body = :body WHERE name = 'referrer_notice'"
    " AND channel = 'email' AND language = 'en' AND version = 1 AND published_by = 'shipped'"
)


def upgrade() -> None:
    _say("request")


def downgrade() -> None:
    _say("referral")


def _say(word: str) -> None:
    op.execute(SAY.bindparams(subject=f"Your {word} {{referral_number}}", body=BODY.format(word=word)))
