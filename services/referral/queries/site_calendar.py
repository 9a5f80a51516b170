"""When a site is open, as the clocks need it."""

from sqlalchemy.orm import Session

from services.referral.rules.business_clock import BusinessCalendar
from services.referral.rules.office_hours import OFFICE_HOURS


def site_calendar(session: Session, site: str) -> BusinessCalendar:
    """Return the opening hours of `site`, or the group's office hours while no site is chosen."""
    return OFFICE_HOURS
