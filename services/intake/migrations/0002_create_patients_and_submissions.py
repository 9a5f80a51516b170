"""Create patients, published documents, submissions, links and call-back tasks."""

from alembic import op

revision = "0002"
down_revision = "0001"

PATIENTS = """
CREATE TABLE patient (
    id uuid NOT NULL, version integer NOT NULL DEFAULT 1,
    given_name_sealed bytea NOT NULL, family_name_sealed bytea NOT NULL, birth_date_sealed bytea NOT NULL,
    phone_sealed bytea, email_sealed bytea, postcode_sealed bytea,
    given_index bytea NOT NULL, family_index bytea NOT NULL, birth_index bytea NOT NULL,
    phone_index bytea, postcode_index bytea, search_keys bytea[] NOT NULL DEFAULT '{}',
    language text NOT NULL DEFAULT 'en', time_zone text NOT NULL DEFAULT '',
    consent_sms boolean NOT NULL DEFAULT false, consent_email boolean NOT NULL DEFAULT false,
    opted_out text[] NOT NULL DEFAULT '{}', merged_into uuid,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
    CONSTRAINT pk_patient PRIMARY KEY (id));
CREATE INDEX ix_patient_birth_index ON patient (birth_index);
CREATE INDEX ix_patient_phone_index ON patient (phone_index) WHERE phone_index IS NOT NULL;
CREATE INDEX ix_patient_search_keys ON patient USING gin (search_keys);
"""

DOCUMENTS = """
CREATE TABLE questionnaire_version (
    form text NOT NULL, version text NOT NULL, number integer NOT NULL, document jsonb NOT NULL,
    variables text[] NOT NULL, published_by text NOT NULL, published_at timestamptz NOT NULL,
    CONSTRAINT pk_questionnaire_version PRIMARY KEY (form, version));
CREATE TRIGGER questionnaire_version_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON questionnaire_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TABLE protocol_version (
    number integer NOT NULL, version text NOT NULL, document jsonb NOT NULL, received_at timestamptz NOT NULL,
    CONSTRAINT pk_protocol_version PRIMARY KEY (number));
CREATE TRIGGER protocol_version_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON protocol_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

SUBMISSIONS = """
CREATE TABLE submission (
    id uuid NOT NULL, patient_id uuid NOT NULL, form text NOT NULL, form_version text NOT NULL,
    language text NOT NULL, mode text NOT NULL, answered_by text NOT NULL DEFAULT 'self', state text NOT NULL,
    version integer NOT NULL DEFAULT 1, page text NOT NULL DEFAULT '',
    content_sealed bytea NOT NULL, flags_sealed bytea, protocol_version text NOT NULL DEFAULT '',
    preferred_site text NOT NULL DEFAULT '',
    consent_sms boolean NOT NULL DEFAULT false, consent_email boolean NOT NULL DEFAULT false,
    author_kind text NOT NULL, author_id text NOT NULL, author_role text NOT NULL DEFAULT '',
    started_at timestamptz NOT NULL, saved_at timestamptz NOT NULL, submitted_at timestamptz, corrects uuid,
    CONSTRAINT pk_submission PRIMARY KEY (id),
    CONSTRAINT fk_submission_patient_id FOREIGN KEY (patient_id) REFERENCES patient (id),
    CONSTRAINT ck_submission_state CHECK (state IN ('draft', 'submitted', 'stopped', 'replaced')));
CREATE UNIQUE INDEX uq_submission_open_draft ON submission (patient_id, form) WHERE state = 'draft';
CREATE INDEX ix_submission_patient_id ON submission (patient_id, started_at);
CREATE TABLE page_save (
    id uuid NOT NULL, submission_id uuid NOT NULL, page text NOT NULL, sequence integer NOT NULL,
    items_sealed bytea NOT NULL, language text NOT NULL, device text NOT NULL DEFAULT '', seconds integer,
    saved_at timestamptz NOT NULL,
    CONSTRAINT pk_page_save PRIMARY KEY (id),
    CONSTRAINT fk_page_save_submission_id FOREIGN KEY (submission_id) REFERENCES submission (id));
