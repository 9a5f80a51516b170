"""One run: start a clinic, let traffic and nemesis at it, heal, wait until it is at rest, gather, check."""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg

from chaos.clinic import WORKING, Clinic
from chaos.count_deaths import count_deaths
from chaos.evidence import Evidence
from chaos.faults import FAULTS, Fault
from chaos.gather import gather
from chaos.history import History
from chaos.invariants import check
from chaos.invariants.system import DRAIN_SECONDS, READY_SECONDS
from chaos.nemesis import Nemesis
from chaos.telling import Teller
from chaos.traffic import Traffic

PROGRESS_SECONDS = 15.0
OWED = "SELECT count(*) FROM event_delivery WHERE state IN ('due', 'leased')"
UNSEALED = "SELECT count(*) FROM audit_unsealed"
# A letter in doubt stays in doubt (mail servers keep no list to ask): staff have it, the run does not wait for it.
UNFINISHED = (
    "SELECT count(*) FROM planned_message WHERE state = 'sending'"
    " OR (state = 'unknown' AND reason <> 'unknown_at_visit' AND channel = 'sms')"
    " OR (state = 'due' AND due_at <= now() + make_interval(secs => %s))"
)


@dataclass(frozen=True)
class Plan:
    """What to do: `submissions` through the API, visits told to notify until about `messages` are planned at once.

    `minutes` bounds the traffic (the nemesis goes on at least `least_strikes` faults); `days` the number of times the
    clinic is then stopped for a day and started again. `lanes`: how many faults may be at work at the same time.
    """

    seed: int
    submissions: int = 2000
    messages: int = 10_000
    minutes: float = 30.0
    days: int = 1
    least_strikes: int = 0
    most_strikes: int | None = None
    clients: int = 4
    book_every: int = 5
    pause: tuple[float, float] = (0.5, 3.0)
    lasting: bool = True
    lanes: int = 1
    faults: Sequence[Fault] = FAULTS


@dataclass
class Outcome:
    """What came of a run."""

    plan: Plan
    evidence: Evidence
    findings: list[str]
    strikes: Counter[str]
    skipped: dict[str, str]
    recovered: dict[str, list[float]]
    deaths: dict[str, int]
    seconds: float
    errors: list[str] = field(default_factory=list)

    @property
    def by_kind(self) -> Counter[str]:
        """Strikes by group of faults."""
        kinds = {fault.name: fault.kind for fault in self.plan.faults}
        counted: Counter[str] = Counter()
        for name, times in self.strikes.items():
            counted[kinds[name]] += times
        return counted


@contextmanager
def chaos_run(plan: Plan, clinic: Clinic) -> Iterator[Outcome]:
    """Run `plan` on `clinic` (stopped before and after) and yield what came of it while the clinic is still up."""
    began = time.monotonic()
    history = History(clinic.records / "history.jsonl")
    history.note("plan", seed=plan.seed, submissions=plan.submissions, messages=plan.messages)
    _start(clinic, history)
    try:
        nemesis = Nemesis(
            clinic,
            history,
            plan.seed,
            pause=plan.pause,
            faults=plan.faults,
            lasting=plan.lasting,
            lanes=plan.lanes,
            most=plan.most_strikes,
        )
        _under_way(plan, clinic, history, nemesis)
        drained, ready = _come_to_rest(clinic, history)
        strikes = Counter(nemesis.strikes)
        for day in range(plan.days):
            strikes += _another_day(plan, clinic, history, day)
            drained, ready = _come_to_rest(clinic, history)
        evidence = gather(clinic, history, drained, ready)
        yield Outcome(
            plan=plan,
            evidence=evidence,
            findings=check(evidence),
            strikes=strikes,
            skipped=nemesis.skipped,
            recovered=_recovered(history),
            deaths=count_deaths(sorted(clinic.records.glob("up-*.log")), clinic.places.logs),
            seconds=time.monotonic() - began,
            errors=nemesis.errors,
        )
    finally:
        history.close()
        clinic.stop()


def _start(clinic: Clinic, history: History) -> None:
    since = time.time()
    clinic.start()
    history.note("clock", since=since, offset=clinic.stack.clock_offset_seconds)


