"""A therapy series: planned with what stands against each visit, booked as one, cancelled as one."""

from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.web.problems import not_found
from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.case import read_case
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.desk import (
    Desk,
    actor,
    business_now,
    id_or_404,
    note_view,
    sent_version,
    staff_only,
)
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.booking_conflicts import conflict_words
from services.dashboard.rules.roles import SCHEDULES
from services.dashboard.rules.series_form import read_series, usual_series
from services.dashboard.rules.times import local
from services.dashboard.rules.visit_deeds import CANCEL_REASONS


def series_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of therapy series."""
    routes = Blueprint("series", __name__)

    @routes.route("/staff/referrals/<referral_id>/series", methods=["GET", "POST"])
    @staff_only(SCHEDULES)
    def series(referral_id: str) -> Any:
        """The form; posted, every visit of the series with its conflicts. Nothing is booked here."""
        return look(referral_id)

    def look(referral_id: str, *, taken: bool = False) -> Any:
        """The page; `taken`: it stands for a booking that was refused, with all that was chosen."""
        wanted, today = id_or_404(referral_id), local(business_now()).date()
        try:
            case = read_case(desk.owners, actor(), wanted)
            note_view(desk, "series", case.patient_id, wanted)
            kinds, people = _kinds(desk), reference(desk.owners, actor(), "providers")
            given = _given(case.raw, kinds, people, today)
            body, problems = read_series(given) if request.method == "POST" else ({}, {})
            planned = None
            if body and not problems:
                answer = ask_owner(
                    desk.owners, actor(), "referral", f"/referrals/{wanted}/series/check", body, key=""
                )
                planned = answer["planned"]
        except OwnerAway as away:
            if request.method == "GET":
                return render_template("owner_away.html", service=away.service), 503
            return show_away(away, url_for("series.series", referral_id=referral_id))
        except OwnerRefused as refusal:
            if refusal.status == 404:
                raise not_found("referral") from None
            return show_refusal(
                desk, refusal, url_for("series.series", referral_id=referral_id), "Plan the series"
            )
        page = render_template(
            "series.html",
            case=case,
            given=given,
            problems=problems,
            planned=planned,
            taken=taken,
            kinds=names(kinds),
            people={one["id"]: one for one in people},
            sites=names(reference(desk.owners, actor(), "sites")),
            conflict_words=conflict_words,
        )
        return page, 409 if taken else 422 if problems else 200

    @routes.post("/staff/referrals/<referral_id>/series/book")
    @staff_only(SCHEDULES)
    def book(referral_id: str) -> Any:
        wanted, back = id_or_404(referral_id), url_for("series.series", referral_id=referral_id)
        body, problems = read_series(_form())
        if problems:
            return redirect(back, 303)
        body["skip_conflicts"] = request.form.get("skip") == "1"
        key = request.form.get("key", "")
        try:
            ask_owner(desk.owners, actor(), "referral", f"/referrals/{wanted}/series", body, key=key)
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            if refusal.code == "series_conflicts":
                return look(referral_id, taken=True)
            return show_refusal(desk, refusal, back, "Book the series")
        return redirect(url_for("case.case", referral_id=referral_id, done="series"), 303)

    @routes.post("/staff/referrals/<referral_id>/series/<series_id>/cancel")
    @staff_only(SCHEDULES)
    def cancel(referral_id: str, series_id: str) -> Any:
        back = url_for("case.case", referral_id=id_or_404(referral_id))
        reason = request.form.get("reason_code", "")
        body = {"reason_code": reason if reason in dict(CANCEL_REASONS) else ""}
        path, key = f"/series/{id_or_404(series_id)}/cancel", request.form.get("key", "")
        try:
            ask_owner(desk.owners, actor(), "referral", path, body, key=key, version=sent_version())
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, "Cancel the rest of the series")
        return redirect(url_for("case.case", referral_id=referral_id, done="series_cancelled"), 303)

    return routes


def _kinds(desk: Desk) -> list[dict[str, Any]]:
    """The kinds of visit that come in a series: those of therapy that are not a first visit."""
    rows = reference(desk.owners, actor(), "visit-types")
    return [
        one for one in rows if "physical_therapy" in (one.get("routes") or []) and not one.get("first_visit")
    ]


def _form() -> dict[str, Any]:
    return {**request.form.to_dict(), "weekdays": request.form.getlist("weekdays")}


def _given(
    raw: dict[str, Any], kinds: list[dict[str, Any]], people: list[dict[str, Any]], today: date
) -> dict[str, Any]:
    if request.method == "POST":
        return _form()
    return usual_series(raw, kinds, people, today)
