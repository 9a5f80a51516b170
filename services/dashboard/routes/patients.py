"""Find a patient, and everything about one on a page."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from kernel.web.problems import Problem
from services.dashboard.owners import Part, part
from services.dashboard.queries.messages import messages_of_patient
from services.dashboard.queries.patient_views import views_of_patient
from services.dashboard.queries.patients import contacts_of, find_patients, read_patient, referrals_of
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.acting import act
from services.dashboard.routes.answered import ANSWERERS
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, note_view, staff_only
from services.dashboard.routes.identifiers import IDENTIFIES
from services.dashboard.routes.opening import opening
from services.dashboard.rules.identifier_kinds import KINDS
from services.dashboard.rules.navigation import MESSAGES
from services.dashboard.rules.reply_words import TOPICS, WAYS
from services.dashboard.rules.roles import CLINICAL, FRONT_DESK, SEES_PATIENTS, THERAPIST

Rows = list[dict[str, Any]]
SHORTEST, LONGEST = 2, 100
SHORTEST_NOTE = 10
# A manager speaks with nobody in the clinic's name: notify takes it from those who care for a patient and the desk.
SPEAKS = {FRONT_DESK, *CLINICAL, THERAPIST}


def patient_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of patient search and the patient's page."""
    routes = Blueprint("patients", __name__)

    @routes.get("/staff/patients")
    @staff_only(SEES_PATIENTS)
    def search() -> Any:
        # A search names a person, so it is posted: addresses are kept in histories and logs.
        return render_template("search.html", query="", found=None, problem="")

    @routes.post("/staff/patients")
    @staff_only(SEES_PATIENTS)
    def find() -> Any:
        query = request.form.get("q", "").strip()
        problem, found = "", Part[Rows]([])
        if len(query) < SHORTEST or len(query) > LONGEST:
            problem = f"Type {SHORTEST} to {LONGEST} letters or digits."
        else:
            found = part(lambda: find_patients(desk.owners, actor(), query), Rows())
        template = "parts/found.html" if request.headers.get("X-Waymark-Part") else "search.html"
        return render_template(template, query=query, found=found, problem=problem), 422 if problem else 200

    @routes.get("/staff/patients/<patient_id>")
    @staff_only(SEES_PATIENTS)
    def patient(patient_id: str) -> Any:
        wanted, who = id_or_404(patient_id), actor()
        with opening("patient"):
            record = read_patient(desk.owners, who, wanted)
        note_view(desk, "patient", wanted)
        with desk.database.transaction() as session:
            views = views_of_patient(session, wanted, limit=30)
        return render_template(
            "patient.html",
            patient=record,
            referrals=part(lambda: referrals_of(desk.owners, who, wanted), Rows()),
            contacts=part(lambda: contacts_of(desk.owners, who, wanted), Rows()),
            messages=part(lambda: messages_of_patient(desk.owners, who, wanted), Rows()),
            views=views,
            sites=names(reference(desk.owners, who, "sites")),
            may_change=me().role in MESSAGES,
            may_speak=me().role in SPEAKS,
            answerers=ANSWERERS,
            identifier_kinds=KINDS,
            may_identify=me().role in IDENTIFIES,
            TOPICS=TOPICS,
            WAYS=WAYS,
        )

    @routes.post("/staff/patients/<patient_id>/messages-request")
    @staff_only(MESSAGES)
    def messages_request(patient_id: str) -> Any:
        wanted = id_or_404(patient_id)
        body = {
            **{name: request.form.get(name, "") for name in ("channel", "deed", "how")},
            "note": request.form.get("note", "").strip(),
            "topics": request.form.getlist("topic"),
        }
        if body["deed"] == "start" and len(body["note"]) < SHORTEST_NOTE:
            raise Problem(422, "invalid", f"Write down what they asked, in {SHORTEST_NOTE} letters or more.")
        back = url_for("patients.patient", patient_id=wanted)
        path = f"/patients/{wanted}/messages-request"
        return act(desk, "notify", path, body, back=back, words="Save what they asked")

    @routes.post("/staff/patients/<patient_id>/spoken")
    @staff_only(SPEAKS)
    def spoken(patient_id: str) -> Any:
        wanted = id_or_404(patient_id)
        back = url_for("patients.patient", patient_id=wanted)
        return act(
            desk, "notify", f"/patients/{wanted}/spoken", {}, back=back, words="Say that you have spoken"
        )

    return routes
