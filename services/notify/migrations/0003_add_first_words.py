"""The first version of every template and the clinic-wide cadence, so that a new database can send."""

import json

import sqlalchemy as sa
from alembic import op

from kernel.ids import new_id

revision = "0003"
down_revision = "0002"

CODES = {
    "en": "Reply C to confirm, R to reschedule, X if you cannot come.",
    "es": "Responda C confirmar, R cambiar, X si no puede venir.",
}
# name -> language -> SMS body
TEXTS = {
    "visit_booked": {
        "en": f"{{clinic_name}}: visit {{visit_day}} {{visit_time}}, {{site_name}}. {CODES['en']} "
        "Call {clinic_phone}. STOP to end.",
        "es": f"{{clinic_name}}: visita {{visit_day}} {{visit_time}}, {{site_name}}. {CODES['es']} "
        "Tel {clinic_phone}. STOP termina.",
    },
    "visit_moved": {
        "en": f"{{clinic_name}}: NEW time {{visit_day}} {{visit_time}}, {{site_name}}. {CODES['en']} "
        "Call {clinic_phone}. STOP to end.",
        "es": f"{{clinic_name}}: NUEVA hora {{visit_day}} {{visit_time}}, {{site_name}}. {CODES['es']} "
        "Tel {clinic_phone}. STOP termina.",
    },
    "visit_reminder": {
        "en": f"{{clinic_name}}: see you {{visit_day}} {{visit_time}}, {{site_name}}. {CODES['en']} "
        "Call {clinic_phone}. STOP to end.",
        "es": f"{{clinic_name}}: le espera {{visit_day}} {{visit_time}}, {{site_name}}. {CODES['es']} "
        "Tel {clinic_phone}. STOP termina.",
    },
    "visit_cancelled": {
        "en": "{clinic_name}: your visit {visit_day} {visit_time} will not take place. "
        "Please call {clinic_phone} for a new time. STOP to end.",
        "es": "{clinic_name}: su visita {visit_day} {visit_time} queda cancelada. "
        "Llame al {clinic_phone} para otra hora. STOP termina.",
    },
    "reply_confirm": {
        "en": "{clinic_name}: thank you, your visit is confirmed. If something changes call {clinic_phone}.",
        "es": "{clinic_name}: gracias, visita confirmada. Si algo cambia llame al {clinic_phone}.",
    },
    "reply_cannot_come": {
        "en": "{clinic_name}: thank you for telling us. We will call you about a new time, "
        "or call {clinic_phone}.",
        "es": "{clinic_name}: gracias por avisar. Le llamaremos para otra hora, o llame al {clinic_phone}.",
    },
    "reply_reschedule": {
        "en": "{clinic_name}: we will call you to find another time, or call {clinic_phone}. "
        "Until then your visit stands.",
        "es": "{clinic_name}: le llamaremos para buscar otra hora, o llame al {clinic_phone}. "
        "Mientras, su visita sigue.",
    },
    "help": {
        "en": "{clinic_name}: texts about your visits. Call {clinic_phone}. Reply STOP to end them.",
        "es": "{clinic_name}: mensajes sobre sus visitas. Llame al {clinic_phone}. Responda STOP para terminar.",
    },
    "opt_out_confirmed": {
        "en": "{clinic_name}: you will get no more texts from us. Call {clinic_phone} with questions. "
        "START to get them again.",
        "es": "{clinic_name}: ya no le enviaremos mensajes. Si tiene preguntas llame al {clinic_phone}. "
        "START para recibirlos.",
    },
    "opt_in_confirmed": {
        "en": "{clinic_name}: you will get texts about your visits again. Reply STOP to end, HELP for help.",
        "es": "{clinic_name}: vuelve a recibir mensajes de sus visitas. STOP termina, AYUDA ayuda.",
    },
}
GREETING = {"en": "Hello,", "es": "Buenos días:"}
PLACE = {
    "en": "{visit_name}\n{visit_date}, {visit_time}\n{site_name}\n{site_address}",
    "es": "{visit_name}\n{visit_date}, {visit_time}\n{site_name}\n{site_address}",
}
ENDING = {
    "en": "If you cannot come, please call {clinic_phone} so that someone else can have the time.\n\n{clinic_name}",
    "es": "Si no puede venir, llame al {clinic_phone}: así otra persona puede usar esa hora.\n\n{clinic_name}",
}
# name -> language -> (subject, first sentence); the rest of an e-mail is the same for all.
MAILS = {
    "visit_booked": {
        "en": ("Your visit on {visit_date}", "Your visit is booked:"),
        "es": ("Su visita del {visit_date}", "Su visita está reservada:"),
    },
    "visit_moved": {
        "en": ("New time for your visit: {visit_date}", "Your visit has a new time:"),
        "es": ("Nueva hora de su visita: {visit_date}", "Su visita tiene una hora nueva:"),
    },
    "visit_reminder": {
        "en": ("Reminder: your visit on {visit_date}", "We look forward to seeing you:"),
        "es": ("Recordatorio: su visita del {visit_date}", "Le esperamos:"),
    },
    "visit_cancelled": {
        "en": ("Your visit on {visit_date} will not take place", "This visit will not take place:"),
        "es": ("Su visita del {visit_date} no se hará", "Esta visita no se hará:"),
    },
}
# tables.yaml `reminders.schedule`: 3 days and 1 day before; for the same or the next day at booking and 2-3 h before.
STEPS = [
    {
        "step": "booked",
        "moment": "booking",
        "channels": ["sms", "email"],
        "every_channel": True,
        "template": "visit_booked",
        "exempt": "booking_confirmation",
    },
    {
        "step": "3_days",
        "moment": "days_before",
        "amount": 3,
        "at_hour": 10,
        "channels": ["sms", "email"],
        "template": "visit_reminder",
        "audience": "planned_ahead",
    },
    {
        "step": "1_day",
        "moment": "days_before",
        "amount": 1,
        "at_hour": 10,
        "channels": ["sms", "email"],
        "template": "visit_reminder",
        "audience": "planned_ahead",
    },
    {
        "step": "same_day",
        "moment": "hours_before",
        "amount": 2.5,
        "channels": ["sms", "email"],
        "template": "visit_reminder",
        "exempt": "same_day_reminder",
        "audience": "short_notice",
    },
]

ADD_TEMPLATE = sa.text(
    "INSERT INTO message_template (name, channel, language, version, subject, body, published_by)"
    " VALUES (:name, :channel, :language, 1, :subject, :body, 'shipped')"
)
ADD_CADENCE = sa.text(
    "INSERT INTO cadence (id, version, steps, published_by) VALUES (:id, 1, CAST(:steps AS jsonb), 'shipped')"
)


def upgrade() -> None:
    for name, bodies in TEXTS.items():
        for language, body in bodies.items():
            _add(name, "sms", language, "", body)
    for name, mails in MAILS.items():
        for language, (subject, opening) in mails.items():
            body = "\n\n".join((GREETING[language], opening, PLACE[language], ENDING[language]))
            _add(name, "email", language, subject, body)
    op.execute(ADD_CADENCE.bindparams(id=new_id(), steps=json.dumps(STEPS)))


def _add(name: str, channel: str, language: str, subject: str, body: str) -> None:
    op.execute(
        ADD_TEMPLATE.bindparams(name=name, channel=channel, language=language, subject=subject, body=body)
    )


def downgrade() -> None:
    op.execute("DELETE FROM cadence WHERE published_by = 'shipped'")
    op.execute("DELETE FROM message_template WHERE published_by = 'shipped'")
