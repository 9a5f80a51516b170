"""The values and the text of one message."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.notify.rules.wording import (
    by_language,
    clock_time,
    long_day,
    phone_to_dial,
    place_name,
    short_day,
    zone_note,
)

# Intake's links may name the language of the page before their token.
LINK_LANGUAGES = ("", "?lang=en", "?lang=es")
# Values that open a patient's own page to whoever has them.
LINKS = ("link", "offer_link")
HIDDEN = "••••••"
_PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class ValueMissing(ValueError):
    """A placeholder of the template has no value for this message."""


@dataclass(frozen=True, slots=True)
class ClinicWords:
    """What messages call the clinic (no specialty), the number to call, E.164, its address, and who mails."""

    name: str
    phone: str
    patients_url: str = ""
    mail_from: str = ""

    @property
    def gate_prefixes(self) -> tuple[str, ...]:
        """How links of ours begin that end in a token and ask who is there."""
        places = ("/intake/o/", *(f"/intake/{page}{lang}#t=" for page in "qs" for lang in LINK_LANGUAGES))
        return tuple(f"{self.patients_url}{place}" for place in places) if self.patients_url else ()


def visit_values(
    clinic: ClinicWords, facts: Mapping[str, Any] | None, language: str, recipient_zone: str
) -> dict[str, str]:
    """The values every template may use; those of the visit only when there is one. `facts` as in the event."""
    values = {"clinic_name": clinic.name, "clinic_phone": phone_to_dial(clinic.phone)}
    if facts is None:
        return values
    site = facts["site"]
    zone = ZoneInfo(site["time_zone"])
    starts = datetime.fromisoformat(facts["starts_at"])
    return values | {
        "visit_day": short_day(starts, zone, language),
        "visit_date": long_day(starts, zone, language),
        "visit_time": clock_time(starts, zone) + zone_note(starts, zone, recipient_zone),
        "site_name": place_name(site["name"], clinic.name),
        "site_address": site["address"],
        "clinic_phone": phone_to_dial(site["phone"] or clinic.phone),
        "visit_name": by_language(facts["visit_type_name"], language),
    }


def about_values(
    clinic: ClinicWords, about: Mapping[str, Any], language: str, recipient_zone: str
) -> dict[str, str]:
    """The values of a message that is not about a visit. `about` as it was planned: `offer`, the facts of an offer;
    or a one-time `code`; or the `link_path` of a personal link; or the values of a `notice` to professionals.
    """
    if "offer" not in about:
        values = visit_values(clinic, None, language, recipient_zone)
        if "code" in about:
            values["code"] = about["code"]
        if "link_path" in about:
            values["link"] = f"{clinic.patients_url}{about['link_path']}"
        values |= about.get("notice", {})
        return values
    offer = about["offer"]
    zone = ZoneInfo(offer["site"]["time_zone"])
    values = visit_values(clinic, offer, language, recipient_zone)
    values["hold_until"] = clock_time(datetime.fromisoformat(offer["expires_at"]), zone)
    values["offer_link"] = f"{clinic.patients_url}/intake/o/{offer['claim_token']}"
    return values


def masked(values: Mapping[str, str]) -> dict[str, str]:
    """`values` as staff may read them: what opens a patient's page, or proves who they are, is hidden."""
    shown = dict(values)
    for name in LINKS:
        if name in shown:
            link = shown[name]
            shown[name] = link[: max(link.rfind("#t=") + len("#t="), link.rfind("/") + 1)] + HIDDEN
    if "code" in shown:
        shown["code"] = HIDDEN
    return shown


def hide_secrets(text: str, values: Mapping[str, str]) -> str:
    """`text`, which `values` were put into, with those hidden that `masked` hides."""
    for name, shown in masked(values).items():
        if shown != values[name]:
            text = text.replace(values[name], shown)
    return text


def fill(body: str, values: Mapping[str, str]) -> str:
    """Put `values` in the place of `{name}`; raises `ValueMissing` when one is absent or empty."""

    def value_of(match: re.Match[str]) -> str:
        value = values.get(match.group(1), "")
        if not value:
            raise ValueMissing(match.group(1))
        return value

    return _PLACEHOLDER.sub(value_of, body)
