"""The audit trail: one explicit call at each deed, in its transaction; the relay chains the entries afterwards.

Chaining is done by `seal` and not by the writer, because a chain orders every writer behind one lock until its
commit (docs/decisions/0004-audit-sealed-by-relay.md).
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy import delete, insert, select, text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor, request_id
from kernel.ids import new_id
from kernel.rows import add_values
from kernel.tables import AuditEntry, AuditSeal, AuditUnsealed

GENESIS = bytes(32)


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject_kind: str,
    subject_id: object,
    *,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add one entry. `reason` is a code and `details` hold codes, counts and ids: never an answer or a name."""
    entry = {
        "id": new_id(),
        "at": now(session),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_role": actor.role,
        "action": action,
        "subject_kind": subject_kind,
        "subject_id": str(subject_id),
        "reason": reason,
        "details": dict(details or {}),
        "request_id": request_id(),
    }
    stored = {**entry, "details": Jsonb(entry["details"]), "digest": _digest(entry)}
    add_values(session, AuditEntry.__tablename__, stored)


def _digest(entry: Mapping[str, Any]) -> bytes:
    content = {
        "id": str(entry["id"]),
        "at": _canonical_time(entry["at"]),
        "actor": [entry["actor_kind"], entry["actor_id"], entry["actor_role"]],
        "action": entry["action"],
        "subject": [entry["subject_kind"], entry["subject_id"]],
        "reason": entry["reason"],
        "details": entry["details"],
        "request_id": entry["request_id"],
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).digest()


def _canonical_time(at: datetime) -> str:
    return f"{at.timestamp():.6f}"


def seal(session: Session, limit: int = 5_000) -> int:
    """Chain up to `limit` entries not chained yet; return how many. Two sealers at once take turns.

    Run once a second, `limit` is above what submits can write in one: the chain keeps up with them.
    """
    session.execute(text("SELECT pg_advisory_xact_lock(hashtext('audit_seal'))"))
    waiting = select(AuditEntry.id, AuditEntry.digest).join(
        AuditUnsealed, AuditUnsealed.entry_id == AuditEntry.id
    )
    entries = session.execute(waiting.order_by(AuditEntry.id).limit(limit)).all()
    if not entries:
        return 0
    last = session.scalars(select(AuditSeal).order_by(AuditSeal.seq.desc()).limit(1)).first()
    seq, previous = (last.seq, last.hash) if last else (0, GENESIS)
    links = []
    for entry in entries:
        seq += 1
        linked = hashlib.sha256(previous + entry.digest).digest()
        links.append({"seq": seq, "entry_id": entry.id, "previous": previous, "hash": linked})
        previous = linked
    session.execute(insert(AuditSeal), links)
    session.execute(delete(AuditUnsealed).where(AuditUnsealed.entry_id.in_([e.id for e in entries])))
    return len(entries)


def first_broken_seal(session: Session) -> int | None:
    """Walk the chain and return the first `seq` that does not follow from its entry and its predecessor."""
    previous = GENESIS
    rows = select(AuditSeal, AuditEntry).outerjoin(AuditEntry, AuditEntry.id == AuditSeal.entry_id)
    chain = session.execute(rows.order_by(AuditSeal.seq)).yield_per(1000)
    for expected_seq, (seal_row, entry) in enumerate(chain, start=1):
        sound = (
            entry is not None
            and seal_row.seq == expected_seq
            and seal_row.previous == previous
            and entry.digest == _digest(vars(entry))
            and seal_row.hash == hashlib.sha256(previous + entry.digest).digest()
        )
        if not sound:
            return expected_seq
        previous = seal_row.hash
    return None