CREATE INDEX ix_page_save_submission_id ON page_save (submission_id);
CREATE TABLE patient_link (
    id uuid NOT NULL, token_hash bytea NOT NULL, purpose text NOT NULL, patient_id uuid NOT NULL,
    submission_id uuid, created_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
    revoked_at timestamptz, used_at timestamptz, wrong_dates integer NOT NULL DEFAULT 0, locked_at timestamptz,
    CONSTRAINT pk_patient_link PRIMARY KEY (id),
    CONSTRAINT fk_patient_link_patient_id FOREIGN KEY (patient_id) REFERENCES patient (id),
    CONSTRAINT fk_patient_link_submission_id FOREIGN KEY (submission_id) REFERENCES submission (id),
    CONSTRAINT ck_patient_link_purpose CHECK (purpose IN ('answer', 'status')));
CREATE UNIQUE INDEX uq_patient_link_token_hash ON patient_link (token_hash);
CREATE INDEX ix_patient_link_submission_id ON patient_link (submission_id);
CREATE INDEX ix_patient_link_patient_id ON patient_link (patient_id);
"""

SAFETY = """
CREATE TABLE callback_task (
    id uuid NOT NULL, version integer NOT NULL DEFAULT 1, submission_id uuid NOT NULL, patient_id uuid NOT NULL,
    action text NOT NULL, flags_sealed bytea NOT NULL, state text NOT NULL DEFAULT 'open',
    opened_at timestamptz NOT NULL, due_at timestamptz NOT NULL, acknowledge_by timestamptz,
    acknowledged_by text NOT NULL DEFAULT '', acknowledged_at timestamptz,
    escalation integer NOT NULL DEFAULT 0, escalated_at timestamptz,
    outcome_code text NOT NULL DEFAULT '', note_sealed bytea,
    closed_by text NOT NULL DEFAULT '', closed_at timestamptz,
    CONSTRAINT pk_callback_task PRIMARY KEY (id),
    CONSTRAINT fk_callback_task_submission_id FOREIGN KEY (submission_id) REFERENCES submission (id),
    CONSTRAINT fk_callback_task_patient_id FOREIGN KEY (patient_id) REFERENCES patient (id),
    CONSTRAINT ck_callback_task_action CHECK (action IN ('E', 'S')),
    CONSTRAINT ck_callback_task_state CHECK (state IN ('open', 'acknowledged', 'done')));
CREATE INDEX ix_callback_task_waiting ON callback_task (due_at) WHERE state <> 'done';
CREATE INDEX ix_callback_task_patient_id ON callback_task (patient_id);
CREATE UNIQUE INDEX uq_callback_task_submission_id ON callback_task (submission_id, action);
CREATE TABLE safety_notice (
    id uuid NOT NULL, submission_id uuid NOT NULL, kind text NOT NULL, language text NOT NULL,
    text_sealed bytea NOT NULL, shown_at timestamptz NOT NULL, read_at timestamptz,
    CONSTRAINT pk_safety_notice PRIMARY KEY (id),
    CONSTRAINT fk_safety_notice_submission_id FOREIGN KEY (submission_id) REFERENCES submission (id));
CREATE INDEX ix_safety_notice_submission_id ON safety_notice (submission_id);
"""

FOLLOWED = """
CREATE TABLE referral_view (
    referral_id uuid NOT NULL, submission_id uuid, patient_id uuid NOT NULL, state text NOT NULL,
    route text NOT NULL DEFAULT '', version integer NOT NULL,
    CONSTRAINT pk_referral_view PRIMARY KEY (referral_id));
CREATE INDEX ix_referral_view_submission_id ON referral_view (submission_id);
CREATE INDEX ix_referral_view_patient_id ON referral_view (patient_id);
CREATE TABLE visit_view (
    appointment_id uuid NOT NULL, referral_id uuid, patient_id uuid NOT NULL, version integer NOT NULL,
    state text NOT NULL, starts_at timestamptz, site_name text NOT NULL DEFAULT '',
    site_address text NOT NULL DEFAULT '', time_zone text NOT NULL DEFAULT 'America/Chicago',
    CONSTRAINT pk_visit_view PRIMARY KEY (appointment_id));
CREATE INDEX ix_visit_view_patient_id ON visit_view (patient_id);
"""


def upgrade() -> None:
    for block in (PATIENTS, DOCUMENTS, SUBMISSIONS, SAFETY, FOLLOWED):
        op.execute(block)


def downgrade() -> None:
    op.execute(
        "DROP TABLE visit_view, referral_view, safety_notice, callback_task, patient_link, page_save, submission,"
        " protocol_version, questionnaire_version, patient"
    )
