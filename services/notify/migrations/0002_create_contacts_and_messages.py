"""Who can be reached and how, what is planned for each visit, every attempt, receipt, reply and open item."""

from alembic import op

revision = "0002"
down_revision = "0001"

CONTACTS = """
CREATE TABLE patient (
    id uuid NOT NULL, names_sealed bytea, language text NOT NULL DEFAULT 'en', time_zone text NOT NULL DEFAULT '',
    told_by_staff_at timestamptz, heard_at timestamptz NOT NULL,
    CONSTRAINT pk_patient PRIMARY KEY (id));

CREATE TABLE contact_point (
    id uuid NOT NULL, channel text NOT NULL, address_sealed bytea, address_index bytea NOT NULL,
    opted_out_at timestamptz, opted_out_by text NOT NULL DEFAULT '',
    held_at timestamptz, dead_at timestamptz, dead_code text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    CONSTRAINT pk_contact_point PRIMARY KEY (id),
    CONSTRAINT uq_contact_point_channel UNIQUE (channel, address_index),
    CONSTRAINT ck_contact_point_channel CHECK (channel IN ('sms', 'email')));

CREATE TABLE patient_contact (
    patient_id uuid NOT NULL, channel text NOT NULL, contact_point_id uuid NOT NULL, linked_at timestamptz NOT NULL,
    CONSTRAINT pk_patient_contact PRIMARY KEY (patient_id, channel),
    CONSTRAINT fk_patient_contact_patient_id FOREIGN KEY (patient_id) REFERENCES patient (id),
    CONSTRAINT fk_patient_contact_contact_point_id FOREIGN KEY (contact_point_id) REFERENCES contact_point (id));
CREATE INDEX ix_patient_contact_contact_point_id ON patient_contact (contact_point_id);

CREATE TABLE consent (
    patient_id uuid NOT NULL, channel text NOT NULL, topic text NOT NULL, given boolean NOT NULL,
    at timestamptz NOT NULL, source text NOT NULL,
    CONSTRAINT pk_consent PRIMARY KEY (patient_id, channel, topic),
    CONSTRAINT fk_consent_patient_id FOREIGN KEY (patient_id) REFERENCES patient (id));

CREATE TABLE appointment (
    id uuid NOT NULL, version integer NOT NULL, patient_id uuid NOT NULL, state text NOT NULL, facts jsonb,
    starts_at timestamptz, changed_at timestamptz NOT NULL,
    CONSTRAINT pk_appointment PRIMARY KEY (id),
    CONSTRAINT ck_appointment_state CHECK (state IN ('booked', 'cancelled', 'attended', 'no_show')));
CREATE INDEX ix_appointment_patient_id ON appointment (patient_id);
CREATE INDEX ix_appointment_starts_at ON appointment (starts_at) WHERE state = 'booked';
"""

MESSAGES = """
CREATE TABLE planned_message (
    id uuid NOT NULL, patient_id uuid, appointment_id uuid, appointment_version integer, cause_id uuid,
    step text NOT NULL, channel text NOT NULL, topic text NOT NULL, contact_point_id uuid,
    language text NOT NULL, template text NOT NULL, template_version integer, values_sealed bytea,
    text_sealed bytea, urgent boolean NOT NULL DEFAULT false, exempt text NOT NULL DEFAULT '',
    planned_for timestamptz NOT NULL, expires_at timestamptz NOT NULL, state text NOT NULL,
    reason text NOT NULL DEFAULT '', sent_at timestamptz, delivered_at timestamptz, unknown_at timestamptz,
    created_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL, rung_at timestamptz, lease_until timestamptz, leased_by text NOT NULL DEFAULT '',
    attempt_id uuid, attempts integer NOT NULL DEFAULT 0,
    CONSTRAINT pk_planned_message PRIMARY KEY (id),
    CONSTRAINT uq_planned_message_appointment_id UNIQUE (appointment_id, appointment_version, step, channel),
    CONSTRAINT uq_planned_message_cause_id UNIQUE (cause_id, step, channel),
    CONSTRAINT fk_planned_message_contact_point_id FOREIGN KEY (contact_point_id) REFERENCES contact_point (id),
    CONSTRAINT ck_planned_message_owner CHECK ((appointment_id IS NULL) <> (cause_id IS NULL)),
    CONSTRAINT ck_planned_message_state CHECK (state IN
        ('due', 'sending', 'sent', 'delivered', 'failed', 'suppressed', 'expired', 'held', 'unknown')));
CREATE INDEX ix_planned_message_patient_id ON planned_message (patient_id);
CREATE INDEX ix_planned_message_contact_point_id ON planned_message (contact_point_id, sent_at);
CREATE INDEX ix_planned_message_unrung ON planned_message (due_at) WHERE state = 'due' AND rung_at IS NULL;
CREATE INDEX ix_planned_message_due ON planned_message (due_at) WHERE state = 'due';
CREATE INDEX ix_planned_message_sending ON planned_message (lease_until) WHERE state = 'sending';
CREATE INDEX ix_planned_message_unknown ON planned_message (unknown_at) WHERE state = 'unknown';

CREATE TABLE send_attempt (
    id uuid NOT NULL, message_id uuid NOT NULL, provider text NOT NULL, body_sha256 bytea NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(), provider_message_id text, outcome text NOT NULL DEFAULT '',
    http_status smallint, code text NOT NULL DEFAULT '', settled_at timestamptz,
    CONSTRAINT pk_send_attempt PRIMARY KEY (id),
    CONSTRAINT uq_send_attempt_provider_message_id UNIQUE (provider_message_id),
    CONSTRAINT fk_send_attempt_message_id FOREIGN KEY (message_id) REFERENCES planned_message (id));
CREATE INDEX ix_send_attempt_message_id ON send_attempt (message_id);

CREATE TABLE message_move (
    id uuid NOT NULL, message_id uuid NOT NULL, at timestamptz NOT NULL, from_state text NOT NULL,
    to_state text NOT NULL, reason text NOT NULL DEFAULT '', attempt_id uuid,
    CONSTRAINT pk_message_move PRIMARY KEY (id));
CREATE INDEX ix_message_move_message_id ON message_move (message_id);

CREATE TABLE untold_state (
    message_id uuid NOT NULL, at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_untold_state PRIMARY KEY (message_id));

CREATE TABLE send_lookup (
    id uuid NOT NULL, message_id uuid NOT NULL, send_attempt_id uuid NOT NULL, doubtful boolean NOT NULL,
    denials integer NOT NULL DEFAULT 0, state text NOT NULL DEFAULT 'due',
    due_at timestamptz NOT NULL, rung_at timestamptz, lease_until timestamptz, leased_by text NOT NULL DEFAULT '',
    attempt_id uuid, attempts integer NOT NULL DEFAULT 0,
    CONSTRAINT pk_send_lookup PRIMARY KEY (id),
    CONSTRAINT uq_send_lookup_send_attempt_id UNIQUE (send_attempt_id),
    CONSTRAINT ck_send_lookup_state CHECK (state IN ('due', 'leased', 'done')));
CREATE INDEX ix_send_lookup_due ON send_lookup (due_at) WHERE state = 'due';
CREATE INDEX ix_send_lookup_leased ON send_lookup (lease_until) WHERE state = 'leased';
CREATE INDEX ix_send_lookup_message_id ON send_lookup (message_id);
"""