def _under_way(plan: Plan, clinic: Clinic, history: History, nemesis: Nemesis) -> None:
    """Traffic and faults, until both have done what the plan asks or the time is over."""
    traffic = Traffic(clinic, history, plan.seed)
    booked = plan.submissions // plan.book_every
    told = max(0, (plan.messages - booked * 2) // 2)
    traffic.start(plan.submissions, plan.clients, plan.book_every)
    for teller in range(2):
        numbers = range(teller, told, 2)
        tell = Teller(clinic, history, traffic, plan.seed + teller).tell_all
        traffic.spawn(partial(tell, numbers))
    nemesis.start()
    deadline = time.monotonic() + plan.minutes * 60
    told_at = 0.0
    while time.monotonic() < deadline:
        if time.monotonic() - told_at >= PROGRESS_SECONDS:
            told_at = time.monotonic()
            _say(_progress(plan, history, nemesis))
        if (
            not traffic.busy
            and nemesis.been_everywhere
            and sum(nemesis.strikes.values()) >= plan.least_strikes
        ):
            break
        time.sleep(0.2)
    nemesis.stop()
    traffic.stop()
    history.note("traffic_ended", cut_short=time.monotonic() >= deadline)


def _progress(plan: Plan, history: History, nemesis: Nemesis) -> str:
    done = history.counted
    return (
        f"{done['submitted']} of {plan.submissions} submitted, {done['telling']} visits told, {done['booked']} booked,"
        f" {done['stopped']} opted out, {sum(nemesis.strikes.values())} faults"
    )


def _say(words: str) -> None:
    """Tell how far the run is: on the error stream, so that the figures alone can be kept."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def _another_day(plan: Plan, clinic: Clinic, history: History, day: int) -> Counter[str]:
    """Closed for a day and four hours, as after a power cut; faults while it catches up."""
    history.note("closed_for_a_day")
    _say("closed for a day and four hours, then started among faults")
    clinic.stop()
    clinic.set_clock(28 * 3600)
    _start(clinic, history)
    nemesis = Nemesis(
        clinic, history, plan.seed + 7 * (day + 1), pause=plan.pause, faults=plan.faults, lasting=False
    )
    nemesis.start()
    end = time.monotonic() + min(120.0, plan.minutes * 60 / 4)
    while time.monotonic() < end and unfinished(clinic) != 0:
        time.sleep(1)
    nemesis.stop()
    return nemesis.strikes


def _come_to_rest(clinic: Clinic, history: History) -> tuple[float | None, float | None]:
    """Seconds until nothing is owed or unfinished, and until all is ready; None when it did not come to that."""
    began = time.monotonic()
    _say("faults are mended: waiting until nothing is owed or unfinished")
    ready: float | None = None
    with suppress(AssertionError):
        ready = clinic.running.wait_ready(READY_SECONDS)
    drained = clinic.wait_for(lambda: unfinished(clinic) == 0, DRAIN_SECONDS)
    # A queue's stamp is made every 15 s: after the last restart the next one must come through.
    clinic.wait_for(lambda: all(_stamped(clinic, service) for service in WORKING), 90)
    history.note("at_rest", ready=ready, drained=drained, seconds=time.monotonic() - began)
    return (None if drained is None else time.monotonic() - began), ready


def unfinished(clinic: Clinic) -> int:
    """What is owed, on its way or in doubt now; -1 while the databases do not say."""
    try:
        sends = clinic.rows("notify", UNFINISHED, clinic.stack.clock_offset_seconds)[0][0]
        for service in WORKING:
            sends += clinic.rows(service, OWED)[0][0] + clinic.rows(service, UNSEALED)[0][0]
        return int(sends)
    except psycopg.Error:
        return -1


def _stamped(clinic: Clinic, service: str) -> bool:
    with suppress(psycopg.Error):
        return bool(
            clinic.rows(
                service,
                "SELECT coalesce(max(stamped_at) > now() - interval '30 s', false) FROM worker_canary",
            )[0][0]
        )
    return False


def _recovered(history: History) -> dict[str, list[float]]:
    """Seconds each fault took to be made good, as measured at the strike."""
    found: dict[str, list[float]] = {}
    for event in history.events("struck"):
        if event.get("recovered") is not None:
            found.setdefault(event["fault"], []).append(event["recovered"])
    return found


def clinic_in(folder: Path, port: int, seed: int) -> Clinic:
    """A clinic for a run, with failpoints that kill it at the narrowest places now and then."""
    points = "after_post=kill:0.003,before_post=kill:0.003,before_settle_commit=kill:0.003,after_delivery=kill:0.001"
    return Clinic(folder, port, {"FAILPOINTS": points, "FAILPOINT_SEED": str(seed)})
