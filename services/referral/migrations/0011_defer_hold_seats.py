"""A hold's seats are taken before the hold is stored: its room is known only then, so the key is checked at commit."""

from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.execute("ALTER TABLE seat_use ALTER CONSTRAINT fk_seat_use_hold_id DEFERRABLE INITIALLY IMMEDIATE")


def downgrade() -> None:
    op.execute("ALTER TABLE seat_use ALTER CONSTRAINT fk_seat_use_hold_id NOT DEFERRABLE")
