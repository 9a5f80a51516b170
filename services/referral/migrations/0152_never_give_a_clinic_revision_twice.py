"""A number of the clinic's facts is given once, and seats may be taken before the visit or hold is stored.

A transaction that changed the clinic, read what it had changed and was rolled back left its number to the next one:
what a process had kept under it was then taken for the next one's. A sequence gives no number twice.

Both keys of `seat_use` were checked at commit wherever seats are taken, by a statement of its own each time.
"""

from alembic import op

revision = "0152"
down_revision = "0151"

UP = """
CREATE SEQUENCE clinic_revision_number;
SELECT setval('clinic_revision_number', (SELECT max(number) FROM clinic_revision));
CREATE OR REPLACE FUNCTION raise_clinic_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE clinic_revision SET number = nextval('clinic_revision_number');
    RETURN NULL;
END $$;
ALTER TABLE seat_use ALTER CONSTRAINT fk_seat_use_appointment_id DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE seat_use ALTER CONSTRAINT fk_seat_use_hold_id DEFERRABLE INITIALLY DEFERRED;
"""
DOWN = """
ALTER TABLE seat_use ALTER CONSTRAINT fk_seat_use_hold_id DEFERRABLE INITIALLY IMMEDIATE;
ALTER TABLE seat_use ALTER CONSTRAINT fk_seat_use_appointment_id DEFERRABLE INITIALLY IMMEDIATE;
CREATE OR REPLACE FUNCTION raise_clinic_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE clinic_revision SET number = number + 1;
    RETURN NULL;
END $$;
DROP SEQUENCE clinic_revision_number;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
