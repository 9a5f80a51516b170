"""What a patient's own pages ask of the schedule, and the pages they share: times to choose from, a call instead."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import render_template, request, url_for

from kernel.database import Database
from kernel.ids import new_id
from kernel.service_client import Answer, ServiceClient, ServiceUnavailable
from kernel.web.problems import Problem, not_found
from services.intake.queries.submissions import referral_of
from services.intake.routes import visitor
from services.intake.routes.answering import held_link
from services.intake.routes.page_facts import PageFacts
from services.intake.rules.spoken_time import spoken_day, spoken_hour, spoken_time
from services.intake.texts import texts

# What a wish for a time names, as referral lists it.
CHOICE = ("visit_type", "provider_id", "site_id", "starts_at")
SHOWN, PER_DAY, WHOLE_DAY = 12, 4, 40
# Refusals after which other times are still the patient's to choose from.
GONE = ("slot_taken", "slot_not_offered", "patient_busy")
CHANGED = ("second_visit", "visit_changed", "illegal_state", "illegal_move", "key_reused", "in_progress")

Refused = tuple[str, int]


@dataclass(frozen=True)
class FirstTime:
    """What a patient can do about a first time: choose it here, or call this number first; neither where unknown."""

    may_choose: bool = False
    call: str = ""


class OwnSchedule:
    """The schedule as one patient's link may use it; it is referral's, and only asked here."""

    def __init__(self, database: Database, facts: PageFacts, others: ServiceClient) -> None:
        self._database, self._facts, self._others = database, facts, others

    def referral_behind(self, handle: str) -> UUID | None:
        """The referral this browser may act for; None while the birth date was not given. 404 without one."""
        with self._database.transaction() as session:
            link = held_link(session, handle, "status")
            if not visitor.is_let_in(link.id):
                return None
            if link.referral_id is not None:
                return link.referral_id
            view = referral_of(session, link.submission_id) if link.submission_id else None
            if view is None:
                raise not_found("page")
            return view.referral_id

    def get(self, path: str) -> Answer:
        """Ask; raises 404 as referral does, and 503 when it cannot be reached."""
        return self._call("GET", path, None, None)

    def post(self, path: str, body: Any) -> Answer:
        """Do a deed under the form's own key, so that a second press of its button does nothing more."""
        key = request.form.get("key") or str(new_id())
        return self._call("POST", path, body, {"Idempotency-Key": key})

    def _call(self, method: str, path: str, body: Any, headers: dict[str, str] | None) -> Answer:
        try:
            answer = self._others.call(
                "referral", method, f"/api/referral/v1/self/{path}", json_body=body, headers=headers
            )
        except ServiceUnavailable:
            raise Problem(503, "schedule_away", "The schedule cannot be reached.") from None
        if answer.status >= 500 or answer.status in (401, 403):
            raise Problem(503, "schedule_away", "The schedule cannot be reached.")
        if answer.status in (400, 404):
            raise not_found("page")
        return answer

    def first_time(self, referral: UUID) -> FirstTime:
        """What to offer of a first time. A schedule that does not answer promises nothing and keeps no page away."""
        try:
            answer = self.get(f"referrals/{referral}")
        except Problem:
            return FirstTime()
        if answer.status != 200 or not answer.body["referrals"]:
            return FirstTime()
        told = answer.body["referrals"][0]
        if told["may_book"]:
            return FirstTime(may_choose=True)
        return FirstTime() if told["why_not"] == "not_ready" else FirstTime(call=self.phone_in(told))

    def own_visit(self, referral: UUID, visit_id: str) -> dict[str, Any]:
        """The visit, when it is this referral's patient's; 404 for any other."""
        items = self.get(f"referrals/{referral}").body["items"]
        found = next((one for one in items if one["id"] == visit_id), None)
        if found is None:
            raise not_found("page")
        return dict(found)

    def page(self, template: str, handle: str, **shown: Any) -> str:
        """A page with what every page of these needs; `key` makes its deed happen once."""
        chosen = visitor.language()
        words = {"lang": chosen, "t": texts(chosen), "clinic_phone": self._facts.phone_shown}
        return render_template(template, handle=handle, key=str(new_id()), **words, **shown)

    def times_page(self, handle: str, referral: UUID, visit: dict[str, Any] | None, problem: str = "") -> str:
        """Free times by day: for a first visit, or for `visit` to move to."""
        wanted = {name: request.args.get(name, "") for name in ("site", "from")}
        whole_day = bool(request.args.get("day"))
        query = {name: value for name, value in wanted.items() if value}
        query |= {"limit": str(SHOWN), "per_day": str(PER_DAY)}
        if whole_day:
            query |= {"days": "1", "limit": str(WHOLE_DAY), "per_day": str(WHOLE_DAY)}
        if visit is not None:
            query["appointment_id"] = visit["id"]
        answer = self.get(f"referrals/{referral}/slots?{urlencode(query)}")
        if answer.status == 422:
            raise not_found("page")
        if not answer.ok:
            return self.page("call_us.html", handle, phone=self.phone_in(answer.body))
        items = answer.body["items"]
        return self.page(
            "times.html",
            handle,
            visit=None if visit is None else shown(visit),
            days=_by_day(items, visitor.language()),
            sites=answer.body["sites"],
            site=wanted["site"],
            later=answer.body["until"],
            whole_day=whole_day,
            is_first=not wanted["from"],
            problem=problem,
            here=url_for("visit.times", handle=handle)
            if visit is None
            else url_for("visit.begin", handle=handle, visit_id=visit["id"], deed="move"),
        )

    def refused(
        self, handle: str, referral: UUID, visit: dict[str, Any] | None, answer: Answer, *, chose: bool
    ) -> Refused:
        """The page for a deed referral refused: other times, or the phone to call. Nothing was changed by it.

        `chose`: the deed named a time. Only then can a wish that fits nothing (422) be told as a time that is gone; a
        key used before (or just now) is a second press on a page whose first one may stand.
        """
        code = code_of(answer)
        unfit = answer.status == 422 and code not in CHANGED
        if code in GONE or (unfit and chose):
            return self.times_page(handle, referral, visit, "gone"), 409
        phone = self.phone_in(answer.body)
        return self.page("call_us.html", handle, phone=phone, changed=unfit or code in CHANGED), 409

    def phone_in(self, body: Any) -> str:
        """The phone a refusal names, as people here read it; the clinic's own otherwise."""
        digits = str(body.get("phone", "") if isinstance(body, dict) else "").removeprefix("+1")
        if len(digits) != 10:
            return self._facts.phone_shown
        return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def code_of(answer: Answer) -> str:
    """The code of a refusal; "" without one."""
    return str(answer.body.get("code", "")) if isinstance(answer.body, dict) else ""


