"""Why a replay would route one patient otherwise: the clauses that differ, with the answers behind them."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.evidence import Protocol, compile_protocol, evaluate
from kernel.evidence.decision import Decision as Evaluated
from services.referral.model.protocol_life import Replay, ReplayChange
from services.referral.queries.past_answers import past_case, typed_answers
from services.referral.queries.protocols import protocol_of_version


def clause_changes(session: Session, replay_id: UUID, change_id: UUID) -> dict[str, Any] | None:
    """Return the flags and rules whose result or clauses differ between then and the draft; None when not there."""
    found = session.execute(
        select(ReplayChange, Replay)
        .join(Replay, Replay.id == ReplayChange.replay_id)
        .where(ReplayChange.id == change_id, Replay.id == replay_id)
    ).first()
    if found is None:
        return None
    change, replay = found
    case = past_case(session, change.decision_id)
    then = protocol_of_version(session, case.protocol_version)
    assert then is not None
    draft = compile_protocol(replay.document)
    before = evaluate(then.protocol, typed_answers(then.protocol, case))
    after = evaluate(draft, typed_answers(draft, case))
    items = [
        *_items("red_flags", then.protocol, draft, before, after),
        *_items("rules", then.protocol, draft, before, after),
    ]
    return {
        "id": str(change.id),
        "referral_id": str(change.referral_id),
        "from": {
            "route": before.route,
            "priority": before.priority,
            "because": dict(before.outcome.route_because),
        },
        "to": {
            "route": after.route,
            "priority": after.priority,
            "because": dict(after.outcome.route_because),
        },
        "items": items,
    }


def _items(
    section: str, old: Protocol, new: Protocol, before: Evaluated, after: Evaluated
) -> list[dict[str, Any]]:
    names = {
        item.id: item.document["name"]
        for protocol in (old, new)
        for item in getattr(protocol, _LISTS[section])
    }
    then, now = before.evidence[section], after.evidence[section]
    fired = {one["id"]: one for one in getattr(before, section)}
    fires = {one["id"]: one for one in getattr(after, section)}
    rows = []
    for name, said in names.items():
        weighs = (name in fired, name in fires)
        # A rule that fires on both sides still counts when it now says another route or priority.
        if not any(weighs) or (fired.get(name) == fires.get(name) and then.get(name) == now.get(name)):
            continue
        rows.append(
            {
                "id": name,
                "name": said,
                "section": section,
                "fired": weighs[0],
                "fires": weighs[1],
                "before": then.get(name),
                "after": now.get(name),
                "was": _says(fired.get(name)),
                "is": _says(fires.get(name)),
            }
        )
    return rows


_LISTS = {"red_flags": "flags", "rules": "rules"}


def _says(item: Any) -> dict[str, Any]:
    return {key: item[key] for key in ("route", "priority", "action", "raised_to") if item and key in item}
