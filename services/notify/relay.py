"""The relay of this service: `python -m services.notify.relay`."""

import os

from kernel.assembly import assemble, assemble_relay
from kernel.service_client import ServiceClient
from kernel.settings import load
from services.notify.actions.compare_with_others import PEERS
from services.notify.rules.compose import ClinicWords
from services.notify.schedule import comparing_jobs, jobs_with_balance
from services.notify.sending.providers import make_providers, make_recipients
from services.notify.settings import NotifySettings
from services.notify.tasks import notify_work

# The other jobs wait meanwhile.
ASK_SECONDS = 2.0


def main() -> None:
    """Pump until told to stop."""
    settings = load(NotifySettings, "notify", os.environ)
    parts = assemble("notify", settings)
    clinic = ClinicWords(settings.clinic_name, settings.clinic_phone, settings.public_url, settings.smtp_from)
    providers = make_providers(settings)
    peers = [name for name in PEERS if name in settings.service_urls]
    client = ServiceClient(parts.tokens, settings.service_urls, timeout_seconds=ASK_SECONDS)
    jobs = (
        *comparing_jobs(parts.database, client, peers),
        *jobs_with_balance({name: provider.pace.resting_weight for name, provider in providers.items()}),
    )
    assemble_relay(
        parts, settings, notify_work(parts, clinic, providers, make_recipients(settings)), jobs
    ).run_forever()


if __name__ == "__main__":
    main()
