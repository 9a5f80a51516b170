"""Composition root of the relay: `python -m services.dashboard.relay`. It seals the audit trail and tidies up."""

import os

from kernel.assembly import assemble, assemble_relay
from kernel.settings import load
from services.dashboard.schedule import JOBS
from services.dashboard.settings import DashboardSettings


def main() -> None:
    """Run the periodic jobs until told to stop. This service owes nobody an event, so there is no other work."""
    settings = load(DashboardSettings, "dashboard", os.environ)
    parts = assemble("dashboard", settings, statement_timeout_ms=20_000)
    assemble_relay(parts, settings, [parts.deliveries], JOBS, has_workers=False).run_forever()


if __name__ == "__main__":
    main()
