"""What is sent around a visit besides its reminders: what to bring, how it went, and "we missed you"."""

import json

import sqlalchemy as sa
from alembic import op

from kernel.ids import new_id

revision = "0005"
down_revision = "0004"

# Each: its name, the channel, the language, a subject (mail only) and the body.
WORDS = [
    (
        "follow_up",
        "sms",
        "en",
        "",
        "{clinic_name}: how are things since your visit? Reply 0 (very good) to 10 (very bad). "
        "Call {clinic_phone}. STOP to end.",
    ),
    (
        "follow_up",
        "sms",
        "es",
        "",
        "{clinic_name}: desde su visita, ¿se siente mejor? Responda de 0 (muy bien) a 10 (muy mal). "
        "Tel {clinic_phone}. STOP termina.",
    ),
    (
        "missed_visit",
        "sms",
        "en",
        "",
        "{clinic_name}: we missed you on {visit_day}. Call {clinic_phone} and we will find a new time. STOP to end.",
    ),
    (
        "missed_visit",
        "sms",
        "es",
        "",
        "{clinic_name}: no le vimos el {visit_day}. Llame al {clinic_phone} y buscamos otra hora. STOP termina.",
    ),
    (
        "missed_visit",
        "email",
        "en",
        "We missed you on {visit_date}",
        "Hello,\n\nWe missed you on {visit_date}. Please call {clinic_phone} and we will find a new time.\n\n"
        "{clinic_name}",
    ),
    (
        "missed_visit",
        "email",
        "es",
        "No le vimos el {visit_date}",
        "Buenos días:\n\nNo le vimos el {visit_date}. Llame al {clinic_phone} y buscamos otra hora.\n\n{clinic_name}",
    ),
    (
        "prepare_visit",
        "email",
        "en",
        "Before your visit on {visit_date}",
        "Hello,\n\nYour visit is on {visit_date} at {visit_time}, {site_name}, {site_address}.\n\n"
        "Please bring a photo ID, your insurance card and a list of everything you take. "
        "Come 15 minutes early.\n\nQuestions? Call {clinic_phone}.\n\n{clinic_name}",
    ),
    (
        "prepare_visit",
        "email",
        "es",
        "Antes de su visita del {visit_date}",
        "Buenos días:\n\nSu visita es el {visit_date} a las {visit_time}, {site_name}, {site_address}.\n\n"
        "Traiga una identificación con foto, su tarjeta del seguro y una lista de todo lo que toma. "
        "Llegue 15 minutos antes.\n\n¿Preguntas? Llame al {clinic_phone}.\n\n{clinic_name}",
    ),
]
STEPS = [
    {
        "step": "prepare",
        "moment": "days_before",
        "amount": 5,
        "at_hour": 12,
        "channels": ["email"],
        "template": "prepare_visit",
        "audience": "planned_ahead",
    },
    {
        "step": "follow_up",
        "moment": "days_after",
        "amount": 7,
        "at_hour": 11,
        "channels": ["sms"],
        "topic": "follow_up",
        "template": "follow_up",
        "audience": "attended",
    },
    {
        "step": "missed_visit",
        "moment": "days_after",
        "amount": 1,
        "at_hour": 10,
        "channels": ["sms", "email"],
        "topic": "outreach",
        "template": "missed_visit",
        "audience": "no_show",
    },
]
ADD = sa.text(
    "INSERT INTO message_template (name, channel, language, version, subject, body, published_by)"
    " VALUES (:name, :channel, :language, 1, :subject, :body, 'shipped')"
)
EXTEND = sa.text(
    "INSERT INTO cadence (id, visit_type, site_id, route, version, steps, published_by)"
    " SELECT :id, '', '', '', version + 1, steps || CAST(:steps AS jsonb), 'shipped' FROM cadence"
    " WHERE visit_type = '' AND site_id = '' AND route = '' ORDER BY version DESC LIMIT 1"
)


def upgrade() -> None:
    for name, channel, language, subject, body in WORDS:
        op.execute(ADD.bindparams(name=name, channel=channel, language=language, subject=subject, body=body))
    op.execute(EXTEND.bindparams(id=new_id(), steps=json.dumps(STEPS)))


def downgrade() -> None:
    op.execute("DELETE FROM cadence WHERE published_by = 'shipped' AND version > 1")
    op.execute("DELETE FROM message_template WHERE name IN ('follow_up', 'missed_visit', 'prepare_visit')")
