"""Identifiers of patients: a value per system; systems and values rest sealed, blind indexes find equal ones."""

from alembic import op

revision = "0011"
down_revision = "0010"

IDENTIFIERS = """
CREATE TABLE patient_identifier (
    id uuid NOT NULL, patient_id uuid NOT NULL, held_sealed bytea NOT NULL, system_index bytea NOT NULL,
    value_index bytea NOT NULL, set_at timestamptz NOT NULL, set_by text NOT NULL,
    CONSTRAINT pk_patient_identifier PRIMARY KEY (id),
    CONSTRAINT fk_patient_identifier_patient_id FOREIGN KEY (patient_id) REFERENCES patient (id));
CREATE UNIQUE INDEX uq_patient_identifier_system ON patient_identifier (patient_id, system_index);
CREATE INDEX ix_patient_identifier_value ON patient_identifier (value_index);
"""


def upgrade() -> None:
    op.execute(IDENTIFIERS)


def downgrade() -> None:
    op.execute("DROP TABLE patient_identifier")
