"""Drafts, golden cases and replays of the protocol; limits, escalations and amendments of referrals."""

from alembic import op

revision = "0020"
down_revision = "0012"

DRAFTS = """
CREATE TABLE protocol_draft (
    id uuid NOT NULL, title text NOT NULL, base_number integer NOT NULL, document jsonb NOT NULL,
    state text NOT NULL, version integer NOT NULL, author_id text NOT NULL, author_name text NOT NULL,
    created_at timestamptz NOT NULL, changed_at timestamptz NOT NULL, changed_by text NOT NULL,
    published_number integer,
    CONSTRAINT pk_protocol_draft PRIMARY KEY (id),
    CONSTRAINT ck_protocol_draft_state CHECK (state IN ('open', 'published', 'discarded')));
CREATE TABLE publishing_record (
    number integer NOT NULL, draft_id uuid, proposed_by text NOT NULL, approved_by text NOT NULL,
    override_reason text NOT NULL, failing_cases text[] NOT NULL, findings integer NOT NULL,
    CONSTRAINT pk_publishing_record PRIMARY KEY (number),
    CONSTRAINT fk_publishing_record_draft_id FOREIGN KEY (draft_id) REFERENCES protocol_draft (id),
    CONSTRAINT fk_publishing_record_number FOREIGN KEY (number) REFERENCES protocol_version (number));
CREATE TABLE golden_case (
    id uuid NOT NULL, code text NOT NULL, title text NOT NULL, content_sealed bytea NOT NULL, origin text NOT NULL,
    referral_id uuid, added_at timestamptz NOT NULL, added_by text NOT NULL,
    retired_at timestamptz, retired_by text NOT NULL,
    CONSTRAINT pk_golden_case PRIMARY KEY (id),
    CONSTRAINT uq_golden_case_code UNIQUE (code),
    CONSTRAINT ck_golden_case_origin CHECK (origin IN ('written', 'override', 'past_case')));
CREATE TABLE replay (
    id uuid NOT NULL, draft_id uuid NOT NULL, draft_version integer NOT NULL,
    document jsonb NOT NULL, days integer NOT NULL,
    requested_by text NOT NULL, requested_at timestamptz NOT NULL,
    total integer NOT NULL, done integer NOT NULL, last_decision_id uuid,
    tally jsonb NOT NULL, finished_at timestamptz, failure text NOT NULL,
    state text NOT NULL DEFAULT 'due', due_at timestamptz NOT NULL, rung_at timestamptz,
    lease_until timestamptz, leased_by text NOT NULL DEFAULT '', attempt_id uuid,
    attempts integer NOT NULL DEFAULT 0,
    CONSTRAINT pk_replay PRIMARY KEY (id),
    CONSTRAINT fk_replay_draft_id FOREIGN KEY (draft_id) REFERENCES protocol_draft (id),
    CONSTRAINT ck_replay_state CHECK (state IN ('due', 'leased', 'done', 'dead')));
CREATE INDEX ix_replay_due ON replay (due_at) WHERE state = 'due';
CREATE INDEX ix_replay_draft_id ON replay (draft_id);
CREATE TABLE replay_change (
    id uuid NOT NULL, replay_id uuid NOT NULL, referral_id uuid NOT NULL, decision_id uuid NOT NULL,
    from_route text NOT NULL, to_route text NOT NULL, from_priority text NOT NULL, to_priority text NOT NULL,
    lost_emergency boolean NOT NULL, site text NOT NULL,
    gains text[] NOT NULL, loses text[] NOT NULL,
    CONSTRAINT pk_replay_change PRIMARY KEY (id),
    CONSTRAINT fk_replay_change_replay_id FOREIGN KEY (replay_id) REFERENCES replay (id),
    CONSTRAINT uq_replay_change_replay_id_decision_id UNIQUE (replay_id, decision_id));
"""

LIMITS = """
CREATE TABLE state_limit (
    state text NOT NULL, business_hours integer NOT NULL, unblocks text NOT NULL,
    CONSTRAINT pk_state_limit PRIMARY KEY (state),
    CONSTRAINT ck_state_limit_hours CHECK (business_hours BETWEEN 1 AND 2000));
INSERT INTO state_limit (state, business_hours, unblocks) VALUES
    ('received', 1, 'Routing did not finish. Look at system delays.'),
    ('needs_triage', 8, 'A nurse or provider reviews the proposal and accepts, redirects, asks, defers or declines.'),
    ('waiting_on_patient', 27, 'Call the patient, then resume, or withdraw when nobody answers.'),
    ('deferred', 450, 'Resume it, or set a nearer date.'),
    ('accepted', 9, 'Clear the red flag, hand the patient over, or redirect.'),
    ('to_book', 18, 'Find a slot with the patient, or redirect to a site that has one.'),
    ('booked', 270, 'The visit lies far ahead: offer an earlier slot.'),
    ('arrived', 4, 'Record whether the visit took place.'),
    ('attended', 18, 'Write the outcome and close.');
CREATE TABLE escalation (
    id uuid NOT NULL, referral_id uuid NOT NULL, kind text NOT NULL, state text NOT NULL,
    since timestamptz NOT NULL, at timestamptz NOT NULL, owner_id text NOT NULL,
    acknowledged_at timestamptz, acknowledged_by text NOT NULL,
    CONSTRAINT pk_escalation PRIMARY KEY (id),
    CONSTRAINT fk_escalation_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id),
    CONSTRAINT uq_escalation_referral_id_kind_since UNIQUE (referral_id, kind, since),
    CONSTRAINT ck_escalation_kind CHECK (kind IN ('due', 'stuck')));
CREATE INDEX ix_escalation_open ON escalation (at) WHERE acknowledged_at IS NULL;
"""

AMENDMENT = """
CREATE TABLE amendment (
    id uuid NOT NULL, referral_id uuid NOT NULL, version integer NOT NULL, at timestamptz NOT NULL,
    actor_id text NOT NULL, actor_role text NOT NULL, actor_name text NOT NULL, reason_code text NOT NULL,
    note_sealed bytea, before_sealed bytea NOT NULL, after_sealed bytea NOT NULL,
    CONSTRAINT pk_amendment PRIMARY KEY (id),
    CONSTRAINT fk_amendment_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id));
CREATE INDEX ix_amendment_referral_id ON amendment (referral_id);
CREATE TRIGGER amendment_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON amendment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.execute(DRAFTS)
    op.execute(LIMITS)
    op.execute(AMENDMENT)


def downgrade() -> None:
    op.execute(
        "DROP TABLE amendment, escalation, state_limit, replay_change, replay, golden_case, publishing_record,"
        " protocol_draft"
    )
