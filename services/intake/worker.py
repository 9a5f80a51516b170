"""Composition root of the Celery worker: `celery -A services.intake.worker worker -Q intake.jobs`."""

import os

from kernel.assembly import assemble, assemble_worker
from kernel.settings import load
from services.intake.settings import IntakeSettings
from services.intake.tasks import work_kinds

_settings = load(IntakeSettings, "intake", os.environ)
_parts = assemble("intake", _settings, pool_size=2, statement_timeout_ms=20_000)
celery_app = assemble_worker(_parts, _settings, work_kinds(_parts))
