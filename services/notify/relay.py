"""The relay of this service: `python -m services.notify.relay`."""

import os

from kernel.assembly import assemble, assemble_relay
from kernel.settings import load
from services.notify.rules.compose import ClinicWords
from services.notify.schedule import jobs_with_balance
from services.notify.sending.providers import make_providers, make_recipients
from services.notify.settings import NotifySettings
from services.notify.tasks import notify_work


def main() -> None:
    """Pump until told to stop."""
    settings = load(NotifySettings, "notify", os.environ)
    parts = assemble("notify", settings)
    clinic = ClinicWords(settings.clinic_name, settings.clinic_phone, settings.public_url, settings.smtp_from)
    providers = make_providers(settings)
    jobs = jobs_with_balance({name: provider.pace.resting_weight for name, provider in providers.items()})
    assemble_relay(
        parts, settings, notify_work(parts, clinic, providers, make_recipients(settings)), jobs
    ).run_forever()


if __name__ == "__main__":
    main()
