"""The deaths of a chaos run, as told by the supervisor's and the parents' own logs."""

from pathlib import Path

from chaos.count_deaths import count_deaths

SUPERVISOR = """\
13:05:17  ready in 14.9 s; Ctrl-C or `make down` stops it
13:05:21  notify-web ended (killed by SIGKILL); starting it again.
13:05:22  postgres ended (killed by SIGKILL); starting it again.
13:09:14  intake-worker ended (exit code 1); starting it again.
"""
CELERY = '{"event": "Task handler raised error: WorkerLostError(\'Worker exited prematurely: signal 9 (SIGKILL) Job\'"}\n'
GUNICORN = '{"event": "Worker (pid:2021) was sent SIGKILL! Perhaps out of memory?"}\n'


def test_only_deaths_by_sigkill_count_and_each_by_its_kind(tmp_path: Path) -> None:
    logs = tmp_path / "log"
    logs.mkdir()
    (tmp_path / "up-1.log").write_text(SUPERVISOR)
    (logs / "notify-worker.log").write_text(CELERY + '{"event": "task_failed"}\n' + CELERY)
    (logs / "intake-web.log").write_text(GUNICORN)

    found = count_deaths([tmp_path / "up-1.log"], logs)

    assert found == {"postgres": 1, "web": 2, "worker": 2}
