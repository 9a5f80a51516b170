"""Referrals, their decisions and moves, protocol versions, and the counts behind the worklists."""

from alembic import op

revision = "0002"
down_revision = "0001"

PROTOCOL = """
CREATE TABLE protocol_version (
    id uuid NOT NULL, number integer NOT NULL, version text NOT NULL, document jsonb NOT NULL,
    digest bytea NOT NULL, published_at timestamptz NOT NULL, published_by text NOT NULL,
    CONSTRAINT pk_protocol_version PRIMARY KEY (id),
    CONSTRAINT uq_protocol_version_number UNIQUE (number),
    CONSTRAINT uq_protocol_version_version UNIQUE (version));
CREATE TRIGGER protocol_version_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON protocol_version
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""

# worklist_rank is computed by the database so that no writer can forget it; rules/worklist_order.py defines it.
REFERRAL = """
CREATE TABLE referral (
    id uuid NOT NULL, submission_id uuid, patient_id uuid NOT NULL, patient_sealed bytea NOT NULL,
    language text NOT NULL, mode text NOT NULL, state text NOT NULL, state_since timestamptz NOT NULL,
    version integer NOT NULL, route text NOT NULL, proposed_route text NOT NULL,
    priority text NOT NULL, proposed_priority text NOT NULL, secondary_routes text[] NOT NULL,
    flagged boolean NOT NULL, unknown_count integer NOT NULL, near_miss_count integer NOT NULL,
    preferred_site text NOT NULL, site text NOT NULL, owner_id text NOT NULL, owner_name text NOT NULL,
    due_at timestamptz NOT NULL, clock text NOT NULL, clock_left_seconds integer,
    breached boolean NOT NULL, escalated_at timestamptz, deferred_until timestamptz,
    attempts integer NOT NULL, outcome text NOT NULL, follows_id uuid,
    created_at timestamptz NOT NULL, submitted_at timestamptz NOT NULL, closed_at timestamptz,
    worklist_rank smallint GENERATED ALWAYS AS (
        CASE WHEN flagged THEN 0 ELSE 20 END + CASE WHEN breached THEN 0 ELSE 10 END
        + CASE priority WHEN 'P0' THEN 0 WHEN 'P1' THEN 1 WHEN 'P2' THEN 2 WHEN 'P3' THEN 3
            WHEN 'P4' THEN 4 ELSE 5 END) STORED,
    CONSTRAINT pk_referral PRIMARY KEY (id),
    CONSTRAINT fk_referral_follows_id FOREIGN KEY (follows_id) REFERENCES referral (id),
    CONSTRAINT ck_referral_clock CHECK (clock IN ('run', 'pause', 'stop')),
    CONSTRAINT ck_referral_priority CHECK (priority IN ('P0', 'P1', 'P2', 'P3', 'P4', 'P5')));
CREATE INDEX ix_referral_patient_id ON referral (patient_id);
CREATE INDEX ix_referral_submission_id ON referral (submission_id);
CREATE INDEX ix_referral_open ON referral (worklist_rank, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX ix_referral_state ON referral (state, worklist_rank, due_at, id);
CREATE INDEX ix_referral_site ON referral (site, worklist_rank, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX ix_referral_route ON referral (route, worklist_rank, due_at, id) WHERE closed_at IS NULL;
CREATE INDEX ix_referral_due ON referral (due_at) WHERE clock = 'run' AND NOT breached;
CREATE INDEX ix_referral_deferred ON referral (deferred_until) WHERE state = 'deferred';
"""

DECISION = """
CREATE TABLE decision (
    id uuid NOT NULL, referral_id uuid NOT NULL, submission_id uuid NOT NULL, corrects_id uuid,
    cause text NOT NULL, protocol_version text NOT NULL, route text NOT NULL, priority text NOT NULL,
    rule_ids text[] NOT NULL, answers_sealed bytea NOT NULL, body_sealed bytea NOT NULL,
    made_at timestamptz NOT NULL, voided_at timestamptz, void_reason text NOT NULL,
    CONSTRAINT pk_decision PRIMARY KEY (id),
    CONSTRAINT fk_decision_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id));
CREATE UNIQUE INDEX uq_decision_live ON decision (referral_id) WHERE voided_at IS NULL;
CREATE INDEX ix_decision_referral_id ON decision (referral_id);
CREATE INDEX ix_decision_submission_id ON decision (submission_id);
CREATE INDEX ix_decision_corrects_id ON decision (corrects_id) WHERE corrects_id IS NOT NULL;
CREATE INDEX ix_decision_made_at ON decision (made_at);

CREATE TABLE referral_hold (
    id uuid NOT NULL, referral_id uuid NOT NULL, flag_id text NOT NULL, action text NOT NULL,
    opened_at timestamptz NOT NULL, cleared_at timestamptz, cleared_by text NOT NULL,
    reason_code text NOT NULL, note_sealed bytea,
    CONSTRAINT pk_referral_hold PRIMARY KEY (id),
    CONSTRAINT fk_referral_hold_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id));
