"""What patients asked staff about messages, and how many reports with a wrong signature were refused."""

from alembic import op

revision = "0151"
down_revision = "0150"

CREATE = """
CREATE TABLE contact_request (
    id uuid NOT NULL, patient_id uuid NOT NULL, contact_point_id uuid NOT NULL, channel text NOT NULL,
    topics text[] NOT NULL, deed text NOT NULL, how text NOT NULL, note_sealed bytea, by text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_contact_request PRIMARY KEY (id),
    CONSTRAINT fk_contact_request_patient_id FOREIGN KEY (patient_id) REFERENCES patient (id),
    CONSTRAINT fk_contact_request_contact_point_id FOREIGN KEY (contact_point_id) REFERENCES contact_point (id));
CREATE INDEX ix_contact_request_patient_id ON contact_request (patient_id, at);
CREATE TABLE refused_hook (minute timestamptz NOT NULL, refused integer NOT NULL,
    CONSTRAINT pk_refused_hook PRIMARY KEY (minute));
"""


def upgrade() -> None:
    op.execute(CREATE)


def downgrade() -> None:
    op.execute("DROP TABLE refused_hook")
    op.execute("DROP TABLE contact_request")
