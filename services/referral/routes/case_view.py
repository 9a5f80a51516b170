"""A whole case as JSON: labelled answers, the decision with its evidence, and one timeline."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from kernel.context import Actor
from kernel.evidence import Protocol
from services.referral.actions.decide_route import questions_to_ask
from services.referral.model.appointment import Appointment
from services.referral.model.decision import Decision
from services.referral.model.inbound import ConsultNote, InboundReferral
from services.referral.model.watch import Amendment
from services.referral.queries.referrals import Case
from services.referral.routes.appointment_view import series_now, series_version
from services.referral.routes.referral_view import moment, referral_json, text_id
from services.referral.rules.office_hours import OFFICE_HOURS
from services.referral.rules.visibility import sees_clinical


def case_json(
    case: Case, protocols: Mapping[str, Protocol], actor: Actor, at: datetime, *, own_patient: bool = False
) -> dict[str, Any]:
    """The case at `at` as `schemas.CaseOut`. `protocols`: every version a decision of the case was made under.

    `own_patient`: the reader treats this patient, so a therapist may read the answers too.
    """
    clinical = sees_clinical(actor.role, actor.kind) or own_patient
    live = case.live_decision
    flags = [hold.flag_id for hold in case.holds if hold.cleared_at is None]
    return {
        **referral_json(case.referral, flags, actor, at.astimezone(ZoneInfo(OFFICE_HOURS.time_zone)).date()),
        "answers": _answers(live, protocols) if clinical and live else None,
        "decision": _decision(live, protocols[live.protocol_version]) if clinical and live else None,
        "labels": _labels(protocols[live.protocol_version]) if clinical and live else None,
        "decisions": [_decision_line(decision) for decision in case.decisions] if clinical else None,
        "holds": [_hold(hold, protocols, live) for hold in case.holds] if clinical else None,
        "timeline": timeline(case, clinical=clinical),
        "appointments": [visit_json(visit) for visit in case.visits],
        "series": _series(case.visits, at),
        "contact": [
            {"channel": opt.channel, "opted_out": opt.opted_out, "at": moment(opt.at)} for opt in case.opts
        ],
        "letters": [_letter(letter) for letter in case.letters] if clinical else None,
        "notes": [note_json(note, with_text=clinical) for note in case.notes],
        "amendments": [_amendment(amendment) for amendment in case.amendments],
        "other_referrals": [
            {
                "id": str(other.id),
                "state": other.state,
                "route": other.route if clinical else None,
                "created_at": moment(other.created_at),
                "open": other.closed_at is None,
                "follows": other.follows_id == case.referral.id,
                "by_letter": other.id in case.by_letter,
                "answered": other.submission_id is not None,
            }
            for other in case.others
        ],
    }


def _series(visits: Sequence[Appointment], at: datetime) -> list[dict[str, Any]]:
    """The series among the visits, each with the version its cancelling names and the visits to come."""
    found: dict[UUID, list[Appointment]] = {}
    for visit in visits:
        if visit.series_id is not None:
            found.setdefault(visit.series_id, []).append(visit)
    return [
        {"id": str(id_), "version": series_version(own), **series_now(own, at)} for id_, own in found.items()
    ]


def _letter(letter: InboundReferral) -> dict[str, Any]:
    return {
        "id": str(letter.id),
        "sender": letter.sender,
        "external_id": letter.external_id,
        "received_at": moment(letter.received_at),
        "tracks": letter.tracks,
        "media_type": letter.letter_type,
        "fields": letter.fields.reveal() if letter.fields else {},
    }


def note_version(note: ConsultNote) -> int:
    """A note changes twice: when it is reviewed and when its receipt is acknowledged."""
    return 1 + (note.reviewed_at is not None) + (note.acknowledged_at is not None)


def note_json(note: ConsultNote, *, with_text: bool = True) -> dict[str, Any]:
    """A consult note with its three steps. Who does not read answers sees the steps without the text."""
    return {
        "id": str(note.id),
        "version": note_version(note),
        "text": (note.text.reveal() if note.text else "") if with_text else None,
        "returned_at": moment(note.returned_at),
        "returned_by": note.returned_by,
        "reviewed_at": moment(note.reviewed_at),
        "reviewed_by": note.reviewed_by,
        "acknowledged_at": moment(note.acknowledged_at),
        "acknowledged_by": note.acknowledged_by,
    }


def _amendment(amendment: Amendment) -> dict[str, Any]:
    return {
        "id": str(amendment.id),
        "at": moment(amendment.at),
        "version": amendment.version,
        "actor": {"id": amendment.actor_id, "name": amendment.actor_name, "role": amendment.actor_role},
        "reason_code": amendment.reason_code,
        "note": amendment.note.reveal() if amendment.note else "",
        "before": amendment.before.reveal() if amendment.before else {},
        "after": amendment.after.reveal() if amendment.after else {},
    }


def _answers(decision: Decision, protocols: Mapping[str, Protocol]) -> list[dict[str, Any]]:
    """The answers in the protocol's order, each with label and unit; those the version does not know come last."""
    assert decision.answers is not None
    given = decision.answers.reveal()
    by_staff = set(decision.body.reveal().get("staff_answers", [])) if decision.body else set()
    variables = protocols[decision.protocol_version].variables
    rows = []
    for name, variable in variables.items():
        if given.get(name) is not None:
            rows.append(
                {
                    "variable": name,
                    "label": dict(variable.label) or {"en": name},
                    "unit": variable.unit,
                    "value": given[name],
                    "filled_by": "staff" if name in by_staff else variable.filled_by,
                }
            )
    rows.extend(
        {"variable": name, "label": {"en": name}, "unit": None, "value": given[name], "filled_by": None}
        for name in given
        if name not in variables
    )
    return rows


