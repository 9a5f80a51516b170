"""A site's own changes to the shared protocol, seen as a difference."""

from typing import Any

from apiflask import APIBlueprint
from flask import jsonify
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.evidence.changed_items import changed_items
from kernel.evidence.compare import compare_documents
from kernel.evidence.golden import run_golden_cases
from kernel.ids import parse_id
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid, not_found
from services.referral.actions.approve_overlay import approve_overlay
from services.referral.actions.propose_overlay import propose_overlay
from services.referral.actions.publish_protocol import lock_publishing
from services.referral.actions.withdraw_overlay import withdraw_overlay
from services.referral.model.protocol_life import SiteOverlay
from services.referral.model.schedule import Site
from services.referral.queries.golden_cases import golden_cases
from services.referral.queries.protocol_life import find_overlay, find_version, list_overlays
from services.referral.queries.protocols import protocol_of_version
from services.referral.routes.outside_shapes import NothingIn
from services.referral.routes.protocol_shapes import AnyOut, OverlayIn
from services.referral.routes.referral_view import moment
from services.referral.rules.visibility import TRIAGE_ROLES

# What a caller with an old version missed.
DECIDED = ("state", "decided_at", "decided_by")


def overlay_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of site overlays."""
    routes = APIBlueprint("overlays", __name__)

    @routes.get("/protocol/overlays")
    @allow(roles=TRIAGE_ROLES | {"manager"})
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_overlays() -> Any:
        """Every site's overlays, newest first."""
        with parts.database.transaction() as session:
            return jsonify(items=[overlay_json(one) for one in list_overlays(session, "")], next_cursor=None)

    @routes.get("/protocol/overlays/<overlay_id>")
    @allow(roles=TRIAGE_ROLES | {"manager"})
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_overlay(overlay_id: str) -> Any:
        """An overlay as the difference it makes, with the golden cases that come out otherwise at that site."""
        with parts.database.transaction() as session:
            overlay = _overlay(session, overlay_id)
            shared = find_version(session, overlay.base_number)
            merged = protocol_of_version(session, overlay.version)
            assert shared is not None
            assert merged is not None
            differences = compare_documents(shared.document, overlay.document)
            results = run_golden_cases(merged.protocol, golden_cases(session))
            return jsonify(
                **overlay_json(overlay),
                differences=[one.to_json() for one in differences],
                items=changed_items(shared.document, overlay.document),
                golden_otherwise=[
                    {"code": r.case.id, "title": r.case.title, "fields": sorted(r.differences)}
                    for r in results
                    if not r.passed
                ],
            )

    @routes.post("/protocol/overlays")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(OverlayIn, arg_name="body")
    @routes.output(AnyOut, status_code=201)
    @routes.doc(security="bearer")
    def propose(body: OverlayIn) -> Any:
        """Propose an overlay; a second clinician puts it in force."""
        who = principal()

        def propose_once(session: Session) -> Reply:
            if session.get(Site, body.site) is None:
                raise invalid([FieldProblem("json.site", "unknown_site")])
            overlay = propose_overlay(session, who.actor, body.site, body.changes, body.reason)
            return Reply(overlay_json(overlay), 201)

        return once(parts.database, who.client, propose_once).as_flask()

    def decide(overlay_id: str, deed: Any) -> Any:
        who = principal()

        def decide_once(session: Session) -> Reply:
            # Locked before it is compared: two who decide at once take turns, and the second sees the first.
            lock_publishing(session)
            overlay = _overlay(session, overlay_id)
            version = overlay_version(overlay)
            require_match(version, **{name: overlay_json(overlay)[name] for name in DECIDED})
            deed(session, who.actor, overlay)
            return Reply(overlay_json(overlay), 200, {"ETag": etag(overlay_version(overlay))})

        return once(parts.database, who.client, decide_once).as_flask()

    @routes.post("/protocol/overlays/<overlay_id>/approve")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(NothingIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def approve(overlay_id: str, body: NothingIn) -> Any:
        """Put the overlay in force; only someone who did not propose it can."""
        return decide(overlay_id, approve_overlay)

    @routes.post("/protocol/overlays/<overlay_id>/withdraw")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(NothingIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def withdraw(overlay_id: str, body: NothingIn) -> Any:
        """Let the site follow the shared protocol again."""
        return decide(overlay_id, withdraw_overlay)

    return routes


def _overlay(session: Session, overlay_id: str) -> SiteOverlay:
    parsed = parse_id(overlay_id)
    overlay = None if parsed is None else find_overlay(session, parsed)
    if overlay is None:
        raise not_found("overlay")
    return overlay


def overlay_version(overlay: SiteOverlay) -> int:
    """An overlay changes when it is put in force and when it is over."""
    return {"proposed": 1, "in_force": 2}.get(overlay.state, 3)


def overlay_json(overlay: SiteOverlay) -> dict[str, Any]:
    """An overlay without the merged document. `version` is the protocol's it makes, `revision` is for If-Match."""
    return {
        "id": str(overlay.id),
        "revision": overlay_version(overlay),
        "site": overlay.site,
        "version": overlay.version,
        "base_number": overlay.base_number,
        "state": overlay.state,
        "changes": overlay.changes,
        "reason": overlay.reason,
        "proposed_at": moment(overlay.proposed_at),
        "proposed_by": overlay.proposed_by,
        "decided_at": moment(overlay.decided_at),
        "decided_by": overlay.decided_by,
    }
