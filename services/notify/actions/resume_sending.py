"""A person has looked and lets sending go on."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.personal import Personal, seal_json
from services.notify.actions.may_send import SLACK
from services.notify.queries.sending_gate import sending_gate

NOTE_PLACE = "notify.sending_gate.note_sealed.1"
RESUME = """
UPDATE sending_gate SET paused_at = NULL, paused_by = '', reason = '', gap_since = NULL, resumed_at = :now,
    resumed_by = :by, home = :home, seen_at = now(), note_sealed = :note WHERE id = 1
"""
# Everything whose time has come may have gone out from the original already.
ASK_FIRST = """
UPDATE planned_message SET ask_since = :since WHERE state = 'due' AND due_at <= :now RETURNING id
"""
CLOSE = """
UPDATE staff_item SET state = 'closed', closed_at = :now, closed_by = :by, outcome = 'resumed', version = version + 1
WHERE kind = 'sending_paused' AND state = 'open' RETURNING id
"""


def resume_sending(session: Session, actor: Actor, note: Personal[str]) -> bool:
    """Let sending go on from this database; False when it was not paused. `note`: what was looked at, kept sealed.

    After a restore no message whose time has come goes out before its carrier said that it has not had it.
    """
    session.execute(text("SELECT 1 FROM sending_gate WHERE id = 1 FOR UPDATE"))
    gate = sending_gate(session)
    if gate.paused_at is None:
        return False
    at = now(session)
    asked, since = 0, gate.gap_since
    if since is None and gate.home not in ("", gate.home_now):
        # A copy of a database whose sending was paused, or where it was paused before the copy noticed by itself.
        since = (gate.seen_at or at) - SLACK
    if since is not None:
        asked = len(session.execute(text(ASK_FIRST), {"since": since, "now": at}).all())
    session.execute(
        text(RESUME),
        {
            "now": at,
            "by": actor.id,
            "home": gate.home_now,
            "note": seal_json(note.reveal(), NOTE_PLACE),
        },
    )
    details = {"asked_first": asked}
    record(session, actor, "resume_sending", "sending_gate", "1", reason=gate.reason, details=details)
    for item in session.scalars(text(CLOSE), {"now": at, "by": actor.id}).all():
        record(session, actor, "close_staff_item", "staff_item", item, reason="resumed")
    return True
