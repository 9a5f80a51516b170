"""When a person is on call: turns, from and to. Without any the switch alone decides, as before."""

from alembic import op

revision = "0130"
down_revision = "0151"

TURNS = """
CREATE TABLE duty_turn (
    id uuid NOT NULL, contact_id uuid NOT NULL, starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL,
    CONSTRAINT pk_duty_turn PRIMARY KEY (id),
    CONSTRAINT fk_duty_turn_contact_id FOREIGN KEY (contact_id) REFERENCES staff_contact (id),
    CONSTRAINT ck_duty_turn_order CHECK (starts_at < ends_at));
CREATE INDEX ix_duty_turn_contact_id ON duty_turn (contact_id, ends_at);
"""


def upgrade() -> None:
    op.execute(TURNS)


def downgrade() -> None:
    op.execute("DROP TABLE duty_turn")
