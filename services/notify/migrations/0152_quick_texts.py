"""The words staff answer a reply with by one click."""

import sqlalchemy as sa
from alembic import op

revision = "0152"
down_revision = "0130"

# Each: name, language, body.
WORDS = [
    (
        "quick_call_us",
        "en",
        "{clinic_name}: please call us at {clinic_phone} about your message. STOP to end.",
    ),
    (
        "quick_call_us",
        "es",
        "{clinic_name}: por favor llame al {clinic_phone} sobre su mensaje. STOP termina.",
    ),
    ("quick_we_call", "en", "{clinic_name}: thank you. We will call you about your message. STOP to end."),
    ("quick_we_call", "es", "{clinic_name}: gracias. Le llamaremos por su mensaje. STOP termina."),
    (
        "quick_bring_someone",
        "en",
        "{clinic_name}: yes, you may bring someone with you. Questions? Call {clinic_phone}. STOP to end.",
    ),
    (
        "quick_bring_someone",
        "es",
        "{clinic_name}: claro, puede venir con alguien. Preguntas: llame al {clinic_phone}. STOP termina.",
    ),
    (
        "quick_late_is_fine",
        "en",
        "{clinic_name}: thank you for telling us. If you will be over 15 minutes late, call {clinic_phone}."
        " STOP to end.",
    ),
    (
        "quick_late_is_fine",
        "es",
        "{clinic_name}: gracias por avisar. Si llega con mas de 15 minutos de retraso, llame al {clinic_phone}."
        " STOP termina.",
    ),
]
ADD = sa.text(
    "INSERT INTO message_template (name, channel, language, version, subject, body, published_by)"
    " VALUES (:name, 'sms', :language, 1, '', :body, 'shipped')"
)


def upgrade() -> None:
    for name, language, body in WORDS:
        op.execute(ADD.bindparams(name=name, language=language, body=body))


def downgrade() -> None:
    # By their names: what staff added under a name that begins alike is theirs. The way up is as it was shipped.
    for name in sorted({name for name, _, _ in WORDS}):
        op.execute(sa.text("DELETE FROM message_template WHERE name = :name").bindparams(name=name))
