"""The protocol in force, its versions, what differs between them, and the golden cases."""

from typing import Any

from apiflask import APIBlueprint
from flask import jsonify
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.audit import record
from kernel.evidence.changed_items import changed_items
from kernel.evidence.compare import compare_documents
from kernel.read_whole import read_whole
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, conflict, invalid, not_found
from services.referral.actions.add_case_of_referral import add_case_of_referral
from services.referral.actions.add_golden_case import add_golden_case
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.actions.retire_golden_case import retire_golden_case
from services.referral.model.protocol import ProtocolVersion
from services.referral.model.protocol_life import GoldenCaseRow
from services.referral.queries.golden_cases import (
    clinic_golden_cases,
    retired_golden_cases,
    shipped_golden_cases,
)
from services.referral.queries.protocol_life import (
    find_golden_case,
    find_version,
    list_versions,
    publishing_of,
)
from services.referral.routes.cases import visible_referral
from services.referral.routes.protocol_shapes import AnyOut, GoldenCaseIn, RetireIn
from services.referral.routes.protocol_view import retired_json, version_json
from services.referral.routes.referral_view import moment, text_id
from services.referral.rules.visibility import TRIAGE_ROLES

READERS = TRIAGE_ROLES | {"manager"}


def protocol_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of versions and golden cases."""
    routes = APIBlueprint("protocol", __name__)
    _add_versions(routes, parts)
    _add_golden_cases(routes, parts)
    return routes


def _add_versions(routes: APIBlueprint, parts: Parts) -> None:
    @routes.get("/protocol")
    @allow(roles=READERS, scopes={"referral:read"}, services=True)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_protocol() -> Any:
        """The protocol in force, with its document."""
        with parts.database.transaction() as session:
            current = publish_shipped_protocol(session)
            return _exported(session, _version(session, str(current.number)), current.number)

    @routes.get("/protocol/versions")
    @allow(roles=READERS, scopes={"referral:read"}, services=True)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_versions() -> Any:
        """Every version ever published, newest first."""
        with parts.database.transaction() as session:
            current = publish_shipped_protocol(session).number
            rows = [version_json(v, p, current=current) for v, p in list_versions(session)]
        return jsonify(items=rows, next_cursor=None)

    @routes.get("/protocol/versions/<number>")
    @allow(roles=READERS, scopes={"referral:read"}, services=True)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_version(number: str) -> Any:
        """One version with its document: what an export is."""
        with parts.database.transaction() as session:
            current = publish_shipped_protocol(session).number
            return _exported(session, _version(session, number), current)

    @routes.get("/protocol/versions/<number>/diff/<other>")
    @allow(roles=READERS, scopes={"referral:read"}, services=True)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def compare_versions(number: str, other: str) -> Any:
        """What changed from the first version to the second."""
        with parts.database.transaction() as session:
            old, new = _version(session, number), _version(session, other)
            differences = compare_documents(old.document, new.document)
            return jsonify(
                changes=[one.to_json() for one in differences],
                items=changed_items(old.document, new.document),
            )


def _version(session: Session, number: str) -> ProtocolVersion:
    plain = read_whole(number, 999_999_999)
    found = None if plain is None else find_version(session, plain)
    if found is None:
        raise not_found("version")
    return found


def _exported(session: Session, version: ProtocolVersion, current: int) -> Any:
    published = publishing_of(session, version.number)
    answer = jsonify(**version_json(version, published, current=current), document=version.document)
    answer.headers["ETag"] = etag(version.number)
    return answer


def _add_golden_cases(routes: APIBlueprint, parts: Parts) -> None:
    @routes.get("/protocol/golden-cases")
    @allow(roles=TRIAGE_ROLES)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_golden_cases() -> Any:
        """The cases every version must pass: the clinic's own, then the shipped ones; and those `retired`."""
        with parts.database.transaction() as session:
            record(session, principal().actor, "view_golden_cases", "golden_case", "all")
            own = [_case_json(row) for row in reversed(clinic_golden_cases(session))]
            retired = [_case_json(row) for row in retired_golden_cases(session)]
        shipped = [
            {
                "code": case.id,
                "title": case.title,
                "name": case.name,
                "origin": "shipped",
                "answers": dict(case.answers),
                "expected": dict(case.expected),
            }
            for case in shipped_golden_cases()
        ]
        return jsonify(items=[*own, *shipped], next_cursor=None, retired=retired)

    @routes.post("/protocol/golden-cases")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(GoldenCaseIn, arg_name="body")
    @routes.output(AnyOut, status_code=201)
    @routes.doc(security="bearer")
    def make_golden_case(body: GoldenCaseIn) -> Any:
        """Make a golden case of a past referral (or an override), or of written answers."""
        who = principal()

        def add(session: Session) -> Reply:
            published = publish_shipped_protocol(session)
            if body.referral_id is not None:
                referral = visible_referral(session, body.referral_id, who.actor)
                row = add_case_of_referral(session, who.actor, published, referral, body.title)
            elif body.answers is None or body.expected is None:
                raise invalid(
                    [FieldProblem("json.answers", "missing"), FieldProblem("json.expected", "missing")]
                )
            else:
                row = add_golden_case(
                    session,
                    who.actor,
                    published,
                    title=body.title,
                    answers=body.answers,
                    expected=body.expected,
                )
            return Reply(_case_json(row), 201)

        return once(parts.database, who.client, add).as_flask()

    @routes.post("/protocol/golden-cases/<code>/retire")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(RetireIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def retire(code: str, body: RetireIn) -> Any:
        """Stop asking a case the clinic added, with a reason; publishing goes on without it, and says so."""
        who = principal()

        def retire_once(session: Session) -> Reply:
            row = find_golden_case(session, code)
            if row is None:
                raise not_found("golden case")
            require_match(
                case_version(row), retired_at=moment(row.retired_at), retired_by=row.retired_by or None
            )
            if row.retired_at is not None:
                raise conflict("case_retired", "This case is not asked any more. Nothing was changed.")
            retire_golden_case(session, who.actor, row, reason_code=body.reason_code, note=body.note)
            return Reply(_case_json(row), 200, {"ETag": etag(case_version(row))})

        return once(parts.database, who.client, retire_once).as_flask()


def case_version(row: GoldenCaseRow) -> int:
    """A case of the clinic's changes once: when it is retired."""
    return 1 if row.retired_at is None else 2


def _case_json(row: GoldenCaseRow) -> dict[str, Any]:
    assert row.content is not None
    content = row.content.reveal()
    return {
        "code": row.code,
        "version": case_version(row),
        "title": row.title,
        "name": "",
        "origin": row.origin,
        "referral_id": text_id(row.referral_id),
        "added_at": moment(row.added_at),
        "added_by": row.added_by,
        **retired_json(row),
        "retired_note": row.retired_note.reveal() if row.retired_note else "",
        "answers": content["answers"],
        "expected": content["expected"],
    }
