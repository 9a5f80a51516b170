"""What needs the database: is each worker consuming, and whose leases are free again. Runs in a thread."""

import threading
import time
from collections.abc import Callable, Mapping
from queue import Empty, SimpleQueue

import psycopg

from kernel import timings
from local.redis import answers

LOOK_EVERY_SECONDS = 10.0
STAMP_AGE = "SELECT extract(epoch FROM now() - max(stamped_at))::float8 FROM worker_canary"
REPORT_LOST = "INSERT INTO lost_worker (worker_id) VALUES (%s) ON CONFLICT DO NOTHING"
WAKE_RELAY = "NOTIFY waymark_work"


class Watchdog:
    """A worker that answers pings may consume nothing, so a stamp in its database is what counts.

    `database_urls` has one address for each service with a worker; `seconds_up(process name)` tells how long a
    process runs; `restart(process name, why)` asks for a new one.
    """

    def __init__(
        self,
        database_urls: Mapping[str, str],
        redis_url: str,
        seconds_up: Callable[[str], float],
        restart: Callable[[str, str], None],
    ) -> None:
        self._urls = dict(database_urls)
        self._redis_url = redis_url
        self._seconds_up = seconds_up
        self._restart = restart
        self._lost: SimpleQueue[tuple[str, str]] = SimpleQueue()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Stop looking; returns at once."""
        self._stopped.set()
        self._lost.put(("", ""))

    def report_lost(self, service: str, worker_id: str) -> None:
        """Have the leases of a dead process freed now instead of when they run out. Returns at once."""
        self._lost.put((service, worker_id))

    def _run(self) -> None:
        look_at = time.monotonic() + LOOK_EVERY_SECONDS
        while not self._stopped.is_set():
            try:
                service, worker_id = self._lost.get(timeout=max(0.0, look_at - time.monotonic()))
            except Empty:
                look_at = time.monotonic() + LOOK_EVERY_SECONDS
                self.look()
                continue
            if worker_id and not self._tell(service, worker_id):
                self._stopped.wait(0.5)
                self._lost.put((service, worker_id))

    def look(self) -> None:
        """Ask for a new worker wherever the stamp is more than a minute old although Redis answers."""
        for service, url in self._urls.items():
            name = f"{service}-worker"
            # The relay sends the canary: a young worker or relay has had no chance yet.
            young = (
                min(self._seconds_up(name), self._seconds_up(f"{service}-relay"))
                < timings.CANARY_STALE_SECONDS
            )
            if young or not answers(self._redis_url):
                continue
            age = self._stamp_age(url)
            if age is not None and age > timings.CANARY_STALE_SECONDS:
                self._restart(name, f"has consumed nothing for {age:.0f} s")

    def _stamp_age(self, url: str) -> float | None:
        try:
            with psycopg.connect(url, connect_timeout=3, options="-c statement_timeout=3000") as connection:
                row = connection.execute(STAMP_AGE).fetchone()
        except psycopg.Error:
            return None
        return float(row[0]) if row and row[0] is not None else None

    def _tell(self, service: str, worker_id: str) -> bool:
        try:
            with psycopg.connect(
                self._urls[service], connect_timeout=3, options="-c statement_timeout=3000"
            ) as connection:
                connection.execute(REPORT_LOST, (worker_id,))
                connection.execute(WAKE_RELAY)
        except psycopg.Error:
            return False
        return True
