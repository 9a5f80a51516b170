"""A site's own changes to the shared protocol."""

from alembic import op

revision = "0023"
down_revision = "0022"

OVERLAY = """
CREATE TABLE site_overlay (
    id uuid NOT NULL, site text NOT NULL, number integer NOT NULL, version text NOT NULL,
    base_number integer NOT NULL, changes jsonb NOT NULL, document jsonb NOT NULL, digest bytea NOT NULL,
    state text NOT NULL, proposed_at timestamptz NOT NULL, proposed_by text NOT NULL, reason text NOT NULL,
    decided_at timestamptz, decided_by text NOT NULL,
    CONSTRAINT pk_site_overlay PRIMARY KEY (id),
    CONSTRAINT uq_site_overlay_version UNIQUE (version),
    CONSTRAINT fk_site_overlay_site FOREIGN KEY (site) REFERENCES site (id),
    CONSTRAINT fk_site_overlay_base_number FOREIGN KEY (base_number) REFERENCES protocol_version (number),
    CONSTRAINT ck_site_overlay_state CHECK (state IN ('proposed', 'in_force', 'superseded', 'withdrawn')));
CREATE UNIQUE INDEX uq_site_overlay_in_force ON site_overlay (site) WHERE state = 'in_force';
"""


def upgrade() -> None:
    op.execute(OVERLAY)


def downgrade() -> None:
    op.execute("DROP TABLE site_overlay")
