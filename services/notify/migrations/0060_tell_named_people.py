"""Who is on call, in which order, and who was told of an alert that a person must answer."""

from alembic import op

revision = "0060"
down_revision = "0023"

ON_CALL = """
ALTER TABLE staff_contact ADD COLUMN on_call boolean NOT NULL DEFAULT true,
    ADD COLUMN position integer NOT NULL DEFAULT 100, ADD COLUMN version integer NOT NULL DEFAULT 1;
"""
ALERTS = """
CREATE TABLE staff_alert (
    about_id uuid NOT NULL, alert_id uuid, roles text[] NOT NULL DEFAULT '{}', site text NOT NULL DEFAULT '',
    opened_at timestamptz, answered_at timestamptz, next_at timestamptz,
    CONSTRAINT pk_staff_alert PRIMARY KEY (about_id));
CREATE INDEX ix_staff_alert_next_at ON staff_alert (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE staff_told (
    id uuid NOT NULL, alert_id uuid NOT NULL, about_id uuid NOT NULL, contact_id uuid NOT NULL, name_sealed bytea,
    role text NOT NULL, told_at timestamptz NOT NULL,
    CONSTRAINT pk_staff_told PRIMARY KEY (id),
    CONSTRAINT uq_staff_told_alert_id UNIQUE (alert_id, contact_id),
    CONSTRAINT fk_staff_told_contact_id FOREIGN KEY (contact_id) REFERENCES staff_contact (id));
CREATE INDEX ix_staff_told_about_id ON staff_told (about_id);
"""


def upgrade() -> None:
    op.execute(ON_CALL)
    op.execute(ALERTS)


def downgrade() -> None:
    op.execute("DROP TABLE staff_told")
    op.execute("DROP TABLE staff_alert")
    op.execute("ALTER TABLE staff_contact DROP COLUMN on_call, DROP COLUMN position, DROP COLUMN version")
