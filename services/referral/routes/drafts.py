"""Drafts of the protocol: write, check, replay on past answers, and publish by a second person."""

from collections.abc import Callable
from typing import Any

from apiflask import APIBlueprint
from flask import jsonify, request
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.audit import record
from kernel.evidence.changed_items import changed_items
from kernel.ids import parse_id
from kernel.web.api import STORES_NOTHING
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import not_found
from services.referral.actions.discard_draft import discard_draft
from services.referral.actions.publish_draft import publish_draft
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.actions.replace_document import replace_document
from services.referral.actions.replace_item import replace_item
from services.referral.actions.request_replay import request_replay
from services.referral.actions.require_sound_document import require_sound_document
from services.referral.actions.start_draft import start_draft
from services.referral.model.protocol_life import ProtocolDraft
from services.referral.queries.clause_changes import clause_changes
from services.referral.queries.draft_checks import check_draft
from services.referral.queries.protocol_life import (
    find_draft,
    find_replay,
    find_version,
    list_drafts,
    replay_changes,
)
from services.referral.routes.protocol_shapes import (
    AnyOut,
    DiscardIn,
    PublishIn,
    ReplaceDocumentIn,
    ReplaceItemIn,
    RequestReplayIn,
    StartDraftIn,
)
from services.referral.routes.protocol_view import checks_json, draft_json, replay_json, version_json
from services.referral.rules.item_places import with_item
from services.referral.rules.visibility import TRIAGE_ROLES

CHANGES_SHOWN = 200


def draft_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of drafts and replays."""
    routes = APIBlueprint("drafts", __name__)
    _add_reads(routes, parts)
    _add_writes(routes, parts)
    return routes


def _add_reads(routes: APIBlueprint, parts: Parts) -> None:
    @routes.get("/protocol/drafts")
    @allow(roles=TRIAGE_ROLES)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_drafts() -> Any:
        """The open drafts, last changed first."""
        with parts.database.transaction() as session:
            current = publish_shipped_protocol(session).number
            return jsonify(
                items=[draft_json(draft, current=current) for draft in list_drafts(session)], next_cursor=None
            )

    @routes.get("/protocol/drafts/<draft_id>")
    @allow(roles=TRIAGE_ROLES)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_draft(draft_id: str) -> Any:
        """A draft with its document, what it changes, its faults, and how it does on the golden cases."""
        with parts.database.transaction() as session:
            draft = _draft(session, draft_id)
            current = publish_shipped_protocol(session).number
            base = find_version(session, draft.base_number)
            body = {
                **draft_json(draft, current=current),
                "document": draft.document,
                "changes": changed_items(base.document if base else {}, draft.document),
                "checks": checks_json(check_draft(session, draft.document, draft.base_number)),
            }
        answer = jsonify(body)
        answer.headers["ETag"] = etag(draft.version)
        return answer

    @routes.get("/protocol/replays/<replay_id>")
    @allow(roles=TRIAGE_ROLES)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_replay(replay_id: str) -> Any:
        """A replay's progress, counts before and after, and the patients it would route otherwise."""
        parsed = parse_id(replay_id)
        with parts.database.transaction() as session:
            replay = None if parsed is None else find_replay(session, parsed)
            if replay is None:
                raise not_found("replay")
            return jsonify(replay_json(replay, replay_changes(session, replay.id, CHANGES_SHOWN)))

    @routes.get("/protocol/replays/<replay_id>/changes/<change_id>")
    @allow(roles=TRIAGE_ROLES)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_change(replay_id: str, change_id: str) -> Any:
        """One changed patient, clause by clause: what fired or changed, as it stood and as the draft has it."""
        replay, change = parse_id(replay_id), parse_id(change_id)
        with parts.database.transaction() as session:
            found = None if replay is None or change is None else clause_changes(session, replay, change)
            if found is None:
                raise not_found("change")
            record(session, principal().actor, "view_replay_change", "referral", found["referral_id"])
        return jsonify(found)


