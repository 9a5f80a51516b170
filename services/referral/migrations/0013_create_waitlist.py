"""The waiting list and its offers, walk-ins on the day's board, and promises the calendar cannot keep."""

from alembic import op

revision = "0013"
down_revision = "0021"

WAITLIST = """
CREATE TABLE waitlist_entry (
    id uuid NOT NULL, referral_id uuid NOT NULL, patient_id uuid NOT NULL, visit_type_id text NOT NULL,
    priority text NOT NULL, sites text[] NOT NULL, weekdays smallint[] NOT NULL, from_minute smallint NOT NULL,
    until_minute smallint NOT NULL, notice_minutes integer NOT NULL, entered_at timestamptz NOT NULL,
    entered_by text NOT NULL, expires_at timestamptz NOT NULL, ended text NOT NULL, ended_at timestamptz,
    CONSTRAINT pk_waitlist_entry PRIMARY KEY (id),
    CONSTRAINT ck_waitlist_entry_ended CHECK (ended IN ('', 'booked', 'left', 'expired')),
    CONSTRAINT fk_waitlist_entry_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id),
    CONSTRAINT fk_waitlist_entry_visit_type_id FOREIGN KEY (visit_type_id) REFERENCES visit_type (id));
CREATE UNIQUE INDEX uq_waitlist_entry_live ON waitlist_entry (referral_id, visit_type_id) WHERE ended = '';
CREATE TABLE offer_round (
    id uuid NOT NULL, visit_type_id text NOT NULL, site_id text NOT NULL, provider_id text NOT NULL,
    starts_at timestamptz NOT NULL, hold_id uuid, opened_at timestamptz NOT NULL, batch integer NOT NULL,
    batch_until timestamptz NOT NULL, state text NOT NULL, closed_at timestamptz,
    CONSTRAINT pk_offer_round PRIMARY KEY (id),
    CONSTRAINT ck_offer_round_state CHECK (state IN ('open', 'claimed', 'exhausted', 'stopped')),
    CONSTRAINT fk_offer_round_visit_type_id FOREIGN KEY (visit_type_id) REFERENCES visit_type (id),
    CONSTRAINT fk_offer_round_site_id FOREIGN KEY (site_id) REFERENCES site (id),
    CONSTRAINT fk_offer_round_provider_id FOREIGN KEY (provider_id) REFERENCES provider (id),
    CONSTRAINT fk_offer_round_hold_id FOREIGN KEY (hold_id) REFERENCES slot_hold (id));
CREATE INDEX ix_offer_round_open ON offer_round (batch_until) WHERE state = 'open';
CREATE TABLE slot_offer (
    id uuid NOT NULL, round_id uuid NOT NULL, entry_id uuid NOT NULL, patient_id uuid NOT NULL,
    batch integer NOT NULL, offered_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
    state text NOT NULL, ended_at timestamptz,
    CONSTRAINT pk_slot_offer PRIMARY KEY (id),
    CONSTRAINT uq_slot_offer_round_id_entry_id UNIQUE (round_id, entry_id),
    CONSTRAINT ck_slot_offer_state CHECK (state IN ('offered', 'claimed', 'declined', 'lost', 'expired', 'withdrawn')),
    CONSTRAINT fk_slot_offer_round_id FOREIGN KEY (round_id) REFERENCES offer_round (id),
    CONSTRAINT fk_slot_offer_entry_id FOREIGN KEY (entry_id) REFERENCES waitlist_entry (id));
CREATE UNIQUE INDEX uq_slot_offer_claimed ON slot_offer (round_id) WHERE state = 'claimed';
CREATE INDEX ix_slot_offer_patient_id ON slot_offer (patient_id, offered_at);
CREATE INDEX ix_slot_offer_entry_id ON slot_offer (entry_id);
"""

WALK_IN = """
CREATE TABLE walk_in (
    id uuid NOT NULL, version integer NOT NULL, site_id text NOT NULL, referral_id uuid, patient_sealed bytea NOT NULL,
    arrived_at timestamptz NOT NULL, state text NOT NULL, state_since timestamptz NOT NULL,
    CONSTRAINT pk_walk_in PRIMARY KEY (id),
    CONSTRAINT ck_walk_in_state CHECK (state IN ('waiting', 'seen', 'left')),
    CONSTRAINT fk_walk_in_site_id FOREIGN KEY (site_id) REFERENCES site (id),
    CONSTRAINT fk_walk_in_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id));
CREATE INDEX ix_walk_in_arrived_at ON walk_in (arrived_at, site_id);
"""

PROMISE = """
CREATE TABLE promise_gap (
    id uuid NOT NULL, site_id text NOT NULL, visit_type_id text NOT NULL, opened_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL, next_free_at timestamptz, closed_at timestamptz,
    CONSTRAINT pk_promise_gap PRIMARY KEY (id),
    CONSTRAINT fk_promise_gap_site_id FOREIGN KEY (site_id) REFERENCES site (id),
    CONSTRAINT fk_promise_gap_visit_type_id FOREIGN KEY (visit_type_id) REFERENCES visit_type (id));
CREATE UNIQUE INDEX uq_promise_gap_open ON promise_gap (site_id, visit_type_id) WHERE closed_at IS NULL;
"""


def upgrade() -> None:
    for block in (WAITLIST, WALK_IN, PROMISE):
        op.execute(block)


def downgrade() -> None:
    op.execute("DROP TABLE promise_gap, walk_in, slot_offer, offer_round, waitlist_entry")
