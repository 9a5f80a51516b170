"""Which record a patient stands under, and the one a referral was made for."""

from alembic import op

revision = "0080"
down_revision = "0031"

RECORDS = """
CREATE TABLE patient_record (
    patient_id uuid NOT NULL, stands_under uuid NOT NULL, version integer NOT NULL,
    CONSTRAINT pk_patient_record PRIMARY KEY (patient_id));
"""


def upgrade() -> None:
    op.execute(RECORDS)
    op.execute("ALTER TABLE referral ADD COLUMN first_patient_id uuid")


def downgrade() -> None:
    op.execute("ALTER TABLE referral DROP COLUMN first_patient_id")
    op.execute("DROP TABLE patient_record")
