"""The words of one-time codes."""

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0020"

WORDS = {
    "en": "{clinic_name}: your code is {code}. It works for 10 minutes. We never ask you for it by phone.",
    "es": "{clinic_name}: su clave es {code}. Vale 10 minutos. Nunca se la vamos a pedir por tel.",
}
ADD = sa.text(
    "INSERT INTO message_template (name, channel, language, version, subject, body, published_by)"
    " VALUES ('one_time_code', 'sms', :language, 1, '', :body, 'shipped')"
)


def upgrade() -> None:
    for language, body in WORDS.items():
        op.execute(ADD.bindparams(language=language, body=body))


def downgrade() -> None:
    op.execute("DELETE FROM message_template WHERE name = 'one_time_code'")
