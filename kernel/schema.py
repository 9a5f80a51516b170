"""SQL of the kernel's tables, called from each service's first migration. A later change is a new function."""

from typing import Any, Protocol


class Runs(Protocol):
    """What runs a statement: the `alembic.op` module."""

    def execute(self, sqltext: str) -> Any: ...


CREATE_V1 = """
CREATE TABLE outbox_event (
    id uuid NOT NULL, type text NOT NULL, subject text NOT NULL, occurred_at timestamptz NOT NULL,
    data_sealed bytea NOT NULL, request_id text NOT NULL DEFAULT '',
    CONSTRAINT pk_outbox_event PRIMARY KEY (id));

CREATE TABLE event_delivery (
    id uuid NOT NULL, event_id uuid NOT NULL, listener text NOT NULL, state text NOT NULL DEFAULT 'due',
    due_at timestamptz NOT NULL, rung_at timestamptz, lease_until timestamptz, leased_by text NOT NULL DEFAULT '',
    attempt_id uuid, attempts integer NOT NULL DEFAULT 0, refusals integer NOT NULL DEFAULT 0,
    last_error text NOT NULL DEFAULT '', done_at timestamptz,
    CONSTRAINT pk_event_delivery PRIMARY KEY (id),
    CONSTRAINT fk_event_delivery_event_id FOREIGN KEY (event_id) REFERENCES outbox_event (id),
    CONSTRAINT ck_event_delivery_state CHECK (state IN ('due', 'leased', 'done', 'dead')));
CREATE INDEX ix_event_delivery_event_id ON event_delivery (event_id);
CREATE INDEX ix_event_delivery_due ON event_delivery (due_at) WHERE state = 'due';
CREATE INDEX ix_event_delivery_leased ON event_delivery (lease_until) WHERE state = 'leased';

CREATE TABLE inbox_event (
    id uuid NOT NULL, type text NOT NULL, source text NOT NULL, received_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_inbox_event PRIMARY KEY (id));

CREATE TABLE audit_entry (
    id uuid NOT NULL, at timestamptz NOT NULL,
    actor_kind text NOT NULL, actor_id text NOT NULL CHECK (actor_id <> ''), actor_role text NOT NULL DEFAULT '',
    action text NOT NULL, subject_kind text NOT NULL, subject_id text NOT NULL, reason text NOT NULL DEFAULT '',
    details jsonb NOT NULL DEFAULT '{}'::jsonb, request_id text NOT NULL DEFAULT '', digest bytea NOT NULL,
    CONSTRAINT pk_audit_entry PRIMARY KEY (id));
CREATE INDEX ix_audit_entry_subject ON audit_entry (subject_kind, subject_id);
CREATE TABLE audit_unsealed (entry_id uuid NOT NULL, CONSTRAINT pk_audit_unsealed PRIMARY KEY (entry_id));
CREATE TABLE audit_seal (
    seq bigint NOT NULL, entry_id uuid NOT NULL, previous bytea NOT NULL, hash bytea NOT NULL,
    CONSTRAINT pk_audit_seal PRIMARY KEY (seq), CONSTRAINT uq_audit_seal_entry_id UNIQUE (entry_id));
CREATE FUNCTION note_unsealed() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO audit_unsealed (entry_id) VALUES (NEW.id); RETURN NULL; END $$;
CREATE TRIGGER audit_entry_waits_for_its_seal AFTER INSERT ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION note_unsealed();
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME; END $$;
CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_seal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE idempotency_record (
    client text NOT NULL, key text NOT NULL, fingerprint bytea NOT NULL, status smallint NOT NULL,
    answer_sealed bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_idempotency_record PRIMARY KEY (client, key));

CREATE UNLOGGED TABLE seen_token (
    jti text NOT NULL, expires_at timestamptz NOT NULL, CONSTRAINT pk_seen_token PRIMARY KEY (jti));
CREATE INDEX ix_seen_token_expires_at ON seen_token (expires_at);

CREATE TABLE worker_canary (
    queue text NOT NULL, stamped_at timestamptz NOT NULL, CONSTRAINT pk_worker_canary PRIMARY KEY (queue));
CREATE TABLE lost_worker (
    worker_id text NOT NULL, reported_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT pk_lost_worker PRIMARY KEY (worker_id));
CREATE TABLE schedule_run (
    job text NOT NULL, started_at timestamptz NOT NULL, finished_at timestamptz, error text NOT NULL DEFAULT '',
    CONSTRAINT pk_schedule_run PRIMARY KEY (job));
"""

DROP_V1 = """
DROP TABLE schedule_run, lost_worker, worker_canary, seen_token, idempotency_record, audit_seal, audit_unsealed,
    audit_entry, inbox_event, event_delivery, outbox_event;
DROP FUNCTION refuse_change(), note_unsealed();
"""


def create_kernel_tables(op: Runs) -> None:
    """Create version 1 of the kernel's tables."""
    op.execute(CREATE_V1)


def drop_kernel_tables(op: Runs) -> None:
    """Undo `create_kernel_tables`."""
    op.execute(DROP_V1)