def _decision(decision: Decision, protocol: Protocol) -> dict[str, Any]:
    """The decision in full; near misses and questions carry the words of their variable."""
    assert decision.body is not None
    body = decision.body.reveal()
    body["questions"] = questions_to_ask(protocol, decision.answers.reveal() if decision.answers else {})
    for listed in ("near_misses", "questions"):
        body[listed] = [
            {**item, "label": _label(protocol, item["variable"])} for item in body.get(listed, [])
        ]
    return {**_decision_line(decision), **body}


def _label(protocol: Protocol, name: str) -> dict[str, str]:
    variable = protocol.variables.get(name)
    return dict(variable.label) if variable is not None and variable.label else {"en": name}


def _labels(protocol: Protocol) -> dict[str, dict[str, str]]:
    """Plain words for every variable, so that a clause can be read as a sentence."""
    return {name: _label(protocol, name) for name in protocol.variables}


def _decision_line(decision: Decision) -> dict[str, Any]:
    return {
        "id": str(decision.id),
        "submission_id": str(decision.submission_id),
        "cause": decision.cause,
        "protocol_version": decision.protocol_version,
        "route": decision.route,
        "priority": decision.priority,
        "rule_ids": list(decision.rule_ids),
        "made_at": moment(decision.made_at),
        "voided_at": moment(decision.voided_at),
        "void_reason": decision.void_reason,
    }


def _hold(hold: Any, protocols: Mapping[str, Protocol], live: Decision | None) -> dict[str, Any]:
    flags = {} if live is None else {flag.id: flag for flag in protocols[live.protocol_version].flags}
    flag = flags.get(hold.flag_id)
    return {
        "id": str(hold.id),
        "flag_id": hold.flag_id,
        "name": hold.flag_id if flag is None else flag.document["name"],
        "action": hold.action,
        "opened_at": moment(hold.opened_at),
        "cleared_at": moment(hold.cleared_at),
        "cleared_by": hold.cleared_by,
        "reason_code": hold.reason_code,
        "note": hold.note.reveal() if hold.note else "",
    }