CREATE UNIQUE INDEX uq_referral_hold_open ON referral_hold (referral_id, flag_id) WHERE cleared_at IS NULL;
"""

MOVES = """
CREATE TABLE referral_move (
    id uuid NOT NULL, referral_id uuid NOT NULL, version integer NOT NULL, at timestamptz NOT NULL,
    deed text NOT NULL, from_state text NOT NULL, to_state text NOT NULL,
    actor_kind text NOT NULL, actor_id text NOT NULL, actor_role text NOT NULL, actor_name text NOT NULL,
    reason_code text NOT NULL, note_sealed bytea, details jsonb NOT NULL,
    CONSTRAINT pk_referral_move PRIMARY KEY (id),
    CONSTRAINT fk_referral_move_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id),
    CONSTRAINT uq_referral_move_referral_id_version UNIQUE (referral_id, version));
CREATE TRIGGER referral_move_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON referral_move
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE triage_review (
    id uuid NOT NULL, referral_id uuid NOT NULL, decision_id uuid, at timestamptz NOT NULL,
    reviewer_id text NOT NULL, reviewer_role text NOT NULL, outcome text NOT NULL, reason_code text NOT NULL,
    from_route text NOT NULL, to_route text NOT NULL, from_priority text NOT NULL, to_priority text NOT NULL,
    protocol_version text NOT NULL, rule_ids text[] NOT NULL,
    CONSTRAINT pk_triage_review PRIMARY KEY (id),
    CONSTRAINT fk_triage_review_referral_id FOREIGN KEY (referral_id) REFERENCES referral (id),
    CONSTRAINT fk_triage_review_decision_id FOREIGN KEY (decision_id) REFERENCES decision (id),
    CONSTRAINT ck_triage_review_outcome CHECK (outcome IN ('accept', 'redirect', 'ask', 'decline', 'defer')));
CREATE INDEX ix_triage_review_referral_id ON triage_review (referral_id);
CREATE INDEX ix_triage_review_at ON triage_review (at);

CREATE TABLE referral_message (
    id uuid NOT NULL, patient_id uuid NOT NULL, appointment_id uuid, appointment_version integer,
    step text NOT NULL, channel text NOT NULL, state text NOT NULL, reason text NOT NULL,
    first_at timestamptz NOT NULL, at timestamptz NOT NULL,
    CONSTRAINT pk_referral_message PRIMARY KEY (id));
CREATE TABLE contact_opt (
    patient_id uuid NOT NULL, channel text NOT NULL, opted_out boolean NOT NULL, at timestamptz NOT NULL,
    CONSTRAINT pk_contact_opt PRIMARY KEY (patient_id, channel));
CREATE TABLE asked_variables (
    questionnaire text NOT NULL, variables text[] NOT NULL, published_at timestamptz NOT NULL,
    CONSTRAINT pk_asked_variables PRIMARY KEY (questionnaire));
CREATE INDEX ix_referral_message_patient_id ON referral_message (patient_id);
CREATE INDEX ix_referral_message_appointment_id ON referral_message (appointment_id);
"""

# Counts are sums of small rows: a writer adds +1 and -1 and never waits for another; the relay folds them.
TALLY = """
CREATE TABLE referral_tally (
    id bigint GENERATED ALWAYS AS IDENTITY, site text NOT NULL, state text NOT NULL, many bigint NOT NULL,
    CONSTRAINT pk_referral_tally PRIMARY KEY (id));
CREATE FUNCTION tally_referral() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO referral_tally (site, state, many) VALUES (NEW.site, NEW.state, 1);
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO referral_tally (site, state, many) VALUES (OLD.site, OLD.state, -1);
    ELSIF (OLD.site, OLD.state) IS DISTINCT FROM (NEW.site, NEW.state) THEN
        INSERT INTO referral_tally (site, state, many)
            VALUES (OLD.site, OLD.state, -1), (NEW.site, NEW.state, 1);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER referral_tallied AFTER INSERT OR DELETE OR UPDATE OF site, state ON referral
    FOR EACH ROW EXECUTE FUNCTION tally_referral();
"""


def upgrade() -> None:
    op.execute(PROTOCOL)
    op.execute(REFERRAL)
    op.execute(DECISION)
    op.execute(MOVES)
    op.execute(TALLY)


def downgrade() -> None:
    op.execute(
        "DROP TABLE asked_variables, contact_opt, referral_tally, referral_message, triage_review, referral_move,"
        " referral_hold, decision, referral, protocol_version; DROP FUNCTION tally_referral()"
    )
