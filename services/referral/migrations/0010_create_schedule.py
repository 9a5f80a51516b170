"""Sites, rooms, providers, visit types, hours, closures, appointments, holds, and the seats they take."""

from alembic import op

revision = "0010"
down_revision = "0002"

PLACES = """
CREATE TABLE site (
    id text NOT NULL, name text NOT NULL, address text NOT NULL, phone text NOT NULL, state text NOT NULL,
    time_zone text NOT NULL, latitude double precision NOT NULL, longitude double precision NOT NULL,
    active boolean NOT NULL,
    CONSTRAINT pk_site PRIMARY KEY (id));
CREATE TABLE site_hours (
    id uuid NOT NULL, site_id text NOT NULL, weekday smallint NOT NULL, from_minute smallint NOT NULL,
    until_minute smallint NOT NULL, valid_from date NOT NULL, valid_until date,
    CONSTRAINT pk_site_hours PRIMARY KEY (id),
    CONSTRAINT ck_site_hours_order CHECK (from_minute < until_minute),
    CONSTRAINT fk_site_hours_site_id FOREIGN KEY (site_id) REFERENCES site (id));
CREATE INDEX ix_site_hours_site_id ON site_hours (site_id);
CREATE TABLE room (
    id text NOT NULL, site_id text NOT NULL, name text NOT NULL, kind text NOT NULL, active boolean NOT NULL,
    CONSTRAINT pk_room PRIMARY KEY (id),
    CONSTRAINT fk_room_site_id FOREIGN KEY (site_id) REFERENCES site (id));
CREATE INDEX ix_room_site_id ON room (site_id);
"""

PROVIDERS = """
CREATE TABLE provider (
    id text NOT NULL, name text NOT NULL, profession text NOT NULL, active boolean NOT NULL,
    CONSTRAINT pk_provider PRIMARY KEY (id));
CREATE TABLE provider_hours (
    id uuid NOT NULL, provider_id text NOT NULL, site_id text NOT NULL, weekday smallint NOT NULL,
    from_minute smallint NOT NULL, until_minute smallint NOT NULL, valid_from date NOT NULL,
    valid_until date,
    CONSTRAINT pk_provider_hours PRIMARY KEY (id),
    CONSTRAINT ck_provider_hours_order CHECK (from_minute < until_minute),
    CONSTRAINT fk_provider_hours_provider_id FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT fk_provider_hours_site_id FOREIGN KEY (site_id) REFERENCES site (id));
CREATE INDEX ix_provider_hours_provider_id ON provider_hours (provider_id);
CREATE TABLE visit_type (
    id text NOT NULL, name text NOT NULL, sms_name jsonb NOT NULL, routes text[] NOT NULL,
    minutes smallint NOT NULL, buffer_before smallint NOT NULL, buffer_after smallint NOT NULL,
    lead_minutes integer NOT NULL, horizon_days smallint NOT NULL, alignment_minutes smallint NOT NULL,
    cutoff_minutes integer NOT NULL, room_kind text NOT NULL, whole_provider boolean NOT NULL,
    first_visit boolean NOT NULL, active boolean NOT NULL,
    CONSTRAINT pk_visit_type PRIMARY KEY (id),
    CONSTRAINT ck_visit_type_minutes CHECK (minutes BETWEEN 5 AND 480 AND minutes % 5 = 0),
    CONSTRAINT ck_visit_type_buffers CHECK (buffer_before BETWEEN 0 AND 120 AND buffer_after BETWEEN 0 AND 120
        AND buffer_before % 5 = 0 AND buffer_after % 5 = 0),
    CONSTRAINT ck_visit_type_reach CHECK (lead_minutes >= 0 AND horizon_days BETWEEN 1 AND 400),
    CONSTRAINT ck_visit_type_alignment
        CHECK (alignment_minutes BETWEEN 5 AND 120 AND alignment_minutes % 5 = 0));
CREATE TABLE provider_skill (
    provider_id text NOT NULL, visit_type_id text NOT NULL,
    CONSTRAINT pk_provider_skill PRIMARY KEY (provider_id, visit_type_id),
    CONSTRAINT fk_provider_skill_provider_id FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT fk_provider_skill_visit_type_id FOREIGN KEY (visit_type_id) REFERENCES visit_type (id));
CREATE TABLE closure (
    id uuid NOT NULL, site_id text, room_id text, provider_id text, starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL, reason text NOT NULL, created_at timestamptz NOT NULL,
    created_by text NOT NULL, lifted_at timestamptz,
    CONSTRAINT pk_closure PRIMARY KEY (id),
    CONSTRAINT ck_closure_one_subject CHECK (num_nonnulls(site_id, room_id, provider_id) = 1),
    CONSTRAINT ck_closure_order CHECK (starts_at < ends_at),
    CONSTRAINT fk_closure_site_id FOREIGN KEY (site_id) REFERENCES site (id),
    CONSTRAINT fk_closure_room_id FOREIGN KEY (room_id) REFERENCES room (id),
    CONSTRAINT fk_closure_provider_id FOREIGN KEY (provider_id) REFERENCES provider (id));
CREATE INDEX ix_closure_ends_at ON closure (ends_at) WHERE lifted_at IS NULL;
"""

