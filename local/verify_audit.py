"""`waymark verify-audit`: walk every service's audit trail and name the first entry that does not follow."""

import sys

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from kernel.audit import first_broken_seal
from kernel.database import Database
from kernel.tables import AuditSeal, AuditUnsealed
from local.databases import SERVICES
from local.places import Places
from local.status import saved_stack

# A count over some million entries takes longer than a page may.
STATEMENT_TIMEOUT_MS = 120_000


def verify_audit(places: Places) -> int:
    """Print one line a service; returns 0 when every trail holds, 1 when one is broken or cannot be read."""
    stack = saved_stack(places)
    results = [verify_trail(service, stack.app_url(service)) for service in SERVICES]
    return 0 if all(results) else 1


def verify_trail(service: str, url: str) -> bool:
    """Check the trail in the database at `url` and print what was found; True when it holds."""
    database = Database(url, name=f"{service}-verify-audit", statement_timeout_ms=STATEMENT_TIMEOUT_MS)
    try:
        with database.transaction() as session:
            broken = first_broken_seal(session)
            sealed = session.scalar(select(func.count()).select_from(AuditSeal))
            waiting = session.scalar(select(func.count()).select_from(AuditUnsealed))
    except SQLAlchemyError as error:
        print(f"{service}: the trail was not checked ({type(error).__name__}).", file=sys.stderr)
        return False
    finally:
        database.engine.dispose()
    if broken is not None:
        print(f"{service}: the trail is broken at entry {broken}: it was changed, moved or removed.")
        return False
    print(f"{service}: {sealed} entries follow from one another; {waiting} wait to be sealed.")
    return True
