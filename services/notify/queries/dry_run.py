"""What sending would do until a given time, without doing it: counts by fate and reason."""

from collections import Counter
from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.queries.readable import read_sealed
from services.notify.queries.send_candidates import FACTS, candidate_of, counted_sends
from services.notify.rules.gate import Verdict, judge
from services.notify.rules.recipients import EVERYONE, Recipients

DUE = "SELECT id FROM planned_message WHERE state = 'due' AND due_at <= :until ORDER BY due_at LIMIT 10000"


def dry_run(session: Session, until: datetime, recipients: Recipients = EVERYONE) -> dict[str, Any]:
    """Ask the gate about every message due by `until` (at most 10,000), each as of its own due time.

    In test mode those whose `recipients` are not on the list are counted as such.
    """
    ids = list(session.scalars(text(DUE), {"until": until}))
    facts = list(session.execute(text(FACTS), {"ids": ids})) if ids else []
    points = [row.contact_point_id for row in facts if row.contact_point_id is not None]
    counted = counted_sends(session, points, until)
    fates: Counter[tuple[str, str, str]] = Counter()
    for row in facts:
        sent = counted.setdefault(row.contact_point_id, [])
        verdict = judge(candidate_of(row, sent, row.due_at), row.due_at)
        barrier = _barrier(row, recipients) if verdict.fate == "go" else ""
        if barrier:
            verdict = Verdict("suppressed", barrier)
        fates[row.channel, verdict.fate, verdict.reason] += 1
        if verdict.fate == "go" and not row.exempt:
            sent.append(row.due_at)
    lines = [
        {"channel": channel, "fate": fate, "reason": reason, "n": n}
        for (channel, fate, reason), n in sorted(fates.items())
    ]
    return {"until": until.isoformat(), "messages": len(facts), "lines": lines}


def _barrier(row: Any, recipients: Recipients) -> str:
    """Why this installation would not write to the recipient; only a list of recipients needs the address opened."""
    if recipients.allowed is None:
        return ""
    place = f"notify.contact_point.address_sealed.{row.contact_point_id}"
    sealed, unreadable = read_sealed({"address": (row.address_sealed, place)})
    return "unreadable" if unreadable else recipients.barrier(sealed["address"])
