"""The Celery application of this service's workers: `celery -A services.notify.worker:celery_app worker`."""

import os

from kernel.assembly import assemble, assemble_worker
from kernel.settings import load
from services.notify.rules.compose import ClinicWords
from services.notify.sending.providers import make_providers, make_recipients
from services.notify.settings import NotifySettings
from services.notify.tasks import notify_work

settings = load(NotifySettings, "notify", os.environ)
parts = assemble("notify", settings)
work = notify_work(
    parts,
    ClinicWords(settings.clinic_name, settings.clinic_phone, settings.public_url, settings.smtp_from),
    make_providers(settings),
    make_recipients(settings),
)
celery_app = assemble_worker(parts, settings, work)
