"""What every staff page is built from, and who is sitting at it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast
from uuid import UUID

from flask import g, request

from kernel.context import Actor
from kernel.database import Database
from kernel.ids import parse_id
from kernel.read_whole import read_whole
from kernel.web.problems import Problem, not_found
from services.dashboard.actions.record_view import record_view
from services.dashboard.model import Staff
from services.dashboard.owners import Owners

#: What a database keeps a version in.
MOST_VERSION = 2_147_483_647
F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Desk:
    """The parts pages share: this service's own database, and the way to the owners.

    `patient_owners` waits longer: checking a whole protocol takes an owner seconds.
    """

    database: Database
    owners: Owners
    patient_owners: Owners
    public_url: str = ""


def staff_only(*roles: frozenset[str] | set[str]) -> Callable[[F], F]:
    """Guard a page: signed-in staff with one of the roles. Every page carries exactly one; a test walks them."""
    allowed = frozenset().union(*roles)

    def guard(view: F) -> F:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if me().role not in allowed:
                raise Problem(403, "forbidden", "Your role does not open this page.")
            return view(*args, **kwargs)

        guarded.staff_roles = allowed  # type: ignore[attr-defined]
        return cast(F, guarded)

    return guard


def me() -> Staff:
    """The signed-in member of staff."""
    staff = g.get("staff")
    if staff is None:
        raise Problem(401, "unauthenticated", "Sign in first.")
    return cast(Staff, staff)


def actor() -> Actor:
    """Who the owners see acting."""
    return me().actor()


def business_now() -> datetime:
    """Business time at the start of this request."""
    return cast(datetime, g.business_now)


def id_or_404(text: str) -> UUID:
    """Return the id in an address; any malformed one is simply not found."""
    found = parse_id(text)
    if found is None:
        raise not_found("record")
    return found


def sent_version() -> int | None:
    """The version of what the posted form changes, None when it carries none.

    Raises `Problem` 400 for one no page of ours wrote.
    """
    given = request.form.get("version", "")
    version = read_whole(given, MOST_VERSION)
    if given and version is None:
        raise Problem(400, "malformed", "The form was not complete.")
    return version


def note_view(desk: Desk, page: str, patient_id: object, referral_id: object = None) -> None:
    """Record that this person opened a page about a patient, before the page is shown."""
    patient = parse_id(str(patient_id))
    if patient is None:
        return
    with desk.database.transaction() as session:
        record_view(
            session,
            actor(),
            patient_id=patient,
            referral_id=parse_id(str(referral_id)) if referral_id else None,
            page=page,
        )
