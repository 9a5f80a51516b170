"""A therapy series as a form and as the owner takes it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from kernel.read_whole import read_whole
from services.dashboard.rules.times import parse_time

MOST_VISITS = 36
# Twice a week for six weeks, from the day after tomorrow.
USUAL_COUNT, USUAL_APART = 12, 3


def usual_series(
    referral: Mapping[str, Any],
    kinds: Sequence[Mapping[str, Any]],
    people: Sequence[Mapping[str, Any]],
    today: date,
) -> dict[str, Any]:
    """Return the form as it opens: the therapist and site of the last therapy visit, else one who works at the site."""
    ids = {str(one.get("id")) for one in kinds}
    skilled = [one for one in people if ids & {str(kind) for kind in one.get("visit_types") or []}]
    visits = [one for one in referral.get("appointments") or [] if one.get("state") != "cancelled"]
    known = {str(one.get("id")) for one in skilled}
    last: Mapping[str, Any] = next(
        (one for one in reversed(visits) if str(one.get("provider_id")) in known), {}
    )
    wished = str(last.get("site") or referral.get("site") or referral.get("preferred_site") or "")
    there = [one for one in skilled if wished in (one.get("sites") or [])] or skilled
    person = str(last.get("provider_id") or next((one.get("id") for one in there), ""))
    works_at = next((list(one.get("sites") or []) for one in there if str(one.get("id")) == person), [])
    first = today + timedelta(days=2)
    while first.weekday() > 4:
        first += timedelta(days=1)
    days = {first.weekday(), (first.weekday() + USUAL_APART) % 5}
    return {
        "visit_type": next(iter(sorted(ids & {"therapy_series"})), next(iter(sorted(ids)), "")),
        "provider_id": person,
        "site_id": wished if wished in works_at or not works_at else str(works_at[0]),
        "day": first.isoformat(),
        "at": "09:00",
        "weekdays": [str(day) for day in sorted(days)],
        "count": str(USUAL_COUNT),
    }


@dataclass(frozen=True)
class BookedSeries:
    """A series of a case: its visits by time, and how many of them are still to come.

    `version` and `seen` (what of it was seen, as the owner writes it) go back with the deed that cancels the rest.
    """

    id: str
    visits: list[dict[str, Any]]
    ahead: int
    version: int | None
    seen: str


def series_of(raw: Mapping[str, Any], now: datetime) -> list[BookedSeries]:
    """Return the series of a case (`raw`, as its owner gives it)."""
    known = {str(one.get("id")): one for one in raw.get("series") or []}
    found: dict[str, list[dict[str, Any]]] = {}
    for one in raw.get("appointments") or []:
        if one.get("series_id"):
            found.setdefault(str(one["series_id"]), []).append(one)
    return [
        BookedSeries(
            number,
            own,
            sum(_to_come(one, now) for one in own),
            known.get(number, {}).get("version"),
            ", ".join(known.get(number, {}).get("visits_to_come") or []),
        )
        for number, own in found.items()
    ]


def _to_come(visit: Mapping[str, Any], now: datetime) -> bool:
    starts_at = parse_time(visit.get("starts_at"))
    return visit.get("state") in ("booked", "confirmed") and starts_at is not None and starts_at > now


def read_series(form: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the owner's body and, by field, what is wrong with the form. Times are the site's wall clock."""
    problems: dict[str, str] = {}
    body: dict[str, Any] = {}
    for name, words in (("visit_type", "kind of visit"), ("provider_id", "therapist"), ("site_id", "site")):
        body[name] = str(form.get(name) or "")
        if not body[name]:
            problems[name] = f"Choose a {words}."
    try:
        first = datetime.fromisoformat(f"{form.get('day')}T{form.get('at')}")
        if first.tzinfo is not None:
            raise ValueError
        body["first_start"] = first.replace(second=0, microsecond=0).isoformat(timespec="seconds")
    except ValueError:
        problems["day"] = "Give the day and the time of the first visit."
    days = sorted({int(day) for day in form.get("weekdays") or [] if day in tuple("0123456")})
    body["weekdays"] = days
    if not days:
        problems["weekdays"] = "Choose at least one day of the week."
    body["count"] = read_whole(str(form.get("count") or ""), MOST_VISITS, least=1)
    if body["count"] is None:
        problems["count"] = f"From 1 to {MOST_VISITS} visits."
    return body, problems
