"""What a questionnaire may ask its surroundings for when it is begun (SDC launch context): the patient, the clock."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

PATIENT: Final = "patient"
TODAY: Final = "today()"
NOW: Final = "now()"
AT_START: Final = frozenset({PATIENT, TODAY, NOW})


def launch_context(
    moment: datetime,
    zone: str,
    *,
    names: tuple[str, str],
    birth_date: str,
    phone: str,
    email: str,
    postcode: str,
    language: str,
) -> dict[str, list[Any]]:
    """By name what expressions find: a FHIR R4 Patient (`names` are given and family), the day and the time in `zone`.

    What is not known ("") is left out, as FHIR leaves it out: an expression finds nothing there.
    """
    here = moment.astimezone(ZoneInfo(zone))
    given, family = names
    name = {
        "use": "official",
        "text": " ".join(filter(None, names)),
        "family": family,
        "given": given.split(),
    }
    reached = [
        {"system": system, "value": value, **more}
        for system, value, more in (("phone", phone, {"use": "mobile"}), ("email", email, {}))
        if value
    ]
    patient: dict[str, Any] = {
        "resourceType": "Patient",
        "name": [_without_empty(name)] if given or family else [],
        "birthDate": _day(birth_date),
        "telecom": reached,
        "address": [{"use": "home", "postalCode": postcode}] if postcode else [],
        "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": language}]}}]
        if language
        else [],
    }
    return {
        PATIENT: [_without_empty(patient)],
        TODAY: [here.date().isoformat()],
        NOW: [here.isoformat(timespec="seconds")],
    }


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


def _without_empty(element: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in element.items() if value}
