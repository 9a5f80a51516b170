"""The patient as other services need to know them. Sealed wherever it rests."""

from datetime import date

from pydantic import BaseModel, ConfigDict


class PatientIdentifier(BaseModel):
    """A number the patient is kept under, as FHIR's Identifier: `system` is the URI of who keeps it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    system: str
    value: str


class PatientSnapshot(BaseModel):
    """Names, birth date and how to reach the patient. `phone` is E.164, `time_zone` an IANA name or "" if unknown."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    given_name: str
    family_name: str
    birth_date: date
    phone: str = ""
    email: str = ""
    language: str = "en"
    postcode: str = ""
    time_zone: str = ""
