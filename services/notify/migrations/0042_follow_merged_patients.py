"""Which record a patient stands under."""

from alembic import op

revision = "0042"
down_revision = "0041"

RECORDS = """
CREATE TABLE patient_record (
    patient_id uuid NOT NULL, stands_under uuid NOT NULL, version integer NOT NULL,
    CONSTRAINT pk_patient_record PRIMARY KEY (patient_id));
CREATE INDEX ix_patient_record_stands_under ON patient_record (stands_under);
"""


def upgrade() -> None:
    op.execute(RECORDS)


def downgrade() -> None:
    op.execute("DROP TABLE patient_record")
