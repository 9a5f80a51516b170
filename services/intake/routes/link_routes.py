"""Personal links over HTTP: staff issue one for a phone, a kiosk or a QR code, and take it back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.database import Database
from kernel.ids import parse_id
from kernel.personal import Personal
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, conflict, invalid, not_found
from services.intake.actions.issue_link import issue_link
from services.intake.actions.register_patient import PatientFacts
from services.intake.actions.revoke_link import revoke_link
from services.intake.actions.start_draft import Started, start_draft
from services.intake.model import Patient, PatientLink, ReferralView, Submission
from services.intake.queries.forms import current_form, questionnaire_document
from services.intake.queries.patients import patient_of
from services.intake.queries.permissions import missing_permissions
from services.intake.routes.answering import KIOSK, STATUS_LINK_DAYS, TYPED_BY_STAFF
from services.intake.routes.list_queries import EmptyIn
from services.intake.routes.response_routes import READS
from services.intake.routes.submission_routes import A_CHILD, form_in_force
from services.intake.rules.link_tokens import link_path
from services.intake.rules.patient_age import birth_date_of, needs_guardian
from services.intake.schemas import AnyOut, LinkIn, StatusLinkIn

ISSUES = {"nurse", "front_desk"}
#: Of a link that is used where it was asked for: on the clinic's tablet, or by who asked.
DAYS_BESIDE = 1
#: In which whoever was told the birth date opens the questions.
AT_ONCE = timedelta(minutes=10)


def link_routes(database: Database, link_days: int) -> APIBlueprint:
    """Return the blueprint of personal links."""
    routes = APIBlueprint("links", __name__)

    @routes.post("/patients/<patient_id>/links")
    @allow(roles=ISSUES, services=True)
    @routes.input(LinkIn)
    @routes.output(AnyOut, status_code=201)
    def issue(patient_id: str, json_data: LinkIn) -> Any:
        """A new link to the patient's open draft (begun now if there is none); earlier ones stop working."""
        who = principal()

        def deed(session: Session) -> Reply:
            found = parse_id(patient_id)
            patient = patient_of(session, found) if found else None
            if patient is None:
                raise not_found("patient")
            facts = replace(_facts(patient), language=json_data.language)
            born = birth_date_of(facts.birth_date.reveal(), now(session).date())
            if born is not None and needs_guardian(born, now(session).date(), json_data.answered_by):
                raise invalid([FieldProblem("answered_by", "minor")], A_CHILD)
            form = form_in_force(session)
            if json_data.questionnaire:
                asked = current_form(session, json_data.questionnaire)
                if asked is None:
                    raise invalid([FieldProblem("questionnaire", "not_published")])
                document = questionnaire_document(session, asked.url, asked.version) or {}
                if licences := missing_permissions(session, document):
                    title = "Its owner's permission is not recorded, or is over."
                    raise conflict("permission_needed", title, licences=licences)
                form = asked
            typing = json_data.mode in TYPED_BY_STAFF
            if typing and who.actor.kind != "staff":
                raise invalid([FieldProblem("mode", "staff_only")])
            started = start_draft(
                session,
                facts,
                form,
                mode=json_data.mode,
                answered_by=json_data.answered_by,
                author=who.actor if typing else None,
                known=patient,
            )
            body = open_by_link(
                session, who.actor, started, json_data.mode, days=link_days, language=json_data.language
            )
            return Reply(body, 201)

        return once(database, who.client, deed).as_flask()

    @routes.post("/referrals/<referral_id>/links")
    @allow(roles=ISSUES, services=True)
    @routes.input(StatusLinkIn)
    @routes.output(AnyOut, status_code=201)
    def issue_status(referral_id: str, json_data: StatusLinkIn) -> Any:
        """A link by which the patient follows this referral, also one that came from outside."""
        who = principal()

        def deed(session: Session) -> Reply:
            found = parse_id(referral_id)
            view = session.get(ReferralView, found) if found else None
            patient = patient_of(session, view.patient_id) if view else None
            if view is None or patient is None:
                raise not_found("referral")
            known = view.submission_id is not None and session.get(Submission, view.submission_id) is not None
            token, link = issue_link(
                session,
                who.actor,
                "status",
                patient_id=patient.id,
                submission_id=view.submission_id if known else None,
                referral_id=view.referral_id,
                days=STATUS_LINK_DAYS,
                replaces_earlier=False,
            )
            body = {
                "id": str(link.id),
                "path": link_path("status", token, json_data.language or patient.language),
                "expires_at": link.expires_at.isoformat(),
            }
            return Reply(body, 201)

        return once(database, who.client, deed).as_flask()

    @routes.post("/links/<link_id>/revoke")
    @allow(roles=ISSUES, services=True)
    @routes.input(EmptyIn)
    @routes.output(AnyOut)
    def revoke(link_id: str, json_data: EmptyIn) -> Any:
        """The link stops working at once."""
        who = principal()

        def deed(session: Session) -> Reply:
            found = parse_id(link_id)
            link = session.get(PatientLink, found) if found else None
            if link is None:
                raise not_found("link")
            revoke_link(session, who.actor, link)
            return Reply({"id": str(link.id), "revoked": True}, 200)

        return once(database, who.client, deed).as_flask()

    return routes


def open_by_link(
    session: Session,
    actor: Actor,
    started: Started,
    mode: str,
    *,
    language: str = "",
    days: int = DAYS_BESIDE,
    at_once: bool = False,
) -> dict[str, Any]:
    """A new link to the draft, as JSON. `at_once`: it opens once without the birth date, within minutes.

    Without a `language` the pages are in the one the draft was last answered in.
    """
    typing = mode in TYPED_BY_STAFF
    beside = typing or mode == KIOSK
    token, link = issue_link(
        session,
        actor,
        "answer",
        patient_id=started.patient.id,
        submission_id=started.submission.id,
        days=DAYS_BESIDE if beside else days,
        mode=mode,
        # On the tablet the patient reads; what staff type by, shows answers to those who may see them.
        may_read=beside and actor.kind == "staff" and (not typing or actor.role in READS),
    )
    if at_once:
        link.opens_until = link.created_at + AT_ONCE
        record(session, actor, "ask_birth_date", "patient_link", link.id)
    return {
        "id": str(link.id),
        "path": link_path("answer", token, language or started.submission.language),
        "submission_id": str(started.submission.id),
        "resumed": started.resumed,
        "expires_at": link.expires_at.isoformat(),
    }


def _facts(patient: Patient) -> PatientFacts:
    empty = Personal("")
    return PatientFacts(
        given_name=patient.given_name or empty,
        family_name=patient.family_name or empty,
        birth_date=patient.birth_date or empty,
        phone=patient.phone or empty,
        email=patient.email or empty,
        postcode=patient.postcode or empty,
        language=patient.language,
        time_zone=patient.time_zone,
        consent_sms=patient.consent_sms,
        consent_email=patient.consent_email,
    )
