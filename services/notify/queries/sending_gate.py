"""Is sending paused, and is this the database that last sent?"""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# What a restored copy does not share with the original: a dump read back has another cluster or another oid, and a base
# backup brought forward by its WAL begins another timeline.
HOME = """
(SELECT format('%s.%s.%s', (SELECT system_identifier FROM pg_control_system()),
    (SELECT timeline_id FROM pg_control_checkpoint()),
    (SELECT oid FROM pg_database WHERE datname = current_database())))
"""
GATE = f"""
SELECT home, seen_at, paused_at, paused_by, reason, gap_since, resumed_at, resumed_by, audit_checked_at,
    audit_broken_at, compared_start, compare_tries, {HOME} AS home_now, pg_postmaster_start_time() AS server_start
FROM sending_gate WHERE id = 1
"""  # noqa: S608


def sending_gate(session: Session) -> Any:
    """The gate's row, `home_now`: where this session's data live, and `server_start`: when that server began."""
    return session.execute(text(GATE)).one()
