"""The tables every service's database has. Their first migration is `kernel/schema.py`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Text, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.orm import Mapped, mapped_column

from kernel.database import KernelBase

PgUuid = postgresql.UUID
Moment = TIMESTAMP(timezone=True)
NOW = text("now()")


class OutboxEvent(KernelBase):
    """Something that happened here, written in the transaction that made it so."""

    __tablename__ = "outbox_event"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    occurred_at: Mapped[datetime] = mapped_column(Moment)
    data_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    request_id: Mapped[str] = mapped_column(Text, server_default="")


class EventDelivery(KernelBase):
    """One event owed to one listener. due -> leased -> done, or back to due, or dead."""

    __tablename__ = "event_delivery"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    event_id: Mapped[UUID] = mapped_column(ForeignKey("outbox_event.id"), index=True)
    listener: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, server_default="due")
    due_at: Mapped[datetime] = mapped_column(Moment)
    rung_at: Mapped[datetime | None] = mapped_column(Moment)
    lease_until: Mapped[datetime | None] = mapped_column(Moment)
    leased_by: Mapped[str] = mapped_column(Text, server_default="")
    attempt_id: Mapped[UUID | None] = mapped_column(PgUuid)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    refusals: Mapped[int] = mapped_column(Integer, server_default="0")
    last_error: Mapped[str] = mapped_column(Text, server_default="")
    done_at: Mapped[datetime | None] = mapped_column(Moment)

    __table_args__ = (
        Index("ix_event_delivery_due", "due_at", postgresql_where=text("state = 'due'")),
        Index("ix_event_delivery_leased", "lease_until", postgresql_where=text("state = 'leased'")),
    )


class InboxEvent(KernelBase):
    """An event heard. Its id is the primary key, so hearing it twice changes nothing."""

    __tablename__ = "inbox_event"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    type: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)


class AuditEntry(KernelBase):
    """Who did what to which record. Rows are only ever added: a trigger refuses anything else."""

    __tablename__ = "audit_entry"

    id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)
    at: Mapped[datetime] = mapped_column(Moment)
    actor_kind: Mapped[str] = mapped_column(Text)
    actor_id: Mapped[str] = mapped_column(Text)
    actor_role: Mapped[str] = mapped_column(Text, server_default="")
    action: Mapped[str] = mapped_column(Text)
    subject_kind: Mapped[str] = mapped_column(Text)
    subject_id: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text, server_default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
    request_id: Mapped[str] = mapped_column(Text, server_default="")
    digest: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (Index("ix_audit_entry_subject", "subject_kind", "subject_id"),)


class AuditUnsealed(KernelBase):
    """Entries the sealer has not chained yet; a trigger writes one with each entry, sealing deletes it."""

    __tablename__ = "audit_unsealed"

    entry_id: Mapped[UUID] = mapped_column(PgUuid, primary_key=True)


class AuditSeal(KernelBase):
    """The hash chain over audit entries: hash = SHA-256(previous hash + entry digest)."""

    __tablename__ = "audit_seal"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(PgUuid, unique=True)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)


class IdempotencyRecord(KernelBase):
    """The first answer to one client's key, replayed for every later request with that key."""

    __tablename__ = "idempotency_record"

    client: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int] = mapped_column(SmallInteger)
    answer_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)


class SeenToken(KernelBase):
    """Ids of service tokens used in the last minutes, so that none is used twice."""

    __tablename__ = "seen_token"

    jti: Mapped[str] = mapped_column(Text, primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(Moment, index=True)


class WorkerCanary(KernelBase):
    """When a task last came all the way through a queue; a stale one gets its worker restarted."""

    __tablename__ = "worker_canary"

    queue: Mapped[str] = mapped_column(Text, primary_key=True)
    stamped_at: Mapped[datetime] = mapped_column(Moment)


class LostWorker(KernelBase):
    """A worker the supervisor saw die; the relay frees its leases and deletes the row."""

    __tablename__ = "lost_worker"

    worker_id: Mapped[str] = mapped_column(Text, primary_key=True)
    reported_at: Mapped[datetime] = mapped_column(Moment, server_default=NOW)


class ScheduleRun(KernelBase):
    """When each periodic job of this service last ran."""

    __tablename__ = "schedule_run"

    job: Mapped[str] = mapped_column(Text, primary_key=True)
    started_at: Mapped[datetime] = mapped_column(Moment)
    finished_at: Mapped[datetime | None] = mapped_column(Moment)
    error: Mapped[str] = mapped_column(Text, server_default="")
