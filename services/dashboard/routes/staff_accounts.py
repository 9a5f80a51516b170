"""Staff accounts: who works here, in which role, at which sites. Administrators only."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.web.problems import not_found
from services.dashboard.actions.change_role import change_role
from services.dashboard.actions.create_staff import StaffRefused, create_staff
from services.dashboard.actions.disable_staff import disable_staff
from services.dashboard.actions.enable_staff import enable_staff
from services.dashboard.model import Staff
from services.dashboard.queries.reference import names, reference
from services.dashboard.queries.staff_list import staff_list
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, staff_only
from services.dashboard.rules.roles import ADMIN, ROLES

REFUSALS = {
    "bad_role": "Choose a role.",
    "bad_email": "Give a name and one work e-mail address.",
    "email_taken": "There is an account with that address already.",
    "last_admin": "This is the last administrator: make another one first.",
    "too_short": "The password needs at least 15 characters.",
    "too_long": "The password may have at most 128 characters.",
    "names_the_clinic": "The password may not contain the clinic's name.",
    "names_the_person": "The password may not contain the person's name or address.",
    "repeats": "The password repeats itself too much.",
    "too_common": "The password is one that is tried first.",
}


def staff_account_routes(desk: Desk, password_salt: str) -> Blueprint:
    """Return the blueprint of staff accounts."""
    routes = Blueprint("staff_accounts", __name__)

    def page(problem: str = "", given: Any = None) -> Any:
        with desk.database.transaction() as session:
            accounts = staff_list(session)
        body = render_template(
            "staff_accounts.html",
            accounts=accounts,
            roles=ROLES,
            sites=names(reference(desk.owners, actor(), "sites")),
            providers=names(reference(desk.owners, actor(), "providers")),
            problem=REFUSALS.get(problem, problem),
            given=given or {},
        )
        return (body, 422) if problem else body

    @routes.get("/staff/accounts")
    @staff_only({ADMIN})
    def accounts() -> Any:
        return page()

    @routes.post("/staff/accounts")
    @staff_only({ADMIN})
    def create() -> Any:
        form = request.form
        try:
            with desk.database.transaction() as session:
                create_staff(
                    session,
                    actor(),
                    email=form.get("email", ""),
                    name=form.get("name", ""),
                    role=form.get("role", ""),
                    password=form.get("password", ""),
                    salt=password_salt,
                    sites=form.getlist("sites"),
                    provider_id=form.get("provider_id", ""),
                )
        except StaffRefused as refusal:
            return page(refusal.code, {**form, "sites": form.getlist("sites")})
        return redirect(url_for("staff_accounts.accounts"), 303)

    @routes.post("/staff/accounts/<staff_id>/<change>")
    @staff_only({ADMIN})
    def change(staff_id: str, change: str) -> Any:
        wanted = id_or_404(staff_id)
        try:
            with desk.database.transaction() as session:
                staff = session.get(Staff, wanted, with_for_update=True)
                if staff is None or change not in ("role", "disable", "enable"):
                    raise not_found("account")
                if change == "role":
                    change_role(
                        session,
                        actor(),
                        staff,
                        request.form.get("role", ""),
                        request.form.getlist("sites"),
                        provider_id=request.form.get("provider_id", ""),
                    )
                elif change == "disable":
                    disable_staff(session, actor(), staff)
                else:
                    enable_staff(session, actor(), staff)
        except StaffRefused as refusal:
            return page(refusal.code)
        own = wanted == me().id
        return redirect(url_for("home.home") if own else url_for("staff_accounts.accounts"), 303)

    return routes
