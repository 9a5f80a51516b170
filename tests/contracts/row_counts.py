"""How many rows every table of the clinic has, so that a test can say that nothing was half written."""

import time
from contextlib import suppress

import psutil
import psycopg
from psycopg import sql

from tests.contracts.endpoints import SERVICES
from tests.stack import RunningStack

# What workers, relays and periodic jobs write by themselves, and the trail of who looked at what.
WRITTEN_BY_OTHERS = set(
    """
    alembic_version audit_entry audit_seal audit_unsealed seen_token schedule_run worker_canary lost_worker
    outbox_event event_delivery inbox_event planned_message message_move send_attempt send_lookup receipt
    untold_state provider_state staff_item staff_alert staff_told referral_message referral_tally escalation
    slot_hold seat_use slot_offer
    """.split()
)


def row_counts(stack: RunningStack) -> dict[str, int]:
    """How many rows each table of each service has, when nothing is under way between the services any more."""
    deadline = time.monotonic() + 120
    while (demo_is_busy(stack) or owed(stack)) and time.monotonic() < deadline:
        time.sleep(0.2)
    counts: dict[str, int] = {}
    for service in SERVICES:
        with psycopg.connect(stack.app_url(service)) as connection:
            tables = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
            for (table,) in tables:
                if table not in WRITTEN_BY_OTHERS:
                    query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
                    counts[f"{service}.{table}"] = connection.execute(query).fetchall()[0][0]
    return counts


def demo_is_busy(stack: RunningStack) -> bool:
    """Whether the demo patients are still at it: they start with the clinic and do their deeds through its APIs."""
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            mine = process.environ().get("WAYMARK_VAR") == str(stack.places.var)
            if mine and "local.demo" in process.cmdline():
                return True
    return False


def owed(stack: RunningStack) -> int:
    waiting = 0
    for service in ("intake", "referral", "notify"):
        with psycopg.connect(stack.app_url(service)) as connection:
            query = "SELECT count(*) FROM event_delivery WHERE state IN ('due', 'leased')"
            waiting += connection.execute(query).fetchall()[0][0]
    return waiting
