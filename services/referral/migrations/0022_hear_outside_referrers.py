"""Referrals from outside with the letter they came by, consult notes, and a way to know a patient again."""

from alembic import op

revision = "0022"
down_revision = "0013"

INBOUND = """
ALTER TABLE referral ADD COLUMN patient_key bytea;
CREATE INDEX ix_referral_patient_key ON referral (patient_key) WHERE patient_key IS NOT NULL;
CREATE TABLE inbound_referral (
    id uuid NOT NULL, sender text NOT NULL, external_id text NOT NULL, referral_id uuid NOT NULL,
    tracks boolean NOT NULL, fields_sealed bytea NOT NULL, letter_sealed bytea, letter_type text NOT NULL,
    letter_digest bytea, received_at timestamptz NOT NULL, received_by text NOT NULL,
    CONSTRAINT pk_inbound_referral PRIMARY KEY (id),
    CONSTRAINT uq_inbound_referral_sender_external_id UNIQUE (sender, external_id),
    CONSTRAINT fk_inbound_referral_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id));
CREATE INDEX ix_inbound_referral_referral_id ON inbound_referral (referral_id);
"""

NOTES = """
CREATE TABLE consult_note (
    id uuid NOT NULL, referral_id uuid NOT NULL, text_sealed bytea NOT NULL,
    returned_at timestamptz NOT NULL, returned_by text NOT NULL,
    reviewed_at timestamptz, reviewed_by text NOT NULL,
    acknowledged_at timestamptz, acknowledged_by text NOT NULL,
    CONSTRAINT pk_consult_note PRIMARY KEY (id),
    CONSTRAINT fk_consult_note_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id),
    CONSTRAINT ck_consult_note_order CHECK (acknowledged_at IS NULL OR reviewed_at IS NOT NULL));
CREATE INDEX ix_consult_note_referral_id ON consult_note (referral_id);
"""


def upgrade() -> None:
    op.execute(INBOUND)
    op.execute(NOTES)


def downgrade() -> None:
    op.execute("DROP TABLE consult_note, inbound_referral; ALTER TABLE referral DROP COLUMN patient_key")
