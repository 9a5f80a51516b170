"""Free slots counted each morning, for the forecast of shortages and its back-test."""

from alembic import op

revision = "0030"
down_revision = "0040"

UP = """
CREATE TABLE slot_supply (
    id uuid NOT NULL, site_id text NOT NULL, visit_type_id text NOT NULL, day date NOT NULL, free integer[] NOT NULL,
    CONSTRAINT pk_slot_supply PRIMARY KEY (id),
    CONSTRAINT uq_slot_supply_site_id_visit_type_id_day UNIQUE (site_id, visit_type_id, day),
    CONSTRAINT fk_slot_supply_site_id FOREIGN KEY (site_id) REFERENCES site (id),
    CONSTRAINT fk_slot_supply_visit_type_id FOREIGN KEY (visit_type_id) REFERENCES visit_type (id));
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute("DROP TABLE slot_supply")
