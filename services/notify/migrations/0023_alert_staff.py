"""Alerts to staff and notices to referrers."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"

CREATE = """
CREATE TABLE staff_contact (
    id uuid NOT NULL, name_sealed bytea, role text NOT NULL, sites text[] NOT NULL DEFAULT '{}',
    phone_point_id uuid, email_point_id uuid, active boolean NOT NULL DEFAULT true, added_at timestamptz NOT NULL,
    CONSTRAINT pk_staff_contact PRIMARY KEY (id),
    CONSTRAINT fk_staff_contact_phone_point_id FOREIGN KEY (phone_point_id) REFERENCES contact_point (id),
    CONSTRAINT fk_staff_contact_email_point_id FOREIGN KEY (email_point_id) REFERENCES contact_point (id));
"""
WORDS = [
    ("staff_alert", "sms", "", "{clinic_name}: {staff_matter} Open Waymark."),
    (
        "staff_alert",
        "email",
        "Waymark: {staff_matter}",
        "{staff_matter}\n\nOpen Waymark to see it. This e-mail says nothing more on purpose.\n\n{clinic_name}",
    ),
    (
        "referrer_notice",
        "email",
        "Your request {referral_number}",
        "Your request {referral_number}:\n\n{milestone}\n\nQuestions? Call {clinic_phone}.\n\n{clinic_name}",
    ),
]
ADD = sa.text(
    "INSERT INTO message_template (name, channel, language, version, subject, body, published_by)"
    " VALUES (:name, :channel, 'en', 1, :subject, :body, 'shipped')"
)


def upgrade() -> None:
    op.execute(CREATE)
    for name, channel, subject, body in WORDS:
        op.execute(ADD.bindparams(name=name, channel=channel, subject=subject, body=body))


def downgrade() -> None:
    op.execute("DELETE FROM message_template WHERE name IN ('staff_alert', 'referrer_notice')")
    op.execute("DROP TABLE staff_contact")
