"""Change what a referral says after it was sent: an amendment with a reason, both versions kept."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.patient import PatientSnapshot
from kernel.ids import new_id
from kernel.web.problems import FieldProblem, invalid
from services.referral.actions.move_referral import illegal_move
from services.referral.actions.set_patient import set_patient
from services.referral.model.referral import Referral
from services.referral.model.schedule import Site
from services.referral.model.watch import Amendment
from services.referral.rules.referral_states import STATES

IN_SNAPSHOT = ("phone", "email", "language")


def amend_referral(
    session: Session,
    actor: Actor,
    referral: Referral,
    changes: Mapping[str, str],
    *,
    reason_code: str,
    note: str = "",
) -> Amendment:
    """Set `changes` (preferred_site, phone, email, language) and append the amendment.

    Raises 422 for an unknown site or when nothing differs, 409 `illegal_move` once the referral has ended.
    """
    if not STATES[referral.state].is_open or referral.patient is None:
        raise illegal_move(referral)
    patient = referral.patient.reveal()
    before = {
        name: referral.preferred_site if name == "preferred_site" else patient.get(name, "")
        for name in changes
    }
    if dict(changes) == before:
        raise invalid([FieldProblem("changes", "same_as_now")])
    site = changes.get("preferred_site")
    if site is not None:
        if site and session.get(Site, site) is None:
            raise invalid([FieldProblem("changes.preferred_site", "unknown_site")])
        referral.preferred_site = referral.site = site
    snapshot = {**patient, **{name: value for name, value in changes.items() if name in IN_SNAPSHOT}}
    set_patient(referral, PatientSnapshot.model_validate(snapshot))
    referral.language = str(snapshot["language"])
    referral.version += 1
    amendment = Amendment(
        id=new_id(),
        referral_id=referral.id,
        version=referral.version,
        at=now(session),
        actor_id=actor.id,
        actor_role=actor.role,
        actor_name=actor.name,
        reason_code=reason_code,
    )
    amendment.note = note or None
    amendment.before = before
    amendment.after = dict(changes)
    session.add(amendment)
    record(
        session,
        actor,
        "amend_referral",
        "referral",
        referral.id,
        reason=reason_code,
        details={"fields": sorted(changes), "version": referral.version},
    )
    return amendment
