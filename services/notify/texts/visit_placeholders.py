"""The placeholders a visit's messages may use, with the dearest value each can take."""

from collections.abc import Mapping
from types import MappingProxyType

from services.notify.texts.placeholders import KNOWN, Placeholder

# Weekday and month names keep to three letters in texts, so that one segment holds what must be said.
_SHORT_DAY = Placeholder(
    "visit_day",
    "day of the visit, short",
    MappingProxyType({"en": ("Wed Sep 30",), "es": ("mié 30 sep",)}),
)
_VISIT_NAME = Placeholder(
    "visit_name",
    "neutral name of the kind of visit",
    MappingProxyType({"en": ("Follow-up appointment",), "es": ("Cita de seguimiento",)}),
)
_OFTEN = ("clinic_name", "clinic_phone", "visit_date", "visit_time", "site_name", "site_address")
# A time is the site's; who lives by another clock is told which (rules/wording.py: zone_note).
_TIME = Placeholder(
    "visit_time",
    "time of the visit at the site, with its zone when the patient's differs",
    MappingProxyType({"en": ("10:30 AM CDT",), "es": ("10:30 AM CDT",)}),
)
_HOLD = Placeholder(
    "hold_until",
    "time until which an offered time is kept",
    MappingProxyType({"en": ("10:30 AM",), "es": ("10:30 AM",)}),
)
# What an offer's link is at its longest: an address of 29 characters, the page, and a token of 22.
_OFFER_LINK_LONGEST = "https://visits.clinic.example/intake/o/" + "A" * 22
_OFFER_LINK = Placeholder(
    "offer_link",
    "the patient's page of an offered time; it asks for the birth date",
    MappingProxyType({"en": (_OFFER_LINK_LONGEST,), "es": (_OFFER_LINK_LONGEST,)}),
)
_MATTER = Placeholder(
    "staff_matter",
    "what staff must look at, in fixed words",
    MappingProxyType(
        {
            "en": ("No free time at Prairie Crossing Lee's Summit.",),
            "es": ("No free time at Prairie Crossing Lee's Summit.",),
        }
    ),
)
_REFERRAL = Placeholder(
    "referral_number",
    "the sender's own number of a referral",
    MappingProxyType({"en": ("REF-2026-0000001",), "es": ("REF-2026-0000001",)}),
)
_MILESTONE = Placeholder(
    "milestone",
    "what became of a referral, in fixed words",
    MappingProxyType({"en": ("The visit was changed.",), "es": ("The visit was changed.",)}),
)
VISIT_PLACEHOLDERS: Mapping[str, Placeholder] = MappingProxyType(
    {name: KNOWN[name] for name in _OFTEN}
    | {
        "visit_time": _TIME,
        "visit_day": _SHORT_DAY,
        "visit_name": _VISIT_NAME,
        "hold_until": _HOLD,
        "offer_link": _OFFER_LINK,
        "link": KNOWN["link"],
        "code": KNOWN["code"],
        "staff_matter": _MATTER,
        "referral_number": _REFERRAL,
        "milestone": _MILESTONE,
    }
)
