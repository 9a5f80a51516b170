"""The form of a staff contact, read into what notify takes."""

from collections.abc import Mapping, Sequence
from typing import Any

from kernel.read_whole import read_whole
from services.dashboard.rules.phone_numbers import to_e164
from services.dashboard.rules.roles import ROLES

LAST_PLACE = 999


class BadContact(Exception):
    """The form cannot be taken as it is; the words say what to do."""


def read_contact(form: Mapping[str, str], sites: Sequence[str]) -> dict[str, Any]:
    """Return the body of a staff contact. Raises `BadContact` with words for the page."""
    name, typed, email = (form.get(field, "").strip() for field in ("name", "phone", "email"))
    phone = to_e164(typed)
    if not name:
        raise BadContact("Give a name.")
    if form.get("role") not in ROLES:
        raise BadContact("Choose a role.")
    if typed and not phone:
        raise BadContact("That is not a US phone number.")
    if not phone and not email:
        raise BadContact("Give a phone number or an e-mail address, best both.")
    place = read_whole(form.get("position", ""), LAST_PLACE, least=1)
    if place is None:
        raise BadContact(f"The order is a number from 1 to {LAST_PLACE}.")
    return {
        "name": name,
        "role": form["role"],
        "sites": list(sites),
        "phone": phone,
        "email": email,
        "on_call": form.get("on_call") == "yes",
        "position": place,
    }
