"""Periodic jobs of a service, run by its relay: there is no separate beat process to double or to lose."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.logs import log


@dataclass(frozen=True)
class Job:
    """A periodic job. `run` gets a session and must not commit; `reason` says why the job exists."""

    name: str
    every_seconds: float
    run: Callable[[Session], object]
    reason: str


DUE = """
SELECT asked.job FROM unnest(CAST(:jobs AS text[]), CAST(:every AS float8[])) AS asked (job, every)
LEFT JOIN schedule_run ON schedule_run.job = asked.job
WHERE schedule_run.started_at IS NULL OR started_at <= clock_timestamp() - make_interval(secs => asked.every)
"""
TAKE = """
INSERT INTO schedule_run (job, started_at) VALUES (:job, clock_timestamp())
ON CONFLICT (job) DO UPDATE SET started_at = clock_timestamp(), finished_at = NULL, error = ''
    WHERE schedule_run.started_at <= clock_timestamp() - make_interval(secs => :every)
RETURNING job
"""
FINISH = "UPDATE schedule_run SET finished_at = clock_timestamp(), error = :error WHERE job = :job"


def run_due_jobs(database: Database, jobs: Sequence[Job]) -> list[str]:
    """Run every job whose interval has passed, each in its own transaction; return the names run.

    An advisory lock makes one relay the clock at a time; a job that fails says so in its row and runs again.
    """
    done = []
    with database.engine.connect() as guard:
        if not guard.execute(text("SELECT pg_try_advisory_lock(hashtext('schedule'))")).scalar_one():
            return []
        asked = {"jobs": [job.name for job in jobs], "every": [job.every_seconds for job in jobs]}
        due = set(guard.execute(text(DUE), asked).scalars())
        guard.commit()
        try:
            for job in jobs:
                if job.name in due and _run_if_due(database, job):
                    done.append(job.name)
        finally:
            guard.execute(text("SELECT pg_advisory_unlock(hashtext('schedule'))"))
            guard.commit()
    return done


def _run_if_due(database: Database, job: Job) -> bool:
    with database.transaction() as session:
        taken = session.execute(text(TAKE), {"job": job.name, "every": job.every_seconds}).first()
    if taken is None:
        return False
    error = ""
    try:
        with database.transaction() as session:
            job.run(session)
    except Exception as failure:  # a job that fails must not stop the others, nor the relay
        error = type(failure).__name__
        log().exception("job_failed", job=job.name)
    with database.transaction() as session:
        session.execute(text(FINISH), {"job": job.name, "error": error})
    return True
