"""PERF-6: from the moment a text is due to its first byte at the carrier, with a million waiting for later days."""

import statistics
import time
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from bench.carrier_log import Taken, log_size, taken_since
from bench.clinic import BenchClinic
from bench.cpu import CpuMeter
from bench.result import Result
from kernel.ids import new_id
from kernel.keyring import Keyring, use_keyring
from kernel.personal import phone_index, seal_json
from local import keys
from local.demo.events import visit_facts

A_SECOND = 100
SECONDS = 60
LEAD_SECONDS = 10.0
PATIENCE_SECONDS = 120.0
PENDING = (
    "COPY planned_message (id, cause_id, step, channel, topic, language, template, planned_for, expires_at, state,"
    " created_at, due_at) FROM STDIN"
)
MESSAGES = (
    "COPY planned_message (id, patient_id, appointment_id, appointment_version, step, channel, topic,"
    " contact_point_id, language, template, planned_for, expires_at, state, created_at, due_at) FROM STDIN"
)
PATIENTS = "COPY patient (id, language, time_zone, heard_at) FROM STDIN"
POINTS = "COPY contact_point (id, channel, address_sealed, address_index, created_at) FROM STDIN"
LINKS = "COPY patient_contact (patient_id, channel, contact_point_id, linked_at) FROM STDIN"
CONSENTS = "COPY consent (patient_id, channel, topic, given, at, source) FROM STDIN"
VISITS = "COPY appointment (id, version, patient_id, state, facts, starts_at, changed_at) FROM STDIN"
DUE_OF = """
SELECT a.id, m.id, m.planned_for FROM send_attempt a JOIN planned_message m ON m.id = a.message_id WHERE m.id = ANY(%s)
"""
NOT_ENDED = (
    "SELECT count(*) FROM planned_message WHERE id = ANY(%s) AND state IN ('due', 'sending', 'unknown')"
)
PARTS = ("notify-worker", "notify-web", "notify-relay", "carrier", "postgres")


def measure_due(clinic: BenchClinic, _seconds: float) -> list[Result]:
    """Fill in what waits, then let `A_SECOND` texts a second fall due for a minute; the carrier's log is the clock."""
    secret = keys.data_keys_file(clinic.stack.places.secrets, "notify").read_text(encoding="utf-8")
    use_keyring(Keyring.from_json(secret))
    with psycopg.connect(clinic.stack.owner_url("notify"), autocommit=True) as own:
        _fill_pending(own, clinic.most_rows)
        size = log_size(clinic.carrier_log)
        meter = CpuMeter(clinic, PARTS)
        first, due = _add_due(own, clinic.stack.clock_offset_seconds)
        time.sleep(max(0.0, (first - datetime.now(first.tzinfo)).total_seconds()))
        meter.start()
        began = time.monotonic()
        while time.monotonic() - began < SECONDS + PATIENCE_SECONDS:
            time.sleep(1.0)
            if time.monotonic() - began > SECONDS and not own.execute(NOT_ENDED, [due]).fetchall()[0][0]:
                break
        used, others = meter.ms_each(len(due)), meter.others_percent()
        rows = own.execute(DUE_OF, [due]).fetchall()
    offset = timedelta(seconds=clinic.stack.clock_offset_seconds)
    due_at = {str(attempt): (message, (at - offset).timestamp()) for attempt, message, at in rows}
    costs = {f"{name.removeprefix('notify-')} ms each": value for name, value in used.items()}
    costs["others % of the machine"] = others
    return [_result(clinic.most_rows, taken_since(clinic.carrier_log, size), due_at, len(due), costs)]


def _result(
    pending: int,
    taken: list[Taken],
    due_at: dict[str, tuple[UUID, float]],
    wanted: int,
    costs: dict[str, float],
) -> Result:
    mine = [
        (due_at[one.attempt][0], one.at - due_at[one.attempt][1]) for one in taken if one.attempt in due_at
    ]
    late = [seconds for _, seconds in mine]
    cuts = statistics.quantiles(late, n=100)
    once = len({message for message, _ in mine}) == len(mine) == wanted
    return Result(
        "PERF-6",
        f"text due → handed to the carrier, {A_SECOND} due a second for {SECONDS} s, {pending:,} waiting",
        cuts[49],
        "s p50",
        target="p50 ≤ 0.5 s, p99 ≤ 3 s, each once",
        met=cuts[49] <= 0.5 and cuts[98] <= 3.0 and once,
        more={
            "p95 s": cuts[94],
            "p99 s": cuts[98],
            "longest s": max(late),
            "handed over": f"{len(mine)} of {wanted}",
            "each once": once,
            **costs,
        },
    )


def _fill_pending(own: "psycopg.Connection[Any]", rows: int) -> None:
    """`rows` messages due from thirty days on, a second apart."""
    with own.cursor() as cursor:
        cursor.execute("SELECT now()")
        moment: datetime = cursor.fetchall()[0][0]
        with cursor.copy(PENDING) as copy:
            for number in range(rows):
                due = moment + timedelta(days=30, seconds=number)
                words = ("sms", "visit", "en", "visit_reminder")
                copy.write_row(
                    (new_id(), new_id(), "bench", *words, due, due + timedelta(days=1), "due", moment, due)
                )
        cursor.execute("ANALYZE planned_message")


def _add_due(own: "psycopg.Connection[Any]", offset_seconds: int) -> tuple[datetime, list[UUID]]:
    """Patients with a visit and one text each, due one after another; when the first is (the machine's clock), ids."""
    moment: datetime = own.execute("SELECT now()").fetchall()[0][0]
    business = moment + timedelta(seconds=offset_seconds)
    first = business + timedelta(seconds=LEAD_SECONDS)
    tables: dict[str, list[tuple[Any, ...]]] = {
        name: [] for name in (PATIENTS, POINTS, LINKS, CONSENTS, VISITS, MESSAGES)
    }
    ids = []
    for number in range(A_SECOND * SECONDS):
        patient, point, visit, message = (new_id() for _ in range(4))
        due = first + timedelta(seconds=number / A_SECOND)
        starts = first + timedelta(days=3)
        phone = f"+1913{5_000_000 + number}"
        facts = visit_facts(str(visit), str(patient), business, starts) | {"changed_at": business.isoformat()}
        sealed = seal_json(phone, f"notify.contact_point.address_sealed.{point}")
        tables[PATIENTS].append((patient, "en", "America/Chicago", business))
        tables[POINTS].append((point, "sms", sealed, phone_index(phone), business))
        tables[LINKS].append((patient, "sms", point, business))
        tables[CONSENTS].append((patient, "sms", "visit", True, business, "bench"))
        tables[VISITS].append((visit, 1, patient, "booked", Jsonb(facts), starts, business))
        step = ("3_days", "sms", "visit", point, "en", "visit_reminder")
        ends = (due, due + timedelta(days=1), "due", business, due)
        tables[MESSAGES].append((message, patient, visit, 1, *step, *ends))
        ids.append(message)
    with own.transaction(), own.cursor() as cursor:
        for statement, rows in tables.items():
            with cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        # As in a clinic that has been running: what PostgreSQL knows of its tables is not of when they were empty.
        cursor.execute(
            "ANALYZE patient, contact_point, patient_contact, consent, appointment, planned_message"
        )
    return first - timedelta(seconds=offset_seconds), ids
