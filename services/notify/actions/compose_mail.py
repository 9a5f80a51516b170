"""What an e-mail has besides its words: the HTML part, the visit's calendar file, the link that ends them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jinja2 import UndefinedError
from sqlalchemy.orm import Session

from kernel.personal import Personal
from services.notify.queries.letters import letter_html
from services.notify.queries.templates import Wording
from services.notify.rules.calendar_file import CalendarParty, calendar_file
from services.notify.rules.compose import ClinicWords, ValueMissing
from services.notify.texts.letter_html import fill_letter
from services.notify.texts.stop_token import stop_token

# What is said after a visit needs no entry in a calendar.
WITH_CALENDAR = ("visit",)


@dataclass(frozen=True, slots=True)
class MailParts:
    """The parts, each "" when there is none."""

    html: str = ""
    calendar: str = ""
    stop_link: str = ""


def compose_mail(
    session: Session,
    row: Any,
    wording: Wording,
    values: Mapping[str, str],
    *,
    address: Personal[str],
    clinic: ClinicWords,
    at: datetime,
) -> MailParts:
    """Return the parts of the e-mail `row` (a row of send_candidates.FACTS); raises `ValueMissing`."""
    stop_link = ""
    if clinic.patients_url and row.patient_id is not None:
        stop_link = f"{clinic.patients_url}/hooks/mail/stop/{stop_token(row.contact_point_id)}"
    try:
        html = fill_letter(letter_html(session, wording), values, stop_link)
    except UndefinedError as missing:
        raise ValueMissing(str(missing)) from None
    calendar = ""
    if row.facts and row.topic in WITH_CALENDAR:
        calendar = _calendar(row, values, address, clinic, at)
    return MailParts(html, calendar, stop_link)


def _calendar(
    row: Any, values: Mapping[str, str], address: Personal[str], clinic: ClinicWords, at: datetime
) -> str:
    """The visit's event, taken off the calendar again by the letter that cancels it."""
    return calendar_file(
        f"{row.appointment_id}@waymark",
        row.appointment_version,
        method="CANCEL" if row.step == "cancelled" else "REQUEST",
        party=CalendarParty(clinic.mail_from or "visits@invalid", clinic.name, address.reveal()),
        starts=datetime.fromisoformat(row.facts["starts_at"]),
        ends=datetime.fromisoformat(row.facts["ends_at"]),
        stamp=at,
        summary=f"{values['clinic_name']}: {values['visit_name'] or values['site_name']}",
        place=values["site_address"],
    )
