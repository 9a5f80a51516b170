"""The visit that gave up the slot of a round of offers, for every batch of it and for whoever asks later."""

from alembic import op

revision = "0250"
down_revision = "0152"


def upgrade() -> None:
    op.execute(
        "ALTER TABLE offer_round ADD COLUMN freed_appointment_id uuid"
        " CONSTRAINT fk_offer_round_freed_appointment_id REFERENCES appointment (id)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE offer_round DROP COLUMN freed_appointment_id")
