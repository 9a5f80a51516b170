"""Drafts of the protocol: change, check, replay, publish by a second person."""

import json
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kernel.evidence import ProtocolError, compile_protocol, load_document
from kernel.evidence.document import BYTES_MAX
from kernel.evidence.lines import located
from kernel.read_whole import read_whole
from kernel.web.problems import not_found
from services.dashboard.actions.change_protocol import change_protocol
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.protocol import SECTIONS, items_of, places_of_items, read_draft, read_protocol
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, sent_version, staff_only
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.lint_findings import findings_by_kind
from services.dashboard.rules.roles import CLINICAL

# One byte more than the kernel reads is enough for it to say "too large".
LARGEST_IMPORT = BYTES_MAX
MOST_FAULTS = 20


def protocol_draft_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of drafts and replays."""
    routes = Blueprint("protocol_drafts", __name__)
    _add_reads(routes, desk)
    _add_writes(routes, desk)
    return routes


def _add_reads(routes: Blueprint, desk: Desk) -> None:
    @routes.get("/staff/protocol/drafts/<draft_id>")
    @staff_only(CLINICAL)
    def draft(draft_id: str) -> Any:
        with opening("draft"):
            found = read_draft(desk.patient_owners, actor(), id_or_404(draft_id))
        section = request.args.get("section", "rules")
        section = section if section in dict(SECTIONS) else "rules"
        document, checks = found.get("document") or {}, found.get("checks") or {}
        return render_template(
            "protocol_draft.html",
            draft=found,
            checks=checks,
            kinds=findings_by_kind(checks.get("findings") or [], places_of_items(document)),
            section=section,
            sections=SECTIONS,
            items=items_of(document, section),
            changed={str(one.get("id")) for one in found.get("changes") or []},
            may_publish=str(me().id) not in (found.get("changed_by"), *found.get("editors", [])),
            items_of=items_of,
        )

    @routes.get("/staff/protocol/drafts/<draft_id>/export")
    @staff_only(CLINICAL)
    def export(draft_id: str) -> Any:
        try:
            found = read_draft(desk.patient_owners, actor(), id_or_404(draft_id))
        except (OwnerAway, OwnerRefused):
            raise not_found("draft") from None
        content = {"number": found.get("base_number"), "document": found.get("document")}
        answer = Response(json.dumps(content, ensure_ascii=False, indent=1), mimetype="application/json")
        answer.headers["Content-Disposition"] = f'attachment; filename="protocol-draft-{draft_id[:8]}.json"'
        return answer

    @routes.get("/staff/protocol/replays/<replay_id>")
    @staff_only(CLINICAL)
    def watch(replay_id: str) -> Any:
        with opening("replay"):
            found = read_protocol(desk.patient_owners, actor(), f"/replays/{id_or_404(replay_id)}")
        sites = names(reference(desk.owners, actor(), "sites"))
        return render_template("replay.html", replay=found, site_names=sites)

    @routes.get("/staff/protocol/replays/<replay_id>/changes/<change_id>")
    @staff_only(CLINICAL)
    def why(replay_id: str, change_id: str) -> Any:
        wanted = f"/replays/{id_or_404(replay_id)}/changes/{id_or_404(change_id)}"
        with opening("change"):
            found = read_protocol(desk.patient_owners, actor(), wanted)
        return render_template("replay_change.html", change=found, replay_id=replay_id)


def _add_writes(routes: Blueprint, desk: Desk) -> None:
    @routes.post("/staff/protocol/drafts")
    @staff_only(CLINICAL)
    def start() -> Any:
        body: dict[str, Any] = {"title": request.form.get("title", "").strip() or "Untitled draft"}
        sent = request.files.get("document")
        if sent is not None and sent.filename:
            try:
                body |= _imported(sent.read(LARGEST_IMPORT + 1))
            except ProtocolError as refused:
                return _not_read(refused)
        done = _post(desk, "/drafts", body, url_for("protocol.protocol"), "Start a draft", versioned=False)
        return (
            redirect(url_for("protocol_drafts.draft", draft_id=done["id"]), 303) if _is_body(done) else done
        )

    @routes.post("/staff/protocol/drafts/<draft_id>/discard")
    @staff_only(CLINICAL)
    def discard(draft_id: str) -> Any:
        back = url_for("protocol_drafts.draft", draft_id=draft_id)
        done = _post(desk, f"/drafts/{id_or_404(draft_id)}/discard", {}, back, "Discard")
        return redirect(url_for("protocol.protocol"), 303) if _is_body(done) else done

    @routes.post("/staff/protocol/drafts/<draft_id>/publish")
    @staff_only(CLINICAL)
    def publish(draft_id: str) -> Any:
        back = url_for("protocol_drafts.draft", draft_id=draft_id)
        body = {"override_reason": request.form.get("override_reason", "").strip()}
        done = _post(desk, f"/drafts/{id_or_404(draft_id)}/publish", body, back, "Publish")
        if not _is_body(done):
            return done
        return redirect(url_for("protocol.version", number=done.get("number")), 303)

    @routes.post("/staff/protocol/drafts/<draft_id>/replays")
    @staff_only(CLINICAL)
    def replay(draft_id: str) -> Any:
        days = read_whole(request.form.get("days", "90"), 999)
        back = url_for("protocol_drafts.draft", draft_id=draft_id)
        body = {"days": 90 if days is None else days}
        done = _post(desk, f"/drafts/{id_or_404(draft_id)}/replays", body, back, "Replay", versioned=False)
        return (
            redirect(url_for("protocol_drafts.watch", replay_id=done["id"]), 303) if _is_body(done) else done
        )


def _imported(content: bytes) -> dict[str, Any]:
    """Document and base number of an exported file; raises `ProtocolError` with the line of every fault.

    A bare document is taken too: then nobody knows what it was exported from.
    """
    exported = load_document(content)
    wrapped = isinstance(exported.get("document"), dict)
    document = exported["document"] if wrapped else exported
    try:
        compile_protocol(document)
    except ProtocolError as refused:
        at = "document" if wrapped else ""
        raise ProtocolError(located(refused.problems, content.decode(), at)) from None
    number = exported.get("number") if wrapped else None
    return {
        "document": document,
        "base_number": number if isinstance(number, int) and not isinstance(number, bool) else None,
    }


def _not_read(refused: ProtocolError) -> Any:
    """The page that says in which line of a file what stands in the way; nothing was sent to the owner."""
    return render_template(
        "import_refused.html",
        problems=refused.problems[:MOST_FAULTS],
        more=max(0, len(refused.problems) - MOST_FAULTS),
        back=url_for("protocol.protocol"),
        title=request.form.get("title", "").strip(),
    ), 422


def _post(
    desk: Desk, path: str, body: dict[str, Any], back: str, words: str, *, versioned: bool = True
) -> Any:
    """Do a deed on a draft; return the owner's answer, or a page that says why not."""
    form = request.form
    version = sent_version() if versioned else None
    try:
        return change_protocol(
            desk.patient_owners, actor(), path, body, key=form.get("key", ""), version=version
        )
    except OwnerAway as away:
        return show_away(away, back)
    except OwnerRefused as refusal:
        return show_refusal(desk, refusal, back, words)


def _is_body(done: Any) -> bool:
    return isinstance(done, dict)
