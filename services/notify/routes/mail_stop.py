"""The link in every e-mail that ends them: one press in a mail program, or a page with choices. The token is the key.

Looking changes nothing: scanners and mail programs fetch links on their own.
"""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, request
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.context import Actor, request_scope
from kernel.database import Database
from kernel.web.problems import from_status
from services.notify.actions.choose_topics import choose_topics
from services.notify.actions.opt_in import opt_in
from services.notify.actions.opt_out import opt_out
from services.notify.model import ContactPoint
from services.notify.rules.cadence import PATIENT_TOPICS
from services.notify.rules.compose import ClinicWords
from services.notify.rules.wording import phone_to_dial
from services.notify.texts.stop_page import STYLE, stop_page
from services.notify.texts.stop_token import read_stop_token

USERS = """
SELECT p.id, p.language, t.contact_point_id AS phone_point FROM patient_contact l JOIN patient p ON p.id = l.patient_id
LEFT JOIN patient_contact t ON t.patient_id = p.id AND t.channel = 'sms'
WHERE l.contact_point_id = :point ORDER BY p.heard_at DESC, p.id
"""
GIVEN = """
SELECT topic, bool_or(given) AS given FROM consent
WHERE channel = 'email' AND patient_id = ANY(:patients) GROUP BY topic
"""


def mail_stop_routes(database: Database, clinic: ClinicWords) -> Blueprint:
    """Return a blueprint with `/hooks/mail/stop/<token>`."""
    routes = Blueprint("mail_stop", __name__)

    def point_of(token: str) -> UUID:
        point_id = read_stop_token(token)
        if point_id is None:
            raise from_status(404)
        return point_id

    def page(session: Session, point: ContactPoint, done: str = "") -> Response:
        users = session.execute(text(USERS), {"point": point.id}).all()
        given = session.execute(text(GIVEN), {"patients": [user.id for user in users]})
        wanted: dict[str, Any] = dict.fromkeys(PATIENT_TOPICS, False)
        wanted |= {row.topic: row.given for row in given if row.topic in wanted}
        body = stop_page(
            users[0].language if users else "en",
            clinic=clinic.name,
            phone=phone_to_dial(clinic.phone),
            wanted=wanted,
            out=point.opted_out_at is not None,
            has_phone=len(users) == 1 and users[0].phone_point is not None,
            done=done,
        )
        return Response(body, mimetype="text/html")

    @routes.get("/hooks/mail/stop.css")
    def style() -> Response:
        return Response(STYLE, mimetype="text/css")

    @routes.get("/hooks/mail/stop/<token>")
    def show(token: str) -> Response:
        point_id = point_of(token)
        with request_scope(), database.transaction() as session:
            point = session.get(ContactPoint, point_id)
            if point is None:
                raise from_status(404)
            return page(session, point)

    @routes.post("/hooks/mail/stop/<token>")
    def act(token: str) -> Response:
        point_id = point_of(token)
        # RFC 8058: a mail program's button posts just this, and expects no page.
        one_click = request.form.get("List-Unsubscribe") == "One-Click"
        deed = "all" if one_click else request.form.get("deed", "")
        if deed not in ("all", "topics", "again"):
            raise from_status(400)
        with request_scope(), database.transaction() as session:
            points = _locked(
                session, point_id, with_phone=request.form.get("texts") == "yes" and deed == "all"
            )
            if point_id not in points:
                raise from_status(404)
            users = [row.id for row in session.execute(text(USERS), {"point": point_id})]
            actor = Actor("patient", str(users[0] if len(users) == 1 else point_id))
            if deed == "all":
                for point in points.values():
                    opt_out(session, point, actor, "one_click" if one_click else "stop_page")
            elif deed == "again":
                opt_in(session, points[point_id], actor, "stop_page")
            else:
                choose_topics(session, actor, users, "email", request.form.getlist("topic"))
            session.flush()
            return Response("") if one_click else page(session, points[point_id], deed)

    return routes


def _locked(session: Session, point_id: UUID, *, with_phone: bool) -> dict[UUID, ContactPoint]:
    """The address, and the phone of the one patient who uses it when they want both stopped; locked in id order."""
    wanted = [point_id]
    if with_phone:
        users = session.execute(text(USERS), {"point": point_id}).all()
        if len(users) == 1 and users[0].phone_point is not None:
            wanted.append(users[0].phone_point)
    same = select(ContactPoint).where(ContactPoint.id.in_(wanted)).order_by(ContactPoint.id)
    locked = session.scalars(same.with_for_update(key_share=True).execution_options(populate_existing=True))
    return {point.id: point for point in locked}
