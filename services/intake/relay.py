"""Composition root of the relay: `python -m services.intake.relay`."""

import os

from kernel.assembly import assemble, assemble_relay
from kernel.settings import load
from services.intake.schedule import JOBS
from services.intake.settings import IntakeSettings
from services.intake.tasks import work_kinds


def main() -> None:
    """Pump the outbox and run the periodic jobs until told to stop."""
    settings = load(IntakeSettings, "intake", os.environ)
    parts = assemble("intake", settings, statement_timeout_ms=20_000)
    assemble_relay(parts, settings, work_kinds(parts), JOBS).run_forever()


if __name__ == "__main__":
    main()
