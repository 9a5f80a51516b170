"""What must be true of the machinery: INV-8, 10, 11 and 14."""

import hashlib
import json
from collections import Counter

from chaos.evidence import AuditRow, Evidence

# The failpoints go on killing after the last fault, and each takes a batch along that waits for its lease to end.
DRAIN_SECONDS = 600.0
READY_SECONDS = 180.0
GENESIS = "00" * 32


def outboxes_empty(evidence: Evidence) -> list[str]:
    """INV-8: soon after the last fault nothing is owed to anyone, and nothing was given up."""
    found = [f"{service} owes {count} deliveries ({state})" for service, state, count in evidence.owed]
    if evidence.drained_in is None:
        found.append(f"not empty {DRAIN_SECONDS:.0f} s after the last fault")
    return found


def audit_holds(evidence: Evidence) -> list[str]:
    """INV-10: each service's chain follows from its entries, to the last; every move has its entry."""
    found = []
    for service, rows in evidence.audit.items():
        broken = _first_broken(rows)
        if broken is not None:
            found.append(f"{service}: the chain breaks at seq {broken}")
        if evidence.unsealed.get(service, 0):
            found.append(f"{service}: {evidence.unsealed[service]} entries never sealed")
    for referral in evidence.referrals:
        missing = Counter(referral.moves) - Counter(referral.audited_moves)
        if missing:
            found.append(f"moves without an audit entry: {referral.id} {sorted(missing)}")
    return found


def no_canary_outside(evidence: Evidence) -> list[str]:
    """INV-11: no name, number or address in a log, a broker key or value, a command line or an address."""
    return [f"{word} in {place}" for place, word in evidence.canaries]


def healthy_without_a_hand(evidence: Evidence) -> list[str]:
    """INV-14: every part said it was ready again, and every process runs and consumes."""
    found = list(evidence.unwell)
    if evidence.ready_in is None:
        found.append(f"not ready {READY_SECONDS:.0f} s after the last fault")
    return found


def _first_broken(rows: list[AuditRow]) -> int | None:
    """The first seq that does not follow; written apart from kernel/audit.py, so that one can find the other wrong."""
    previous = GENESIS
    for expected, row in enumerate(rows, start=1):
        canonical = json.dumps(row.content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        link = hashlib.sha256(bytes.fromhex(previous + digest)).hexdigest()
        if (row.seq, row.digest, row.previous, row.hash) != (expected, digest, previous, link):
            return expected
        previous = link
    return None
