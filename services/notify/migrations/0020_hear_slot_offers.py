"""Offers of freed times, their words, and what a message without a visit is made of."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0005"

CREATE = """
CREATE TABLE slot_offer (
    id uuid NOT NULL, patient_id uuid NOT NULL, state text NOT NULL, changed_at timestamptz NOT NULL,
    CONSTRAINT pk_slot_offer PRIMARY KEY (id));
ALTER TABLE planned_message ADD COLUMN about_sealed bytea;
"""
# Each: its name, the channel, the language, a subject (mail only) and the body.
WORDS = [
    (
        "slot_offered",
        "sms",
        "en",
        "",
        "{clinic_name}: free time {visit_day} {visit_time}, {site_name}. "
        "Take by {hold_until}: {offer_link} STOP to end.",
    ),
    (
        "slot_offered",
        "sms",
        "es",
        "",
        "{clinic_name}: hora libre {visit_day} {visit_time}, {site_name}. "
        "Hasta {hold_until}: {offer_link} STOP termina.",
    ),
    (
        "slot_offered",
        "email",
        "en",
        "A time came free: {visit_date}",
        "Hello,\n\nA time came free:\n\n{visit_date}, {visit_time}\n{site_name}\n{site_address}\n\n"
        "We keep it for you until {hold_until}. Others may have been asked too; the first to take it gets it:\n\n"
        "{offer_link}\n\nIf you do nothing, nothing changes.\n\n{clinic_name}, {clinic_phone}",
    ),
    (
        "slot_offered",
        "email",
        "es",
        "Hay una hora libre: {visit_date}",
        "Buenos días:\n\nHay una hora libre:\n\n{visit_date}, {visit_time}\n{site_name}\n{site_address}\n\n"
        "Se la guardamos hasta las {hold_until}. Quizás preguntamos también a otras personas; es de quien la toma "
        "primero:\n\n{offer_link}\n\nSi no hace nada, no cambia nada.\n\n{clinic_name}, {clinic_phone}",
    ),
    (
        "slot_offer_over",
        "sms",
        "en",
        "",
        "{clinic_name}: that time is taken. You stay on our list. Other free times: {offer_link} STOP to end.",
    ),
    (
        "slot_offer_over",
        "sms",
        "es",
        "",
        "{clinic_name}: esa hora ya no queda libre. Sigue en la lista. Otras horas: {offer_link} STOP termina.",
    ),
    (
        "slot_offer_over",
        "email",
        "en",
        "That time is taken",
        "Hello,\n\nThe time on {visit_date} is taken. You stay on our list, and we will write again when a time comes "
        "free. Other free times are here:\n\n{offer_link}\n\n{clinic_name}, {clinic_phone}",
    ),
    (
        "slot_offer_over",
        "email",
        "es",
        "Esa hora ya no está libre",
        "Buenos días:\n\nLa hora del {visit_date} ya no está libre. Sigue en nuestra lista, y le escribiremos cuando "
        "haya otra. Aquí hay otras horas libres:\n\n{offer_link}\n\n{clinic_name}, {clinic_phone}",
    ),
]
ADD = sa.text(
    "INSERT INTO message_template (name, channel, language, version, subject, body, published_by)"
    " VALUES (:name, :channel, :language, 1, :subject, :body, 'shipped')"
)


def upgrade() -> None:
    op.execute(CREATE)
    for name, channel, language, subject, body in WORDS:
        op.execute(ADD.bindparams(name=name, channel=channel, language=language, subject=subject, body=body))


def downgrade() -> None:
    op.execute("DELETE FROM message_template WHERE name IN ('slot_offered', 'slot_offer_over')")
    op.execute("ALTER TABLE planned_message DROP COLUMN about_sealed")
    op.execute("DROP TABLE slot_offer")