def wish() -> dict[str, str]:
    return {name: request.form.get(name, "") for name in CHOICE}


def wish_for(listed: dict[str, Any]) -> dict[str, str]:
    """The form fields that wish for a time as referral listed it."""
    return {name: listed["site" if name == "site_id" else name] for name in CHOICE}


def same_place(visit: dict[str, Any]) -> dict[str, str]:
    return {
        "visit_type": visit["visit_type"],
        "provider_id": visit["provider_id"],
        "site_id": visit["site"]["id"],
        "starts_at": visit["starts_at"],
    }


def shown(visit: dict[str, Any]) -> dict[str, Any]:
    zone = ZoneInfo(visit["site"]["time_zone"])
    language = visitor.language()
    return visit | {
        "when": spoken_time(datetime.fromisoformat(visit["starts_at"]).astimezone(zone), language),
        "until": spoken_time(datetime.fromisoformat(visit["change_until"]).astimezone(zone), language),
    }


def _by_day(items: list[dict[str, Any]], language: str) -> list[dict[str, Any]]:
    """Times by day at their site {day, said, times}."""
    days: dict[str, dict[str, Any]] = {}
    for one in items:
        local = datetime.fromisoformat(one["local_start"])
        date = local.date().isoformat()
        found = days.setdefault(date, {"day": date, "said": spoken_day(local, language), "times": []})
        found["times"].append(
            {
                "hour": spoken_hour(local, language),
                "said": spoken_time(local, language),
                "site": one["site_name"],
                "fields": wish_for(one),
            }
        )
    return list(days.values())
