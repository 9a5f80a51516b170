"""PERF-5: booked visits in, texts delivered out: planned by notify, sent by its two worker processes, receipts back."""

import signal
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.carrier_log import log_size, taken_since
from bench.clinic import BenchClinic
from bench.cpu import CpuMeter
from bench.limits import celery_limit
from bench.result import Result
from bench.sources import Sources, a_phone, an_address

ROUNDS = 3
VISITS = 1200
MAILS = 600
PATIENCE_SECONDS = 180.0
# Relay and worker are held still while a round is planned, and not so long that the supervisor takes them for dead.
PLANNED_AT_ONCE = 50
HELD_SECONDS = 40.0
ENDED = {"sms": "delivered", "email": "sent"}
COUNT = "SELECT count(*) FROM planned_message WHERE state = '{state}' AND channel = '{channel}'"
TWICE = "SELECT count(*) FROM (SELECT 1 FROM send_attempt GROUP BY message_id HAVING count(*) > 1) t"
WAITING = """
SELECT count(*) FROM planned_message WHERE channel = '{channel}' AND state IN ('due', 'sending', 'sent', 'unknown')
    AND due_at <= now() + make_interval(secs => {offset}) AND state <> '{state}'
"""
UNTOLD = "SELECT count(*) FROM untold_state"
PARTS = ("notify-worker", "notify-web", "notify-relay", "carrier", "postgres", "redis")


@dataclass(frozen=True)
class Round:
    """One round: visits planned a second while nothing is sent, then messages ended a second."""

    planned: float
    rate: float
    ended: int
    wanted: int
    carrier_took: int
    seconds: float
    cpu: dict[str, float]
    planning_cpu: dict[str, float]
    others: float


