"""Wire shapes of intake's API."""

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from services.intake.rules.phone import to_e164

_EMAIL = re.compile(
    r"[^@\s\x00-\x1f<>()\[\],;:\\\"]{1,64}@(?:[^@\s.\x00-\x1f]{1,63}\.)+[^@\s.\x00-\x1f]{2,63}"
)
_INVISIBLE = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


def a_name(text: str) -> str:
    """Trim a name; refuse an empty one and characters nobody can see."""
    plain = " ".join(text.split())
    if not plain or _INVISIBLE.search(plain):
        raise ValueError("not a name")
    return plain


def a_phone(text: str) -> str:
    """E.164, or "" for none."""
    if not text.strip():
        return ""
    number = to_e164(text)
    if number is None:
        raise ValueError("not a phone number")
    return number


def an_email(text: str) -> str:
    """A trimmed address, or "" for none."""
    plain = text.strip()
    if plain and (len(plain) > 254 or not _EMAIL.fullmatch(plain)):
        raise ValueError("not an e-mail address")
    return plain


def a_postcode(text: str) -> str:
    """Five digits of a ZIP code (a longer one is cut), or letters and digits of another country's."""
    plain = text.strip().upper()
    if re.fullmatch(r"\d{5}(-\d{4})?", plain):
        return plain[:5]
    if plain and not re.fullmatch(r"[A-Z0-9][A-Z0-9 \-]{1,9}", plain):
        raise ValueError("not a postcode")
    return plain


def a_number(text: str) -> str:
    """Trim an identifier, and spaces within it to one."""
    return " ".join(text.split())


Name = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=100), AfterValidator(a_name)]
Phone = Annotated[str, StringConstraints(strict=True, max_length=40), AfterValidator(a_phone)]
Email = Annotated[str, StringConstraints(strict=True, max_length=254), AfterValidator(an_email)]
Postcode = Annotated[str, StringConstraints(strict=True, max_length=12), AfterValidator(a_postcode)]
Code = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z0-9_]{0,64}$")]
Zone = Annotated[
    str, StringConstraints(strict=True, pattern=r"^([A-Za-z_]+(/[A-Za-z0-9_+\-]+){0,2})?$", max_length=64)
]
BirthDate = Annotated[str, StringConstraints(strict=True, pattern=r"^\d{4}-\d{2}-\d{2}$")]
# "": nobody asked. What is known of the person stays; somebody new is written to in English.
ToldLanguage = Literal["en", "es", ""]
MOST_ANSWERS = 500
AnsweredBy = Literal["self", "parent", "guardian", "carer", "interpreter", "referrer", "staff"]


class Wire(BaseModel):
    """Base of what is taken: nothing unknown, nothing coerced."""

    model_config = ConfigDict(extra="forbid")


class IdentifierIn(Wire):
    """A number the patient is kept under, as FHIR's Identifier: `system` is the URI of who keeps it."""

    system: Annotated[
        str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9+.\-]{1,20}:[!-~]{1,200}$", max_length=222)
    ]
    value: Annotated[
        str,
        StringConstraints(strict=True, pattern=r"^[ -~]*[0-9A-Za-z][ -~]*$", max_length=64),
        AfterValidator(a_number),
    ]


def one_of_each(identifiers: list[IdentifierIn]) -> list[IdentifierIn]:
    """Refuse two values of one system."""
    if len({one.system for one in identifiers}) < len(identifiers):
        raise ValueError("two values of one system")
    return identifiers


Identifiers = Annotated[list[IdentifierIn], Field(max_length=10), AfterValidator(one_of_each)]


class PatientIn(Wire):
    """Who the patient is."""

    given_name: Name
    family_name: Name
    birth_date: BirthDate
    phone: Phone = ""
    email: Email = ""
    postcode: Postcode = ""
    time_zone: Zone = ""
    identifiers: Identifiers = []


class ConsentIn(Wire):
    """Which messages the patient agreed to; null when nobody asked, so that an earlier consent stays."""

    sms: StrictBool | None = None
    email: StrictBool | None = None


class SubmissionIn(Wire):
    """A whole questionnaire at once. `answers` are keyed by the protocol's variables."""

    patient: PatientIn
    language: ToldLanguage = ""
    # More of them is too large a request, not a wrong field.
    answers: dict[str, Any] = Field(json_schema_extra={"maxProperties": MOST_ANSWERS})
    consent: ConsentIn = ConsentIn()
    preferred_site: Code = ""
    mode: Literal["api", "phone", "paper", "kiosk", "self"] = "api"
    answered_by: AnsweredBy = "self"


class CloseIn(Wire):
    """How a call-back ended."""

    outcome_code: Literal[
        "sent_to_emergency",
        "seen_same_day",
        "advice_given",
        "visit_arranged",
        "reached_elsewhere_cared_for",
        "not_reached_letter_sent",
        "entered_by_mistake",
    ]
    note: Annotated[str, StringConstraints(strict=True, max_length=2000)] = ""


class SafetyOut(BaseModel):
    """What the patient must be told now; null when nothing urgent was found."""

    kind: Literal["emergency", "same_day"] | None
    text: str = ""


class SubmittedOut(BaseModel):
    """The submission as stored."""

    id: str
    patient_id: str
    status: Literal["submitted", "stopped"]
    safety: SafetyOut


class AnyOut(BaseModel):
    """An object whose fields the description lists."""

    model_config = ConfigDict(extra="allow")


class DecideMatchIn(Wire):
    """The candidate a new record is the same person as; null for nobody."""

    same_as: Annotated[str, StringConstraints(strict=True, max_length=36)] | None


class MergeIn(Wire):
    """The record that stays."""

    into: Annotated[str, StringConstraints(strict=True, max_length=36)]


class LinkIn(Wire):
    """A personal link for a patient. `kiosk`: staff have checked who is there, so earlier answers may be shown.

    `phone` and `paper`: the member of staff who asks for it types what `answered_by` said or wrote.
    `questionnaire` is the canonical address of a published one; without it, the one for new patients.
    """

    mode: Literal["self", "kiosk", "phone", "paper"] = "self"
    answered_by: AnsweredBy = "self"
    language: ToldLanguage = ""
    questionnaire: Annotated[str, StringConstraints(strict=True, max_length=1000)] = ""


class TypedEntryIn(Wire):
    """Whom a member of staff types for: a caller, or who wrote it on paper. A caller's telephone is needed."""

    patient: PatientIn
    mode: Literal["phone", "paper"]
    answered_by: AnsweredBy = "self"
    language: ToldLanguage = ""
    consent: ConsentIn = ConsentIn()


class StatusLinkIn(Wire):
    """A link to follow a referral by; without a language, the patient's own."""

    language: ToldLanguage = ""


class QuestionnaireIn(BaseModel):
    """A FHIR R4 Questionnaire; its own rules check it, with paths."""

    model_config = ConfigDict(extra="allow")

    resourceType: Literal["Questionnaire"]  # noqa: N815 - the name FHIR gives it
