"""The outbox pump and clock of one service: frees leases, rings due rows, and does itself what no worker answers."""

import select
import signal
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy import delete
from sqlalchemy import select as sql_select
from sqlalchemy.exc import SQLAlchemyError

from kernel import timings
from kernel.context import request_scope
from kernel.database import Database, libpq_url
from kernel.logs import log
from kernel.outbox import WAKE_CHANNEL
from kernel.schedule import Job, run_due_jobs
from kernel.tables import LostWorker
from kernel.tasks import Doorbell
from kernel.work import WorkKind, next_due, ring_due, unanswered

OWN_THREADS = 4


@dataclass
class Relay:
    """One per service (a second one is harmless: rows are skipped when locked, jobs when already taken)."""

    service: str
    database: Database
    doorbell: Doorbell
    kinds: Sequence[WorkKind]
    jobs: Sequence[Job]
    has_workers: bool = True
    _stopping: threading.Event = field(default_factory=threading.Event)
    _in_hand: dict[UUID, Future[None]] = field(default_factory=dict)
    _canary_sent: float = 0.0
    _silent_until: float = 0.0
    _looked_at: float = 0.0

    def run_forever(self) -> None:
        """Pump until SIGTERM or SIGINT; survives the database and Redis going away."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopping.set())
        pool = ThreadPoolExecutor(OWN_THREADS, thread_name_prefix="relay")
        # A thread of its own: no job, however long, may hold back a ring.
        clock = threading.Thread(target=self._run_jobs, name="relay-jobs")
        clock.start()
        listener: psycopg.Connection[Any] | None = None
        try:
            while not self._stopping.is_set():
                try:
                    listener = listener or self._listen()
                    busy = self.pump(pool) if self._round_is_due() else self._ring_all()
                    if not busy:
                        self._wait(listener)
                except (SQLAlchemyError, psycopg.Error, OSError) as error:
                    log().warning("relay_cannot_reach_database", error=type(error).__name__)
                    _close(listener)
                    listener = None
                    self._stopping.wait(timings.RELAY_POLL_SECONDS)
        finally:
            # Were the clock to run on alone, the process would live, ring nobody, and be started again by nobody.
            self._stopping.set()
            clock.join()
            pool.shutdown(wait=True, cancel_futures=True)
            _close(listener)

    def pump(self, pool: ThreadPoolExecutor) -> bool:
        """One whole round; True when there was so much to ring that another should follow at once.

        What woke us is rung first: a red flag waits for nothing else.
        """
        self._looked_at = time.monotonic()
        busy = self._ring_all()
        self._free_leases()
        for kind in self.kinds:
            self._do_unanswered(kind, pool)
        self._send_canary()
        return busy

    def _round_is_due(self) -> bool:
        """Whole rounds are made once a second, and at every waking while the relay does the work itself."""
        moment = time.monotonic()
        return moment - self._looked_at >= timings.RELAY_POLL_SECONDS or moment < self._silent_until

    def _ring_all(self) -> bool:
        rung = [self._ring(kind) for kind in self.kinds]
        return any(rung)

    def _run_jobs(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    run_due_jobs(self.database, self.jobs)
                except (SQLAlchemyError, psycopg.Error, OSError) as error:
                    log().warning("jobs_cannot_reach_database", error=type(error).__name__)
                self._stopping.wait(timings.RELAY_POLL_SECONDS)
        finally:
            self._stopping.set()

    def _ring(self, kind: WorkKind) -> bool:
        """Ring workers for due rows. While Redis does not answer, do the work here and spare it further rings."""
        with self.database.transaction() as session:
            due = ring_due(session, kind.table, which=f"NOT ({kind.alone})")
            apart = ring_due(session, kind.table, which=kind.alone) if kind.alone != "false" else []
        if not due and not apart:
            return False
        rings = [*due[:: kind.rows_per_ring], *apart]
        if time.monotonic() >= self._silent_until and not self.doorbell.ring(kind.task, rings):
            self._silent_until = time.monotonic() + timings.RELAY_POLL_SECONDS
        return max(len(due), len(apart)) >= 200

    def _do_unanswered(self, kind: WorkKind, pool: ThreadPoolExecutor) -> None:
        self._in_hand = {row: future for row, future in self._in_hand.items() if not future.done()}
        patience = 0.0 if time.monotonic() < self._silent_until else timings.UNANSWERED_RING_SECONDS
        with self.database.transaction() as session:
            waiting = unanswered(session, kind.table, patience_seconds=patience)
        for row_id in waiting:
            if row_id not in self._in_hand and len(self._in_hand) < OWN_THREADS * 2:
                self._in_hand[row_id] = pool.submit(self._run_here, kind, row_id)

    def _run_here(self, kind: WorkKind, row_id: UUID) -> None:
        with request_scope():
            try:
                kind.run(row_id)
            except Exception:  # the row keeps its lease and comes back; the pump must go on
                log().exception("relay_work_failed", kind=kind.name, row=str(row_id))

    def _free_leases(self) -> None:
        with self.database.transaction() as session:
            lost = [None, *session.scalars(sql_select(LostWorker.worker_id)).all()]
            freed = sum(kind.free(session, worker_id) for kind in self.kinds for worker_id in lost)
            if len(lost) > 1:
                session.execute(delete(LostWorker).where(LostWorker.worker_id.in_(lost[1:])))
        if freed:
            log().info("leases_freed", rows=freed)

    def _send_canary(self) -> None:
        # Where no worker listens, canaries would only pile up in the queue.
        if self.has_workers and time.monotonic() - self._canary_sent >= timings.CANARY_EVERY_SECONDS:
            self._canary_sent = time.monotonic()
            self.doorbell.ring_canary()

    def _listen(self) -> "psycopg.Connection[Any]":
        connection = psycopg.connect(
            libpq_url(self.database.url), autocommit=True, application_name=f"{self.service}-relay-listen"
        )
        connection.execute(f"LISTEN {WAKE_CHANNEL}")
        return connection

    def _wait(self, listener: "psycopg.Connection[Any]") -> None:
        """Sleep until something is committed that needs us, a row falls due, or the next whole round is due.

        One that comes while many do is rung with those that follow within a few milliseconds; rows that fall due one
        after another are rung together, ten times a second.
        """
        left = timings.RELAY_POLL_SECONDS - (time.monotonic() - self._looked_at)
        if left > timings.RELAY_TICK_SECONDS:
            left = max(timings.RELAY_TICK_SECONDS, min(left, self._next_due(left)))
        began = time.monotonic()
        ready, _, _ = select.select([listener], [], [], max(0.0, left))
        if ready:
            if time.monotonic() - began < timings.RELAY_GATHER_SECONDS:
                self._stopping.wait(timings.RELAY_GATHER_SECONDS)
            for _notice in listener.notifies(timeout=0):
                pass

    def _next_due(self, within: float) -> float:
        """In how many seconds the first row of any kind falls due; `within` when none does before."""
        with self.database.transaction() as session:
            found = [next_due(session, kind.table, within) for kind in self.kinds]
        return min([within, *(seconds for seconds in found if seconds is not None)])


def _close(connection: "psycopg.Connection[Any] | None") -> None:
    if connection is not None:
        connection.close()