def measure_messages(clinic: BenchClinic, _seconds: float) -> list[Result]:
    """Plan while relay and worker are held still, then let them go; in turns with LIMIT-2. The median round counts."""
    redis_url = clinic.stack.redis_url.rpartition("/")[0] + "/15"
    sources = Sources(clinic)
    _round(clinic, sources, "sms", 200, a_phone)
    limits, rounds = [], []
    for _ in range(ROUNDS):
        limits.append(celery_limit(redis_url))
        rounds.append(_round(clinic, sources, "sms", VISITS, a_phone))
    limit = sorted(limits, key=lambda one: one.figure)[len(limits) // 2]
    middle = sorted(rounds, key=lambda one: one.rate)[len(rounds) // 2]
    ratio = statistics.median(one.rate / bare.figure for one, bare in zip(rounds, limits, strict=True))
    twice = clinic.rows("notify", TWICE)[0][0]
    lost = sum(one.wanted - one.ended for one in rounds)
    texts = Result(
        "PERF-5",
        "texts planned → delivered, 2 worker processes, fenced",
        middle.rate,
        "/s",
        ratio,
        "LIMIT-2",
        "≥ 0.50, none lost, none twice",
        ratio >= 0.5 and lost == 0 and twice == 0 and all(one.carrier_took == one.wanted for one in rounds),
        {
            "rounds": " ".join(
                f"{one.rate:.0f}:{bare.figure:.0f}" for one, bare in zip(rounds, limits, strict=True)
            ),
            "delivered": f"{sum(one.ended for one in rounds)} of {sum(one.wanted for one in rounds)}",
            "twice": twice,
            **_ms(middle.cpu),
            "ours ms each": sum(middle.cpu[part] for part in PARTS[:3]),
            "others % of the machine": middle.others,
        },
    )
    planning = Result(
        "PERF-5",
        "visits heard and planned (two signed events each), nothing sent meanwhile",
        middle.planned,
        "/s",
        middle.planned / limit.figure,
        "LIMIT-2",
        more=_ms({part: middle.planning_cpu[part] for part in ("notify-web", "postgres")}),
    )
    return [limit, texts, planning, _together(clinic, sources, limit)]


def measure_mails(clinic: BenchClinic, _seconds: float) -> list[Result]:
    """E-mails to the local server, planned first and then sent: one connection a batch."""
    done = _round(clinic, Sources(clinic), "email", MAILS, an_address)
    twice = clinic.rows("notify", TWICE)[0][0]
    return [
        Result(
            "PERF-5",
            "e-mails planned → taken by the mail server, 2 worker processes, fenced",
            done.rate,
            "/s",
            target="≥ 200/s, none lost, none twice",
            met=done.rate >= 200 and done.ended == done.wanted and twice == 0,
            more={
                "sent": f"{done.ended} of {done.wanted}",
                **_ms({part: done.cpu[part] for part in ("notify-worker", "notify-relay", "postgres")}),
                "mailbox ms": done.cpu["mailbox"],
                "others % of the machine": done.others,
            },
        )
    ]


def _round(
    clinic: BenchClinic, sources: Sources, channel: str, visits: int, contact: Callable[[int], dict[str, Any]]
) -> Round:
    count = COUNT.format(state=ENDED[channel], channel=channel)
    before, size = clinic.rows("notify", count)[0][0], log_size(clinic.carrier_log)
    held = [clinic.running.pid(name) for name in ("notify-relay", "notify-worker")]
    planning = CpuMeter(clinic, PARTS)
    planning.start()
    clinic.signal_trees(held, signal.SIGSTOP)
    began, planned = time.perf_counter(), 0
    try:
        while planned < visits and time.perf_counter() - began < HELD_SECONDS:
            sources.book_many(PLANNED_AT_ONCE, contact)
            planned += PLANNED_AT_ONCE
    finally:
        planned_in = time.perf_counter() - began
        clinic.signal_trees(held, signal.SIGCONT)
    planning_cpu = planning.ms_each(planned)
    waiting = WAITING.format(channel=channel, state=ENDED[channel], offset=clinic.stack.clock_offset_seconds)
    wanted = clinic.rows("notify", waiting)[0][0] + clinic.rows("notify", count)[0][0] - before
    meter = CpuMeter(clinic, (*PARTS, "mailbox"))
    meter.start()
    ended, took = _until(clinic, count, before, wanted)
    return Round(
        planned / planned_in,
        ended / took,
        ended,
        wanted,
        len({taken.attempt for taken in taken_since(clinic.carrier_log, size)}),
        took,
        meter.ms_each(ended),
        planning_cpu,
        meter.others_percent(),
    )


def _until(clinic: BenchClinic, count: str, before: int, wanted: int) -> tuple[int, float]:
    """How many ended, and after how many seconds the last of them had."""
    began, ended = time.perf_counter(), 0
    while ended < wanted and time.perf_counter() - began < PATIENCE_SECONDS:
        time.sleep(0.02)
        ended = clinic.rows("notify", count)[0][0] - before
    return ended, time.perf_counter() - began


def _together(clinic: BenchClinic, sources: Sources, limit: Result) -> Result:
    """Everything at once: visits are told of while the texts of earlier ones go out, as on a working day."""
    count = COUNT.format(state="delivered", channel="sms")
    before = clinic.rows("notify", count)[0][0]
    meter = CpuMeter(clinic, PARTS)
    meter.start()
    began = time.perf_counter()
    sources.book_many(VISITS // 2, a_phone)
    ended, _ = _until(clinic, count, before, VISITS // 2)
    rate = ended / (time.perf_counter() - began)
    used = meter.ms_each(ended)
    began = time.perf_counter()
    while clinic.rows("notify", UNTOLD)[0][0] and time.perf_counter() - began < PATIENCE_SECONDS:
        time.sleep(0.05)
    return Result(
        "PERF-5",
        "visit told of → text delivered, planning and sending at once",
        rate,
        "/s",
        rate / limit.figure,
        "LIMIT-2",
        more={
            "delivered": f"{ended} of {VISITS // 2}",
            **_ms(used),
            "other services told after s": time.perf_counter() - began,
        },
    )


def _ms(used: dict[str, float]) -> dict[str, float]:
    return {f"{name.removeprefix('notify-')} ms": value for name, value in used.items()}
