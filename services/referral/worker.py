"""Composition root of the Celery worker: `celery -A services.referral.worker worker -Q referral.jobs`."""

import os

from kernel.assembly import assemble, assemble_worker
from kernel.settings import load
from services.referral.settings import ReferralSettings
from services.referral.tasks import work_kinds

_settings = load(ReferralSettings, "referral", os.environ)
_parts = assemble("referral", _settings, pool_size=2, statement_timeout_ms=20_000)
celery_app = assemble_worker(_parts, _settings, work_kinds(_parts))
