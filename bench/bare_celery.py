"""LIMIT-2's worker: a Celery task that does nothing, under the settings the services use."""

import os

from kernel.tasks import make_celery

app = make_celery("bare", os.environ.get("BENCH_REDIS_URL", "redis://127.0.0.1:1/0"))


@app.task(name="bare.nothing")  # type: ignore[untyped-decorator]
def nothing(_row_id: str) -> None:
    """Do nothing."""
