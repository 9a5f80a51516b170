"""Create a staff account from a terminal: `python -m services.dashboard.add_staff --email … --name … --role …`.

The password is read from standard input, never from the command line, where other users could see it.
"""

import argparse
import os
import sys

from kernel.assembly import assemble
from kernel.context import Actor
from kernel.settings import load
from services.dashboard.actions.create_staff import StaffRefused, create_staff
from services.dashboard.rules.roles import ROLES
from services.dashboard.settings import DashboardSettings


def main() -> int:
    """Create the account; exit status 0, or 1 with a sentence on standard error."""
    asked = argparse.ArgumentParser(
        description="Create a staff account; the password comes on standard input."
    )
    asked.add_argument("--email", required=True)
    asked.add_argument("--name", required=True)
    asked.add_argument("--role", required=True, choices=ROLES)
    asked.add_argument("--site", action="append", default=[], help="a site's id; none means every site")
    asked.add_argument("--provider", default="", help="the id the schedule knows a clinician by")
    given = asked.parse_args()
    settings = load(DashboardSettings, "dashboard", os.environ)
    parts = assemble("dashboard", settings)
    try:
        with parts.database.transaction() as session:
            create_staff(
                session,
                Actor("system", "add_staff"),
                email=given.email,
                name=given.name,
                role=given.role,
                password=sys.stdin.readline().rstrip("\n"),
                salt=settings.password_salt.get_secret_value(),
                sites=given.site,
                provider_id=given.provider,
            )
    except StaffRefused as refusal:
        sys.stderr.write(f"No account was made: {refusal.code}.\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
