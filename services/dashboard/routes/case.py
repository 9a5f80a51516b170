"""The case page: answers, decision with its evidence, what can be done, and everything that happened."""

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.case import Case, read_case
from services.dashboard.queries.messages import messages_of_patient
from services.dashboard.queries.patient_views import views_of_patient
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.answered import ANSWERERS, MODES, filled_in
from services.dashboard.routes.charts import charts_of
from services.dashboard.routes.desk import Desk, actor, business_now, id_or_404, me, note_view, staff_only
from services.dashboard.routes.opening import open_case
from services.dashboard.routes.refusals import show_refusal
from services.dashboard.rules.deeds import offered
from services.dashboard.rules.roles import SCHEDULES, SEES_ANSWERS, SEES_PATIENTS
from services.dashboard.rules.series_form import series_of
from services.dashboard.rules.visit_deeds import CANCEL_REASONS
from services.dashboard.rules.waitlist_form import NOTICES

ENDED = ("closed", "withdrawn", "handed_over")


def case_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of one referral's page."""
    routes = Blueprint("case", __name__)

    @routes.get("/staff/referrals/<referral_id>")
    @staff_only(SEES_PATIENTS)
    def case(referral_id: str) -> Any:
        return render_case(desk, open_case(desk, referral_id, "case"))

    @routes.get("/staff/referrals/<referral_id>/packet.pdf")
    @staff_only(SEES_ANSWERS)
    def packet(referral_id: str) -> Any:
        """The outgoing packet. Its owner audits the export; here it counts as a look at the patient."""
        wanted = id_or_404(referral_id)
        try:
            found = read_case(desk.owners, actor(), wanted)
            content = desk.patient_owners.download(
                "referral", f"/referrals/{wanted}/packet", actor(), "application/pdf"
            )
        except OwnerAway as away:
            return render_template("owner_away.html", service=away.service), 503
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, url_for("case.case", referral_id=wanted), "Packet")
        note_view(desk, "packet", found.patient_id, wanted)
        answer = Response(content, mimetype="application/pdf")
        answer.headers["Content-Disposition"] = f'attachment; filename="referral-{str(wanted)[-8:]}.pdf"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def render_case(desk: Desk, found: Case) -> str:
        who = actor()
        messages = part(
            lambda: messages_of_patient(desk.owners, who, found.patient_id), list[dict[str, Any]]()
        )
        with desk.database.transaction() as session:
            views = views_of_patient(session, found.patient_id, limit=8) if found.patient_id else []
        return render_template(
            "case.html",
            case=found,
            trends=charts_of(desk, found.patient_id),
            filled_in=filled_in(desk, found),
            modes=MODES,
            answerers=ANSWERERS,
            messages=messages,
            views=views,
            deeds=[
                deed
                for deed in offered([*found.allowed, "assign"], me().role)
                if (deed.name != "clear_hold" or found.open_holds)
                # Who sees to a declined case is still somebody; what is over for good is nobody's.
                and (deed.name != "assign" or found.raw.get("state") not in ENDED)
            ],
            may_see_answers=me().role in SEES_ANSWERS,
            may_book=me().role in SCHEDULES,
            done=request.args.get("done", ""),
            sites=names(reference(desk.owners, who, "sites")),
            providers=names(reference(desk.owners, who, "providers")),
            visit_types=names(reference(desk.owners, who, "visit-types")),
            cancel_reasons=CANCEL_REASONS,
            notices=NOTICES,
            series=series_of(found.raw, business_now()),
        )

    return routes
