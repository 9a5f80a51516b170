"""When a site is open, as the clocks need it."""

from sqlalchemy.orm import Session

from kernel.clock import now
from services.referral.queries.clinic_records import calendar_at, clinic_records
from services.referral.rules.business_clock import BusinessCalendar
from services.referral.rules.office_hours import OFFICE_HOURS


def site_calendar(session: Session, site: str) -> BusinessCalendar:
    """Return the opening hours and closed days of `site`, or the group's office hours while no site is chosen.

    Nothing the caller has changed so far is written for this question.
    """
    if not site:
        return OFFICE_HOURS
    return calendar_at(clinic_records(session, unwritten=True), site, now(session)) or OFFICE_HOURS
