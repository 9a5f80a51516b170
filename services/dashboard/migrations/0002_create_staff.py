"""Staff accounts, their sessions and login attempts, API clients, and who viewed which patient."""

from alembic import op

revision = "0002"
down_revision = "0001"

STAFF = """
CREATE TABLE staff (
    id uuid NOT NULL, email text NOT NULL CHECK (email = lower(email)), name text NOT NULL, password text NOT NULL,
    role text NOT NULL CHECK (role IN ('front_desk', 'nurse', 'therapist', 'provider', 'manager', 'admin')),
    sites text[] NOT NULL DEFAULT '{}', active boolean NOT NULL DEFAULT true, fs_uniquifier text NOT NULL,
    failures_in_a_row integer NOT NULL DEFAULT 0, created_at timestamptz NOT NULL DEFAULT now(),
    last_login_at timestamptz,
    CONSTRAINT pk_staff PRIMARY KEY (id), CONSTRAINT uq_staff_email UNIQUE (email),
    CONSTRAINT uq_staff_fs_uniquifier UNIQUE (fs_uniquifier));
CREATE TABLE staff_session (
    id uuid NOT NULL, token_hash bytea NOT NULL, staff_id uuid NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(), seen_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz, end_reason text NOT NULL DEFAULT '',
    CONSTRAINT pk_staff_session PRIMARY KEY (id), CONSTRAINT uq_staff_session_token_hash UNIQUE (token_hash),
    CONSTRAINT fk_staff_session_staff_id_staff FOREIGN KEY (staff_id) REFERENCES staff (id));
CREATE INDEX ix_staff_session_staff_id ON staff_session (staff_id);
CREATE TABLE login_failure (
    account_hash bytea NOT NULL, network text NOT NULL, failures integer NOT NULL, last_at timestamptz NOT NULL,
    blocked_until timestamptz, CONSTRAINT pk_login_failure PRIMARY KEY (account_hash, network));
CREATE TABLE login_pace (
    address text NOT NULL, minute timestamptz NOT NULL, tries integer NOT NULL,
    CONSTRAINT pk_login_pace PRIMARY KEY (address, minute));
"""

CLIENTS = """
CREATE TABLE api_client (
    id uuid NOT NULL, client_id text NOT NULL, name text NOT NULL, secret_hash text NOT NULL, scopes text[] NOT NULL,
    active boolean NOT NULL DEFAULT true, created_at timestamptz NOT NULL DEFAULT now(), last_used_at timestamptz,
    CONSTRAINT pk_api_client PRIMARY KEY (id), CONSTRAINT uq_api_client_client_id UNIQUE (client_id));
"""

VIEWS = """
CREATE TABLE patient_view (
    id uuid NOT NULL, at timestamptz NOT NULL, staff_id uuid NOT NULL, patient_id uuid NOT NULL, referral_id uuid,
    page text NOT NULL, CONSTRAINT pk_patient_view PRIMARY KEY (id),
    CONSTRAINT fk_patient_view_staff_id_staff FOREIGN KEY (staff_id) REFERENCES staff (id));
CREATE INDEX ix_patient_view_patient ON patient_view (patient_id, at);
CREATE INDEX ix_patient_view_staff ON patient_view (staff_id, at);
CREATE TRIGGER patient_view_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON patient_view
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TABLE saved_view (
    staff_id uuid NOT NULL, page text NOT NULL, query text NOT NULL, saved_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_saved_view PRIMARY KEY (staff_id, page),
    CONSTRAINT fk_saved_view_staff_id_staff FOREIGN KEY (staff_id) REFERENCES staff (id));
"""


def upgrade() -> None:
    for block in (STAFF, CLIENTS, VIEWS):
        op.execute(block)


def downgrade() -> None:
    op.execute(
        "DROP TABLE saved_view, patient_view, api_client, login_pace, login_failure, staff_session, staff"
    )