def visit_json(visit: Any) -> dict[str, Any]:
    """A visit in short; the appointments API has the rest."""
    return {
        "id": str(visit.id),
        "version": visit.revision,
        "visit_version": visit.version,
        "visit_type": visit.visit_type_id,
        "site": visit.site_id,
        "provider_id": visit.provider_id,
        "starts_at": moment(visit.starts_at),
        "ends_at": moment(visit.ends_at),
        "state": visit.state,
        "confirmed_at": moment(visit.confirmed_at),
        "confirmed_by_channel": visit.confirmed_by_channel,
        "series_id": text_id(visit.series_id),
    }


def timeline(case: Case, *, clinical: bool) -> list[dict[str, Any]]:
    """Everything that happened, oldest first. `text_code` names it; the reader's language is the dashboard's matter.

    Notes are for clinicians. `voided` items are shown struck through.
    """
    items: list[dict[str, Any]] = []
    details: dict[str, Any]
    for decision in case.decisions:
        details = {
            "decision_id": str(decision.id),
            "cause": decision.cause,
            "protocol": decision.protocol_version,
        }
        if clinical:
            details |= {"route": decision.route, "priority": decision.priority}
        voided = decision.voided_at is not None
        items.append(_item(decision.made_at, "decision", "decision_made", details, voided=voided))
        if voided:
            details = {"decision_id": str(decision.id), "reason": decision.void_reason}
            items.append(_item(decision.voided_at, "decision", "decision_voided", details))
    for move in case.moves:
        details = {
            "from": move.from_state,
            "to": move.to_state,
            "version": move.version,
            "reason_code": move.reason_code,
        }
        if clinical:
            details |= {**move.details, "note": move.note.reveal() if move.note else ""}
        actor = {
            "kind": move.actor_kind,
            "id": move.actor_id,
            "name": move.actor_name,
            "role": move.actor_role,
        }
        items.append(_item(move.at, "move", f"move_{move.deed}", details, actor=actor))
    for hold in case.holds if clinical else []:
        items.append(_item(hold.opened_at, "hold", "hold_opened", {"flag_id": hold.flag_id}))
        if hold.cleared_at is not None:
            details = {"flag_id": hold.flag_id, "reason_code": hold.reason_code}
            by = {"kind": "staff", "id": hold.cleared_by, "name": "", "role": ""}
            items.append(_item(hold.cleared_at, "hold", "hold_cleared", details, actor=by))
    for message in case.messages:
        details = {
            "message_id": str(message.id),
            "appointment_id": None if message.appointment_id is None else str(message.appointment_id),
            "appointment_version": message.appointment_version,
            "step": message.step,
            "channel": message.channel,
            "state": message.state,
            "reason": message.reason,
        }
        voided = message.state in ("suppressed", "expired")
        items.append(_item(message.at, "message", f"message_{message.state}", details, voided=voided))
    for change in case.visit_changes:
        details = {
            "appointment_id": str(change.appointment_id),
            "version": change.version,
            "reason_code": change.reason,
            "before": change.before,
            "after": change.after,
        }
        if clinical:
            details["note"] = change.note.reveal() if change.note else ""
        actor = {
            "kind": change.actor_kind,
            "id": change.actor_id,
            "name": change.actor_name,
            "role": change.actor_role,
        }
        items.append(_item(change.at, "appointment", f"appointment_{change.kind}", details, actor=actor))
    for amendment in case.amendments:
        details = {"fields": sorted(amendment.after.reveal()) if amendment.after else []}
        details["reason_code"] = amendment.reason_code
        by = {
            "kind": "staff",
            "id": amendment.actor_id,
            "name": amendment.actor_name,
            "role": amendment.actor_role,
        }
        items.append(_item(amendment.at, "amendment", "referral_amended", details, actor=by))
    for letter in case.letters:
        details = {"inbound_id": str(letter.id), "sender": letter.sender, "tracks": letter.tracks}
        items.append(_item(letter.received_at, "letter", "letter_received", details))
    return sorted(items, key=lambda item: item["at"])


def _item(
    at: Any, kind: str, text_code: str, details: dict[str, Any], *, actor: Any = None, voided: bool = False
) -> dict[str, Any]:
    return {
        "at": moment(at),
        "kind": kind,
        "actor": actor,
        "text_code": text_code,
        "details": details,
        "voided": voided,
    }
