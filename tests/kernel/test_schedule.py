import threading

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.schedule import Job, run_due_jobs


def test_five_clocks_at_once_run_a_job_once(kernel_database: Database) -> None:
    ran: list[int] = []
    jobs = [Job("count", 60, lambda _: ran.append(1), "test")]
    threads = [threading.Thread(target=run_due_jobs, args=(kernel_database, jobs)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ran) == 1


def test_a_job_runs_again_when_its_interval_has_passed(kernel_database: Database) -> None:
    jobs = [Job("again", 60, lambda _: None, "test")]
    assert run_due_jobs(kernel_database, jobs) == ["again"]
    assert run_due_jobs(kernel_database, jobs) == []
    with kernel_database.transaction() as session:
        session.execute(text("UPDATE schedule_run SET started_at = started_at - interval '61 seconds'"))
    assert run_due_jobs(kernel_database, jobs) == ["again"]


def test_a_failing_job_says_so_and_stops_no_other(kernel_database: Database) -> None:
    def failing(session: Session) -> None:
        session.execute(text("INSERT INTO lost_worker (worker_id) VALUES ('half')"))
        raise KeyError

    ran: list[int] = []
    jobs = [Job("fails", 60, failing, "test"), Job("works", 60, lambda _: ran.append(1), "test")]
    assert run_due_jobs(kernel_database, jobs) == ["fails", "works"]
    with kernel_database.transaction() as session:
        assert (
            session.execute(text("SELECT error FROM schedule_run WHERE job = 'fails'")).scalar_one()
            == "KeyError"
        )
        assert session.execute(text("SELECT count(*) FROM lost_worker")).scalar_one() == 0
    assert ran == [1]