def _add_writes(routes: APIBlueprint, parts: Parts) -> None:
    @routes.post("/protocol/drafts")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(StartDraftIn, arg_name="body")
    @routes.output(AnyOut, status_code=201)
    @routes.doc(security="bearer")
    def start(body: StartDraftIn) -> Any:
        """Start a draft from the protocol in force, or from an imported document; a faulty one is refused."""
        who = principal()
        if body.document is not None:
            require_sound_document(body.document, request.get_data(as_text=True))

        def start_once(session: Session) -> Reply:
            current = publish_shipped_protocol(session)
            draft = start_draft(
                session,
                who.actor,
                current,
                title=body.title,
                document=body.document,
                base_number=body.base_number,
            )
            return Reply(draft_json(draft, current=current.number), 201, {"ETag": etag(draft.version)})

        return once(parts.database, who.client, start_once).as_flask()

    def change(draft_id: str, deed: Callable[[Session, ProtocolDraft], None]) -> Any:
        who = principal()

        def change_once(session: Session) -> Reply:
            current = publish_shipped_protocol(session).number
            draft = _draft(session, draft_id, lock=True)
            require_match(draft.version, changed_by=draft.changed_by)
            deed(session, draft)
            checks = checks_json(check_draft(session, draft.document, draft.base_number))
            body = {**draft_json(draft, current=current), "checks": checks}
            return Reply(body, 200, {"ETag": etag(draft.version)})

        return once(parts.database, who.client, change_once).as_flask()

    @routes.post("/protocol/drafts/<draft_id>/document")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(ReplaceDocumentIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def put_document(draft_id: str, body: ReplaceDocumentIn) -> Any:
        """Replace the draft's whole document; a faulty one is refused and the draft stays as it was."""
        actor, said = principal().actor, request.get_data(as_text=True)

        def replace(session: Session, draft: ProtocolDraft) -> None:
            require_sound_document(body.document, said)
            replace_document(session, actor, draft, body.document)

        return change(draft_id, replace)

    @routes.post("/protocol/drafts/<draft_id>/items")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(ReplaceItemIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def put_item(draft_id: str, body: ReplaceItemIn) -> Any:
        """Add, replace or take out one flag, rule, diagnosis, variable, modifier, upgrade, route, tie-break, review
        cause, or order of the ranking."""
        actor = principal().actor
        place = (body.section, body.id)
        return change(draft_id, lambda session, draft: replace_item(session, actor, draft, place, body.item))

    @routes.post("/protocol/drafts/<draft_id>/checks")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(ReplaceItemIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer", extensions={STORES_NOTHING: True})
    def try_item(draft_id: str, body: ReplaceItemIn) -> Any:
        """Faults, findings and golden cases of the draft as it would be with this item; nothing is stored."""
        with parts.database.transaction() as session:
            draft = _draft(session, draft_id)
            tried = with_item(draft.document, body.section, body.id, body.item)
            return jsonify(checks_json(check_draft(session, tried, draft.base_number)))

    @routes.post("/protocol/drafts/<draft_id>/discard")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(DiscardIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def discard(draft_id: str, body: DiscardIn) -> Any:
        """Lay the draft aside for good."""
        actor = principal().actor
        return change(draft_id, lambda session, draft: discard_draft(session, actor, draft))

    @routes.post("/protocol/drafts/<draft_id>/replays")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(RequestReplayIn, arg_name="body")
    @routes.output(AnyOut, status_code=202)
    @routes.doc(security="bearer")
    def replay(draft_id: str, body: RequestReplayIn) -> Any:
        """Run the draft over the answers of the last days; the answer names the replay to watch."""
        who = principal()

        def request_once(session: Session) -> Reply:
            requested = request_replay(session, who.actor, _draft(session, draft_id), body.days)
            where = f"/api/referral/v1/protocol/replays/{requested.id}"
            return Reply(replay_json(requested, []), 202, {"Location": where})

        return once(parts.database, who.client, request_once).as_flask()

    @routes.post("/protocol/drafts/<draft_id>/publish")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(PublishIn, arg_name="body")
    @routes.output(AnyOut, status_code=201)
    @routes.doc(security="bearer")
    def publish(draft_id: str, body: PublishIn) -> Any:
        """Put the draft in force. Only someone who neither wrote nor last changed it can."""
        who = principal()

        def publish_once(session: Session) -> Reply:
            draft = _draft(session, draft_id, lock=True)
            require_match(draft.version, changed_by=draft.changed_by)
            done = publish_draft(session, who.actor, draft, override_reason=body.override_reason)
            shown = version_json(done.version, None, current=done.version.number)
            return Reply({**shown, "checks": checks_json(done.checks)}, 201)

        return once(parts.database, who.client, publish_once).as_flask()


def _draft(session: Session, draft_id: str, *, lock: bool = False) -> ProtocolDraft:
    parsed = parse_id(draft_id)
    draft = None if parsed is None else find_draft(session, parsed, lock=lock)
    if draft is None:
        raise not_found("draft")
    return draft
