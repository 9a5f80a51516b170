"""The message that leads to the patient's own page says that a time can be chosen there."""

import sqlalchemy as sa
from alembic import op

revision = "0181"
down_revision = "0180"

# Each: channel, language, subject (mail only), body.
WORDS = [
    (
        "sms",
        "en",
        "",
        "{clinic_name}: get ready, choose a time: {link} STOP to end.",
    ),
    (
        "sms",
        "es",
        "",
        "{clinic_name}: elija hora, prepare todo: {link} STOP fin.",
    ),
    (
        "email",
        "en",
        "Choose a time, and how to get ready",
        "Hello,\n\nOn this page you can choose a time for your visit, if you do not have one yet. It also shows how to "
        "get ready, and where things stand:\n\n{link}\n\n"
        "It asks for the date of birth. Please do not share the link.\n\n"
        "Would you like to choose a time by phone, or do you have questions? Call {clinic_phone}.\n\n{clinic_name}",
    ),
    (
        "email",
        "es",
        "Elija una hora, y cómo prepararse",
        "Buenos días:\n\nEn esta página puede elegir la hora de su visita, si todavía no tiene una. También dice cómo "
        "preparar su visita y cómo va todo:\n\n{link}\n\n"
        "Le pide la fecha de nacimiento. Por favor no comparta el enlace.\n\n"
        "¿Prefiere elegir la hora por teléfono, o tiene preguntas? Llame al {clinic_phone}.\n\n{clinic_name}",
    ),
]
# A new version: version 1 was sent to people, and their messages name it. A clinic's own words stay in force.
ADD = sa.text(
    "INSERT INTO message_template (name, channel, language, version, subject, body, published_by)"
    " SELECT 'get_ready', :channel, :language, 2, :subject, :body, 'shipped' WHERE NOT EXISTS"
    " (SELECT 1 FROM message_template WHERE name = 'get_ready' AND channel = :channel AND language = :language"
    " AND version > 1)"
)


def upgrade() -> None:
    for channel, language, subject, body in WORDS:
        op.execute(ADD.bindparams(channel=channel, language=language, subject=subject, body=body))


def downgrade() -> None:
    op.execute(
        "DELETE FROM message_template WHERE name = 'get_ready' AND version = 2 AND published_by = 'shipped'"
    )
