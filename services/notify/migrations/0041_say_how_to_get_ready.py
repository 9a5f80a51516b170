"""The words of the message that leads to the patient's own page."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0021"

# Each: channel, language, subject (mail only), body.
WORDS = [
    ("sms", "en", "", "{clinic_name}: get ready for your visit: {link} STOP to end."),
    ("sms", "es", "", "{clinic_name}: prepare su visita: {link} STOP termina."),
    (
        "email",
        "en",
        "How to get ready, and where things stand",
        "Hello,\n\nThis page shows how to get ready for your visit, and where things stand:\n\n{link}\n\n"
        "It asks for the date of birth. Please do not share the link.\n\n"
        "Questions? Call {clinic_phone}.\n\n{clinic_name}",
    ),
    (
        "email",
        "es",
        "Cómo prepararse y cómo va todo",
        "Buenos días:\n\nEsta página dice cómo preparar su visita y cómo va todo:\n\n{link}\n\n"
        "Le pide la fecha de nacimiento. Por favor no comparta el enlace.\n\n"
        "¿Preguntas? Llame al {clinic_phone}.\n\n{clinic_name}",
    ),
]
ADD = sa.text(
    "INSERT INTO message_template (name, channel, language, version, subject, body, published_by)"
    " VALUES ('get_ready', :channel, :language, 1, :subject, :body, 'shipped')"
)


def upgrade() -> None:
    for channel, language, subject, body in WORDS:
        op.execute(ADD.bindparams(channel=channel, language=language, subject=subject, body=body))


def downgrade() -> None:
    op.execute("DELETE FROM message_template WHERE name = 'get_ready'")
