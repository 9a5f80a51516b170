"""Tries are counted per address, phone and patient; one-time codes; status links of referrals from outside."""

from alembic import op

revision = "0020"
down_revision = "0090"

TRIES = """
CREATE TABLE try_count (
    kind text NOT NULL, key_index bytea NOT NULL, since timestamptz NOT NULL, tries integer NOT NULL,
    CONSTRAINT pk_try_count PRIMARY KEY (kind, key_index, since));
CREATE INDEX ix_try_count_since ON try_count (since);
"""

CODES = """
CREATE TABLE reading_code (
    id uuid NOT NULL, patient_id uuid NOT NULL, link_id uuid NOT NULL, device_index bytea NOT NULL,
    code_index bytea NOT NULL, sent_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0, passed_at timestamptz,
    CONSTRAINT pk_reading_code PRIMARY KEY (id),
    CONSTRAINT fk_reading_code_patient_id FOREIGN KEY (patient_id) REFERENCES patient (id),
    CONSTRAINT fk_reading_code_link_id FOREIGN KEY (link_id) REFERENCES patient_link (id));
CREATE INDEX ix_reading_code_patient_id ON reading_code (patient_id, sent_at);
CREATE INDEX ix_reading_code_link_id ON reading_code (link_id, sent_at);
"""


def upgrade() -> None:
    op.execute(TRIES)
    op.execute(CODES)
    op.execute("ALTER TABLE patient_link ADD COLUMN referral_id uuid")


def downgrade() -> None:
    op.execute("ALTER TABLE patient_link DROP COLUMN referral_id")
    op.execute("DROP TABLE reading_code, try_count")
