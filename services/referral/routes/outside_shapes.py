"""Wire shapes of referrals from outside, amendments and consult notes."""

from typing import Annotated, Any, Literal

from pydantic import Field, StrictStr, StringConstraints

from services.referral.schemas import Code, In, NeededNote, Note

Name = Annotated[StrictStr, StringConstraints(min_length=1, max_length=200, pattern=r"\S")]
Phone = Annotated[StrictStr, StringConstraints(pattern=r"^(\+[1-9]\d{7,14})?$")]
Email = Annotated[StrictStr, StringConstraints(max_length=254, pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$")]
Language = Literal["en", "es"]
# "": the letter does not say. What is known of the person stays; somebody new is written to in English.
ToldLanguage = Literal["en", "es", ""]
Day = Annotated[StrictStr, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")]
Site = Annotated[StrictStr, StringConstraints(pattern=r"^[a-z_]{0,40}$")]
LetterText = Annotated[StrictStr, StringConstraints(min_length=4, max_length=2_900_000)]


class OutsidePatientIn(In):
    given_name: Name
    family_name: Name
    birth_date: Day
    phone: Phone = ""
    email: Email = ""
    language: ToldLanguage = ""
    postcode: Annotated[StrictStr, StringConstraints(pattern=r"^(\d{5})?$")] = ""


class IdentifierIn(In):
    """A number the patient is kept under, as FHIR's Identifier: `system` is the URI of who keeps it."""

    system: Annotated[
        StrictStr, StringConstraints(max_length=222, pattern=r"^[a-z][a-z0-9+.\-]{1,20}:[!-~]{1,200}$")
    ]
    value: Annotated[StrictStr, StringConstraints(max_length=64, pattern=r"^[ -~]*[0-9A-Za-z][ -~]*$")]


class OutsideIn(In):
    """A referral from a referrer. `sender` with `external_id` makes it one, however often it is sent.

    `identifiers`: numbers of the patient in the letter; what is known already is not replaced by them. Those of a
    letter that is tracked stay with the letter, for staff to enter.
    `notices_email`: where the sender wants to be told of each milestone, "" for nowhere.
    """

    sender: Annotated[StrictStr, StringConstraints(min_length=1, max_length=120, pattern=r"\S")]
    external_id: Annotated[StrictStr, StringConstraints(min_length=1, max_length=120, pattern=r"\S")]
    patient: OutsidePatientIn
    identifiers: Annotated[list[IdentifierIn], Field(max_length=10)] = Field(default_factory=list)
    reason: Note = ""
    wanted_route: Code | None = None
    notices_email: Email = ""
    fields: Annotated[dict[Code, Any], Field(max_length=100)] = Field(default_factory=dict)
    letter_base64: LetterText | None = None
    preferred_site: Site = ""
    if_live: Literal["ask", "track", "separate"] = "ask"


class UnknownWalkInIn(In):
    """Somebody who came without an appointment and without a referral."""

    site_id: Code
    patient: OutsidePatientIn


class AmendedIn(In):
    preferred_site: Site | None = None
    phone: Phone | None = None
    email: Email | None = None
    language: Language | None = None


class AmendIn(In):
    changes: AmendedIn
    reason_code: Literal["entered_wrong", "patient_moved", "patient_asked", "other"]
    note: Note = ""


class NoteIn(In):
    text: NeededNote


class NoticesQuery(In):
    cursor: Annotated[str, StringConstraints(min_length=1, max_length=80)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50


class NothingIn(In):
    pass
