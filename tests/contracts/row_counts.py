"""How many rows every table of the clinic has, so that a test can say that nothing was half written."""

import time
from contextlib import suppress

import psutil
import psycopg
from psycopg import sql

from chaos.run import OWED
from tests.contracts.endpoints import SERVICES
from tests.stack import RunningStack

# What workers, relays and periodic jobs write by themselves, and the trail of who looked at what. `expire_holds`
# takes seats back and `run_offers` makes the next offers; no job adds a hold, so those are counted.
WRITTEN_BY_OTHERS = set(
    """
    alembic_version audit_entry audit_seal audit_unsealed seen_token schedule_run worker_canary lost_worker
    outbox_event event_delivery inbox_event planned_message message_move send_attempt send_lookup receipt
    untold_state provider_state staff_item staff_alert staff_told referral_message referral_tally escalation
    seat_use slot_offer promise_gap slot_supply
    """.split()
)


def row_counts(stack: RunningStack) -> dict[str, int]:
    """How many rows each table has, by "service.table", when nothing is under way between the services any more.

    Not counted are the tables of WRITTEN_BY_OTHERS: audit, events and their deliveries, messages and their sending,
    escalations, and the seats, offers, promises and supply of slots that periodic jobs keep. Raises AssertionError
    when the clinic does not come to rest.
    """
    deadline = time.monotonic() + 120
    while demo_is_busy(stack) or owed(stack):
        if time.monotonic() > deadline:
            raise AssertionError("the clinic is still busy: its rows cannot be counted")
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
    """How many events have not come to their listeners yet."""
    waiting = 0
    for service in ("intake", "referral", "notify"):
        with psycopg.connect(stack.app_url(service)) as connection:
            waiting += connection.execute(OWED).fetchall()[0][0]
    return waiting
