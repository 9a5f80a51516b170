"""A link may open one offer of the waiting list."""

from alembic import op

revision = "0090"
down_revision = "0005"

OFFERS = """
ALTER TABLE patient_link ADD COLUMN about_id uuid;
ALTER TABLE patient_link DROP CONSTRAINT ck_patient_link_purpose;
ALTER TABLE patient_link ADD CONSTRAINT ck_patient_link_purpose CHECK (purpose IN ('answer', 'status', 'offer'));
"""
BACK = """
DELETE FROM patient_link WHERE purpose = 'offer';
ALTER TABLE patient_link DROP CONSTRAINT ck_patient_link_purpose;
ALTER TABLE patient_link ADD CONSTRAINT ck_patient_link_purpose CHECK (purpose IN ('answer', 'status'));
ALTER TABLE patient_link DROP COLUMN about_id;
"""


def upgrade() -> None:
    op.execute(OFFERS)


def downgrade() -> None:
    op.execute(BACK)