APPOINTMENTS = """
CREATE TABLE appointment (
    id uuid NOT NULL, version integer NOT NULL, revision integer NOT NULL, referral_id uuid,
    patient_id uuid NOT NULL,
    visit_type_id text NOT NULL, route text NOT NULL, site_id text NOT NULL, provider_id text NOT NULL,
    room_id text NOT NULL, starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL, state text NOT NULL,
    state_since timestamptz NOT NULL, booked_at timestamptz NOT NULL, first_starts_at timestamptz NOT NULL,
    moves smallint NOT NULL, overbooked boolean NOT NULL, confirmed_at timestamptz,
    confirmed_by_channel text NOT NULL, confirmed_version integer, arrived_at timestamptz,
    asks text NOT NULL, asks_since timestamptz, series_id uuid, series_number smallint,
    CONSTRAINT pk_appointment PRIMARY KEY (id),
    CONSTRAINT ck_appointment_state
        CHECK (state IN ('booked', 'confirmed', 'arrived', 'attended', 'no_show', 'cancelled')),
    CONSTRAINT ck_appointment_order CHECK (starts_at < ends_at),
    CONSTRAINT ck_appointment_asks CHECK (asks IN ('', 'reschedule', 'cannot_come', 'outcome')),
    CONSTRAINT fk_appointment_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id),
    CONSTRAINT fk_appointment_visit_type_id FOREIGN KEY (visit_type_id) REFERENCES visit_type (id),
    CONSTRAINT fk_appointment_site_id FOREIGN KEY (site_id) REFERENCES site (id),
    CONSTRAINT fk_appointment_provider_id FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT fk_appointment_room_id FOREIGN KEY (room_id) REFERENCES room (id));
CREATE INDEX ix_appointment_asks ON appointment (asks_since) WHERE asks <> '';
CREATE INDEX ix_appointment_day ON appointment (starts_at, site_id);
CREATE INDEX ix_appointment_patient_id ON appointment (patient_id, starts_at);
CREATE INDEX ix_appointment_referral_id ON appointment (referral_id);
CREATE INDEX ix_appointment_series_id ON appointment (series_id);
CREATE UNIQUE INDEX uq_appointment_live ON appointment (referral_id, visit_type_id)
    WHERE state IN ('booked', 'confirmed', 'arrived') AND series_id IS NULL;
CREATE TABLE appointment_change (
    id uuid NOT NULL, appointment_id uuid NOT NULL, number integer NOT NULL, version integer NOT NULL,
    kind text NOT NULL, at timestamptz NOT NULL, actor_kind text NOT NULL, actor_id text NOT NULL,
    actor_role text NOT NULL, actor_name text NOT NULL, reason text NOT NULL, before jsonb NOT NULL,
    after jsonb NOT NULL,
    CONSTRAINT pk_appointment_change PRIMARY KEY (id),
    CONSTRAINT uq_appointment_change_appointment_id_number UNIQUE (appointment_id, number),
    CONSTRAINT fk_appointment_change_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointment (id));
CREATE TRIGGER appointment_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON appointment_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

# btree_gist is not everywhere (not in the PostgreSQL that comes with `make up`), so seat and time share one
# integer line, which the built-in range operators can guard: docs/decisions/0040-seats-on-one-line.md.
SEATS = """
CREATE TABLE seat (
    number integer GENERATED ALWAYS AS IDENTITY, provider_id text, room_id text, ordinal smallint NOT NULL,
    overbook boolean NOT NULL, active boolean NOT NULL,
    CONSTRAINT pk_seat PRIMARY KEY (number),
    CONSTRAINT uq_seat_provider_id_ordinal UNIQUE (provider_id, ordinal),
    CONSTRAINT uq_seat_room_id_ordinal UNIQUE (room_id, ordinal),
    CONSTRAINT ck_seat_one_owner CHECK (num_nonnulls(provider_id, room_id) = 1),
    CONSTRAINT fk_seat_provider_id FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT fk_seat_room_id FOREIGN KEY (room_id) REFERENCES room (id));
