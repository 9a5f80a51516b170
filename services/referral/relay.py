"""Composition root of the relay: `python -m services.referral.relay`."""

import os

from kernel.assembly import assemble, assemble_relay
from kernel.settings import load
from services.referral.schedule import JOBS
from services.referral.settings import ReferralSettings
from services.referral.tasks import work_kinds


def main() -> None:
    """Pump the outbox and run the periodic jobs until told to stop."""
    settings = load(ReferralSettings, "referral", os.environ)
    parts = assemble("referral", settings, statement_timeout_ms=20_000)
    assemble_relay(parts, settings, work_kinds(parts), JOBS).run_forever()


if __name__ == "__main__":
    main()