ANSWERS = """
CREATE TABLE receipt (
    id uuid NOT NULL, provider_message_id text NOT NULL, status text NOT NULL, send_attempt_id uuid,
    code text NOT NULL DEFAULT '', fate text NOT NULL, received_at timestamptz NOT NULL,
    CONSTRAINT pk_receipt PRIMARY KEY (id),
    CONSTRAINT uq_receipt_provider_message_id UNIQUE (provider_message_id, status));

CREATE TABLE reply (
    id uuid NOT NULL, provider_message_id text NOT NULL, channel text NOT NULL, contact_point_id uuid,
    patient_id uuid, appointment_id uuid, appointment_version integer, text_sealed bytea,
    meaning text NOT NULL, rule text NOT NULL, hint jsonb NOT NULL DEFAULT '{}'::jsonb, state text NOT NULL,
    why_open text NOT NULL DEFAULT '', received_at timestamptz NOT NULL, closed_at timestamptz,
    closed_by text NOT NULL DEFAULT '', outcome text NOT NULL DEFAULT '', version integer NOT NULL DEFAULT 1,
    CONSTRAINT pk_reply PRIMARY KEY (id),
    CONSTRAINT uq_reply_provider_message_id UNIQUE (provider_message_id),
    CONSTRAINT ck_reply_state CHECK (state IN ('handled', 'open', 'closed', 'quarantined')));
CREATE INDEX ix_reply_open ON reply (received_at) WHERE state = 'open';
CREATE INDEX ix_reply_contact_point_id ON reply (contact_point_id);

CREATE TABLE staff_item (
    id uuid NOT NULL, kind text NOT NULL, about_id uuid NOT NULL, patient_id uuid, appointment_id uuid,
    contact_point_id uuid, code text NOT NULL DEFAULT '', state text NOT NULL DEFAULT 'open',
    opened_at timestamptz NOT NULL, closed_at timestamptz, closed_by text NOT NULL DEFAULT '',
    outcome text NOT NULL DEFAULT '', version integer NOT NULL DEFAULT 1,
    CONSTRAINT pk_staff_item PRIMARY KEY (id),
    CONSTRAINT uq_staff_item_kind UNIQUE (kind, about_id),
    CONSTRAINT ck_staff_item_state CHECK (state IN ('open', 'closed')));
CREATE INDEX ix_staff_item_open ON staff_item (opened_at) WHERE state = 'open';
"""

WORDING = """
CREATE TABLE message_template (
    name text NOT NULL, channel text NOT NULL, language text NOT NULL, version integer NOT NULL,
    subject text NOT NULL DEFAULT '', body text NOT NULL, published_at timestamptz NOT NULL DEFAULT now(),
    published_by text NOT NULL,
    CONSTRAINT pk_message_template PRIMARY KEY (name, channel, language, version));

CREATE TABLE cadence (
    id uuid NOT NULL, visit_type text NOT NULL DEFAULT '', site_id text NOT NULL DEFAULT '',
    route text NOT NULL DEFAULT '', version integer NOT NULL, steps jsonb NOT NULL,
    published_at timestamptz NOT NULL DEFAULT now(), published_by text NOT NULL,
    CONSTRAINT pk_cadence PRIMARY KEY (id),
    CONSTRAINT uq_cadence_visit_type UNIQUE (visit_type, site_id, route, version));
"""

APPEND_ONLY = """
CREATE TRIGGER message_move_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON message_move
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    for block in (CONTACTS, MESSAGES, ANSWERS, WORDING, APPEND_ONLY):
        op.execute(block)


def downgrade() -> None:
    op.execute(
        "DROP TABLE cadence, message_template, staff_item, reply, receipt, send_lookup, untold_state, message_move,"
        " send_attempt, planned_message, appointment, consent, patient_contact, contact_point, patient"
    )
