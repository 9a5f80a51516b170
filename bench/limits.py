"""The bare limits of this machine, measured beside what is compared with them."""

import os
import signal
import socket
import statistics
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psycopg
import redis

from bench.bare_celery import nothing
from bench.load import Load, closed_loop, http_request
from bench.result import Result

BODY = b'{"answers": {"hx_severity": "moderate", "hx_nausea": "mild", "note": "' + b"x" * 400 + b'"}}'
CLAIM = """
WITH waiting AS (SELECT id FROM bare_work WHERE state = 'due' ORDER BY due_at LIMIT 100 FOR UPDATE SKIP LOCKED)
UPDATE bare_work SET state = 'leased' FROM waiting WHERE bare_work.id = waiting.id
"""


def bare_request() -> bytes:
    """Return LIMIT-1's request: about the size of a submission."""
    return http_request("POST", "/insert", BODY, {"Content-Type": "application/json"})


@contextmanager
def bare_flask(database_url: str, port: int) -> Iterator[int]:
    """Run LIMIT-1's server on `port` of this machine, 2 processes of 4 threads; yields its process number."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE IF NOT EXISTS bare_row (id bigserial PRIMARY KEY, body jsonb NOT NULL,"
            " at timestamptz NOT NULL DEFAULT now())"
        )
    command = [sys.executable, "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "4", "-b"]
    server = subprocess.Popen(
        [*command, f"127.0.0.1:{port}", "bench.bare_flask:create_app()"],
        env={**os.environ, "BENCH_DATABASE_URL": database_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port)
        yield server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def _wait_for(port: int) -> None:
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"nothing answers on port {port}")


def flask_limit(port: int, seconds: float) -> Load:
    """LIMIT-1, against a running `bare_flask`."""
    return closed_loop(port, bare_request, clients=8, seconds=seconds)


def celery_limit(redis_url: str, tasks: int = 4_000) -> Result:
    """LIMIT-2: no-op tasks a second through Redis with two prefork processes, published before the clock starts."""
    environment = {**os.environ, "BENCH_REDIS_URL": redis_url}
    nothing.app.conf.broker_url = redis_url
    with nothing.app.pool.acquire(block=True) as connection:
        for _ in range(tasks):
            nothing.apply_async(args=[str(uuid.uuid4())], connection=connection, queue="bare.jobs")
    options = "-c 2 -Q bare.jobs --without-mingle --without-gossip --without-heartbeat -l ERROR"
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "bench.bare_celery:app", "worker", *options.split()],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with redis.Redis.from_url(redis_url) as client:
            waiting = _queue_length(client)
            while waiting == tasks:
                time.sleep(0.005)
                waiting = _queue_length(client)
            first, began = waiting, time.perf_counter()
            while _queue_length(client) > 0:
                time.sleep(0.002)
            rate = first / (time.perf_counter() - began)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(120)
    return Result("LIMIT-2", "Celery no-op tasks, 2 processes, Redis", rate, "/s")


def _queue_length(client: "redis.Redis") -> int:
    return int(client.llen("bare.jobs"))  # type: ignore[arg-type]


def claim_limit(database_url: str, rows: int = 200_000) -> Result:
    """LIMIT-3: rows a second claimed in batches of 100 by two clients."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS bare_work")
        connection.execute(
            "CREATE TABLE bare_work (id bigint PRIMARY KEY, state text NOT NULL, due_at timestamptz NOT NULL)"
        )
        connection.execute(
            "INSERT INTO bare_work SELECT n, 'due', now() + n * interval '1 ms' FROM generate_series(1, %s) n",
            [rows],
        )
        connection.execute("CREATE INDEX ON bare_work (due_at) WHERE state = 'due'")
        connection.execute("ANALYZE bare_work")

    def claimer(batches: int) -> int:
        with psycopg.connect(database_url, autocommit=True) as own:
            return sum(own.execute(CLAIM).rowcount for _ in range(batches))

    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        claimed = sum(pool.map(claimer, [300, 300]))
    return Result("LIMIT-3", "rows claimed, batches of 100", claimed / (time.perf_counter() - began), "/s")


def median_load(loads: list[Load]) -> Load:
    """Return the load of the middle rate."""
    middle = statistics.median_low([load.rate for load in loads])
    return next(load for load in loads if load.rate == middle)
