"""A restored copy walks its audit trail once, so that whoever lets sending go on knows whether it was tampered with."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.audit import first_broken_seal, record
from kernel.clock import now
from kernel.logs import log
from services.notify.actions.open_staff_item import SYSTEM
from services.notify.queries.sending_gate import sending_gate

# Some million entries take longer than a page may; nothing is sent meanwhile.
PATIENCE = "SET LOCAL statement_timeout = '120s'"
CHECKED = "UPDATE sending_gate SET audit_checked_at = :now, audit_broken_at = :broken WHERE id = 1"


def check_restored_trail(session: Session) -> int:
    """Walk the trail of a copy that is paused and was not checked yet; return 1 when it was walked.

    It is kept (and audited) whether it holds, or at which entry it does not follow (FAULT-58).
    """
    gate = sending_gate(session)
    if gate.paused_at is None or gate.reason != "restored" or gate.audit_checked_at is not None:
        return 0
    session.execute(text(PATIENCE))
    broken = first_broken_seal(session)
    session.execute(text(CHECKED), {"now": now(session), "broken": broken})
    found = "holds" if broken is None else "broken"
    record(session, SYSTEM, "verify_audit", "sending_gate", "1", reason=found, details={"entry": broken})
    if broken is not None:
        log().error("audit_trail_broken", entry=broken)
    return 1
