"""One number that rises whenever the facts of the clinic change, so a search may keep them until then."""

from alembic import op

revision = "0012"
down_revision = "0011"

TABLES = (
    "site",
    "site_hours",
    "room",
    "provider",
    "provider_hours",
    "provider_skill",
    "visit_type",
    "seat",
    "closure",
)

UP = """
CREATE TABLE clinic_revision (
    one_row boolean NOT NULL, number bigint NOT NULL,
    CONSTRAINT pk_clinic_revision PRIMARY KEY (one_row), CONSTRAINT ck_clinic_revision_one_row CHECK (one_row));
INSERT INTO clinic_revision (one_row, number) VALUES (true, 1);
CREATE FUNCTION raise_clinic_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE clinic_revision SET number = number + 1;
    RETURN NULL;
END $$;
"""
TRIGGER = """
CREATE TRIGGER {table}_raises_clinic_revision AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION raise_clinic_revision();
"""


def upgrade() -> None:
    op.execute(UP)
    for table in TABLES:
        op.execute(TRIGGER.format(table=table))


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TRIGGER {table}_raises_clinic_revision ON {table}")
    op.execute("DROP FUNCTION raise_clinic_revision(); DROP TABLE clinic_revision")
