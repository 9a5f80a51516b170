"""Celery as doorbell and pool: a task carries `[id]` and nothing else; the row is the work."""

import gc
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import redis
from celery import Celery
from celery.signals import setup_logging, worker_before_create_process, worker_process_init
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import text

from kernel import timings
from kernel.context import request_scope
from kernel.database import Database
from kernel.logs import configure_logs, log
from kernel.work import WorkKind


def queue_name(service: str) -> str:
    """The one queue of a service's workers."""
    return f"{service}.jobs"


def make_celery(service: str, redis_url: str) -> Celery:
    """Return a Celery application with the settings measured in docs/decisions/0002-celery-is-a-doorbell.md."""
    app = Celery(service, broker=redis_url, set_as_current=False)
    app.conf.update(
        task_default_queue=queue_name(service),
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_time_limit=timings.TASK_LIMIT_SECONDS,
        task_soft_time_limit=timings.TASK_SOFT_LIMIT_SECONDS,
        worker_prefetch_multiplier=1,
        worker_max_memory_per_child=400_000,
        worker_soft_shutdown_timeout=timings.SOFT_SHUTDOWN_SECONDS,
        worker_hijack_root_logger=False,
        broker_connection_retry_on_startup=True,
        broker_connection_timeout=2,
        broker_transport_options={
            "visibility_timeout": timings.VISIBILITY_TIMEOUT_SECONDS,
            "unacked_restore_interval": 1,
            "unacked_restore_throttle": 1,
            "unacked_mutex_expire": 30,
            "socket_timeout": 5,
            "socket_connect_timeout": timings.PUBLISH_TIMEOUT_SECONDS,
            "health_check_interval": 10,
            "retry_on_timeout": False,
        },
    )
    return app


def add_work(
    app: Celery, service: str, database: Database, kinds: Sequence[WorkKind], log_level: str = "INFO"
) -> None:
    """Register one task per kind of work, and the canary; make forked children open their own connections."""
    for kind in kinds:
        app.task(name=kind.task)(_task_body(kind.run, kind.task))
    queue = queue_name(service)

    def stamp_canary() -> None:
        with database.transaction() as session:
            session.execute(
                text(
                    "INSERT INTO worker_canary (queue, stamped_at) VALUES (:queue, now())"
                    " ON CONFLICT (queue) DO UPDATE SET stamped_at = now()"
                ),
                {"queue": queue},
            )

    app.task(name=f"{service}.stamp_canary")(stamp_canary)

    @worker_process_init.connect(weak=False)
    def _child_started(**_: Any) -> None:
        database.forget_connections()

    @worker_before_create_process.connect(weak=False)
    def _before_fork(**_: Any) -> None:
        # What parent and child share stays shared: no collector writes to it.
        gc.collect()
        gc.freeze()

    @setup_logging.connect(weak=False)
    def _logging(**_: Any) -> None:
        configure_logs(service, log_level)


def _task_body(run: Callable[[UUID], None], task: str) -> Callable[[str], None]:
    def body(row_id: str) -> None:
        with request_scope():
            try:
                run(UUID(row_id))
            except Exception:
                # The row keeps its lease and comes back when that ends: nothing is lost by letting the task go.
                log().exception("task_failed", task=task, row=row_id)
                raise

    return body


class Doorbell:
    """Rings workers through Redis. A failed ring is no error: the relay does unanswered work itself."""

    def __init__(self, app: Celery, service: str) -> None:
        self._app = app
        self._service = service
        self._queue = queue_name(service)
        # The broker client retries a refused connection for seconds; a probe without retries keeps the pump moving.
        self._probe = redis.Redis.from_url(
            app.conf.broker_url,
            socket_connect_timeout=timings.PUBLISH_TIMEOUT_SECONDS,
            socket_timeout=timings.PUBLISH_TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )

    def ring(self, task: str, row_ids: Sequence[UUID]) -> bool:
        """Send one task per id on one connection; return False as soon as Redis refuses one."""
        try:
            self._probe.ping()
            with self._app.pool.acquire(block=True, timeout=timings.PUBLISH_TIMEOUT_SECONDS) as connection:
                for row_id in row_ids:
                    self._send(task, [str(row_id)], connection=connection)
            return True
        except Exception as error:  # redis and kombu raise many kinds, and none of them may stop the relay
            log().warning("doorbell_not_rung", task=task, error=type(error).__name__)
            return False

    def ring_canary(self) -> bool:
        """Send the canary task through the queue."""
        try:
            self._probe.ping()
            self._send(f"{self._service}.stamp_canary", [])
            return True
        except Exception as error:
            log().warning("canary_not_sent", error=type(error).__name__)
            return False

    def _send(self, task: str, arguments: list[str], **options: Any) -> None:
        self._app.send_task(task, arguments, retry=False, queue=self._queue, ignore_result=True, **options)