CREATE TABLE slot_hold (
    id uuid NOT NULL, referral_id uuid, visit_type_id text NOT NULL, site_id text NOT NULL,
    provider_id text NOT NULL, room_id text NOT NULL, starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL, held_by text NOT NULL, held_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL, ended text NOT NULL,
    CONSTRAINT pk_slot_hold PRIMARY KEY (id),
    CONSTRAINT ck_slot_hold_ended CHECK (ended IN ('', 'booked', 'released', 'expired')),
    CONSTRAINT ck_slot_hold_order CHECK (held_at < expires_at),
    CONSTRAINT fk_slot_hold_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id),
    CONSTRAINT fk_slot_hold_visit_type_id FOREIGN KEY (visit_type_id) REFERENCES visit_type (id),
    CONSTRAINT fk_slot_hold_site_id FOREIGN KEY (site_id) REFERENCES site (id),
    CONSTRAINT fk_slot_hold_provider_id FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT fk_slot_hold_room_id FOREIGN KEY (room_id) REFERENCES room (id));
CREATE INDEX ix_slot_hold_referral_id ON slot_hold (referral_id);
CREATE TABLE seat_use (
    id uuid NOT NULL, seat_number integer NOT NULL, appointment_id uuid, hold_id uuid,
    starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL, expires_at timestamptz,
    span int8range GENERATED ALWAYS AS (int8range(
        seat_number::bigint * 67108864
            + (EXTRACT(epoch FROM (starts_at - '1970-01-01 00:00:00+00'::timestamptz)) / 60)::bigint,
        seat_number::bigint * 67108864
            + (EXTRACT(epoch FROM (ends_at - '1970-01-01 00:00:00+00'::timestamptz)) / 60)::bigint)) STORED,
    CONSTRAINT pk_seat_use PRIMARY KEY (id),
    CONSTRAINT ck_seat_use_one_taker CHECK (num_nonnulls(appointment_id, hold_id) = 1),
    CONSTRAINT ck_seat_use_holds_expire CHECK ((hold_id IS NULL) = (expires_at IS NULL)),
    CONSTRAINT ck_seat_use_length CHECK (starts_at < ends_at AND ends_at <= starts_at + interval '13 hours'),
    CONSTRAINT ck_seat_use_whole_minutes
        CHECK (EXTRACT(second FROM starts_at) = 0 AND EXTRACT(second FROM ends_at) = 0),
    CONSTRAINT ex_seat_use_span EXCLUDE USING gist (span WITH &&),
    CONSTRAINT fk_seat_use_seat_number FOREIGN KEY (seat_number) REFERENCES seat (number),
    CONSTRAINT fk_seat_use_appointment_id FOREIGN KEY (appointment_id) REFERENCES appointment (id)
        DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT fk_seat_use_hold_id FOREIGN KEY (hold_id) REFERENCES slot_hold (id) ON DELETE CASCADE);
CREATE INDEX ix_seat_use_appointment_id ON seat_use (appointment_id);
CREATE INDEX ix_seat_use_hold_id ON seat_use (hold_id);
CREATE INDEX ix_seat_use_starts_at ON seat_use (starts_at, seat_number) INCLUDE (ends_at, expires_at);
"""

DROP = """
DROP TABLE seat_use, slot_hold, seat, appointment_change, appointment, closure, provider_skill, visit_type,
    provider_hours, provider, room, site_hours, site;
"""


def upgrade() -> None:
    for block in (PLACES, PROVIDERS, APPOINTMENTS, SEATS):
        op.execute(block)


def downgrade() -> None:
    op.execute(DROP)
